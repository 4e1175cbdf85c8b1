"""Sentence vectors in the catalogue, by content hash and embedder, and what is computed from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from vectorstore.database import Database
from vectorstore.vectors import dequantise, group_means, quantise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embeddings:
    """The vectors of one embedder in a catalogue. Equal sentences share one."""

    def __init__(self, db: Database, embedder: str, dimension: int) -> None:
        self._db = db
        self._embedder = embedder
        self._dimension = dimension

    def missing(self, hashes: Iterable[str]) -> set[str]:
        """Those of `hashes` that have no vector of this embedder."""
        rows = self._db.execute(
            f"SELECT value FROM {self._db.each_name} WHERE NOT EXISTS"  # noqa: S608
            " (SELECT 1 FROM embeddings WHERE embedder = ? AND content_hash = value)",
            (self._db.listed(hashes), self._embedder),
        )
        return {content_hash for (content_hash,) in rows}

    def put_vectors(self, hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keeps the direction of `vectors`, finite, shape (len(hashes), dimension), at one byte a number.

        A hash that has a vector keeps it: passages in the vector index were made of that one.
        """
        import numpy as np

        if vectors.shape != (len(hashes), self._dimension) or not np.isfinite(vectors).all():
            raise ValueError(f"expected finite vectors of shape {(len(hashes), self._dimension)}, not {vectors.shape}")
        rows = zip(hashes, quantise(vectors), strict=True)
        with self._db.transaction():
            self._db.executemany(
                "INSERT INTO embeddings (embedder, content_hash, vector) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                ((self._embedder, content_hash, row.tobytes()) for content_hash, row in rows),
            )

    def sentence_vectors(self, ids: Collection[int]) -> dict[int, NDArray[np.float32]]:
        """Unit rows, shape (number of sentences, dimension), for each of the passages `ids` that exists."""
        sizes, rows = self._rows_of(ids)
        ends = accumulate(sizes.values())
        return {passage: rows[end - size : end] for (passage, size), end in zip(sizes.items(), ends, strict=True)}

    def passage_vectors(self, ids: Collection[int]) -> tuple[list[int], NDArray[np.float32]]:
        """Those of `ids` that exist, ascending, and for each the mean of its sentences' vectors, a unit row."""
        sizes, rows = self._rows_of(ids)
        return list(sizes), group_means(rows, list(sizes.values()))

    def _rows_of(self, ids: Collection[int]) -> tuple[Counter[int], NDArray[np.float32]]:
        """How many sentences each passage has, passages ascending, and their vectors one below the other."""
        rows = self._db.execute(
            "SELECT passage, vector FROM sentences LEFT JOIN embeddings"  # noqa: S608
            " ON embedder = ? AND embeddings.content_hash = sentences.content_hash"
            f" WHERE passage IN (SELECT value FROM {self._db.each_id}) ORDER BY passage, position",
            (self._embedder, self._db.listed(ids)),
        )
        sizes, lost = Counter(passage for passage, _ in rows), bytes(self._dimension)
        return sizes, dequantise([vector or lost for _, vector in rows], self._dimension)

    def forget(self, hashes: Collection[str]) -> None:
        """Deletes the vectors of those of `hashes` that no sentence has any more. Part of the caller's transaction."""
        self._db.execute(
            f"DELETE FROM embeddings WHERE embedder = ? AND content_hash IN (SELECT value FROM {self._db.each_name})"  # noqa: S608
            " AND NOT EXISTS (SELECT 1 FROM sentences WHERE content_hash = embeddings.content_hash)",
            (self._embedder, self._db.listed(hashes)),
        )

    def prune(self) -> None:
        """Deletes vectors of other embedders and of sentences that no passage holds."""
        with self._db.transaction():
            self._db.execute(
                "DELETE FROM embeddings WHERE embedder != ? OR NOT EXISTS"
                " (SELECT 1 FROM sentences WHERE content_hash = embeddings.content_hash)",
                (self._embedder,),
            )
