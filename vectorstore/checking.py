"""Does a store hold what it should?"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore.catalog import Catalog
from vectorstore.chroma import VectorIndex
from vectorstore.errors import StoreDamaged
from vectorstore.explaining import of_catalog
from vectorstore.manifest import rebuild_hint, restart_hint
from vectorstore.records import VerifyReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 2_000
"""Passages whose vectors are in memory at a time."""

DOCUMENTS = 100
"""Documents whose texts are in memory at a time."""

PROBES = 24
"""Passages that are searched for with their own vector, at least, where there are as many."""

SAMPLED = 200
"""Vectors that are looked at whenever a store is opened."""

WANTED = 10
"""Passages that each of those searches asks for."""

SAME = 0.99
"""Cosine similarity above which two vectors count as one: int8 and float32 arithmetic differ by far less."""

COUNTS = {
    "passages are not in the full-text index": "SELECT count(*) FROM passages AS p WHERE NOT EXISTS"
    " (SELECT 1 FROM passage_index WHERE rowid = p.id)",
    "entries of the full-text index belong to no passage": "SELECT count(*) FROM passage_index AS i"
    " WHERE NOT EXISTS (SELECT 1 FROM passages WHERE id = i.rowid)",
    "sentences have no vector": "SELECT count(*) FROM sentences AS s WHERE NOT EXISTS (SELECT 1 FROM embeddings"
    " WHERE embedder = ? AND content_hash = s.content_hash)",
    "passages have no sentence": "SELECT count(*) FROM passages AS p WHERE NOT EXISTS"
    " (SELECT 1 FROM sentences WHERE passage = p.id)",
    "passages reach outside their document": "SELECT count(*) FROM passages AS p JOIN documents AS d"
    " ON d.id = p.document WHERE p.start_char_index < 0 OR p.start_char_index > p.end_char_index"
    " OR p.end_char_index > d.characters",
    "sentences reach outside their passage": "SELECT count(*) FROM sentences AS s JOIN passages AS p ON p.id = s.passage"
    " WHERE s.start_char_index < p.start_char_index OR s.start_char_index > s.end_char_index"
    " OR s.end_char_index > p.end_char_index",
    "changes have not reached the vector index": "SELECT count(*) FROM outbox",
}
"""What is wrong -> how many of it there are. NOT EXISTS, since PostgreSQL takes hours for NOT IN over large tables."""


def verify(catalog: Catalog, index: VectorIndex, where: Path | str) -> VerifyReport:
    """Checks the catalogue of the store at `where`, and compares its vector index with it."""
    try:
        result = catalog.integrity()
        found = [*catalog_problems(catalog), *index_problems(catalog, index)]
        problems = [f"{problem}; {rebuild_hint(where)}" for problem in found]
        if result != "ok":
            problems.insert(0, f"the catalogue is damaged ({result}); {restart_hint(where)}")
        return VerifyReport(
            documents=catalog.count("SELECT count(*) FROM documents"),
            passages=catalog.passage_count,
            sentences=catalog.count("SELECT count(*) FROM sentences"),
            vectors=_count(index),
            problems=tuple(problems),
        )
    except sqlite3.DatabaseError as error:
        return VerifyReport(0, 0, 0, 0, (str(of_catalog(error, Path(where))),))


def catalog_problems(catalog: Catalog) -> Iterator[str]:
    """What does not fit together within the catalogue."""
    for problem, query in COUNTS.items():
        if found := catalog.count(query):
            yield f"{found} {problem}"
    for source, found in _misquoted(catalog):
        yield f"{found} passages of {source} are not what its text says"


def index_problems(catalog: Catalog, index: VectorIndex, most: int | None = None) -> Iterator[str]:
    """Where the vector index differs from the catalogue: its ids, its vectors, or what it finds.

    `most`, where given, is how many vectors are compared, spread evenly over all, the newest among them.
    """
    try:
        wanted, held = set(catalog.passage_ids()), index.ids()
        if wanted - held:
            yield f"{len(wanted - held)} passages are missing from the vector index"
        if held - wanted:
            yield f"{len(held - wanted)} removed passages are still in the vector index"
        shared = sorted(wanted & held, reverse=True)[:: 1 if most is None else len(wanted) // most + 1]
        if wrong := sum(_wrong_vectors(catalog, index, shared[i : i + BATCH]) for i in range(0, len(shared), BATCH)):
            yield f"{wrong} vectors in the vector index are wrong"
        probes = shared[:: max(1, len(shared) // PROBES)]
        if short := _short(catalog, index, probes):
            yield f"{short} of {len(probes)} searches of the vector index find too little"
    except StoreDamaged as error:
        yield f"the vector index cannot be read ({error.__cause__})"


def looks_damaged(catalog: Catalog, index: VectorIndex) -> bool:
    """A look at some vectors, spread over all, that takes a tenth of a second: are they there, right, and found?"""
    ids = catalog.some_passage_ids(SAMPLED)
    try:
        probes = ids[:: max(1, len(ids) // PROBES)]
        return bool(_wrong_vectors(catalog, index, ids)) or bool(_short(catalog, index, probes))
    except StoreDamaged:
        return True


def _count(index: VectorIndex) -> int:
    """How many vectors the index holds, 0 where it cannot be read."""
    try:
        return index.count()
    except StoreDamaged:
        return 0


def _misquoted(catalog: Catalog) -> Iterator[tuple[str, int]]:
    """Each source of which passages differ from its text between their offsets, and how many do."""
    sources = [source.source for source in catalog.sources()]
    for start in range(0, len(sources), DOCUMENTS):
        some = sources[start : start + DOCUMENTS]
        texts = catalog.texts(some)
        wrong = Counter(s for s, start, end, stored in catalog.quotations(some) if texts[s][start:end] != stored)
        yield from wrong.items()


def _wrong_vectors(catalog: Catalog, index: VectorIndex, ids: Sequence[int]) -> int:
    """How many of `ids` have another vector in the index than in the catalogue."""
    import numpy as np

    found, expected = catalog.embeddings.passage_vectors(ids)
    held = index.vectors(found)
    zeros = np.zeros(expected.shape[1], dtype=np.float32)
    actual = np.stack([held.get(i, zeros) for i in found]) if found else expected
    return int((~_same(expected, actual)).sum())


def _same(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Row by row, whether two arrays of unit rows, shape (n, d), agree; a row of zeros agrees with zeros only."""
    import numpy as np

    # |a - b|^2 = 2 - 2 cos(a, b) for unit rows, and it also holds rows of zeros apart.
    with np.errstate(over="ignore", invalid="ignore"):  # a damaged file yields any number
        return np.asarray(((left - right) ** 2).sum(axis=1) < 2 - 2 * SAME)


def _short(catalog: Catalog, index: VectorIndex, ids: Sequence[int]) -> int:
    """For how many of `ids` a search with their vector finds fewer passages than there are, as an index does that has lost
    its files. Which ones it finds is no sign: the index is approximate, and misses more the larger it is."""
    _, vectors = catalog.embeddings.passage_vectors(ids)
    wanted = min(WANTED, index.count())
    return sum(len(index.query(vector, wanted)) < wanted for vector in vectors if vector.any())
