"""One process, and in it one `Store`, owns a store folder."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from vectorstore.errors import StoreLocked

NAME = "lock"
OWNER = "owner"
"""Holds the owner's process id. Beside the lock, not in it: some versions of filelock empty a lock file that they
fail to lock, and Windows lets nobody read a locked file."""


class FolderLock:
    """Holds `folder/lock` from construction to `close`; the system frees it when the process dies.

    Raises:
        StoreLocked: another `Store` holds it, in this process or another; names the owner's process id.
    """

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock, Timeout

        self._owner = folder / OWNER
        self._lock = FileLock(folder / NAME, thread_local=False)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise _locked(folder, _read_pid(self._owner)) from None
        self._owner.write_text(str(os.getpid()), encoding="ascii")

    def close(self) -> None:
        """Releases the lock; harmless when repeated."""
        if self._lock.is_locked:
            self._owner.unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read_pid(owner: Path) -> int | None:
    """The process id in `owner`; None when the file is not there or not finished yet."""
    try:
        return int(owner.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _locked(folder: Path, pid: int | None) -> StoreLocked:
    holder = {None: "another process", os.getpid(): f"this process (pid {pid})"}.get(pid, f"process {pid}")
    return StoreLocked(f"the store {folder} is in use by {holder}; close it there, or use another store", pid=pid)
