"""The vector index: passage ids and their vectors in a Chroma folder. The only `import chromadb`.

Nothing but ids and vectors goes in, and no text is ever handed over to be embedded: Chroma's embedding functions are
configured in the folder itself, and one from a stranger's folder could load code or fetch a model (CVE-2026-45829).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vectorstore.explaining import of_index

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLLECTION = "passages"
BATCH = 5_000
"""Ids per call: Chroma refuses writes of more than 5,461."""


class VectorIndex:
    """Passage vectors by cosine, in `folder`. Opened on first use, since loading Chroma takes a second.

    Every method but `close` and `reset` raises StoreDamaged where Chroma cannot read its files, StoreError on a full disk.
    Not safe for threads by itself.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder = folder
        self._dimension = dimension
        self._client: Any = None
        self._opened: Any = None

    def upsert(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Writes `vectors`, shape (len(ids), dimension), over whatever these ids had."""
        with self._collection() as collection:
            for start in range(0, len(ids), BATCH):
                names = [str(i) for i in ids[start : start + BATCH]]
                collection.upsert(ids=names, embeddings=vectors[start : start + BATCH])

    def delete(self, ids: Sequence[int]) -> None:
        """Deletes these ids; unknown ones are skipped."""
        with self._collection() as collection:
            for batch in _batches(ids):
                collection.delete(ids=batch)

    def query(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The `limit` nearest ids to `vector`, shape (dimension,), each with its cosine similarity, best first."""
        if limit < 1:
            return []
        with self._collection() as collection:
            found = collection.query(query_embeddings=vector[None, :], n_results=limit, include=["distances"])
        return [(int(i), 1.0 - float(d)) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]

    def ids(self) -> set[int]:
        """Every id in the index."""
        ids: set[int] = set()
        with self._collection() as collection:
            for page in count():
                found = collection.get(include=[], limit=BATCH, offset=page * BATCH)["ids"]
                ids.update(map(int, found))
                if len(found) < BATCH:
                    break
        return ids

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """The vectors, shape (dimension,), of those of `ids` that the index holds."""
        vectors: dict[int, NDArray[np.float32]] = {}
        with self._collection() as collection:
            for batch in _batches(ids):
                found = collection.get(ids=batch, include=["embeddings"])
                rows = found["embeddings"].astype("float32")
                vectors.update(zip(map(int, found["ids"]), rows, strict=True))
        return vectors

    def count(self) -> int:
        """How many ids the index believes it holds. It counts right when the vectors themselves are gone."""
        with self._collection() as collection:
            return int(collection.count())

    def reset(self) -> None:
        """Empties the index by deleting its folder, which works on a damaged one too."""
        self.close()
        if self._folder.exists():
            shutil.rmtree(self._folder)

    def close(self) -> None:
        """Releases the folder, so that it can be opened again or deleted; the next use opens it anew."""
        client, self._client, self._opened = self._client, None, None
        if client is not None:
            client.close()

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        """The open collection; Chroma's complaints about its files become StoreDamaged."""
        from chromadb.errors import ChromaError

        try:
            if self._opened is None:
                self._open()
            yield self._opened
        except ChromaError as error:
            raise of_index(error, self._folder.parent) from error

    def _open(self) -> None:
        from chromadb.api import ServerAPI
        from chromadb.api.client import Client
        from chromadb.config import Settings, System

        # A .env file in the working directory must not choose the implementation, nor switch telemetry on.
        system = System(
            Settings(
                _env_file=None,
                chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
                anonymized_telemetry=False,
                is_persistent=True,
                persist_directory=str(self._folder),
            )
        )
        # Not PersistentClient: it would hand out a system that failed to start again, for as long as the process lives.
        system.instance(ServerAPI)
        system.start()
        try:
            self._client = Client.from_system(system)
        except ValueError as error:
            raise of_index(error, self._folder.parent) from error
        self._opened = self._client.get_or_create_collection(
            COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )


def _batches(ids: Sequence[int]) -> Iterator[list[str]]:
    for start in range(0, len(ids), BATCH):
        yield [str(i) for i in ids[start : start + BATCH]]
