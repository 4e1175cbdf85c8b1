"""What a browser may do with the page, who may open it, and which of Gradio's routes are reached."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from page.accounts import TooManyFailures
from page.sessions import COOKIE, is_token, new_token

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from page.accounts import Accounts

# Gradio's own routes that this page uses. Those left out would read files or fetch addresses.
_ROUTES = (
    "call/", "cancel", "heartbeat/", "info", "queue/data", "queue/join", "reset", "startup-events", "theme.css", "upload"
)  # fmt: skip
_MCP = "mcp/"
_UPLOAD = "/gradio_api/upload"
_MOST_JSON = 5_000_000  # bytes; the names of all ticked documents are sent with a question
_SAFE = ("GET", "HEAD", "OPTIONS")
_LOGIN = {"WWW-Authenticate": 'Basic realm="Witness", charset="UTF-8"'}
USER = "witness.user"
"""Where a request's scope holds the name of the user who sent it."""
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
    """ASGI middleware: nothing without a login where there are accounts, nothing that another site's page sends, of
    Gradio's routes only those that the page uses, no file but what was uploaded, and the security headers on every response.

    `uploads` is the folder of uploaded files, `most_bytes` the longest of them; `mcp` opens the routes for agents.
    """

    def __init__(
        self, app: ASGIApp, uploads: Path, most_bytes: int, accounts: Accounts | None = None, mcp: bool = False
    ) -> None:
        self.app, self.accounts, self.most_bytes = app, accounts, most_bytes
        self.uploads = uploads.resolve()
        self.routes = (*_ROUTES, _MCP) if mcp else _ROUTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.responses import PlainTextResponse

        if scope["type"] != "http":
            if scope["type"] == "lifespan":  # nothing here speaks WebSocket
                await self.app(scope, receive, send)
            return
        refused = await self._refused(scope)
        if refused:
            status, text, headers = refused
            await PlainTextResponse(text, status, headers)(scope, receive, _with_headers(send, policy()))
        elif scope["path"] == "/":
            await self._page(scope, receive, send)
        elif scope["method"] == "POST" and not scope["path"].startswith(_UPLOAD):
            await self._sent(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send, policy()))

    async def _refused(self, scope: Scope) -> tuple[int, str, dict[str, str]] | None:
        """Status, text and headers of the answer to a request that goes no further."""
        from starlette.concurrency import run_in_threadpool
        from starlette.datastructures import Headers

        headers, path = Headers(scope=scope), scope["path"]
        if self.accounts:
            try:
                scope[USER] = await run_in_threadpool(self.accounts.check, headers.get("authorization", ""))
            except TooManyFailures:
                return 429, "Too many wrong passwords; wait a minute", {}
            if scope[USER] is None:
                return 401, "Log in to open Witness", _LOGIN
        if scope["method"] not in _SAFE and not _is_own(headers):
            return 403, "Another site's page may not do this", {}
        if int(headers.get("content-length") or 0) > self.most_bytes:
            return 413, f"Larger than {self.most_bytes // 1_000_000} MB", {}
        if path.startswith("/gradio_api/") and not path.removeprefix("/gradio_api/").startswith(self.routes):
            return 404, "Not found", {}
        return None

    async def _sent(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands on what a browser or program sends to an event, unless it names a file that nobody uploaded.

        Gradio would read a file of this machine, or fetch an address, for any event that is given one; its own check is
        off in an app that is mounted.
        """
        from starlette.responses import PlainTextResponse

        body = await _whole(receive)
        if body is None or not self._is_harmless(body):
            refusal = PlainTextResponse("Only text and uploaded files may be sent", status_code=403)
            await refusal(scope, receive, _with_headers(send, policy()))
            return
        pending = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return pending.pop() if pending else await receive()

        await self.app(scope, again, _with_headers(send, policy()))

    def _is_harmless(self, body: bytes) -> bool:
        try:
            paths = list(_paths(json.loads(body or b"null")))
        except (ValueError, RecursionError):
            return False
        return all(isinstance(p, str) and Path(p).resolve().is_relative_to(self.uploads) for p in paths)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The policy depends on the page's text, so this one response is held until it is whole, and not compressed."""
        from starlette.datastructures import MutableHeaders

        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        del MutableHeaders(scope=scope)["accept-encoding"]
        await self.app(scope, receive, hold)
        cookie = None if is_token(_cookie(scope)) else _new_cookie(scope)
        release = _with_headers(send, policy(b"".join(m.get("body", b"") for m in held)), cookie)
        for message in held:
            await release(message)


async def _whole(receive: Receive) -> bytes | None:
    """The body of a request; None where it is too long."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MOST_JSON:
            return None
        if not message.get("more_body"):
            return body


def _paths(sent: object) -> Iterator[object]:
    """Whatever stands under "path" anywhere: how Gradio is told of a file."""
    if isinstance(sent, dict):
        if "path" in sent:
            yield sent["path"]
        sent = list(sent.values())
    if isinstance(sent, list):
        for one in sent:
            yield from _paths(one)


def _is_own(headers: Mapping[str, str]) -> bool:
    """False for what a page of another site sends: browsers name the sending page's origin."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _cookie(scope: Scope) -> str:
    from starlette.datastructures import Headers

    try:
        kept = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return kept.value if kept else ""


def _new_cookie(scope: Scope) -> str:
    """A cookie for this browser session. Lax, so that a link from elsewhere opens with it."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={new_token()}; Path=/; HttpOnly; SameSite=Lax{secure}"


def _with_headers(send: Send, content_policy: str, cookie: str | None = None) -> Send:
    from starlette.datastructures import MutableHeaders

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = content_policy
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "no-referrer"
            if cookie:
                headers.append("Set-Cookie", cookie)
        await send(message)

    return sending
