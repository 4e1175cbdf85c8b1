"""What a library's complaint about its files means for the user, and what to do."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from vectorstore.errors import StoreDamaged, StoreError
from vectorstore.manifest import rebuild_hint, restart_hint

_LITTLE = 4_000_000  # bytes: with less, the libraries fail in many ways, and that is why
_SAID_FULL = ("disk is full", "no space left", "disk full")

_KEPT = "what was reported as done is kept"
MEANINGS = {
    "SQLITE_FULL": (StoreError, f"is on a full disk; free some space and do it again: {_KEPT}"),
    "SQLITE_BUSY": (StoreError, "is held by another program; close what has its files open and do it again"),
    "SQLITE_LOCKED": (StoreError, "is held by another program; close what has its files open and do it again"),
    "SQLITE_READONLY": (StoreError, "cannot be written; make its files writable, or name another store"),
    "SQLITE_PERM": (StoreError, "cannot be written; make its files writable, or name another store"),
    "SQLITE_CANTOPEN": (StoreError, "cannot be opened; check that its folder is there and writable"),
    "SQLITE_IOERR": (StoreError, f"is on a disk that fails; check the disk and do it again: {_KEPT}"),
}
"""How SQLite's names of errors begin -> what they mean. Others mean damage."""


def of_catalog(error: sqlite3.Error, folder: Path) -> StoreError:
    """SQLite's error about the catalogue of the store in `folder`."""
    name = "SQLITE_FULL" if is_full(error, folder) else str(getattr(error, "sqlite_errorname", ""))
    for beginning, (kind, meaning) in MEANINGS.items():
        if name.startswith(beginning):
            return kind(f"the store {folder} {meaning}")
    return StoreDamaged(f"the catalogue of {folder} cannot be read ({error}); {restart_hint(folder)}")


def of_index(error: Exception, folder: Path) -> StoreError:
    """Chroma's error about the vector index of the store in `folder`."""
    if is_full(error, folder):
        kind, meaning = MEANINGS["SQLITE_FULL"]
        return kind(f"the store {folder} {meaning}")
    return StoreDamaged(f"the vector index of {folder} cannot be read ({error}); {rebuild_hint(folder)}")


def is_full(error: Exception, folder: Path) -> bool:
    """True where the disk is full, whatever the error says."""
    said = str(error).lower()
    try:
        return any(words in said for words in _SAID_FULL) or shutil.disk_usage(folder).free < _LITTLE
    except OSError:
        return False
