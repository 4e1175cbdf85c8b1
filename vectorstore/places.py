"""Where a store lives: in a folder that one process owns, or on servers that several share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from vectorstore import lock, manifest
from vectorstore.chroma import ChromaServer, ServedIndex, VectorIndex
from vectorstore.database import Database
from vectorstore.errors import StoreDamaged, StoreError
from vectorstore.fulltext import FullText
from vectorstore.lexical import Lexical
from vectorstore.lock import FolderLock
from vectorstore.manifest import Manifest, parse_manifest, read_manifest, restart_hint
from vectorstore.postgres import Postgres
from vectorstore.postings import Postings
from vectorstore.sqlite import Sqlite

CATALOG = "catalog.sqlite"
VECTORS = "chroma"


@dataclass(frozen=True, slots=True)
class Servers:
    """A catalogue in PostgreSQL, at a connection string, and its vectors on a Chroma server."""

    catalog_url: str = field(repr=False)
    chroma: ChromaServer


class Place(Protocol):
    """What differs between one place and the other."""

    @property
    def where(self) -> Path | str:
        """Its name in messages."""
        ...

    @property
    def shared(self) -> bool:
        """Whether others may use it at the same time."""
        ...

    def manifest(self) -> Manifest | None:
        """What the store was made with; None for a new one. Raises StoreDamaged, StoreMismatch."""
        ...

    def write_manifest(self, written: Manifest) -> None:
        """Puts it in place of the one there is."""
        ...

    def database(self, *, known: bool) -> tuple[Database, Lexical]:
        """The catalogue's database and index of words. Raises StoreDamaged where a `known` one is gone."""
        ...

    def index(self) -> VectorIndex:
        """The vector index. To be asked for once there is a database."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Nobody else changes the store meanwhile. Raises StoreLocked."""
        ...

    def close(self) -> None:
        """Gives it back."""
        ...


class Folder:
    """A store in a folder, made if it is not there. One process owns it, from here to `close`.

    Raises:
        StoreLocked: another `Store` owns the folder, in this process or another.
        StoreError: it holds other things and is no store.
    """

    shared = False

    def __init__(self, folder: Path) -> None:
        self.where: Path = folder.absolute()  # the vector index opens later, maybe from another working directory
        _refuse_foreign(self.where)
        self.where.mkdir(parents=True, exist_ok=True)
        self._resources = ExitStack()
        self._resources.enter_context(FolderLock(self.where))

    def manifest(self) -> Manifest | None:
        """What the store was made with; None for a new one."""
        return read_manifest(self.where)

    def write_manifest(self, written: Manifest) -> None:
        """Puts it in place of the one there is."""
        written.write(self.where)

    def database(self, *, known: bool) -> tuple[Database, Lexical]:
        """The catalogue's database and index of words."""
        path = self.where / CATALOG
        if known and not path.exists():
            raise StoreDamaged(f"{path} is missing; {restart_hint(self.where)}")
        db = Sqlite(path)
        self._resources.callback(db.close)
        return db, FullText(db)

    def index(self) -> VectorIndex:
        """The vector index."""
        index = VectorIndex(self.where / VECTORS)
        self._resources.callback(index.close)
        return index

    def writing(self) -> AbstractContextManager[None]:
        """Nothing to do: who has the folder's lock may write."""
        return nullcontext()

    def close(self) -> None:
        """Closes the files and gives the folder back."""
        self._resources.close()


class Shared:
    """A store on servers, which many processes read while one writes."""

    shared = True

    def __init__(self, servers: Servers) -> None:
        self._db = Postgres(servers.catalog_url)
        self._chroma = servers.chroma
        self._resources = ExitStack()
        self._resources.callback(self._db.close)
        self._index: ServedIndex | None = None
        self._writers = 0
        self.where = str(self._db)

    def manifest(self) -> Manifest | None:
        """What the store was made with; None for a new one."""
        ((written,),) = self._db.execute("SELECT manifest FROM witness")
        return None if written is None else parse_manifest(written, f"the manifest of {self.where}", self.where)

    def write_manifest(self, written: Manifest) -> None:
        """Puts it in place of the one there is."""
        with self._db.transaction():
            self._db.execute("UPDATE witness SET manifest = ?", (written.json,))

    def database(self, *, known: bool) -> tuple[Database, Lexical]:
        """The catalogue's database and index of words."""
        return self._db, Postings(self._db)

    def index(self) -> VectorIndex:
        """The vector index, in the collection that the catalogue names."""
        ((collection,),) = self._db.execute("SELECT collection FROM witness")
        self._index = ServedIndex(self._chroma, collection)
        self._resources.callback(self._index.close)
        return self._index

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the writer's lock from the first that enters to the last that leaves; by one thread at a time."""
        if not self._writers:
            self._db.lock()
            if self._index:
                self._index.renew()
        self._writers += 1
        try:
            yield
        finally:
            self._writers -= 1
            if not self._writers:
                self._db.unlock()

    def close(self) -> None:
        """Ends the connections."""
        self._resources.close()


def place(given: Path | Servers) -> Place:
    """The place that is given, opened."""
    return Shared(given) if isinstance(given, Servers) else Folder(given)


def _refuse_foreign(folder: Path) -> None:
    """Raises StoreError where `folder` is no store and holds something else, such as the user's documents."""
    if folder.exists() and not folder.is_dir():
        raise StoreError(f"{folder} is not a folder; name an empty folder or a new one")
    if not folder.exists() or (folder / manifest.NAME).exists() or (folder / CATALOG).exists():
        return
    if foreign := sorted({path.name for path in folder.iterdir()} - {lock.NAME, lock.OWNER, manifest.TEMPORARY}):
        raise StoreError(f"{folder} is not a store and holds {foreign[0]!r}; name an empty folder or a new one")
