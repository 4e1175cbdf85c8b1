"""The model endpoint the user chose, spoken to in OpenAI's protocol."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from qa.errors import EndpointError
from vectorstore.vectors import unit

if TYPE_CHECKING:
    import numpy as np
    import openai
    from numpy.typing import NDArray
    from openai.types import Embedding

_RETRIES = 2  # the one place: the client waits and tries again after timeouts, 408, 409, 429 and 5xx
_SECONDS = 60.0  # for one try; the client's own default is ten minutes
_BATCH = 256  # inputs a request


class EndpointEmbedder:
    """Embeddings of an endpoint in OpenAI's protocol; OPENAI_API_KEY and OPENAI_BASE_URL say which and for whom.

    `model` is the endpoint's name for it. Give a `client` to choose key, address, retries and timeout yourself.
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
        import openai

        inputs = [text or " " for text in texts]  # an empty input is refused
        try:
            # "float" is the format that every compatible server knows
            reply = self._client.embeddings.create(model=self.model, input=inputs, encoding_format="float")
        except openai.OpenAIError as error:
            raise EndpointError(f"{self.name}: {reason(error, self._client)}") from None  # its text may hold the key
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


def connect() -> openai.OpenAI:
    """A client for the endpoint that the environment names. Raises EndpointError without a key."""
    import openai

    if not os.environ.get("OPENAI_API_KEY"):
        raise EndpointError(
            "OPENAI_API_KEY is not set; set it to the endpoint's key (to any word for a server that needs none), "
            "and OPENAI_BASE_URL to its address unless it is OpenAI's own"
        )
    return openai.OpenAI(max_retries=_RETRIES, timeout=_SECONDS)


def reason(error: openai.OpenAIError, client: openai.OpenAI) -> str:
    """Why the endpoint did not answer, in one line that names the remedy where it is known and never the key."""
    import openai

    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    if status in _REMEDIES:
        said = f"{_REMEDIES[status]} (HTTP {status})"  # a refusal's own words often repeat part of the key
    else:
        said = (str(error).splitlines() or [type(error).__name__])[0][:300]
    key = client.api_key
    return f"{client.base_url.host} says: {said.replace(key, '***') if key else said}"


_REMEDIES = {
    401: "the key is refused; check OPENAI_API_KEY",
    403: "this key may not use this model",
    404: "no such model or address; check the model's name and OPENAI_BASE_URL",
    429: "too many requests, or no credit left; try again later",
}
