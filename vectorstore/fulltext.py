"""Lexical search over passages: SQLite's FTS5 with stemming and without diacritics."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from functools import lru_cache


class FullText:
    """Reads the full-text index of a catalogue through its connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._listed = lru_cache(maxsize=256)(self._list)

    def changed(self) -> None:
        """Forgets what was kept in memory; to be called after every change of the index."""
        self._listed.cache_clear()

    def search(
        self, terms: Iterable[str], limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """The `limit` best passages that hold any of `terms`, with their BM25 score (positive), best first.

        `sources`, when given, are the only documents looked at; scores are the same as without.
        """
        filtered, listed = _filter(sources)
        query = f"SELECT rowid, -rank FROM passage_index WHERE passage_index MATCH ?{filtered} ORDER BY rank LIMIT ?"  # noqa: S608
        return self._db.execute(query, (_any_of(terms), *listed, limit)).fetchall()

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
        filtered, listed = _filter(sources)
        query = f"SELECT count(*) FROM passage_index WHERE passage_index MATCH ?{filtered}"  # noqa: S608
        return {term: int(self._db.execute(query, (_any_of([term]), *listed)).fetchone()[0]) for term in terms}


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
    quoted = ('"' + _storable(term).replace('"', '""') + '"' for term in terms)
    return " OR ".join(dict.fromkeys(quoted)) or '""'


def _storable(term: str) -> str:
    """`term` without what SQLite cannot take: NUL, which ends a query inside its quotes, and half surrogates."""
    return term.replace("\0", " ").encode(errors="ignore").decode()
