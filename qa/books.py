"""EPUB to text, section by section in reading order."""

from __future__ import annotations

from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from qa.archives import first_text, opened, xml
from qa.decoding import decode
from qa.describing import iso_date
from qa.readtext import ReadText, joined, without_blanks
from qa.webpages import parse_page

_CONTAINER = "META-INF/container.xml"
_PAGES = ("application/xhtml+xml", "text/html")


def read_epub(path: Path) -> ReadText:
    """The sections of a book, as its spine orders them (EPUB 3.3, section 5)."""
    with opened(path, "EPUB book") as archive:
        package = next(xml(archive.read(_CONTAINER)).iter("{*}rootfile")).get("full-path")
        about = xml(archive.read(package))
        sections = [_section(archive, normpath(join(dirname(package), href))) for href in _spine(about)]
        text, starts = joined(sections)
        names = tuple(f"section {number}" for number in range(1, len(sections) + 1))
        published = iso_date(first_text(about, "date") or "")
        details = without_blanks({"author": first_text(about, "creator"), "created": published})
        title, publisher = first_text(about, "title"), first_text(about, "publisher")
        return ReadText(text, starts, title, publisher, published, details, names)


def _spine(package: Any) -> list[str]:
    items = {item.get("id"): item for item in package.iter("{*}item") if item.get("media-type") in _PAGES}
    named = (reference.get("idref") for reference in package.iter("{*}itemref"))
    return [unquote(items[name].get("href", "")) for name in named if name in items]


def _section(archive: ZipFile, name: str) -> str:
    return parse_page(decode(archive.read(name)).text)[0]
