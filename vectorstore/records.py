"""The words of the store: Document, Sentence, Passage. Frozen, without behaviour beyond derived properties."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Origin = Literal["folder", "added"]


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the pages of a document begin, or its slides, sheets, rows or records, which `names` then names.

    `starts` are ascending offsets; `names` is empty where pages have numbers only.
    """

    starts: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    def number(self, char_index: int) -> int | None:
        """The 1-based page that holds `char_index`; None for a document whose parts are not pages, or without any."""
        return None if self.names or not self.starts else max(1, bisect_right(self.starts, char_index))

    def name(self, char_index: int) -> str | None:
        """What the part that holds `char_index` is called, such as "page 3"; None for a document without parts."""
        if not self.starts:
            return None
        number = max(1, bisect_right(self.starts, char_index))
        return self.names[number - 1] if self.names else f"page {number}"


@dataclass(frozen=True, slots=True)
class Document:
    """One source file as text, with what its metadata says of it.

    `source` is the path below the documents folder with forward slashes, or the id of an added
    document. `page_starts` and `page_names` are those of Pages. `published_at` is an ISO 8601 date or date and
    time. `size` is in bytes and `modified_ns` in nanoseconds since the epoch; both are 0 for added documents.
    """

    source: str
    text: str
    content_hash: str
    title: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    page_starts: tuple[int, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    origin: Origin = "folder"
    size: int = 0
    modified_ns: int = 0
    page_names: tuple[str, ...] = ()

    @property
    def pages(self) -> Pages:
        """Its pages, or what it has in their place."""
        return Pages(self.page_starts, self.page_names)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The unit that is embedded and quoted: offsets into its document's text, end exclusive.

    `content_hash` identifies the words, so that equal sentences are embedded once.
    """

    start_char_index: int
    end_char_index: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class PassageSpan:
    """Consecutive sentences of one document, not stored yet."""

    start_char_index: int
    end_char_index: int
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences of one document, as stored; `text` is the document's text between the offsets."""

    id: int
    source: str
    text: str
    start_char_index: int
    end_char_index: int
    sentences: tuple[Sentence, ...]
    title: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What the catalogue knows of one document, without its text. `characters` is the text's length."""

    source: str
    content_hash: str
    title: str | None
    outlet: str | None
    published_at: str | None
    origin: Origin
    size: int
    modified_ns: int
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found. `problems` is empty when catalogue and index agree; each names its remedy."""

    documents: int
    passages: int
    sentences: int
    vectors: int
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when nothing was found wrong."""
        return not self.problems
