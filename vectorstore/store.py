"""The store: catalogue and vector index in one place, behind one lock, never apart for longer than a crash lasts.

A change is one catalogue transaction, which also notes what the vector index has still to follow; then the index
follows and the note is cleared. Whatever the moment a process dies, the next one continues from the note.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from vectorstore.catalog import Catalog
from vectorstore.checking import verify
from vectorstore.errors import StoreDamaged, StoreError
from vectorstore.explaining import of_catalog
from vectorstore.manifest import NAME, Manifest, rebuild_hint
from vectorstore.places import Servers, place
from vectorstore.records import Document, Pages, Passage, PassageSpan, Source, VerifyReport
from vectorstore.replica import Replica

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")
_FEW = 500  # passages that are compared one by one in less time than Chroma takes
_WIDER = 8


def _guarded(method: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[Store, P], R]:
    """One thread at a time, and only while the store is open; what SQLite complains of is explained."""

    @wraps(method)
    def guarded(self: Store, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            self._check_open()
            try:
                return method(self, *args, **kwargs)
            except sqlite3.Error as error:
                raise of_catalog(error, Path(self.where)) from error

    return guarded


def _writes(method: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[Store, P], R]:
    """Guarded, and nobody else changes the store meanwhile."""

    @wraps(method)
    def writing(self: Store, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.writing():
            return method(self, *args, **kwargs)

    return _guarded(writing)


class Store:
    """The documents, passages and vectors in a folder, made if it is not there, or on servers. Safe for threads; close it.

    `dimension` is the length of `embedder`'s vectors. `rebuild=True` opens a store that was made
    with another embedder or chunking, or whose manifest is unreadable; call `reset` next.

    A folder belongs to one `Store`. On servers many may read while one changes something; to the others, what it has
    committed is there at once, and found by its meaning a moment later.

    Raises:
        StoreLocked: another `Store` owns the folder, in this process or another; or, on servers, writes just now.
        StoreMismatch: the store was made otherwise, or its rebuild was interrupted.
        StoreDamaged: a part of it is missing or unreadable.
        StoreError: the folder holds other things and is no store, or a server is not there.
    """

    def __init__(
        self, given: Path | Servers, *, embedder: str, dimension: int, chunking: str, rebuild: bool = False
    ) -> None:
        self._manifest = Manifest(embedder, dimension, chunking)
        self._lock = threading.RLock()
        self._closed = False
        self._rebuilding = rebuild
        with ExitStack() as stack:
            self._place = place(given if isinstance(given, Servers) else Path(given))
            stack.callback(self._place.close)
            self.where = self._place.where
            found = self._read_manifest(rebuild)
            database, full_text = self._place.database(known=found is not None)
            self._catalog = Catalog(database, full_text, embedder=embedder, dimension=dimension)
            self._database = database
            if not found:
                self._begin(rebuild)
            self._index = self._place.index()
            self._replica = Replica(self._catalog, self._index)
            self._resources = stack.pop_all()

    @property
    def folder(self) -> Path | None:
        """The store's folder; None where it is on servers."""
        return self.where if isinstance(self.where, Path) else None

    def _read_manifest(self, rebuild: bool) -> Manifest | None:
        try:
            found = self._place.manifest()
        except StoreDamaged:
            if not rebuild:
                raise
            return None
        if found and not rebuild:
            found.check(self._manifest, self.where)
        return found

    def _begin(self, rebuild: bool) -> None:
        """Writes the manifest of a new store; it comes after the catalogue, so that none names a missing one."""
        if not self._catalog.sources():
            self._place.write_manifest(self._manifest)
        elif not rebuild:
            raise StoreDamaged(f"{NAME} of {self.where} is missing; {rebuild_hint(self.where)}")

    # Others who use it

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else changes the store meanwhile. Each change does this by itself; this is for several.

        Raises:
            StoreLocked: another process is changing it.
            StoreMismatch: another process has rebuilt it otherwise.
        """
        with ExitStack() as stack:
            with self._lock:
                self._check_open()
                stack.enter_context(self._place.writing())
                self._check_shared()
            try:
                yield
            finally:
                with self._lock:
                    stack.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment; others of this process wait.

        Raises:
            StoreMismatch: another process has rebuilt the store otherwise, or is doing so.
        """
        with self._lock:
            self._check_open()
            with self._database.snapshot():
                self._check_shared()
                yield

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the store {self.where} is closed; open it again")

    def _check_shared(self) -> None:
        """That nobody has made the store otherwise since it was opened, or left it half made."""
        if self._place.shared and not self._rebuilding:
            self._read_manifest(rebuild=False)

    @property
    @_guarded
    def generation(self) -> int:
        """A number that has grown if anything has changed, in this process or another."""
        return self._database.generation

    # Documents

    @_guarded
    def sources(self) -> list[Source]:
        """Every document without its text, by source."""
        return self._catalog.sources()

    @_guarded
    def document(self, source: str) -> Document | None:
        """The document as it was committed, None where there is none."""
        return self._catalog.document(source)

    @_guarded
    def documents(self) -> Iterator[Document]:
        """Every document there is now, by source, one in memory at a time; the store may change in between."""
        sources = [source.source for source in self._catalog.sources()]
        return (document for source in sources if (document := self.document(source)))

    @_guarded
    def text(self, source: str) -> str | None:
        """The text of a document, None where there is none."""
        return self._catalog.text(source)

    @_guarded
    def pages(self, source: str) -> Pages:
        """The pages of a document, or what it has in their place."""
        return self._catalog.pages(source)

    @_writes
    def touch(self, source: str, size: int, modified_ns: int) -> None:
        """Notes a file's new size in bytes and time of change; its content is as known."""
        self._catalog.touch(source, size, modified_ns)

    @_guarded
    def missing(self, hashes: Sequence[str]) -> set[str]:
        """Those content hashes of sentences that have no vector of this embedder yet."""
        return self._catalog.embeddings.missing(hashes)

    @_writes
    def put_vectors(self, hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keeps the directions of `vectors`, finite, shape (len(hashes), dimension), as the sentences' vectors."""
        self._catalog.embeddings.put_vectors(hashes, vectors)

    @_writes
    def commit(self, batch: Sequence[tuple[Document, Sequence[PassageSpan]]]) -> None:
        """Puts each document in place of the one with its source, if any: all of them or, on an error, none.

        A passage's vector is the normalised mean of its sentences'. Durable once returned.

        Raises:
            ValueError: a passage has no sentence, or a sentence no vector yet; nothing is changed.
        """
        self._catalog.replace(batch)
        self._replica.follow()

    @_writes
    def remove(self, sources: Sequence[str]) -> None:
        """Removes these documents and all that was made of their text; unknown sources are skipped."""
        self._catalog.remove(sources)
        self._replica.follow()

    # Search

    @property
    @_guarded
    def passage_count(self) -> int:
        """How many passages there are."""
        return self._catalog.passage_count

    @_guarded
    def lexical(
        self, terms: Sequence[str], limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """The `limit` best passage ids that hold any of `terms`, with their BM25 score (positive), best first.

        A term of several words is a phrase; no query syntax is obeyed. `sources`, when given, are
        the only documents looked at; scores are the same as without.
        """
        return self._catalog.full_text.search(terms, limit, sources)

    @_guarded
    def dense(
        self, vector: NDArray[np.float32], limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """The `limit` passage ids nearest to `vector`, shape (dimension,), with cosine similarity, best first.

        `sources`, when given, are the only documents looked at: each of their passages where those are few, else those
        among the nearest of all, which may be fewer than `limit`.
        """
        if vector.shape != (self._manifest.dimension,):
            raise ValueError(f"expected a vector of shape {(self._manifest.dimension,)}, not {vector.shape}")
        if not self._place.shared:
            self._replica.follow()
        if sources is None:
            return self._known(self._index.query(vector, limit))
        ids = self._catalog.passage_ids(sources)
        if len(ids) <= _FEW:
            return self._nearest(vector, ids, limit)
        # A filter inside Chroma takes ten times as long as asking for more and leaving some out.
        allowed = set(ids)
        return [(i, s) for i, s in self._index.query(vector, _WIDER * limit) if i in allowed][:limit]

    def _known(self, found: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """Without passages that another process has removed since, which the index may not know yet."""
        if not self._place.shared:
            return found
        existing = self._catalog.sources_of([i for i, _ in found])
        return [(i, similarity) for i, similarity in found if i in existing]

    def _nearest(self, vector: NDArray[np.float32], ids: Sequence[int], limit: int) -> list[tuple[int, float]]:
        present, rows = self._catalog.embeddings.passage_vectors(ids)
        best = sorted(zip(present, (rows @ vector).tolist(), strict=True), key=lambda found: -found[1])
        return best[: max(limit, 0)]

    @_guarded
    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """Those of the passages `ids` that exist, in the order of `ids`."""
        return self._catalog.passages(ids)

    @_guarded
    def sources_of(self, ids: Collection[int]) -> dict[int, str]:
        """The source of each of the passages `ids` that exist."""
        return self._catalog.sources_of(ids)

    @_guarded
    def sentence_vectors(self, ids: Collection[int]) -> dict[int, NDArray[np.float32]]:
        """Unit rows, shape (number of sentences, dimension), of those of the passages `ids` that exist."""
        return self._catalog.embeddings.sentence_vectors(ids)

    @_guarded
    def vocabulary(self, prefix: str, lengths: tuple[int, int], limit: int = 1_000) -> list[str]:
        """The first `limit` index terms, in order, that begin with `prefix` and have so many letters, both ends included.

        Index terms are lower-case stems.
        """
        return self._catalog.full_text.vocabulary(prefix, lengths, limit)

    @_guarded
    def document_frequency(self, terms: Iterable[str], sources: Collection[str] | None = None) -> dict[str, int]:
        """How many passages, of `sources` where given, hold each of `terms`, in any of its inflections; several words are a
        phrase."""
        return self._catalog.full_text.document_frequency(terms, sources)

    @_guarded
    def passages_of(self, sources: Collection[str]) -> int:
        """How many passages these documents have."""
        return len(self._catalog.passage_ids(sources))

    # Care

    @_writes
    def verify(self) -> VerifyReport:
        """Checks the catalogue, and compares the vector index with it in full, vectors included."""
        self._replica.follow()
        return verify(self._catalog, self._index, self.where)

    @_writes
    def refill(self) -> None:
        """Makes the vector index anew from the catalogue; no sentence is embedded again."""
        self._replica.refill()

    @_writes
    def reset(self) -> None:
        """Begins a rebuild: forgets passages and vector index; documents and sentence vectors stay.

        Commit `documents()` again, then call `finish_rebuild`. Until then the store does not open
        without `rebuild=True`.
        """
        self._rebuilding = True
        self._place.write_manifest(replace(self._manifest, state="rebuilding"))
        self._catalog.drop_passages()
        self._replica.reset()

    @_writes
    def finish_rebuild(self) -> None:
        """Ends a rebuild: drops vectors that no sentence needs any more and declares the store ready."""
        self._catalog.embeddings.prune()
        self._place.write_manifest(self._manifest)
        self._rebuilding = False

    def close(self) -> None:
        """Gives the place back; harmless when repeated."""
        with self._lock:
            self._closed = True
            self._resources.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
