"""What reading a file gives: its text, its parts, and what the file says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

_SURROGATES = re.compile("[\ud800-\udfff]")
GAP = "\n\n"
"""What stands between two parts: the end of a paragraph."""


@dataclass(frozen=True, slots=True)
class ReadText:
    """The text of one file and what the file says of itself.

    `page_starts` holds the offset at which each page begins, or whatever else the format has in place of pages, which
    `page_names` then names: "slide 2", "sheet Costs, row 7". Both are empty for formats without. `published_at` is an
    ISO 8601 date or date and time. `metadata` names what else is known, such as "encoding" (and "encoding_found": mark,
    utf-8, declared or guessed), "author", "created", and "content", which is "records" where there is no prose.
    """

    text: str
    page_starts: tuple[int, ...] = ()
    title: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    page_names: tuple[str, ...] = ()


def joined(texts: Iterable[str]) -> tuple[str, tuple[int, ...]]:
    """Texts as paragraphs of one, and the offset at which each begins."""
    starts, offset, kept = [], 0, []
    for text in texts:
        starts.append(offset)
        kept.append(text)
        offset += len(text) + len(GAP)
    return GAP.join(kept), tuple(starts)


def without_blanks(details: dict[str, str | None]) -> dict[str, str]:
    """The details that say something."""
    return {key: value for key, value in details.items() if value}


def storable(read: ReadText) -> ReadText:
    """Halves of characters, which several formats can name, fit into no file: one replacement character each."""

    def clean(value: str | None) -> str | None:
        return value and _SURROGATES.sub("\ufffd", value)

    return replace(
        read,
        text=clean(read.text) or "",
        title=clean(read.title),
        outlet=clean(read.outlet),
        metadata={key: clean(value) or "" for key, value in read.metadata.items()},
        page_names=tuple(clean(name) or "" for name in read.page_names),
    )
