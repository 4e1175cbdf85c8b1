"""A catalogue's database as one SQLite file, which one process owns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from vectorstore.explaining import of_catalog

PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "secure_delete": "ON",  # what is removed is overwritten, not merely forgotten
    "cache_size": "-65536",  # 64 MB
}

MIGRATIONS: Sequence[Sequence[str]] = (
    ["ALTER TABLE documents ADD COLUMN page_names TEXT NOT NULL DEFAULT '[]'"],
    ["CREATE INDEX sentences_by_hash ON sentences (content_hash)"],
    [  # vectors in the order of the text: those of a passage are read from one place of the disk
        "ALTER TABLE embeddings RENAME TO embeddings_by_hash",
        "CREATE TABLE embeddings (id INTEGER PRIMARY KEY, embedder TEXT NOT NULL, content_hash TEXT NOT NULL,"
        " vector BLOB NOT NULL, UNIQUE (embedder, content_hash))",
        "INSERT INTO embeddings (embedder, content_hash, vector) SELECT e.embedder, e.content_hash, e.vector"
        " FROM embeddings_by_hash AS e LEFT JOIN sentences AS s ON s.content_hash = e.content_hash"
        " GROUP BY e.embedder, e.content_hash ORDER BY min(s.passage), min(s.position)",
        "DROP TABLE embeddings_by_hash",
    ],
)
"""What has changed in the schema since it was first, in order. The catalogue notes how many of them it has."""


class Sqlite:
    """The Database in the file at `path`, made if it is not there. Usable from any thread, by one at a time.

    Raises:
        StoreDamaged: the file is not a catalogue.
        StoreError: it cannot be opened or written.
    """

    each_id = each_name = "json_each(?)"

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.generation = 0
        try:
            for name, value in PRAGMAS.items():
                self._db.execute(f"PRAGMA {name} = {value}")
            self._db.executescript(Path(__file__).with_name("sqlite.sql").read_text(encoding="utf-8"))
            self._migrate()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise of_catalog(error, path.parent) from error

    def _migrate(self) -> None:
        """Brings the schema up to date, one change a transaction: a death in between leaves a catalogue that opens."""
        ((done,),) = self.execute("PRAGMA user_version")
        for number, change in enumerate(MIGRATIONS[done:], done + 1):
            with self.transaction():
                for statement in change:
                    self.execute(statement)
                self.execute(f"PRAGMA user_version = {number}")

    def listed(self, values: Iterable[int | str]) -> object:
        """The parameter of `each_id` or `each_name`."""
        return json.dumps(list(values))

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement yields."""
        return self._db.execute(sql, parameters).fetchall()

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Does a statement once for each of the rows of parameters."""
        self._db.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is done inside, or on an error nothing of it. Durable once it has ended."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.rollback()
            raise
        finally:
            self.generation += 1

    def snapshot(self) -> AbstractContextManager[None]:
        """Nothing to do: one process owns the file, and one thread at a time uses it."""
        return nullcontext()

    def new_ids(self, number: int) -> Sequence[int]:
        """So many ids, ascending, that no passage has ever had."""
        ((last,),) = self.execute("SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'passages'")
        return range(last + 1, last + 1 + number)

    def erase(self) -> None:
        """Empties the write-ahead log of what was removed; a log that a reader holds is emptied at `close`."""
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def integrity(self) -> str:
        """What SQLite itself finds wrong with the file. The full-text index is included."""
        ((result,),) = self.execute("PRAGMA quick_check(1)")
        self.execute("INSERT INTO passage_index (passage_index) VALUES ('integrity-check')")
        return str(result)

    def close(self) -> None:
        """Closes the file, leaving everything in it and no file beside it."""
        self._db.close()
