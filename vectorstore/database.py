"""The catalogue's SQLite file: how it is opened and how it is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vectorstore.explaining import of_catalog

PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "secure_delete": "ON",  # what is removed is overwritten, not merely forgotten
    "cache_size": "-65536",  # 64 MB
}

MIGRATIONS = (
    "ALTER TABLE documents ADD COLUMN page_names TEXT NOT NULL DEFAULT '[]'",
    "CREATE INDEX sentences_by_hash ON sentences (content_hash)",
)
"""What has been added to the schema since it was first, in order. The catalogue notes how many of them it has."""


def connect(path: Path) -> sqlite3.Connection:
    """Opens the catalogue at `path`, made if it is not there. Usable from any thread, by one at a time.

    Raises:
        StoreDamaged: the file is not a catalogue.
        StoreError: it cannot be opened or written.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for name, value in PRAGMAS.items():
            db.execute(f"PRAGMA {name} = {value}")
        db.executescript(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
        _migrate(db)
    except sqlite3.DatabaseError as error:
        db.close()
        raise of_catalog(error, path.parent) from error
    return db


def _migrate(db: sqlite3.Connection) -> None:
    """Brings the schema up to date, one change a transaction, so that a death in between leaves a catalogue that opens."""
    (done,) = db.execute("PRAGMA user_version").fetchone()
    for number, change in enumerate(MIGRATIONS[done:], done + 1):
        with transaction(db):
            db.execute(change)
            db.execute(f"PRAGMA user_version = {number}")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of what is done inside, or on an error nothing of it. Durable once it has ended."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise
