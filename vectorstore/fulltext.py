"""Lexical search over passages: SQLite's FTS5 with stemming and without diacritics."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

SCORED = 10_000
"""Passages that a search scores at most, where it can: BM25 takes some five microseconds for each."""


class FullText:
    """Reads the full-text index of a catalogue through its connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._listed = lru_cache(maxsize=256)(self._list)
        self._held = lru_cache(maxsize=4096)(self._count)
        self._passages: int | None = None

    def changed(self) -> None:
        """Forgets what was kept in memory; to be called after every change of the index."""
        self._listed.cache_clear()
        self._held.cache_clear()
        self._passages = None

    @property
    def passage_count(self) -> int:
        """How many passages there are; counted once for many questions, since that takes a while where they are many."""
        if self._passages is None:
            (self._passages,) = self._db.execute("SELECT count(*) FROM passages").fetchone()
        return self._passages or 0

    def search(
        self, terms: Iterable[str], limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """The `limit` best passages that hold any of `terms`, with their BM25 score (positive), best first.

        `sources`, when given, are the only documents looked at; scores are the same as without. Otherwise terms that so
        many passages hold that scoring those would take longer than a reader waits, more than SCORED in all, do not count
        beside rarer ones; where those are too few, passages that hold several of the frequent ones follow.
        """
        if sources is None:
            found: dict[int, float] = {}
            for query in self._affordable(list(dict.fromkeys(terms))):
                found = dict(self._search(query, limit)) | found
                if len(found) >= limit:
                    break
            return sorted(found.items(), key=lambda scored: -scored[1])[:limit]
        return self._search(_any_of(terms), limit, sources)

    def _search(self, match: str, limit: int, sources: Collection[str] | None = None) -> list[tuple[int, float]]:
        filtered, listed = _filter(sources)
        query = f"SELECT rowid, -rank FROM passage_index WHERE passage_index MATCH ?{filtered} ORDER BY rank LIMIT ?"  # noqa: S608
        return self._db.execute(query, (match, *listed, limit)).fetchall()

    def _affordable(self, terms: Sequence[str]) -> Iterator[str]:
        """Queries for `terms` that score few passages, until one of them finds enough."""
        if self.passage_count <= SCORED or not terms:
            yield _any_of(terms)
            return
        held = {term: passages for term, passages in self.document_frequency(terms).items() if passages}
        rarest_first = sorted(held, key=lambda term: held[term])
        totals = list(accumulate(held[term] for term in rarest_first))
        affordable = sum(total <= SCORED for total in totals)
        rare, common = rarest_first[:affordable], rarest_first[affordable:]
        if rare:
            yield _any_of(term for term in terms if term in rare)
        for number in range(len(common), 1, -1):
            yield _all_of(common[:number])
        if common and not rare:
            yield _any_of(common[:1])

    def vocabulary(self, prefix: str, lengths: tuple[int, int], limit: int) -> list[str]:
        """The first `limit` index terms, in order, that begin with `prefix` and have so many letters, both ends included.

        Index terms are lower-case stems.
        """
        return list(self._listed(_storable(prefix.lower()), lengths, limit))

    def _list(self, low: str, lengths: tuple[int, int], limit: int) -> tuple[str, ...]:
        rows = self._db.execute(
            "SELECT term FROM vocabulary WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ? ORDER BY term LIMIT ?",
            (low, f"{low}\U0010ffff", *lengths, limit),
        )
        return tuple(term for (term,) in rows)

    def document_frequency(self, terms: Iterable[str], sources: Collection[str] | None = None) -> dict[str, int]:
        """How many passages, of `sources` where given, hold each of `terms`, in any of its inflections; several words are a
        phrase."""
        if sources is None:
            return {term: self._held(term) for term in terms}
        return {term: self._count(term, sources) for term in terms}

    def _count(self, term: str, sources: Collection[str] | None = None) -> int:
        filtered, listed = _filter(sources)
        query = f"SELECT count(*) FROM passage_index WHERE passage_index MATCH ?{filtered}"  # noqa: S608
        return int(self._db.execute(query, (_any_of([term]), *listed)).fetchone()[0])


# The + keeps SQLite from running the full-text search once for each row of the filter.
_WITHIN = (
    " AND +rowid IN (SELECT p.id FROM passages AS p JOIN documents AS d ON d.id = p.document"
    " WHERE d.source IN (SELECT value FROM json_each(?)))"
)


def _filter(sources: Collection[str] | None) -> tuple[str, tuple[str, ...]]:
    """The condition, and its parameter, that leaves only passages of `sources`; none of either where they are None."""
    return ("", ()) if sources is None else (_WITHIN, (json.dumps(list(sources)),))


def _any_of(terms: Iterable[str]) -> str:
    """An FTS5 query for any of `terms`, each a quoted phrase in which no query syntax is obeyed."""
    return " OR ".join(dict.fromkeys(map(_quoted, terms))) or '""'


def _all_of(terms: Iterable[str]) -> str:
    return " AND ".join(dict.fromkeys(map(_quoted, terms)))


def _quoted(term: str) -> str:
    return '"' + _storable(term).replace('"', '""') + '"'


def _storable(term: str) -> str:
    """`term` without what SQLite cannot take: NUL, which ends a query inside its quotes, and half surrogates."""
    return term.replace("\0", " ").encode(errors="ignore").decode()
