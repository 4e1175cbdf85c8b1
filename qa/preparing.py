"""A file made ready for the store: read, cleaned, split, and on other machines also embedded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import ReadError
from qa.isolation import ReadingPool, ReadingProcess
from qa.settings import Settings
from qa.spreading import each
from qa.types import Document, Embedder, Failure, PassageSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vectorstore.records import Origin

File = tuple[Path, str]
"""Where it is, and the source that it shall have."""

MakeEmbedder = Callable[[], Embedder]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, its passages, and by content hash the vectors that came with it, each of shape (dimension,)."""

    document: Document
    spans: Sequence[PassageSpan]
    vectors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


def prepare(files: Sequence[File], origin: Origin, settings: Settings) -> Iterator[Prepared | Failure]:
    """The files in their order, each read in a process of its own on this machine, a few ahead."""
    read = partial(_prepared, origin=origin, passage_tokens=settings.passage_tokens)
    workers = min(settings.read_workers, len(files))
    with ReadingPool(workers, settings.read_seconds, settings.read_memory_mb) as pool:
        for reading in pool.each(read, files):
            yield reading.result()


def prepare_far(
    files: Sequence[File], origin: Origin, settings: Settings, make_embedder: MakeEmbedder
) -> Iterator[Prepared | Failure]:
    """The files as they come from the machines of the cluster that the settings name, vectors included.

    Every machine has the folder at the same path. Raises ClusterUnavailable.
    """
    return each(partial(_Worker, settings.elsewhere, origin, make_embedder), files, settings.ray)


class _Worker:
    """Prepares one file after the other, in a process of a cluster."""

    def __init__(self, settings: Settings, origin: Origin, make_embedder: MakeEmbedder) -> None:
        self._reader = ReadingProcess(settings.read_seconds, settings.read_memory_mb)
        self._read = partial(_prepared, origin=origin, passage_tokens=settings.passage_tokens)
        self._embedder = make_embedder()

    def __call__(self, file: File) -> Prepared | Failure:
        prepared = self._read(self._reader, file)
        if isinstance(prepared, Failure):
            return prepared
        texts = texts_of(prepared.document, prepared.spans)
        vectors = self._embedder.embed_documents(list(texts.values())) if texts else ()
        # A read-only view of a mapping cannot be sent.
        document = replace(prepared.document, metadata=dict(prepared.document.metadata))
        return Prepared(document, prepared.spans, dict(zip(texts, vectors, strict=True)))


def _prepared(reader: ReadingProcess, file: File, origin: Origin, passage_tokens: int) -> Prepared | Failure:
    try:
        return _document(reader, file, origin, passage_tokens)
    except (ReadError, OSError) as error:
        return Failure(file[1], reason(error))


def _document(reader: ReadingProcess, file: File, origin: Origin, passage_tokens: int) -> Prepared:
    """Raises ReadError or OSError where the file cannot be read, or was written to meanwhile."""
    path, source = file
    status, content = path.stat(), file_hash(path)
    read, spans = reader.read_and_split(path, passage_tokens)
    if stamp(path.stat()) != stamp(status):
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
    return Prepared(document, spans)


def texts_of(document: Document, spans: Sequence[PassageSpan]) -> dict[str, str]:
    """What is embedded of a document, by content hash: its sentences, each on one line."""
    return {
        s.content_hash: " ".join(document.text[s.start_char_index : s.end_char_index].split())
        for span in spans
        for s in span.sentences
    }


def stamp(status: os.stat_result) -> tuple[int, int]:
    """Size in bytes and time of change: what tells a changed file without reading it."""
    return status.st_size, status.st_mtime_ns


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: Exception) -> str:
    """What an error says to whoever asked for the file to be read."""
    if isinstance(error, UnicodeEncodeError):
        return "its name is not valid UTF-8; rename it"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
