"""A catalogue's database in PostgreSQL, for several processes: many read, one at a time writes. The only `import psycopg`."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from vectorstore.errors import StoreDamaged, StoreError, StoreLocked

_WRITER = 0x5717E55
"""The advisory lock of whoever writes; PostgreSQL frees it when the connection ends, however that comes."""

MEANINGS = {
    "DiskFull": (StoreError, "is on a full disk; free some space and do it again: what was reported as done is kept"),
    "InsufficientPrivilege": (
        StoreError,
        "may not be used so by this PostgreSQL user; ask for the right, or name another",
    ),
    "ReadOnlySqlTransaction": (
        StoreError,
        "cannot be written: this PostgreSQL server only follows another one; name that",
    ),
    "UndefinedTable": (StoreDamaged, "lacks a table; drop its tables and sync the documents again"),
    "UndefinedColumn": (StoreDamaged, "lacks a column; drop its tables and sync the documents again"),
}
"""psycopg's names of errors -> what they mean. Others of its OperationalErrors mean that the server is not there."""


class Postgres:
    """The Database at `url`, a PostgreSQL connection string; its tables are made if they are not there.

    Connects on construction, and again when the connection was lost. Usable from any thread, by one at a time.

    Raises:
        StoreError: psycopg is not installed, the server cannot be reached, or the database holds other tables.
    """

    each_id = "unnest(?::bigint[]) AS each(value)"
    each_name = "unnest(?::text[]) AS each(value)"

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._begin()

    def __str__(self) -> str:
        """Where it is, without user and password."""
        parts = urlsplit(self._url)
        return f"postgresql://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"

    def _begin(self) -> None:
        """Makes the tables, once, whoever comes first."""
        with self.transaction(counted=False):
            self.execute("SELECT pg_advisory_xact_lock(?)", (_WRITER + 1,))
            ((ours, others),) = self.execute("SELECT to_regclass('witness'), to_regclass('documents')")
            if others and not ours:
                raise StoreError(f"the database {self} holds other tables; name an empty database or a new one")
            if not ours:
                self._connection.execute(Path(__file__).with_name("postgres.sql").read_bytes())
                self.execute("INSERT INTO witness VALUES (0, ?)", (f"witness-{uuid.uuid4().hex}",))

    def listed(self, values: Iterable[int | str]) -> object:
        """The parameter of `each_id` or `each_name`."""
        return list(values)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement yields."""
        with self._explained():
            cursor = self._connected().execute(_placeholders(sql), parameters)
            return cursor.fetchall() if cursor.description else []

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Does a statement once for each of the rows of parameters, all of them on one way to the server."""
        with self._explained(), self._connected().cursor() as cursor:
            cursor.executemany(_placeholders(sql), rows)

    @contextmanager
    def transaction(self, *, counted: bool = True) -> Iterator[None]:
        """All of what is done inside, or on an error nothing of it. Durable once it has ended."""
        with self._explained(), self._connected().transaction():
            yield
            if counted:
                self.execute("UPDATE witness SET generation = generation + 1")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment, whatever others write meanwhile."""
        if not self._is_idle():
            yield
            return
        self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            yield
        finally:
            if not self._connection.closed:
                self.execute("ROLLBACK")

    def lock(self) -> None:
        """From now on nobody else writes. Raises StoreLocked, naming who does."""
        ((mine,),) = self.execute("SELECT pg_try_advisory_lock(?)", (_WRITER,))
        if not mine:
            raise StoreLocked(f"the store {self} is being written by {self._writer()}; do it again later")

    def unlock(self) -> None:
        """From now on others may write. Without a connection they may already."""
        if not self._connection.closed:
            self.execute("SELECT pg_advisory_unlock(?)", (_WRITER,))

    def _writer(self) -> str:
        rows = self.execute(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND objid = ?",
            (_WRITER,),
        )
        return str(rows[0][0]) if rows else "another process"

    @property
    def generation(self) -> int:
        """A number that has grown if anything has changed, whoever changed it."""
        ((generation,),) = self.execute("SELECT generation FROM witness")
        return int(generation)

    def new_ids(self, number: int) -> Sequence[int]:
        """So many ids, ascending, that no passage has ever had."""
        return sorted(i for (i,) in self.execute("SELECT nextval('passage_ids') FROM generate_series(1, ?)", (number,)))

    def erase(self) -> None:
        """Nothing: PostgreSQL overwrites deleted rows when it vacuums, and its log when that is recycled."""

    def integrity(self) -> str:
        """ "ok": PostgreSQL looks after its own files, and says at each query what it cannot read."""
        return "ok"

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()

    def _is_idle(self) -> bool:
        from psycopg.pq import TransactionStatus

        return bool(self._connected().info.transaction_status == TransactionStatus.IDLE)

    def _connected(self) -> Any:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> Any:
        name = f"witness on {socket.gethostname()}, process {os.getpid()}"[:63]  # PostgreSQL cuts longer ones
        connection = _psycopg().connect(self._url, autocommit=True, connect_timeout=10, application_name=name)
        _take_any_text(connection)
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """psycopg's errors become ours, with their remedy."""
        psycopg = _psycopg()
        try:
            yield
        except psycopg.Error as error:
            raise self._meaning(error) from error

    def _meaning(self, error: Exception) -> StoreError:
        if kind_and_meaning := MEANINGS.get(type(error).__name__):
            kind, meaning = kind_and_meaning
            return kind(f"the store {self} {meaning}")
        first_line = str(error).partition("\n")[0]
        if isinstance(error, _psycopg().OperationalError):
            return StoreError(f"the catalogue {self} cannot be reached ({first_line}); is PostgreSQL running there?")
        return StoreDamaged(f"the catalogue {self} cannot be read ({first_line}); drop its tables and sync again")


def _placeholders(sql: str) -> str:
    return sql.replace("?", "%s")


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise StoreError("a catalogue in PostgreSQL needs psycopg; run: pip install 'witness-qa[scale]'") from error
    return psycopg


# PostgreSQL's text holds every character but NUL, which some documents do hold. U+FDD0 is no character and never one:
# followed by another of its kind it stands for NUL, or for itself.
_MARK, _ITSELF, _NUL = "\ufdd0", "\ufdd1", "\ufdd2"


def escaped(text: str) -> str:
    """`text` as PostgreSQL can hold it."""
    if "\0" not in text and _MARK not in text:
        return text
    return text.replace(_MARK, _MARK + _ITSELF).replace("\0", _MARK + _NUL)


def unescaped(text: str) -> str:
    """What `escaped` was given."""
    return text.replace(_MARK + _NUL, "\0").replace(_MARK + _ITSELF, _MARK) if _MARK in text else text


def _take_any_text(connection: Any) -> None:
    from psycopg.types.string import StrDumperUnknown, TextLoader

    class Dumper(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(escaped(obj))

    class Loader(TextLoader):
        def load(self, data: Any) -> Any:
            return unescaped(cast("str", super().load(data)))

    connection.adapters.register_dumper(str, Dumper)
    connection.adapters.register_loader("text", Loader)
