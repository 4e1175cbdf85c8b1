"""CHAT_MODELS: who writes answers: a local model, an endpoint, or any LlamaIndex LLM."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, cast

from qa.endpoint import ChatEndpoint, connect
from qa.llamaindex import LlamaIndexChat
from qa.models import fetch
from qa.serving import ModelServer
from qa.settings import Settings
from qa.types import ChatModel, Completion, Message

LOCAL_CONTEXT = 4096  # tokens of prompt and answer together
_LOCAL_SECONDS = 300.0  # one slow core reads 13 tokens a second and writes 5

WEIGHTS_OF: Mapping[str, str] = {
    "local": "qwen2.5-coder-1.5b",
    "local-small": "qwen2.5-coder-0.5b",
    "local-tiny": "smollm2-135m",
}
"""Names of local models -> names of their weights."""


class LocalChat:
    """A GGUF model in a process of its own on this machine. It is started by the first question, and ended by `close`
    or with this program.

    `find` returns the model's file, fetching it where need be. `small`: it follows few rules and decides little.
    """

    schemas = False
    small = True

    def __init__(self, name: str, find: Callable[[], Path], threads: int) -> None:
        self.name = name
        self._find = find
        self._threads = threads
        self._lock = Lock()
        self._server: ModelServer | None = None

    def __repr__(self) -> str:
        return f"LocalChat({self.name!r})"

    def _endpoint(self) -> ChatEndpoint:
        """The server's endpoint; one that has ended is started anew, at another address."""
        with self._lock:
            if self._server is None:
                self._server = ModelServer(self._find(), self._threads, LOCAL_CONTEXT)
                atexit.register(self._server.close)
        key, address = self._server.key, self._server.address
        return ChatEndpoint(
            self.name,
            client=lambda: connect(key, address),
            schemas=False,
            seconds=_LOCAL_SECONDS,
            silence=_LOCAL_SECONDS,
        )

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str | Completion]:
        """Yields the reply as it is written, then its Completion. Raises WeightsUnavailable, ModelUnavailable."""
        yield from self._endpoint().stream(messages, max_tokens=max_tokens)

    def close(self) -> None:
        """Ends the process, if it was started."""
        if self._server is not None:
            self._server.close()


def _local(name: str, settings: Settings) -> LocalChat:
    weights = WEIGHTS_OF[name]
    return LocalChat(weights, lambda: next(iter(fetch(weights, settings.cache).values())), settings.threads)


def _file(name: str, settings: Settings) -> LocalChat:
    path = Path(name).expanduser()
    return LocalChat(f"gguf:{path.name}", lambda: path, settings.threads)


def _openai(name: str, settings: Settings) -> ChatEndpoint:
    model = name.partition(":")[2]
    if not model:
        raise ValueError('name the model: "openai:MODEL", for example "openai:gpt-5-mini"')
    return ChatEndpoint(model, seconds=settings.llm_seconds)


_POSSIBLE = (
    'a model is "local", "local-small", "openai:MODEL", the path of a .gguf file, a LlamaIndex LLM, '
    "or an object with name, schemas and stream"
)


def make_chat_model(spec: str | object, settings: Settings) -> ChatModel:
    """The model that `spec` names or is; nothing is loaded or connected yet.

    Raises ValueError for an unknown name and TypeError for an object that is no model; both list what is possible.
    """
    if isinstance(spec, str):
        if spec in WEIGHTS_OF:
            return _local(spec, settings)
        if spec.endswith(".gguf"):
            return _file(spec, settings)
        if spec.partition(":")[0] == "openai":
            return _openai(spec, settings)
        raise ValueError(f"{_POSSIBLE}; not {spec!r}")
    if hasattr(spec, "schemas") and hasattr(spec, "stream"):
        return cast(ChatModel, spec)
    if hasattr(spec, "metadata") and hasattr(spec, "stream_chat"):
        return LlamaIndexChat(cast(Any, spec))
    raise TypeError(f"{_POSSIBLE}; not {spec!r}")
