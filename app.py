"""The chat page: questions on the left, the exact words that answer them on the right.

    python -m app [DOCUMENTS] [--llm MODEL] [--store STORE] [--host HOST] [--port PORT]

Documents are data. Their words reach the page only through `page.rendering`, in Markdown components that Gradio sanitises
once more, below a Content-Security-Policy that runs this page's own scripts and lets nothing be fetched from elsewhere.
"""

from __future__ import annotations

import argparse
import errno
import ipaddress
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from page.guarding import Guard
from page.layout import build
from qa.cli import progress_bars
from qa.errors import WitnessError
from qa.types import IndexReport

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI


SAMPLES = Path(__file__).parent / "eval" / "suites" / "geneva" / "documents"
SAMPLE_QUESTIONS = (
    "On which day did Lavrov and Blinken meet in Geneva?",
    "How many soldiers does Russia have near Ukraine?",
    "How old is Sergey Lavrov?",
)
_ASSETS = Path(__file__).parent / "page"


def application(page: gr.Blocks, host: str = "127.0.0.1", port: int = 7860) -> FastAPI:
    """The page as a web application, to be served at `host` and `port`.

    On a loopback address it answers only to loopback names, so that a site whose name is made to point here (DNS
    rebinding) gets nothing.
    """
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import FileResponse

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for name in ("page.css", "page.js"):
        app.add_route(f"/{name}", lambda _, path=_ASSETS / name: FileResponse(path))  # type: ignore[misc]
    fonts = {"font": ["system-ui", "sans-serif"], "font_mono": ["ui-monospace", "monospace"]}
    gr.mount_gradio_app(
        app, page, path="/", server_name=host, server_port=port, theme=gr.themes.Base(**fonts), footer_links=[],
        head='<link rel="stylesheet" href="/page.css"><script src="/page.js"></script>', show_error=False, ssr_mode=False,
        run_history=False, enable_monitoring=False, mcp_server=False, pwa=False,
    )  # fmt: skip
    if _is_loopback(host):
        names = ["127.0.0.1", "localhost", "::1", "[::1]", host]
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)
    app.add_middleware(Guard)
    return app


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(
    documents: str | Path,
    *,
    llm: str | None = None,
    store: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
) -> None:
    """Reads the folder into its index and serves the page about it until Ctrl-C.

    Raises WitnessError when the store, the weights or the model cannot be used, OSError when the folder or the port
    cannot.
    """
    from qa.corpus import Corpus

    with _listening(host, port) as listener, Corpus(documents, store=store, answerer=llm) as corpus:
        with progress_bars() as progress:
            report = corpus.sync(progress)
        _say(_summary(report))
        corpus.prepare()
        samples = Path(documents).resolve() == SAMPLES.resolve()
        page = build(corpus, report, questions=SAMPLE_QUESTIONS if samples else ())
        _run(application(page, host, port), listener, host)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise OSError(f"port {port} is in use; choose another with --port") from error
        raise OSError(
            f"cannot listen on {host} port {port} ({error.strerror}); choose others with --host and --port"
        ) from error


def _run(app: FastAPI, listener: socket.socket, host: str) -> None:
    import uvicorn

    port = listener.getsockname()[1]

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            _say(f"Witness is at http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C stops it)")

    # An open page holds a connection for news from the server; stopping must not wait for it.
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=1
    )
    Announcing(config).run(sockets=[listener])


def _summary(report: IndexReport) -> str:
    counts = ", ".join(f"{len(getattr(report, k))} {k}" for k in ("added", "changed", "removed", "unchanged", "failed"))
    return "\n".join(
        [f"{counts} in {report.seconds:.1f} s", *(f"  not read: {path}: {reason}" for path, reason in report.failed)]
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves the page; returns 0 after Ctrl-C, 3 after an error that names its remedy."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Ask a folder of documents in your browser.")
    parser.add_argument("documents", nargs="?", default=SAMPLES, help="the folder of documents (default: the samples)")
    parser.add_argument("--llm", help='who writes answers: "local", "local-small", "openai:MODEL" or a .gguf file')
    parser.add_argument("--store", help="the folder of the index (default: one below your cache folder)")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (default: this machine only)")
    parser.add_argument("--port", type=int, default=7860, help="port (default: 7860)")
    options = parser.parse_args(arguments)
    try:
        serve(options.documents, llm=options.llm, store=options.store, host=options.host, port=options.port)
    except KeyboardInterrupt:
        return 0
    except (WitnessError, OSError, ValueError) as error:
        print(f"witness: {error}", file=sys.stderr)  # noqa: T201
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
