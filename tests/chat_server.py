"""An endpoint in OpenAI's chat protocol on loopback that misbehaves as told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

import openai
import uvicorn

from qa.endpoint import connect

KEY = "sk-canary-0123456789abcdef"
REPLY = "They met on Friday.\n> 1: met in Geneva on Friday"

Send = Callable[[dict[str, Any]], Awaitable[None]]


class ChatServer:
    """Serves /v1/chat/completions. Each request takes the next of `faults`, by name; without any it answers `reply`."""

    def __init__(self, reply: str = REPLY, faults: Sequence[str] = ()) -> None:
        self.reply = reply
        self.faults = list(faults)
        self.requests: list[dict[str, Any]] = []
        config = uvicorn.Config(self._app, port=0, interface="asgi3", log_level="critical", timeout_graceful_shutdown=0)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}/v1"
        return self

    def __exit__(self, *error: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)

    def client(self) -> openai.OpenAI:
        return connect(KEY, self.url)

    async def _app(self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        request = json.loads(body)
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else "none"
        await _FAULTS[fault](self, request, send)

    async def _well(self, request: dict[str, Any], send: Send) -> None:
        await self._stream(send, self.reply, finish="stop")

    async def _no_finish(self, request: dict[str, Any], send: Send) -> None:
        await self._stream(send, self.reply, finish=None)

    async def _cut_by_length(self, request: dict[str, Any], send: Send) -> None:
        await self._stream(send, self.reply, finish="length")

    async def _empty(self, request: dict[str, Any], send: Send) -> None:
        await self._stream(send, "", finish="stop")

    async def _dropped(self, request: dict[str, Any], send: Send) -> None:
        await _begin(send, 200, b"text/event-stream")
        await _chunk(send, _delta(self.reply[: len(self.reply) // 2], None))
        raise ConnectionError("the server hangs up")

    async def _hang(self, request: dict[str, Any], send: Send) -> None:
        await _begin(send, 200, b"text/event-stream")
        await asyncio.sleep(30)

    async def _malformed(self, request: dict[str, Any], send: Send) -> None:
        await _begin(send, 200, b"text/event-stream")
        await send({"type": "http.response.body", "body": b"data: {not json\n\n"})

    async def _page(self, request: dict[str, Any], send: Send) -> None:
        await _begin(send, 200, b"text/html")
        await send({"type": "http.response.body", "body": b"<html>welcome to the hotel's network</html>"})

    async def _no_schema(self, request: dict[str, Any], send: Send) -> None:
        if "response_format" in request:
            await _refuse(send, 400, "response_format is not supported")
        else:
            await self._well(request, send)

    async def _stream(self, send: Send, text: str, finish: str | None) -> None:
        await _begin(send, 200, b"text/event-stream")
        for at in range(0, len(text), 7):
            await _chunk(send, _delta(text[at : at + 7], None))
        if finish:
            await _chunk(send, _delta("", finish))
        usage = {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59}
        await _chunk(send, {"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": usage})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def _delta(text: str, finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}


async def _begin(send: Send, status: int, kind: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind), *headers]})


async def _chunk(send: Send, event: dict[str, Any]) -> None:
    data = f"data: {json.dumps(event)}\n\n".encode()
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _refuse(send: Send, status: int, message: str, code: str = "", *headers: tuple[bytes, bytes]) -> None:
    # An endpoint that repeats the key in its refusals, as some do.
    error = {"error": {"message": f"{message}; your key is {KEY}", "code": code, "type": code}}
    await _begin(send, status, b"application/json", *headers)
    await send({"type": "http.response.body", "body": json.dumps(error).encode()})


def _refusing(status: int, message: str, code: str = "", *headers: tuple[bytes, bytes]) -> Any:
    async def refuse(server: ChatServer, request: dict[str, Any], send: Send) -> None:
        await _refuse(send, status, message, code, *headers)

    return refuse


_FAULTS: dict[str, Any] = {
    "none": ChatServer._well,
    "429": _refusing(429, "slow down"),
    "429 with retry-after": _refusing(429, "slow down", "", (b"retry-after", b"0.2")),
    "429 with a day's retry-after": _refusing(429, "slow down", "", (b"retry-after", b"86400")),
    "quota": _refusing(429, "you exceeded your quota", "insufficient_quota"),
    "401": _refusing(401, "wrong key"),
    "500": _refusing(500, "oh no"),
    "hang": ChatServer._hang,
    "dropped": ChatServer._dropped,
    "no finish": ChatServer._no_finish,
    "length": ChatServer._cut_by_length,
    "malformed": ChatServer._malformed,
    "page": ChatServer._page,
    "empty": ChatServer._empty,
    "no schema": ChatServer._no_schema,
}
