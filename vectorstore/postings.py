"""Search by words in a PostgreSQL catalogue: which passage holds which word where, and BM25 over that.

PostgreSQL's own ranking knows nothing of how rare a word is in the whole collection, which is what BM25 is about
(Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009). Text is cut by SQLite's FTS5 and scored by its
formula, so that both kinds of catalogue find the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from vectorstore.lexical import TOKENIZER, Lexical
from vectorstore.postgres import Postgres

K1, B, LEAST = 1.2, 0.75, 1e-6
"""FTS5's: how soon repetition stops counting, how much length counts, and what a word counts that most passages hold."""

# A term is found where each of its words stands at its place behind the first; `size` words it has.
_HITS = """
WITH wanted AS (SELECT * FROM unnest(?::int[], ?::text[], ?::int[], ?::int[]) AS w (number, term, place, size)),
starts AS (
    SELECT number, passage, words FROM wanted JOIN postings USING (term), LATERAL unnest(places) AS at
    WHERE size > 1 GROUP BY number, passage, words, size, at - place HAVING count(*) = size
),
hits AS (
    SELECT number, passage, times, words FROM wanted JOIN postings USING (term) WHERE size = 1
    UNION ALL SELECT number, passage, count(*)::int, words FROM starts GROUP BY number, passage, words
)
"""
_WITHIN = f"""passage IN (SELECT p.id FROM passages AS p JOIN documents AS d ON d.id = p.document
    WHERE d.source IN (SELECT value FROM {Postgres.each_name}))"""  # noqa: S608
_BEST = """,
weights AS (
    SELECT number, greatest(ln(greatest(? - count(*) + 0.5, 0.5)::float8 / (count(*) + 0.5)), ?) AS weight
    FROM hits GROUP BY number
)
SELECT passage, sum(weight * times * (? + 1) / (times + ? * (1 - ? + ? * words / ?)))::float8 AS score
FROM hits JOIN weights USING (number) {where} GROUP BY passage HAVING count(*) >= ? ORDER BY score DESC, passage LIMIT ?
"""
_COUNT = "SELECT number, count(*) FROM hits {where} GROUP BY number"
_FROM_EACH_TO_THE_NEXT = """
WITH RECURSIVE listed AS (
    (SELECT term FROM postings WHERE term >= ? AND term < ? ORDER BY term LIMIT 1)
    UNION ALL SELECT (SELECT term FROM postings WHERE term > listed.term AND term < ? ORDER BY term LIMIT 1)
    FROM listed WHERE term IS NOT NULL
)
SELECT term FROM listed WHERE length(term) BETWEEN ? AND ? LIMIT ?
"""


class Postings(Lexical):
    """The index of words in `db`. What it keeps in memory it keeps until anybody changes the catalogue."""

    def __init__(self, db: Postgres) -> None:
        self._db = db
        self._cut = Cutter()
        self._measured = lru_cache(maxsize=1)(self._measure)
        self._listed = lru_cache(maxsize=256)(self._list)

    def add(self, passages: Sequence[tuple[int, str]]) -> None:
        """Takes in the texts of new passages, by id."""
        cut = self._cut([text for _, text in passages])
        self._db.executemany(
            "INSERT INTO passage_index (rowid, text, words) VALUES (?, ?, ?)",
            [(i, text, len(words)) for (i, text), words in zip(passages, cut, strict=True)],
        )
        self._db.executemany(
            "INSERT INTO postings SELECT term, ?, count(*), ?, array_agg(place ORDER BY place)"
            " FROM unnest(?::text[]) WITH ORDINALITY AS words (term, place) GROUP BY term",
            [(i, len(words), words) for (i, _), words in zip(passages, cut, strict=True)],
        )

    def merge(self) -> None:
        """Nothing: what belongs to a removed passage goes with it."""

    def changed(self) -> None:
        """Nothing: the catalogue's generation tells."""

    @property
    def passage_count(self) -> int:
        """How many passages there are."""
        return self._measured(self._db.generation)[0]

    def _measure(self, generation: int) -> tuple[int, float]:
        """The number of passages, and how many words they have on the average."""
        ((passages, words),) = self._db.execute("SELECT count(*), coalesce(sum(words), 0)::float8 FROM passage_index")
        return int(passages), float(words) / max(1, passages)

    def _search(
        self, terms: Sequence[str], every: bool, limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        wanted, number = self._wanted(terms)
        passages, average = self._measured(self._db.generation)
        where, listed = _where(sources)
        parameters = (*wanted, passages, LEAST, K1, K1, B, B, average or 1, *listed, number if every else 1, limit)
        return [(i, score) for i, score in self._db.execute(_HITS + _BEST.format(where=where), parameters)]

    def document_frequency(self, terms: Iterable[str], sources: Collection[str] | None = None) -> dict[str, int]:
        """How many passages, of `sources` where given, hold each of `terms`, in any of its inflections."""
        asked = list(dict.fromkeys(terms))
        wanted, _ = self._wanted(asked)
        where, listed = _where(sources)
        found = dict(self._db.execute(_HITS + _COUNT.format(where=where), (*wanted, *listed)))
        return {term: found.get(number, 0) for number, term in enumerate(asked)}

    def vocabulary(self, prefix: str, lengths: tuple[int, int], limit: int) -> list[str]:
        """The first `limit` index terms, in order, that begin with `prefix` and have so many letters, both ends included."""
        low = prefix.lower().replace("\0", " ").encode(errors="ignore").decode()
        return list(self._listed(self._db.generation, low, lengths, limit))

    def _list(self, generation: int, low: str, lengths: tuple[int, int], limit: int) -> tuple[str, ...]:
        high = f"{low}\U0010ffff"
        rows = self._db.execute(_FROM_EACH_TO_THE_NEXT, (low, high, high, *lengths, limit))
        return tuple(term for (term,) in rows)

    def _wanted(self, terms: Sequence[str]) -> tuple[tuple[list[int], list[str], list[int], list[int]], int]:
        """The words of `terms` as columns: number of the term, word, its place, words of the term; and how many terms
        have words."""
        cut = self._cut(terms)
        rows = [
            (number, word, place, len(words)) for number, words in enumerate(cut) for place, word in enumerate(words)
        ]
        numbers, words, places, sizes = ([row[column] for row in rows] for column in range(4))
        return (numbers, words, places, sizes), sum(map(bool, cut))  # type: ignore[return-value]


def _where(sources: Collection[str] | None) -> tuple[str, tuple[object, ...]]:
    return ("", ()) if sources is None else (f"WHERE {_WITHIN}", (list(sources),))


class Cutter:
    """Cuts texts into the words that FTS5 would index, in a database in memory that keeps nothing."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute(f"CREATE VIRTUAL TABLE cut USING fts5 (text, content = '', tokenize = '{TOKENIZER}')")
        self._db.execute("CREATE VIRTUAL TABLE words USING fts5vocab (cut, 'instance')")

    def __call__(self, texts: Sequence[str]) -> list[list[str]]:
        """The words of each text, in order."""
        cut: list[list[str]] = [[] for _ in texts]
        storable = ((i, text.encode(errors="ignore").decode()) for i, text in enumerate(texts))
        self._db.executemany("INSERT INTO cut (rowid, text) VALUES (?, ?)", storable)
        for i, word in self._db.execute('SELECT doc, term FROM words ORDER BY doc, "offset"'):
            cut[i].append(word)
        self._db.execute("INSERT INTO cut (cut) VALUES ('delete-all')")
        return cut
