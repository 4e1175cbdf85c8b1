"""EMBEDDERS: text to unit vectors, by a local model, an endpoint, or any LlamaIndex embedding."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol, cast

from qa.endpoint import EndpointEmbedder
from qa.models import fetch
from qa.settings import Settings
from qa.types import Embedder
from vectorstore.vectors import unit

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

Done = Callable[[int, int], None]
"""Called with (texts embedded so far, texts in all)."""

_MOST_TOKENS = 512  # positions the model was trained with
_BATCH_TOKENS = 512  # padding included; larger batches fall out of the processor's cache and get slower
_SLICE = 256  # texts handed to a foreign embedding between two reports of progress


class LlamaIndexEmbedding(Protocol):
    """What is used of a LlamaIndex embedding."""

    model_name: str

    def get_text_embedding_batch(self, texts: list[str]) -> Sequence[Sequence[float]]:
        """One vector for each text."""
        ...

    def get_query_embedding(self, query: str) -> Sequence[float]:
        """The vector of a question."""
        ...


class LocalEmbedder:
    """Snowflake arctic-embed-s, int8, in this process, with no key: 384 dimensions, at most 512 tokens a text.

    The model is fetched below `cache` and loaded at the first embedding; `threads` are the processor's it may take.
    May be called from several threads. The model rounds the numbers of a whole batch together, so a text's vector
    depends a little on what is embedded with it (cosine above .99); the same texts give the same vectors in any order.

    Method: Merrick et al. 2024, "Arctic-Embed" (arXiv:2405.05374): the CLS token's state, L2-normalised; questions
    carry a prefix, documents none.
    """

    name = "arctic-embed-s-int8"
    dimension = 384
    query_prefix = "Represent this sentence for searching relevant passages: "

    def __init__(self, cache: Path, threads: int = 1) -> None:
        self.cache = cache
        self.threads = threads
        self._lock = Lock()
        self._loaded: _Model | None = None

    def __repr__(self) -> str:
        return f"LocalEmbedder({str(self.cache)!r}, threads={self.threads})"

    def embed_documents(self, texts: Sequence[str], progress: Done | None = None) -> NDArray[np.float32]:
        """Vectors of `texts`, shape (len(texts), 384). Raises WeightsUnavailable when the model cannot be had."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        model = self._model()
        tokens = [model.tokens(text) for text in texts]
        done = 0
        for batch in batches(tokens):
            vectors[batch] = model.states([tokens[i] for i in batch])
            done += len(batch)
            if progress:
                progress(done, len(texts))
        return unit(vectors)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, shape (len(texts), 384). Raises WeightsUnavailable when the model cannot be had."""
        return self.embed_documents([self.query_prefix + text for text in texts])

    def _model(self) -> _Model:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(fetch("arctic-embed-s", self.cache), self.threads)
            return self._loaded


@dataclass(frozen=True, slots=True)
class _Model:
    tokenizer: Tokenizer
    session: onnxruntime.InferenceSession

    def tokens(self, text: str) -> list[int]:
        """Token ids, at most 512. One text at a time: encode_batch would take every core, whatever `threads` says."""
        encodable = text.encode("utf-8", "replace").decode("utf-8")  # the tokenizer refuses lone surrogates
        return list(self.tokenizer.encode(encodable).ids)

    def states(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """The last state of the CLS token, the first of each text, shape (len(tokens), 384)."""
        import numpy as np

        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(tokens):
            ids[row, : len(text)] = text
            mask[row, : len(text)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return cast("NDArray[np.float32]", self.session.run(["last_hidden_state"], inputs)[0][:, 0])


def batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of `tokens` in batches of like length, the longest first, so that memory is at its peak at once.

    Texts of one length are ordered by their tokens, so that batches depend on what is there, not on its order.
    """
    batch: list[int] = []
    for index in sorted(range(len(tokens)), key=lambda i: (-len(tokens[i]), tokens[i])):
        if batch and (len(batch) + 1) * len(tokens[batch[0]]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _load(files: Mapping[str, Path], threads: int) -> _Model:
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(files["tokenizer.json"]))
    tokenizer.enable_truncation(_MOST_TOKENS)
    tokenizer.no_padding()  # batches are padded to their own longest text
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to others
    session = onnxruntime.InferenceSession(str(files["model.onnx"]), options, providers=["CPUExecutionProvider"])
    return _Model(tokenizer, session)


class LlamaIndexEmbedder:
    """Any LlamaIndex embedding as an `Embedder`; its own errors pass through.

    `dimension` costs one call of the model, the first time it is asked for.
    """

    def __init__(self, model: LlamaIndexEmbedding) -> None:
        self.model = model
        self.name = f"llama-index:{type(model).__name__}:{model.model_name}"

    @cached_property
    def dimension(self) -> int:
        """The length of the model's vectors."""
        return len(self.model.get_query_embedding("dimension"))

    def embed_documents(self, texts: Sequence[str], progress: Done | None = None) -> NDArray[np.float32]:
        """Vectors of `texts`, shape (len(texts), dimension), L2-normalised."""
        import numpy as np

        rows: list[Sequence[float]] = []
        for start in range(0, len(texts), _SLICE):
            rows += self.model.get_text_embedding_batch(list(texts[start : start + _SLICE]))
            if progress:
                progress(len(rows), len(texts))
        return unit(np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dimension))

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, shape (len(texts), dimension), L2-normalised."""
        import numpy as np

        rows = [self.model.get_query_embedding(text) for text in texts]
        return unit(np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dimension))


def _local(model: str, settings: Settings) -> Embedder:
    if model:
        raise ValueError(f'the local embedder has one model; write "local", not "local:{model}"')
    return LocalEmbedder(settings.cache, settings.threads)


def _openai(model: str, settings: Settings) -> Embedder:
    if not model:
        raise ValueError('name the model: "openai:MODEL", for example "openai:text-embedding-3-small"')
    return EndpointEmbedder(model)


EMBEDDERS: Mapping[str, Callable[[str, Settings], Embedder]] = {"local": _local, "openai": _openai}
"""What stands before the colon of a name -> maker of the embedder, given what stands behind it."""

_POSSIBLE = (
    'an embedder is "local", "openai:MODEL", a LlamaIndex embedding, '
    "or an object with name, dimension, embed_documents and embed_queries"
)


def make_embedder(spec: str | object, settings: Settings) -> Embedder:
    """The embedder that `spec` names or is; nothing is loaded or connected yet.

    Raises ValueError for an unknown name and TypeError for an object that is no embedder; both list what is possible.
    """
    if isinstance(spec, str):
        kind, _, model = spec.partition(":")
        if kind not in EMBEDDERS:
            raise ValueError(f"{_POSSIBLE}; not {spec!r}")
        return EMBEDDERS[kind](model, settings)
    if _has(spec, "name", "dimension", "embed_documents", "embed_queries"):
        return cast(Embedder, spec)
    if _has(spec, "model_name", "get_text_embedding_batch", "get_query_embedding"):
        return LlamaIndexEmbedder(cast(LlamaIndexEmbedding, spec))
    raise TypeError(f"{_POSSIBLE}; not {spec!r}")


def _has(instance: object, *names: str) -> bool:
    """True when an instance, no class, has these attributes; a `dimension` that calls a model is not called."""
    absent = object()
    return not isinstance(instance, type) and all(
        inspect.getattr_static(instance, name, absent) is not absent for name in names
    )
