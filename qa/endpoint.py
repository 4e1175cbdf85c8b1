"""The model endpoint the user chose, spoken to in OpenAI's protocol: embeddings, chat, and the one retry layer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from qa.errors import EndpointError, SchemaRefused
from qa.types import Completion, Message, Usage, tokens
from vectorstore.vectors import unit

if TYPE_CHECKING:
    import numpy as np
    import openai
    import tenacity
    from numpy.typing import NDArray
    from openai.types import CreateEmbeddingResponse, Embedding
    from openai.types.chat import ChatCompletionChunk

_ATTEMPTS = 3
_TRY_SECONDS = 60.0  # without a byte; the client's own default is ten minutes
_SECONDS = 120.0  # for all tries and the whole reply
_LONGEST_WAIT = 10.0  # between two tries, whatever the endpoint asks for
_PASSING = frozenset({408, 409, 425, 429})  # and all from 500 up
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
_SCHEMA_REFUSALS = frozenset({400, 404, 415, 422, 501})
_THINKING = 4096  # tokens that OpenAI's newer models may think before they write, counted as part of the reply
_BATCH = 256  # inputs a request

T = TypeVar("T")


class EndpointEmbedder:
    """Embeddings of an endpoint in OpenAI's protocol; OPENAI_API_KEY and OPENAI_BASE_URL say which and for whom.

    `model` is the endpoint's name for it. Give a `client` to choose key and address yourself.
    `dimension` costs one call, the first time it is asked for. Every method raises EndpointError.
    """

    def __init__(self, model: str, *, client: openai.OpenAI | None = None) -> None:
        self.model = model
        self.name = f"openai:{model}"
        if client is not None:
            self._client = client

    def __repr__(self) -> str:
        return f"EndpointEmbedder({self.model!r})"

    @cached_property
    def _client(self) -> openai.OpenAI:
        return connect()

    @cached_property
    def dimension(self) -> int:
        """The length of the model's vectors."""
        return int(self._embed(["dimension"]).shape[1])

    def embed_documents(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """Vectors of `texts`, shape (len(texts), dimension), L2-normalised."""
        import numpy as np

        parts: list[NDArray[np.float32]] = []
        for start in range(0, len(texts), _BATCH):
            parts.append(self._embed(texts[start : start + _BATCH]))
            if progress:
                progress(min(start + _BATCH, len(texts)), len(texts))
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), dtype=np.float32)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, shape (len(texts), dimension), L2-normalised."""
        return self.embed_documents(texts)

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        inputs = [text or " " for text in texts]  # an empty input is refused

        def ask(client: openai.OpenAI) -> CreateEmbeddingResponse:
            # "float" is the format that every compatible server knows
            return client.embeddings.create(model=self.model, input=inputs, encoding_format="float")

        reply, _ = _attempted(ask, self._client, self.name, _SECONDS)
        return self._rows(getattr(reply, "data", None) or [], len(texts))

    def _rows(self, data: Sequence[Embedding], expected: int) -> NDArray[np.float32]:
        """The reply's vectors by index. The client checks no types, so a stranger's reply is checked here."""
        import numpy as np

        try:
            ordered = sorted(data, key=lambda item: item.index)
            rows = np.asarray([item.embedding for item in ordered], dtype=np.float32)
        except (AttributeError, TypeError, ValueError) as error:
            raise EndpointError(f"{self.name}: the endpoint's reply holds no embeddings") from error
        if rows.ndim != 2 or len(rows) != expected or not np.isfinite(rows).all() or not rows.any(axis=1).all():
            raise EndpointError(f"{self.name}: the endpoint sent {len(rows)} usable embeddings for {expected} texts")
        return unit(rows)


class ChatEndpoint:
    """A chat model of an endpoint in OpenAI's protocol; OPENAI_API_KEY and OPENAI_BASE_URL say which and for whom.

    `model` is the endpoint's name for it. `client` makes the connection, to choose key and address yourself. `schemas`
    says whether replies can be held to a JSON schema. `seconds` is what all tries and the whole reply may take,
    `silence` how long it may send nothing.
    """

    def __init__(
        self,
        model: str,
        *,
        client: Callable[[], openai.OpenAI] | None = None,
        schemas: bool = True,
        seconds: float = _SECONDS,
        silence: float = _TRY_SECONDS,
    ) -> None:
        self.model = model
        self.name = f"openai:{model}"
        self.schemas = schemas
        self.seconds = seconds
        self.silence = silence
        self._connect = client or connect

    def __repr__(self) -> str:
        return f"ChatEndpoint({self.model!r})"

    @cached_property
    def _client(self) -> openai.OpenAI:
        return self._connect()

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str | Completion]:
        """Yields the reply as it is written, then its Completion.

        What fails before the first word is tried again; what breaks off later is handed over with its `problem`.
        Raises SchemaRefused when the endpoint knows no schemas, else EndpointError.
        """
        until = time.monotonic() + self.seconds
        request = self._request(messages, max_tokens, schema)

        def begin(client: openai.OpenAI) -> Iterator[ChatCompletionChunk]:
            return _from_first_word(iter(client.chat.completions.create(**request)))

        chunks, attempts = _attempted(
            begin, self._client.with_options(timeout=self.silence), self.name, self.seconds, schema is not None
        )
        text, finish, spent, problem = "", "", None, ""
        try:
            for chunk in chunks:
                finish, spent = _finish(chunk) or finish, getattr(chunk, "usage", None) or spent
                if delta := _delta(chunk):
                    text += delta
                    yield delta
                if time.monotonic() > until:
                    finish = "late"
                    break
        except _errors() as error:
            problem = reason(error, self._client)
        said = sum(len(m.content) for m in messages)
        usage = Usage(
            input_tokens=getattr(spent, "prompt_tokens", None) or tokens(said),
            output_tokens=getattr(spent, "completion_tokens", None) or tokens(len(text)),
            attempts=attempts,
        )
        yield Completion(text, usage, problem or _UNFINISHED.get(finish, f"the reply ended early ({finish})"))

    def _request(
        self, messages: Sequence[Message], max_tokens: int, schema: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        # OpenAI's newer models refuse the old name of the limit, most other servers do not know the new one.
        newest = self._client.base_url.host == "api.openai.com"
        request: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"max_completion_tokens": max_tokens + _THINKING} if newest else {"max_tokens": max_tokens}),
        }
        if not newest:
            request["temperature"] = 0  # its newer models refuse this one too
        if schema is not None:
            named = {"name": "answer", "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": named}
        return request


_UNFINISHED = {
    "stop": "",
    "": "the reply broke off",
    "late": "the model took too long",
    "length": "the reply was longer than the limit of tokens",
    "content_filter": "the endpoint's filter stopped the reply",
}


def _from_first_word(chunks: Iterator[ChatCompletionChunk]) -> Iterator[ChatCompletionChunk]:
    """`chunks`, read until the first that says something, so that a stream that fails before then can be begun again.

    Raises ValueError for one that never does.
    """
    first = []
    for chunk in chunks:
        first.append(chunk)
        if _delta(chunk) or _finish(chunk):
            return chain(first, chunks)
    raise ValueError("a stream without a word")


def _delta(chunk: ChatCompletionChunk) -> str:
    """The text of a chunk. The client checks no types, so anything may be missing."""
    choices = getattr(chunk, "choices", None) or []
    content = getattr(getattr(choices[0], "delta", None), "content", None) if choices else None
    return content if isinstance(content, str) else ""


def _finish(chunk: ChatCompletionChunk) -> str:
    choices = getattr(chunk, "choices", None) or []
    return str(getattr(choices[0], "finish_reason", None) or "") if choices else ""


def connect(key: str = "", address: str = "") -> openai.OpenAI:
    """A client for an endpoint, by default the one that the environment names. Raises EndpointError without a key."""
    import openai

    if not (key or os.environ.get("OPENAI_API_KEY")):
        raise EndpointError(
            "OPENAI_API_KEY is not set; set it to the endpoint's key (to any word for a server that needs none), "
            "and OPENAI_BASE_URL to its address unless it is OpenAI's own"
        )
    return openai.OpenAI(api_key=key or None, base_url=address or None, max_retries=0, timeout=_TRY_SECONDS)


def _attempted(
    ask: Callable[[openai.OpenAI], T], client: openai.OpenAI, name: str, seconds: float, with_schema: bool = False
) -> tuple[T, int]:
    """What `ask` returns and how often it was tried: at most three times and `seconds` long.

    Raises EndpointError, or SchemaRefused when a request `with_schema` is not understood.
    """
    import tenacity

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_passes),
        stop=tenacity.stop_after_attempt(_ATTEMPTS) | tenacity.stop_before_delay(seconds),
        wait=_pause,
        reraise=True,
    )
    # The client retries by itself unless told not to, which would make nine tries of three.
    alone = client.with_options(max_retries=0)
    try:
        return retrying(ask, alone), int(retrying.statistics["attempt_number"])
    except _errors() as error:
        kind = SchemaRefused if with_schema and _status(error) in _SCHEMA_REFUSALS else EndpointError
        failed = kind(f"{name}: {reason(error, client)}")
        failed.attempts = int(retrying.statistics["attempt_number"])
        raise failed from None  # the error's own text may hold the key


def _errors() -> tuple[type[Exception], ...]:
    """What the client raises; ValueError for a stream that is no JSON."""
    import openai

    return (openai.OpenAIError, ValueError)


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _passes(error: BaseException) -> bool:
    """True for what may be over by the next try: no connection, no time, too much at once, but never a spent quota."""
    import openai

    if isinstance(error, openai.APIConnectionError | ValueError):
        return True
    status = _status(error)
    spent = getattr(error, "code", None) in _SPENT or getattr(error, "type", None) in _SPENT
    return status is not None and (status in _PASSING or status >= 500) and not spent


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds until the next try: what the endpoint asks for, up to a limit, else about 1, then about 2."""
    import tenacity

    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", {})
    for name, unit_seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(_LONGEST_WAIT, max(0.0, float(headers.get(name, "")) * unit_seconds))
        except (TypeError, ValueError):
            continue
    return float(tenacity.wait_exponential_jitter(multiplier=0.5, max=_LONGEST_WAIT)(state))


def reason(error: Exception, client: openai.OpenAI) -> str:
    """Why the endpoint did not answer, in one line that names the remedy where it is known and never the key."""
    status = _status(error)
    if status == 429 and getattr(error, "code", None) in _SPENT:
        said = "the quota is spent; see the account's plan (HTTP 429)"
    elif status in _REMEDIES:
        said = f"{_REMEDIES[status]} (HTTP {status})"  # a refusal's own words often repeat part of the key
    elif isinstance(error, ValueError):
        said = "what came back is no reply in OpenAI's protocol"
    else:
        said = (str(error).splitlines() or [type(error).__name__])[0][:300]
    key = client.api_key
    return f"{client.base_url.host} says: {said.replace(key, '***') if key else said}"


_REMEDIES = {
    401: "the key is refused; check OPENAI_API_KEY",
    402: "no credit left; see the account's plan",
    403: "this key may not use this model",
    404: "no such model or address; check the model's name and OPENAI_BASE_URL",
    429: "too many requests, or no credit left; try again later",
}
