"""The vector index: passage ids and their vectors in a Chroma folder, or on a Chroma server. The only `import chromadb`.

Nothing but ids and vectors goes in, and no text is ever handed over to be embedded: Chroma's embedding functions are
configured in the folder itself, and one from a stranger's folder could load code or fetch a model (CVE-2026-45829).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vectorstore.errors import StoreError
from vectorstore.explaining import of_index

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COLLECTION = "passages"
CONFIGURATION = {"hnsw": {"space": "cosine", "ef_search": 400}}
"""Candidates a search looks through, four times Chroma's default: of a million vectors with little in common it then misses
one in fifteen that are searched for by themselves instead of one in three, and takes 10 ms instead of 5."""

BATCH = 5_000
"""Ids per call: Chroma refuses writes of more than 5,461."""


class VectorIndex:
    """Passage vectors by cosine, in `folder`. Opened on first use, since loading Chroma takes a second.

    Every method but `close` and `reset` raises StoreDamaged where Chroma cannot read its files, StoreError on a full disk.
    Not safe for threads by itself.
    """

    batch = BATCH

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: Any = None
        self._opened: Any = None

    def upsert(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Writes `vectors`, shape (len(ids), dimension), over whatever these ids had."""
        with self._collection() as collection:
            for start in range(0, len(ids), self.batch):
                names = [str(i) for i in ids[start : start + self.batch]]
                collection.upsert(ids=names, embeddings=vectors[start : start + self.batch])

    def delete(self, ids: Sequence[int]) -> None:
        """Deletes these ids; unknown ones are skipped."""
        with self._collection() as collection:
            for batch in self._batches(ids):
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
                found = collection.get(include=[], limit=self.batch, offset=page * self.batch)["ids"]
                ids.update(map(int, found))
                if len(found) < self.batch:
                    break
        return ids

    def vectors(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """The vectors, shape (dimension,), of those of `ids` that the index holds."""
        vectors: dict[int, NDArray[np.float32]] = {}
        with self._collection() as collection:
            for batch in self._batches(ids):
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
        """The open collection; Chroma's complaints become StoreDamaged or StoreError."""
        from chromadb.errors import ChromaError

        try:
            if self._opened is None:
                self._open()
            yield self._opened
        except ChromaError as error:
            raise self._explained(error) from error

    def _open(self) -> None:
        from chromadb.api import ServerAPI
        from chromadb.api.client import Client
        from chromadb.config import Settings, System

        # A .env file in the working directory must not choose the implementation, nor switch telemetry on.
        system = System(Settings(_env_file=None, anonymized_telemetry=False, **self._settings()))
        # Not PersistentClient: it would hand out a system that failed to start again, for as long as the process lives.
        try:
            system.instance(ServerAPI)
            system.start()
            self._client = Client.from_system(system, **self._database())
        except ValueError as error:
            raise self._explained(error) from error
        self._opened = self._client.get_or_create_collection(
            self._name(), embedding_function=None, configuration=CONFIGURATION
        )

    def _settings(self) -> dict[str, Any]:
        api = "chromadb.api.rust.RustBindingsAPI"
        return {"chroma_api_impl": api, "is_persistent": True, "persist_directory": str(self._folder)}

    def _database(self) -> dict[str, str]:
        return {}

    def _name(self) -> str:
        return COLLECTION

    def _explained(self, error: Exception) -> StoreError:
        return of_index(error, self._folder.parent)

    def _batches(self, ids: Sequence[int]) -> Iterator[list[str]]:
        for start in range(0, len(ids), self.batch):
            yield [str(i) for i in ids[start : start + self.batch]]


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """A Chroma server: its address, such as http://localhost:8000, and what it wants to know of who asks."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tenant: str = "default_tenant"
    database: str = "default_database"


class ServedIndex(VectorIndex):
    """The same on a server, in a collection of its own. Every method raises StoreError where the server is not reached."""

    batch = 1_000  # servers refuse requests above some size, 40 MB by default

    def __init__(self, server: ChromaServer, collection: str) -> None:
        super().__init__(Path())
        self._server = server
        self._collection_name = collection

    def query(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The same; a collection that another process has made anew meanwhile is opened again."""
        from chromadb.errors import NotFoundError

        try:
            return super().query(vector, limit)
        except StoreError as error:
            if not isinstance(error.__cause__, NotFoundError):
                raise
            return super().query(vector, limit)

    def renew(self) -> None:
        """Opens the collection again at the next use: another process may have made it anew."""
        self._opened = None

    def reset(self) -> None:
        """Empties the index by deleting the collection."""
        from chromadb.errors import NotFoundError

        with self._collection(), suppress(NotFoundError):
            self._client.delete_collection(self._collection_name)
        self.close()

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        import httpx

        try:
            with super()._collection() as collection:
                yield collection
        except httpx.HTTPError as error:
            raise self._explained(error) from error
        except StoreError:
            self.renew()
            raise

    def _settings(self) -> dict[str, Any]:
        parts = urlsplit(self._server.url)
        secure = parts.scheme == "https"
        return {
            "chroma_api_impl": "chromadb.api.fastapi.FastAPI",
            "chroma_server_host": f"{parts.scheme}://{parts.netloc}{parts.path}",
            "chroma_server_http_port": parts.port or (443 if secure else 80),
            "chroma_server_ssl_enabled": secure,
            "chroma_server_headers": dict(self._server.headers),
        }

    def _database(self) -> dict[str, str]:
        return {"tenant": self._server.tenant, "database": self._server.database}

    def _name(self) -> str:
        return self._collection_name

    def _explained(self, error: Exception) -> StoreError:
        return StoreError(
            f"the Chroma server {self._server.url} does not do what is asked ({error}); is it running, and may you use it?"
        )
