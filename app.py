"""The chat page: sources on the left, questions and answers in the middle, the exact words on the right.

    python -m app [DOCUMENTS] [--llm MODEL] [--store STORE] [--host HOST] [--port PORT] [--auth-file FILE] ...

Documents are data. Their words reach the page only through `page.rendering`, in Markdown components that Gradio sanitises
once more, below a Content-Security-Policy that runs this page's own scripts and lets nothing be fetched from elsewhere.
"""

from __future__ import annotations

import argparse
import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from page.accounts import Accounts
from page.guarding import USER, Guard
from page.importing import import_gradio
from page.sessions import Limits, Session, Sessions
from qa.cli import progress_bars, report_text
from qa.errors import WitnessError
from qa.types import IndexReport

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from page.answerers import Answerers
    from page.library import Library
    from qa.corpus import Corpus

SAMPLES = Path(__file__).parent / "eval" / "suites" / "geneva" / "documents"
SAMPLE_QUESTIONS = (
    "On which day did Lavrov and Blinken meet in Geneva?",
    "How many soldiers does Russia have near Ukraine?",
    "How old is Sergey Lavrov?",
)
_ASSETS = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class Serving:
    """How the page is served.

    `accounts` is the file of those who may open it; None lets everybody. `folders` is a folder of this machine below which
    folders may be added; None allows none. `mcp` lets agents ask.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    accounts: Path | None = None
    folders: Path | None = None
    mcp: bool = False
    limits: Limits = field(default_factory=Limits)


def application(page: gr.Blocks, serving: Serving, uploads: Path, most_bytes: int = 50_000_000) -> FastAPI:
    """The page as a web application. `uploads` is where Gradio puts uploaded files, `most_bytes` the size of the largest.

    On a loopback address it answers only to loopback names, so that a site whose name is made to point here (DNS
    rebinding) gets nothing.
    """
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import FileResponse

    accounts = Accounts.read(serving.accounts) if serving.accounts else None
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for name in ("page.css", "page.js"):
        app.add_route(f"/{name}", lambda _, path=_ASSETS / name: FileResponse(path))  # type: ignore[misc]
    fonts = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
    gr.mount_gradio_app(
        app, page, path="/", server_name=serving.host, server_port=serving.port, theme=gr.themes.Base(**fonts),
        head='<link rel="stylesheet" href="/page.css"><script src="/page.js"></script>', show_error=False, ssr_mode=False,
        run_history=False, enable_monitoring=False, mcp_server=serving.mcp, pwa=False, footer_links=[],
        max_file_size=most_bytes, auth_dependency=(lambda request: request.scope[USER]) if accounts else None,
    )  # fmt: skip
    if _is_loopback(serving.host):
        names = ["127.0.0.1", "localhost", "::1", "[::1]", serving.host]
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)
    app.add_middleware(Guard, uploads=uploads, most_bytes=most_bytes, accounts=accounts, mcp=serving.mcp)
    return app


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    documents: str | Path | None,
    *,
    llm: str | None = None,
    store: str | Path | None = None,
    serving: Serving | None = None,
) -> None:
    """Reads the folder into its index and serves the page about it until Ctrl-C; without a folder, about what is there.

    Raises WitnessError when the store, the weights or the model cannot be used, OSError when the folder or the port
    cannot, ValueError for a file of accounts that holds none.
    """
    from page.answerers import Answerers
    from page.library import Library
    from qa.corpus import Corpus

    how = serving or Serving()
    if how.mcp and find_spec("mcp") is None:
        raise ValueError("--mcp needs the extra `mcp`: pip install 'witness-qa[mcp]'")
    with _listening(how.host, how.port) as listener, Corpus(documents, store=store, answerer=llm) as corpus:
        report = _synced(corpus)
        corpus.prepare()
        samples = corpus.documents is not None and corpus.documents.resolve() == SAMPLES.resolve()
        library = Library(corpus, report, how.limits, how.folders)
        first = cache(lambda: SAMPLE_QUESTIONS if samples else corpus.suggest(sources=library.asked_of(Session())))
        with closing(Answerers(corpus, llm or corpus.settings.llm)) as answerers, _uploads() as uploads:
            page = _page(library, answerers, first)
            app = application(page, how, uploads, corpus.settings.max_file_mb * 1_000_000)
            # The vector index takes a second to load, in which the page can be opened and a question typed.
            with _following(library) if corpus.documents else nullcontext():
                _run(app, listener, how.host, lambda: (corpus.retrieve("ready?"), first()))


def _synced(corpus: Corpus) -> IndexReport:
    """What the folder's sync did; nothing where there is no folder."""
    if corpus.documents is None:
        return IndexReport()
    with progress_bars() as progress:
        report = corpus.sync(progress)
    _say(report_text(report))
    return report


@contextmanager
def _following(library: Library) -> Iterator[None]:
    """Reads what changes in the folder while the page is served."""
    stop = threading.Event()

    def follow() -> None:
        try:
            for report in library.corpus.follow(stop):
                library.note(report)
        except (WitnessError, OSError) as error:
            _say(f"changes of the folder are not read any more: {error}")

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _uploads() -> Iterator[Path]:
    """A folder for Gradio's uploads, which go with it."""
    with tempfile.TemporaryDirectory(prefix="witness-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        yield Path(folder)


def _page(library: Library, answerers: Answerers, first: Callable[[], Sequence[str]]) -> gr.Blocks:
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import_gradio()
    from page.events import Events
    from page.layout import build

    library.forget_leftovers()
    return build(Events(library, answerers, Sessions(library.forget), first))


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OSError(f"port {port} is in use; choose another with --port") from error
        raise OSError(
            f"cannot listen on {host} port {port} ({error.strerror}); choose others with --host and --port"
        ) from error


def _run(app: FastAPI, listener: socket.socket, host: str, warm: Callable[[], object]) -> None:
    """Serves until Ctrl-C; `warm` is called in a thread once the address is told."""
    import uvicorn

    port = listener.getsockname()[1]

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            _say(f"Witness is at http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C stops it)")
            threading.Thread(target=warm, daemon=True).start()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # The connections of open pages are cut, which uvicorn would report with a traceback for each.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await super().shutdown(sockets=sockets)

    # An open page holds a connection for news from the server; stopping must not wait for it.
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=1
    )
    Announcing(config).run(sockets=[listener])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the page; returns 0 after Ctrl-C, 3 after an error that names its remedy."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Ask a folder of documents in your browser.")
    from qa.settings import Settings

    # On servers another process has read the documents already.
    default = None if Settings().chroma_url else SAMPLES
    parser.add_argument("documents", nargs="?", default=default, help="the folder of documents (default: the samples)")
    parser.add_argument("--llm", help='who writes answers: "local", "local-small", "openai:MODEL" or a .gguf file')
    parser.add_argument("--store", help="the folder of the index (default: one below your cache folder)")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (default: this machine only)")
    parser.add_argument("--port", type=int, default=7860, help="port (default: 7860)")
    parser.add_argument("--auth-file", type=Path, help="only those whom this file names (python -m page.accounts)")
    parser.add_argument("--folders", type=Path, help="a folder of this machine below which folders may be added")
    parser.add_argument("--mcp", action="store_true", help="let agents ask (Model Context Protocol; extra `mcp`)")
    parser.add_argument(
        "--questions-a-minute", type=int, default=Limits().questions_a_minute, metavar="N",
        help="most that one session may ask, 0 for no limit (default: %(default)s)",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    serving = Serving(
        options.host, options.port, options.auth_file, options.folders, options.mcp, Limits(options.questions_a_minute)
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what a service manager sends ends it as Ctrl-C does
    try:
        serve(options.documents, llm=options.llm, store=options.store, serving=serving)
    except KeyboardInterrupt:
        return 0
    except (WitnessError, OSError, ValueError) as error:
        print(f"witness: {error}", file=sys.stderr)  # noqa: T201
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
