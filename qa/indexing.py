"""folder -> plan -> read -> clean -> split -> embed -> commit.

Works in batches of documents: each batch is embedded in one go and committed in one transaction, so that
what is reported done is done, and an interrupted sync goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISLNK, S_ISREG
from typing import TYPE_CHECKING

from qa.errors import ReadError, VectorsMissing
from qa.isolation import ReadingPool, ReadingProcess
from qa.reading import READERS
from qa.settings import Settings
from qa.splitting import split
from qa.types import Document, Embedder, Failure, IndexReport, PassageSpan, Progress, Source

if TYPE_CHECKING:
    from vectorstore.records import Origin
    from vectorstore.store import Store

_BATCH_SENTENCES = 512
Prepared = tuple[Document, Sequence[PassageSpan]]


@dataclass
class _Plan:
    """What has to be done for files. `pending` holds (path, source) of new and changed ones."""

    origin: Origin = "folder"
    pending: list[tuple[Path, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    touched: list[tuple[str, int, int]] = field(default_factory=list)


def sync(store: Store, embedder: Embedder, settings: Settings, folder: Path, progress: Progress | None) -> IndexReport:
    """Makes the store hold what `folder` holds, and says what it did. A bad file never stops the rest.

    Touches only what came from the folder. Raises FileNotFoundError when there is no such folder.
    """
    known = {s.source: s for s in store.sources() if s.origin == "folder"}
    began = time.monotonic()
    plan = _plan(folder, store.folder, known, settings)
    return replace(_done(store, embedder, settings, plan, known, progress), seconds=time.monotonic() - began)


def add_files(
    store: Store, embedder: Embedder, settings: Settings, files: Mapping[str, Path], progress: Progress | None
) -> IndexReport:
    """Reads files, each under the source that it is given as key, and says what it did. A bad one never stops the rest."""
    known = {s.source: s for s in store.sources() if s.source in files}
    began, plan = time.monotonic(), _Plan(origin="added")
    for source, path in files.items():
        _examine(path, source, known.get(source), plan, settings, path.parent)
    return replace(_done(store, embedder, settings, plan, known, progress), seconds=time.monotonic() - began)


def _done(
    store: Store,
    embedder: Embedder,
    settings: Settings,
    plan: _Plan,
    known: Mapping[str, Source],
    progress: Progress | None,
) -> IndexReport:
    """Does what is planned."""
    for source, size, modified in plan.touched:
        store.touch(source, size, modified)
    added: list[str] = []
    changed: list[str] = []
    for batch in _batches(_read(plan, settings, progress)):
        ingest(store, embedder, batch, progress)
        for document, _ in batch:
            (changed if document.source in known else added).append(document.source)
    if gone := [*plan.removed, *(f.path for f in plan.failed if f.path in known)]:
        store.remove(gone)
    return IndexReport(
        added=tuple(sorted(added)),
        changed=tuple(sorted(changed)),
        removed=tuple(plan.removed),
        unchanged=tuple(sorted(plan.unchanged)),
        failed=tuple(sorted(plan.failed, key=lambda f: f.path)),
    )


def ingest(store: Store, embedder: Embedder, batch: Sequence[Prepared], progress: Progress | None = None) -> None:
    """Embeds the sentences of `batch` that have no vector yet, then commits it in one transaction."""
    _embed(store, embedder, batch, progress)
    try:
        store.commit(batch)
    except VectorsMissing:  # another thread has removed a document that had some of the sentences
        _embed(store, embedder, batch, progress)
        store.commit(batch)


def _embed(store: Store, embedder: Embedder, batch: Sequence[Prepared], progress: Progress | None) -> None:
    texts = {
        s.content_hash: " ".join(d.text[s.start_char_index : s.end_char_index].split())
        for d, spans in batch
        for span in spans
        for s in span.sentences
    }
    missing = sorted(store.missing(list(texts)))
    if missing:
        if progress:
            progress("embed", 0, len(missing))
        store.put_vectors(missing, embedder.embed_documents([texts[h] for h in missing]))
        if progress:
            progress("embed", len(missing), len(missing))


def add(store: Store, embedder: Embedder, settings: Settings, documents: Iterable[Document]) -> Iterator[str]:
    """Splits, embeds and commits documents batch by batch; yields the source of each once it is committed."""
    for batch in _batches(_prepared(documents, settings)):
        ingest(store, embedder, batch)
        yield from (document.source for document, _ in batch)


def rebuild(store: Store, embedder: Embedder, settings: Settings, progress: Progress | None = None) -> None:
    """Makes passages, both indexes and the manifest anew from the stored documents; only sentences without a
    vector of this embedder are embedded."""
    store.reset()
    for batch in _batches(_prepared(store.documents(), settings)):
        ingest(store, embedder, batch, progress)
    store.finish_rebuild()


def _prepared(documents: Iterable[Document], settings: Settings) -> Iterator[Prepared]:
    return ((d, split(d.text, d.metadata, settings.passage_tokens)) for d in documents)


def _plan(folder: Path, store_folder: Path | None, known: dict[str, Source], settings: Settings) -> _Plan:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder; give the folder that holds the documents")
    plan = _Plan()
    seen: set[str] = set()

    def unlisted(error: OSError) -> None:
        plan.failed.append(Failure(_printable(Path(error.filename).relative_to(folder).as_posix()), _reason(error)))

    for path, source in _files(folder, store_folder, unlisted):
        seen.add(source)
        _examine(path, source, known.get(source), plan, settings, folder)
    plan.removed = sorted(known.keys() - seen)
    return plan


def _files(folder: Path, store_folder: Path | None, unlisted: Callable[[OSError], None]) -> Iterator[tuple[Path, str]]:
    """Every entry below `folder` that is no folder, by name, links to folders among them.

    Hidden entries and the store, should it lie in there, are passed over; `unlisted` is told of folders that cannot be
    looked into.
    """
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                entries = sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            unlisted(error)
            continue
        inner = [e.path for e in entries if e.is_dir(follow_symlinks=False)]
        waiting += (path for path in reversed(inner) if path != str(store_folder))
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path), os.path.relpath(entry.path, folder).replace(os.sep, "/")


def _examine(path: Path, source: str, known: Source | None, plan: _Plan, settings: Settings, folder: Path) -> None:
    """Puts one file where it belongs in the plan."""
    try:
        _place(path, source, known, plan, settings, folder)
    except (ReadError, OSError, UnicodeEncodeError) as error:
        plan.failed.append(Failure(_printable(source), _reason(error)))


def _place(path: Path, source: str, known: Source | None, plan: _Plan, settings: Settings, folder: Path) -> None:
    """Contained, regular, of a known kind, within limits, new or not? Raises what speaks against reading it."""
    source.encode("utf-8")  # a name in odd bytes cannot be stored or shown
    status = path.lstat()
    if S_ISLNK(status.st_mode):
        if not Path(os.path.realpath(path)).is_relative_to(folder.resolve()):  # which links in a circle do not stop
            raise ReadError("it is a link to a place outside the folder; copy the file into the folder")
        status = path.stat()
    if not S_ISREG(status.st_mode):
        raise ReadError("it is not a regular file")
    if path.suffix.lower() not in READERS:
        raise ReadError(
            f"no reader for {path.suffix or 'files without a suffix'}; known are {' '.join(sorted(READERS))}"
        )
    if status.st_size > settings.max_file_mb * 1_000_000:
        raise ReadError(f"larger than {settings.max_file_mb} MB; split it or raise QA_MAX_FILE_MB")
    if known and (known.size, known.modified_ns) == _stamp(status):
        plan.unchanged.append(source)
    elif known and known.content_hash == _file_hash(path):
        plan.unchanged.append(source)
        plan.touched.append((source, status.st_size, status.st_mtime_ns))
    else:
        plan.pending.append((path, source))


def _read(plan: _Plan, settings: Settings, progress: Progress | None) -> Iterator[Prepared]:
    if not plan.pending:
        return

    def read(reader: ReadingProcess, file: tuple[Path, str]) -> Prepared:
        return _document(reader, *file, plan.origin, settings.passage_tokens)

    number = len(plan.pending)
    with ReadingPool(min(settings.read_workers, number), settings.read_seconds, settings.read_memory_mb) as pool:
        for done, ((_, source), reading) in enumerate(zip(plan.pending, pool.each(read, plan.pending), strict=True)):
            if progress:
                progress("read", done, number)
            try:
                yield reading.result()
            except (ReadError, OSError) as error:
                plan.failed.append(Failure(source, _reason(error)))
    if progress:
        progress("read", number, number)


def _document(reader: ReadingProcess, path: Path, source: str, origin: Origin, passage_tokens: int) -> Prepared:
    """Raises ReadError or OSError where the file cannot be read, or was written to meanwhile."""
    status, content = path.stat(), _file_hash(path)
    read, spans = reader.read_and_split(path, passage_tokens)
    if _stamp(path.stat()) != _stamp(status):
        raise ReadError("it changed while it was read; sync again")
    document = Document(
        source=source,
        text=read.text,
        content_hash=content,
        title=read.title,
        outlet=read.outlet,
        published_at=read.published_at,
        page_starts=read.page_starts,
        metadata=read.metadata,
        origin=origin,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        page_names=read.page_names,
    )
    return document, spans


def _stamp(status: os.stat_result) -> tuple[int, int]:
    """Size in bytes and time of change: what tells a changed file without reading it."""
    return status.st_size, status.st_mtime_ns


def added_document(source: str, text: str, metadata: dict[str, object]) -> Document:
    """A document that came as an object: `title`, `source` (or `outlet`) and `published_at` are taken from metadata."""
    known = {k: str(v) for k, v in metadata.items() if v is not None}
    document = Document(
        source=source,
        text=text,
        content_hash=hashlib.sha256(repr((text, sorted(known.items()))).encode("utf-8", "surrogatepass")).hexdigest(),
        title=known.get("title"),
        outlet=known.get("outlet") or known.get("source"),
        published_at=known.get("published_at") or known.get("date"),
        metadata=known,
    )
    return replace(document, origin="added")


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _batches(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    sentences = 0
    for document, spans in prepared:
        batch.append((document, spans))
        sentences += sum(len(s.sentences) for s in spans)
        if sentences >= _BATCH_SENTENCES:
            yield batch
            batch, sentences = [], 0
    if batch:
        yield batch


def _printable(source: str) -> str:
    return source.encode("utf-8", "backslashreplace").decode()


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "its name is not valid UTF-8; rename it"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
