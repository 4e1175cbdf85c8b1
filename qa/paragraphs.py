"""Where a text's paragraphs are. Offsets only: the text itself is never touched."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLOCK = re.compile(r"\S(?:.|\n(?!\s*\n))*", re.MULTILINE)
_BULLET = re.compile(r"\s*(?:[-–—•*▪‣]|\d{1,3}[.)])\s")
_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’»)\]]*\s*\Z")
_WRAP_WIDTHS = range(40, 161)
_FULL_LINE = 0.6


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's offsets into its document, end exclusive, without surrounding white space."""

    start: int
    end: int


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of `text` in order.

    A blank line always ends one. A single line break ends one too, unless the lines look hard-wrapped
    (as in PDF text and e-mail): of similar width, the broken line nearly full, and the block ending as prose does.
    """
    found = []
    for block in _BLOCK.finditer(text.replace("\r\n", " \n").replace("\r", "\n")):
        found += _lines(block.group(), block.start())
    return found


def _lines(block: str, offset: int) -> list[Paragraph]:
    lines = block.split("\n")
    width = max(len(line.rstrip()) for line in lines)
    prose = bool(_SENTENCE_END.search(block))
    found: list[Paragraph] = []
    start = position = 0
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        position += len(line) + 1
        if following is None or not _is_wrapped(line, following, width, prose):
            found += _trimmed(block[start : position - 1], offset + start)
            start = position
    return found


def _is_wrapped(line: str, following: str, width: int, prose: bool) -> bool:
    if not prose and not following.lstrip()[:1].islower():
        return False
    full = width in _WRAP_WIDTHS and len(line.rstrip()) >= _FULL_LINE * width
    return full and bool(following.strip()) and not _BULLET.match(following)


def _trimmed(text: str, offset: int) -> list[Paragraph]:
    body = text.strip()
    start = offset + text.find(body)
    return [Paragraph(start, start + len(body))] if body else []
