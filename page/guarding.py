"""What a browser may do with the page, and which of Gradio's routes it may reach."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class Guard:
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
