"""The vector index as a replica of the catalogue: it follows the catalogue's outbox, or is made anew."""

from __future__ import annotations

from vectorstore.catalog import Catalog
from vectorstore.checking import index_problems, looks_damaged
from vectorstore.chroma import VectorIndex
from vectorstore.errors import StoreDamaged

BATCH = 2_000
"""Passages whose vectors are in memory at a time."""

COMPARED = 50_000
"""Vectors that are compared after an interruption, so that opening a large store does not take minutes."""


class Replica:
    """Keeps `index` level with `catalog`. Not safe for threads by itself.

    The first `follow` also compares the two: the number of passages and some vectors always, and where the process before
    this one died before its index had followed, what `verify` compares, of a large store a sample.
    """

    def __init__(self, catalog: Catalog, index: VectorIndex) -> None:
        self._catalog = catalog
        self._index = index
        self._interrupted = bool(catalog.pending())
        self._trusted = False

    def follow(self) -> None:
        """Brings the index level with the catalogue; makes it anew where it is found lost or damaged."""
        if self._trusted:
            self._settle()
        elif not self._is_level():
            self.refill()
        self._trusted = True

    def refill(self) -> None:
        """Makes the index anew from the catalogue; no sentence is embedded again."""
        self._catalog.renew_pending()
        self._index.reset()
        self._settle()
        self._trusted = True

    def reset(self) -> None:
        """Empties the index; the catalogue has no passages either."""
        self._index.reset()
        self._trusted = True

    def _is_level(self) -> bool:
        try:
            self._settle()
            if self._index.count() != self._catalog.passage_count:
                return False
            # Chroma does not write its files all at once: a process that died meanwhile may have left half of one.
            if self._interrupted and any(index_problems(self._catalog, self._index, COMPARED)):
                return False
            return not looks_damaged(self._catalog, self._index)
        except StoreDamaged:
            return False

    def _settle(self) -> None:
        """Hands the index what it has still to follow. Doing it twice does no harm."""
        pending = self._catalog.pending()
        for start in range(0, len(pending), BATCH):
            batch = pending[start : start + BATCH]
            present, vectors = self._catalog.embeddings.passage_vectors(batch)
            self._index.delete(sorted(set(batch) - set(present)))
            self._index.upsert(present, vectors)
            self._catalog.settle(batch)
