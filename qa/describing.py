"""What a text says of itself: title, outlet and date. Pure, and cautious: a wrong date is worse than none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import takewhile

from qa.cleaning import furniture
from qa.paragraphs import paragraphs

HEADING_LINES = 6  # non-blank lines among which a heading is looked for
DATE_LINES = 15  # non-blank lines among which a date is looked for
HEADING_WORDS = 4
START_CHARACTERS = 4000  # where the first lines of an article are
HEADING_CHARACTERS = 200
FALLBACK_CHARACTERS = 80
PROSE_WORDS = 8

_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’»)\]]*$")
_FURNITURE = re.compile(
    r"(?:by|source|published|posted|updated|date|outlet|publisher)\b\s*(?::|on\b|[A-Z])|https?:", re.I
)
_OUTLET = re.compile(r"^[ \t]*(?:source|outlet|publisher)[ \t]*:[ \t]*(\S[^\r\n]{0,59}?)[ \t]*\r?$", re.I | re.M)
_PUBLISHED = re.compile(r"(?:published|posted|date)(?: on)?\s*:?\s+(.{6,40})", re.I)

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?")
_PDF = re.compile(r"D:(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|[+-]\d\d'?\d\d)?.*", re.S)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<year>\d{4})"
_WRITTEN_DATES = tuple(
    re.compile(rf"(?:\w+,?\s+)?{order}(?:\D.*)?", re.I)
    for order in (rf"{_DAY}\s+{_MONTH},?\s+{_YEAR}", rf"{_MONTH}\s+{_DAY},?\s+{_YEAR}")
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a document says of itself; None where it does not. `published_at` is ISO 8601."""

    title: str | None = None
    outlet: str | None = None
    published_at: str | None = None


def text_facts(text: str) -> Facts:
    """The facts that the lines of plain text give."""
    lines = [line.strip() for line in text[:20_000].splitlines()]
    lines = [line for line in lines if line][: DATE_LINES + 1]
    outlets = {match[1] for match in _OUTLET.finditer(text) if not _SENTENCE_END.search(match[1])}
    return Facts(
        title=heading(_article_lines(text)),
        outlet=outlets.pop() if len(outlets) == 1 else None,
        published_at=one_day(_line_date(line) for line in lines[:DATE_LINES]),
    )


def _article_lines(text: str) -> list[str]:
    """The first lines of the article itself, page furniture left out."""
    start = text[:START_CHARACTERS]
    found = paragraphs(start)
    kinds = furniture(start, found)
    article = (start[p.start : p.end] for p, kind in zip(found, kinds, strict=True) if kind is None)
    return [line.strip() for paragraph in article for line in paragraph.splitlines() if line.strip()]


def heading(lines: list[str]) -> str | None:
    """The last line before the prose that reads like a heading, else a short first line. Lines are stripped, not blank.

    The last, because the name of the paper and its slogan stand above the headline.
    """
    followers = [*lines[1:], ""]
    standing = [line for line, after in zip(lines, followers, strict=False) if not after[:1].islower()]
    above = takewhile(lambda line: not _is_prose(line), lines[:HEADING_LINES])
    headings = [line for line in above if line in standing and _is_heading(line)]
    if headings:
        return headings[-1]
    first = lines[0] if lines else ""
    return first if first in standing and len(first) <= FALLBACK_CHARACTERS else None


def _is_heading(line: str) -> bool:
    fits = len(line) <= HEADING_CHARACTERS and len(line.split()) >= HEADING_WORDS
    return fits and not _SENTENCE_END.search(line) and not _FURNITURE.match(line)


def _is_prose(line: str) -> bool:
    return len(line.split()) >= PROSE_WORDS and bool(_SENTENCE_END.search(line))


def _line_date(line: str) -> str | None:
    """The date of a line that holds nothing but an ISO date or time, or that says when it was published."""
    if _ISO.fullmatch(line):
        return iso_date(line)
    published = _PUBLISHED.fullmatch(line)
    return iso_date(published[1]) if published else None


def one_day(dates: Iterable[str | None]) -> str | None:
    """The first of `dates` when all fall on one day; None when they differ or there are none."""
    known = [found for found in dates if found]
    return known[0] if len({found[:10] for found in known}) == 1 else None


def iso_date(written: str) -> str | None:
    """A date as ISO 8601, from ISO itself, a PDF's `D:20220121...`, "21 January 2022" or "January 21, 2022".

    All-numeric dates other than ISO are None: nobody can tell 3/4/2022 from 4/3/2022.
    """
    written = written.strip()
    if iso := _ISO.match(written):
        return _checked(iso[0])
    if pdf := _PDF.fullmatch(written):
        year, month, day, hour, minute, second, zone = pdf.groups()
        clock = f"T{hour}:{minute}:{second or '00'}{_zone(zone)}" if hour else ""
        return _checked(f"{year}-{month}-{day}{clock}")
    for pattern in _WRITTEN_DATES:
        if match := pattern.fullmatch(written):
            month_number = _MONTHS.index(match["month"][:3].lower()) + 1
            return _checked(f"{match['year']}-{month_number:02}-{int(match['day']):02}")
    return None


def _zone(zone: str | None) -> str:
    digits = (zone or "").replace("'", "")
    return f"{digits[:3]}:{digits[3:]}" if len(digits) == 5 else digits


def _checked(iso: str) -> str | None:
    """`iso` when the calendar has it, else None."""
    try:
        datetime.fromisoformat(iso.replace(" ", "T", 1).replace(" ", ""))
    except ValueError:
        return None
    return iso


def front_matter_facts(front: Mapping[object, object]) -> Facts:
    """The facts in the front matter of a Markdown file, which is already parsed."""

    def value(*keys: str) -> str | None:
        found = next((front[key] for key in keys if front.get(key)), None)
        if isinstance(found, date):  # a datetime is one too
            return found.isoformat()
        return str(found).strip() if isinstance(found, str | int | float) else None

    written = value("published_at", "published", "date")
    return Facts(value("title"), value("outlet", "source"), iso_date(written) if written else None)
