"""Search by words in a SQLite catalogue: its FTS5 index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import islice

from vectorstore.lexical import Lexical
from vectorstore.sqlite import Sqlite


class FullText(Lexical):
    """The FTS5 index in `db`, which the schema keeps beside the passages."""

    def __init__(self, db: Sqlite) -> None:
        self._db = db
        self._listed = lru_cache(maxsize=256)(self._list)
        self._held = lru_cache(maxsize=4096)(self._count)
        self._passages: int | None = None

    def add(self, passages: Sequence[tuple[int, str]]) -> None:
        """Takes in the texts of new passages, by id."""
        self._db.executemany("INSERT INTO passage_index (rowid, text) VALUES (?, ?)", passages)

    def merge(self) -> None:
        """Merges all of the index: FTS5 only marks entries as deleted, and their words stay in the file."""
        self._db.execute("INSERT INTO passage_index (passage_index) VALUES ('optimize')")

    def changed(self) -> None:
        """Forgets what was kept in memory."""
        self._listed.cache_clear()
        self._held.cache_clear()
        self._passages = None

    @property
    def passage_count(self) -> int:
        """How many passages there are; counted once for many questions, since that takes a while where they are many."""
        if self._passages is None:
            ((self._passages,),) = self._db.execute("SELECT count(*) FROM passages")
        return self._passages or 0

    def _search(
        self, terms: Sequence[str], every: bool, limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        filtered, listed = self._filter(sources)
        query = f"SELECT rowid, -rank FROM passage_index WHERE passage_index MATCH ?{filtered} ORDER BY rank LIMIT ?"  # noqa: S608
        return [(i, score) for i, score in self._db.execute(query, (_match(terms, every), *listed, limit))]

    def vocabulary(self, prefix: str, lengths: tuple[int, int], limit: int) -> list[str]:
        """The first `limit` index terms, in order, that begin with `prefix` and have so many letters, both ends included."""
        shortest, longest = lengths
        fitting = (term for term in self._listed(_storable(prefix.lower())) if shortest <= len(term) <= longest)
        return list(islice(fitting, limit))

    def _list(self, low: str) -> tuple[str, ...]:
        """All index terms with a beginning: listing them reads where each of them stands, which takes a while."""
        rows = self._db.execute(
            "SELECT term FROM vocabulary WHERE term >= ? AND term < ? ORDER BY term", (low, f"{low}\U0010ffff")
        )
        return tuple(term for (term,) in rows)

    def document_frequency(self, terms: Iterable[str], sources: Collection[str] | None = None) -> dict[str, int]:
        """How many passages, of `sources` where given, hold each of `terms`, in any of its inflections."""
        if sources is None:
            return {term: self._held(term) for term in terms}
        return {term: self._count(term, sources) for term in terms}

    def _count(self, term: str, sources: Collection[str] | None = None) -> int:
        filtered, listed = self._filter(sources)
        query = f"SELECT count(*) FROM passage_index WHERE passage_index MATCH ?{filtered}"  # noqa: S608
        ((number,),) = self._db.execute(query, (_match([term], False), *listed))
        return int(number)

    def _filter(self, sources: Collection[str] | None) -> tuple[str, tuple[object, ...]]:
        """The condition, and its parameter, that leaves only passages of `sources`; none of either where they are None."""
        return ("", ()) if sources is None else (_WITHIN, (self._db.listed(sources),))


# The + keeps SQLite from running the full-text search once for each row of the filter.
_WITHIN = (
    " AND +rowid IN (SELECT p.id FROM passages AS p JOIN documents AS d ON d.id = p.document"
    " WHERE d.source IN (SELECT value FROM json_each(?)))"
)


def _match(terms: Iterable[str], every: bool) -> str:
    """An FTS5 query for any of `terms`, or for every one, each a quoted phrase in which no query syntax is obeyed."""
    return (" AND " if every else " OR ").join(dict.fromkeys(map(_quoted, terms))) or '""'


def _quoted(term: str) -> str:
    return '"' + _storable(term).replace('"', '""') + '"'


def _storable(term: str) -> str:
    """`term` without what SQLite cannot take: NUL, which ends a query inside its quotes, and half surrogates."""
    return term.replace("\0", " ").encode(errors="ignore").decode()
