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
from qa.preparing import MakeEmbedder, Prepared, file_hash, prepare, prepare_far, reason, stamp, texts_of
from qa.reading import READERS
from qa.settings import Settings
from qa.splitting import split
from qa.types import Document, Embedder, Failure, IndexReport, Progress, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vectorstore.records import Origin
    from vectorstore.store import Store

_BATCH_SENTENCES = 512


@dataclass
class _Plan:
    """What has to be done for files. `pending` holds (path, source) of new and changed ones."""

    origin: Origin = "folder"
    pending: list[tuple[Path, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    touched: list[tuple[str, int, int]] = field(default_factory=list)


def sync(
    store: Store,
    embedder: Embedder,
    settings: Settings,
    folder: Path,
    progress: Progress | None,
    far: MakeEmbedder | None = None,
) -> IndexReport:
    """Makes the store hold what `folder` holds, and says what it did. A bad file never stops the rest.

    Touches only what came from the folder. `far` makes the embedder on another machine, where the settings name a cluster
    of them. Raises FileNotFoundError when there is no such folder.
    """
    known = {s.source: s for s in store.sources() if s.origin == "folder"}
    began = time.monotonic()
    plan = _plan(folder, store.folder, known, settings)
    return replace(_done(store, embedder, settings, plan, known, progress, far), seconds=time.monotonic() - began)


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
    far: MakeEmbedder | None = None,
) -> IndexReport:
    """Does what is planned."""
    for source, size, modified in plan.touched:
        store.touch(source, size, modified)
    added: list[str] = []
    changed: list[str] = []
    for batch in _batches(_read(plan, settings, far, progress)):
        ingest(store, embedder, batch, progress)
        for source in (prepared.document.source for prepared in batch):
            (changed if source in known else added).append(source)
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
    split_documents = [(prepared.document, prepared.spans) for prepared in batch]
    try:
        store.commit(split_documents)
    except VectorsMissing:  # another thread has removed a document that had some of the sentences
        _embed(store, embedder, batch, progress)
        store.commit(split_documents)


def _embed(store: Store, embedder: Embedder, batch: Sequence[Prepared], progress: Progress | None) -> None:
    import numpy as np

    texts: dict[str, str] = {}
    vectors: dict[str, NDArray[np.float32]] = {}
    for prepared in batch:
        texts |= texts_of(prepared.document, prepared.spans)
        vectors |= prepared.vectors
    missing = store.missing(list(texts))
    # In the order of the text, in which they will be read.
    if brought := [h for h in texts if h in missing and h in vectors]:
        store.put_vectors(brought, np.stack([vectors[h] for h in brought]))
    if lacking := [h for h in texts if h in missing and h not in vectors]:
        if progress:
            progress("embed", 0, len(lacking))
        store.put_vectors(lacking, embedder.embed_documents([texts[h] for h in lacking]))
        if progress:
            progress("embed", len(lacking), len(lacking))


def add(store: Store, embedder: Embedder, settings: Settings, documents: Iterable[Document]) -> Iterator[str]:
    """Splits, embeds and commits documents batch by batch; yields the source of each once it is committed."""
    for batch in _batches(_prepared(documents, settings)):
        ingest(store, embedder, batch)
        yield from (prepared.document.source for prepared in batch)


def rebuild(store: Store, embedder: Embedder, settings: Settings, progress: Progress | None = None) -> None:
    """Makes passages, both indexes and the manifest anew from the stored documents; only sentences without a
    vector of this embedder are embedded."""
    store.reset()
    for batch in _batches(_prepared(store.documents(), settings)):
        ingest(store, embedder, batch, progress)
    store.finish_rebuild()


def _prepared(documents: Iterable[Document], settings: Settings) -> Iterator[Prepared]:
    return (Prepared(d, split(d.text, d.metadata, settings.passage_tokens)) for d in documents)


def _plan(folder: Path, store_folder: Path | None, known: dict[str, Source], settings: Settings) -> _Plan:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder; give the folder that holds the documents")
    plan = _Plan()
    seen: set[str] = set()

    def unlisted(error: OSError) -> None:
        plan.failed.append(Failure(_printable(Path(error.filename).relative_to(folder).as_posix()), reason(error)))

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
        plan.failed.append(Failure(_printable(source), reason(error)))


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
    if known and (known.size, known.modified_ns) == stamp(status):
        plan.unchanged.append(source)
    elif known and known.content_hash == file_hash(path):
        plan.unchanged.append(source)
        plan.touched.append((source, status.st_size, status.st_mtime_ns))
    else:
        plan.pending.append((path, source))


def _read(plan: _Plan, settings: Settings, far: MakeEmbedder | None, progress: Progress | None) -> Iterator[Prepared]:
    """What is pending, as it is read; what cannot be is noted in the plan."""
    number = len(plan.pending)
    if not number:
        return
    if settings.ray and far:
        read = prepare_far(plan.pending, plan.origin, settings, far)
    else:
        read = prepare(plan.pending, plan.origin, settings)
    for done, found in enumerate(read):
        if progress:
            progress("read", done, number)
        if isinstance(found, Failure):
            plan.failed.append(found)
        else:
            yield found
    if progress:
        progress("read", number, number)


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


def _batches(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    sentences = 0
    for one in prepared:
        batch.append(one)
        sentences += sum(len(s.sentences) for s in one.spans)
        if sentences >= _BATCH_SENTENCES:
            yield batch
            batch, sentences = [], 0
    if batch:
        yield batch


def _printable(source: str) -> str:
    return source.encode("utf-8", "backslashreplace").decode()
