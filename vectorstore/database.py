"""What the catalogue asks of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Database(Protocol):
    """A database that holds one catalogue. SQL has `?` for parameters; used by one thread at a time.

    `each_id` and `each_name` stand in SQL for a table with one column, `value`, of the ids or names that are `listed` as
    its one parameter.
    """

    each_id: str
    each_name: str

    def listed(self, values: Iterable[int | str]) -> object:
        """The parameter of `each_id` or `each_name`."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement yields."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Does a statement once for each of the rows of parameters."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All of what is done inside, or on an error nothing of it. Durable once it has ended."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """What is read inside is of one moment."""
        ...

    @property
    def generation(self) -> int:
        """A number that has grown if anything has changed, whoever changed it."""
        ...

    def new_ids(self, number: int) -> Sequence[int]:
        """So many ids, ascending, that no passage has ever had. Part of the caller's transaction."""
        ...

    def erase(self) -> None:
        """Leaves nothing of what was deleted, as far as the database allows."""
        ...

    def integrity(self) -> str:
        """What the database itself finds wrong: "ok", or a description."""
        ...

    def close(self) -> None:
        """Releases it."""
        ...
