"""The chat page: questions on the left, the exact words that answer them on the right.

    python -m app [DOCUMENTS] [--llm MODEL] [--store STORE] [--host HOST] [--port PORT]

Documents are data. Their words reach the page only through `qa.rendering`, in Markdown components that Gradio sanitises
once more, below a Content-Security-Policy that runs this page's own scripts and lets nothing be fetched from elsewhere.
"""

from __future__ import annotations

import argparse
import base64
import errno
import hashlib
import ipaddress
import os
import re
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.cli import progress_bars
from qa.errors import SourceNotFound, WitnessError
from qa.rendering import answer_html, draft_html, evidence_html, mark_name, notice_html, question_html, sources_html
from qa.types import Answer, IndexReport, Usage

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from qa.corpus import Conversation, Corpus

SAMPLES = Path(__file__).parent / "eval" / "suites" / "geneva" / "documents"
SAMPLE_QUESTIONS = (
    "On which day did Lavrov and Blinken meet in Geneva?",
    "How many soldiers does Russia have near Ukraine?",
    "How old is Sergey Lavrov?",
)
_ASSETS = Path(__file__).parent / "qa"
_REDRAW_SECONDS = 0.05
_MOST_WORDS = 2_000  # characters of a question


class _Page:
    """What the page's events do. It holds the corpus; a conversation is the browser session's own state."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    def ask(self, question: str) -> dict[str, Any]:
        """Answers one question from the documents: text, whether it abstained, and every citation with its offsets."""
        import dataclasses

        answer = self.corpus.ask(question[:_MOST_WORDS])
        citations = [dataclasses.asdict(c) for c in answer.citations]
        return {"text": answer.text, "abstained": answer.abstained, "citations": citations}

    def reply(self, question: str, turns: tuple[Answer, ...]) -> Iterator[tuple[Any, ...]]:
        """Streams one turn as (messages, evidence, turns, question box)."""
        import gradio as gr

        question = question[:_MOST_WORDS].strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip(), ""
            return
        earlier = [m for i, a in enumerate(turns, start=1) for m in _messages(a.question, answer_html(a, i))]
        try:
            for draft in self._drafts(question, turns):
                if isinstance(draft, str):
                    yield earlier + _messages(question, draft_html(draft)), gr.skip(), gr.skip(), ""
                    continue
                turns = (*turns, draft)
                shown = self.evidence(mark_name(len(turns), draft.citations[0]), turns) if draft.citations else _NOTHING
                yield earlier + _messages(question, answer_html(draft, len(turns))), shown, turns, ""
        except WitnessError as error:
            yield earlier + _messages(question, notice_html(str(error))), gr.skip(), gr.skip(), ""

    def _drafts(self, question: str, turns: Sequence[Answer]) -> Iterator[str | Answer]:
        """The text so far, not more often than the page can be drawn, then the answer."""
        yield ""
        text, drawn = "", time.monotonic()
        for event in self._conversation(turns).stream(question):
            if isinstance(event, Answer):
                yield event
                return
            text += event
            if time.monotonic() - drawn > _REDRAW_SECONDS:
                yield text
                drawn = time.monotonic()

    def _conversation(self, turns: Sequence[Answer]) -> Conversation:
        return self.corpus.chat([a.turn for a in turns], sum((a.usage for a in turns), Usage()))

    def evidence(self, name: str, turns: Sequence[Answer]) -> str:
        """The document behind the mark `words-TURN-MARKER`. A name that no answer gave shows nothing.

        What the page sends ends in a number that counts the reader's choices, because a field that is set to what it
        held already sends nothing.
        """
        found = re.fullmatch(r"words-(\d{1,6})-(\d{1,4})(?: \d+)?", name)
        turn, marker = (int(found[1]), int(found[2])) if found else (0, 0)
        given = turns[turn - 1].citations if 0 < turn <= len(turns) else ()
        citation = next((c for c in given if c.marker == marker), None)
        if citation is None:
            return _NOTHING
        try:
            return evidence_html(citation, self.corpus.text(citation.source), turn)
        except SourceNotFound:
            return notice_html(f"{citation.source} is no longer among the documents.")


_NOTHING = notice_html("Choose a mark in an answer to see the exact words it rests on, in their document.")


def _messages(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question_html(question)}, {"role": "assistant", "content": answer}]


def build(corpus: Corpus, report: IndexReport, *, questions: Sequence[str] = ()) -> gr.Blocks:
    """The page about a corpus. `report` is what sync did; `questions` are offered while nothing has been asked."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr

    events = _Page(corpus)
    with gr.Blocks(title="Witness", analytics_enabled=False, fill_width=True) as page:
        turns = gr.State(())
        gr.Markdown(
            "<h1>Witness</h1><p>Answers from your documents, each with the exact words it rests on.</p>",
            elem_id="masthead",
        )
        with gr.Row(elem_id="panes"):
            with gr.Column(elem_id="conversation"):
                chat = _chatbot(gr)
                with gr.Row(elem_id="suggested"):
                    buttons = [gr.Button(text, size="sm") for text in questions]
                with gr.Row(elem_id="ask"):
                    question = gr.Textbox(
                        placeholder="Ask about the documents", label="Question", show_label=False, container=False,
                        max_length=_MOST_WORDS, autofocus=True, elem_id="question", scale=1,
                    )  # fmt: skip
                    send = gr.Button("Send", variant="primary", elem_id="send", scale=0)
            with gr.Column(elem_id="witnesses"):
                evidence = gr.Markdown(_NOTHING, elem_id="evidence", latex_delimiters=[])
                gr.Markdown(sources_html(corpus.sources(), report), elem_id="sources", latex_delimiters=[])
        chosen = gr.Textbox(visible="hidden", elem_id="chosen")
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 4}
        asked = {"inputs": [question, turns], "outputs": [chat, evidence, turns, question], **quiet}
        gr.on([question.submit, send.click], events.reply, **asked)
        for button, text in zip(buttons, questions, strict=True):
            button.click(events.reply, **asked | {"inputs": [gr.State(text), turns]})
        chat.clear(lambda: (_NOTHING, ()), None, [evidence, turns], **quiet)
        chosen.change(events.evidence, [chosen, turns], evidence, **quiet)
        gr.api(events.ask, api_name="ask")
    page.queue(api_open=False)
    return page


def _chatbot(gr: Any) -> Any:
    welcome = "<h2>Ask a question in plain words</h2><p>Each sentence of an answer is marked with the place it comes from.</p>"
    return gr.Chatbot(
        placeholder=welcome, elem_id="chat", label="Conversation", show_label=False, container=False, layout="panel",
        height="100%", buttons=[], feedback_options=None, latex_delimiters=[], allow_tags=False,
    )  # fmt: skip


# Gradio's own routes that this page uses. Those left out would read files, take uploads or fetch addresses.
_ROUTES = ("call/", "cancel", "heartbeat/", "info", "queue/data", "queue/join", "reset", "startup-events", "theme.css")
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def policy(html: bytes = b"") -> str:
    """The Content-Security-Policy of a response: the inline scripts that Gradio's server wrote into `html`, by hash.

    Scripts need neither 'unsafe-inline' nor 'unsafe-eval', because the page uses no gr.HTML and no `js=` (both compile
    text). Styles need 'unsafe-inline': Gradio's components set style attributes and insert style elements.
    Its page names a base of its own, hence base-uri 'self'.
    """
    scripts = [base64.b64encode(hashlib.sha256(s).digest()).decode() for s in _INLINE_SCRIPT.findall(html)]
    allowed = " ".join(["'self'", *(f"'sha256-{s}'" for s in scripts)])
    return (
        f"default-src 'self'; script-src {allowed}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self' data:; object-src 'none'; frame-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


class _Guard:
    """ASGI middleware: the security headers on every response, and of Gradio's routes only those that the page uses."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import PlainTextResponse

        path = scope.get("path", "")
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif path == "/":
            await self._page(scope, receive, send)
        elif path.startswith("/gradio_api/") and not path.removeprefix("/gradio_api/").startswith(_ROUTES):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, _with_headers(send, policy()))
        else:
            await self.app(scope, receive, _with_headers(send, policy()))

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The policy depends on the page's text, so this one response is held until it is whole, and not compressed."""
        from starlette.datastructures import MutableHeaders

        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        del MutableHeaders(scope=scope)["accept-encoding"]
        await self.app(scope, receive, hold)
        release = _with_headers(send, policy(b"".join(m.get("body", b"") for m in held)))
        for message in held:
            await release(message)


def _with_headers(send: Send, content_policy: str) -> Send:
    from starlette.datastructures import MutableHeaders

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = content_policy
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "no-referrer"
        await send(message)

    return sending


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
    app.add_middleware(_Guard)
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
