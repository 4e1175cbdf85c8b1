"""Values a question can ask for, found in text: dates, numbers, durations, ages, money, percentages.

A value knows when another contradicts it: two dates do when a part that both give (weekday, day, month,
year) differs, two numbers when they count the same thing and differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal

from qa.words import stem

Kind = Literal["date", "number", "duration", "age", "money", "percent", "name"]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_MONTH = (
    r"(?P<month%d>(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\b\.?|"
    + "|".join(m.title() for m in _MONTHS)
    + ")"
)
_UNITS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * number
    for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0}
_NUMBER = (
    r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[ -](?:hundred|thousand|million|billion|trillion))?"
    r"|\b(?:(?:" + "|".join(_UNITS) + "|" + "|".join(_SCALES) + r")(?:[ -](?:and )?|\b))+"
)
_TIME_UNIT = r"(?:second|minute|hour|day|week|month|year|decade|centur(?:y|ie))s?"

_PATTERNS: Mapping[Kind, re.Pattern[str]] = {
    "date": re.compile(
        r"\b(?P<iso>\d{4}-\d{2}-\d{2})"
        r"|\b" + _MONTH % 1 + r" (?P<day1>\d{1,2})(?:st|nd|rd|th)?\b(?:,? (?P<year1>\d{4})\b)?"
        r"|\b(?P<day2>\d{1,2})(?:st|nd|rd|th)?(?: of)? " + _MONTH % 2 + r"\b(?:,? (?P<year2>\d{4})\b)?"
        r"|\b(?P<weekday>" + "|".join(d.title() for d in _WEEKDAYS) + r")s?\b"
        r"|\b" + _MONTH % 3 + r"\b(?:,? (?P<year3>\d{4})\b)?"
        r"|\b(?P<relative>(?:[Tt]he )?(?:[Nn]ext|[Tt]his|[Ll]ast|[Cc]oming|[Pp]revious) (?:few )?(?:week|month|year|weekend|spring|summer|autumn"
        r"|winter)s?|[Tt]omorrow|[Yy]esterday)\b"
        r"|\b(?P<year4>(?:1[5-9]|20)\d{2})(?!\d|,\d|-year| (?:people|troops|soldiers|men|dollars))\b"
    ),
    "age": re.compile(
        rf"\b(?:aged?|at the age of|turn(?:s|ed)) (?P<a>{_NUMBER})\b|\b(?P<b>{_NUMBER})[- ]years?[- ](?:old|of age)\b"
        rf"|, (?P<c>\d{{1,3}}),",
        re.IGNORECASE,
    ),
    "duration": re.compile(rf"(?P<n>{_NUMBER}|\ban?|\bhalf an?)[- ]?(?P<unit>{_TIME_UNIT})\b", re.IGNORECASE),
    "money": re.compile(
        rf"(?P<sign>[$€£¥₽])\s?(?P<n>{_NUMBER})(?: ?(?P<scale>bn|m|k)\b)?"
        rf"|(?P<m>{_NUMBER}) ?(?P<currency>dollars?|euros?|pounds?|rubles?|roubles?|yen|yuan|cents?|USD|EUR|GBP)\b",
        re.IGNORECASE,
    ),
    "percent": re.compile(rf"(?P<n>{_NUMBER}) ?(?:%|per ?cent\b|percentage points?\b)", re.IGNORECASE),
    "number": re.compile(rf"(?P<n>{_NUMBER})(?![%\w])", re.IGNORECASE),
}
_BARE_YEAR = re.compile(r"(?:1[5-9]|20)\d{2}")
_UNIT_WORDS = re.compile(
    r"[\s-]*(?:more |other |different |[a-z]+(?:ed|ing|ian|ish|an|ary|al) )?([A-Za-z]+)", re.IGNORECASE
)
_SECONDS = {"second": 1, "minut": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2629800, "year": 31557600,
            "decad": 315576000, "centuri": 3155760000}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a text, as written, with offsets into that text. `parts` is what can be compared."""

    kind: Kind
    text: str
    start: int
    end: int
    parts: Mapping[str, float | str] = field(default_factory=dict)

    def contradicts(self, other: Value) -> bool:
        """True when both give the same part and it differs; "about 12" and "at least 10" leave room for 12."""
        if self.kind != other.kind or self.parts.get("unit") != other.parts.get("unit"):
            return False
        shared = self.parts.keys() & other.parts.keys() - {"least", "most"}
        if "amount" in shared and self._leaves_room(other):
            shared.discard("amount")
        return any(self.parts[k] != other.parts[k] for k in shared)

    def _leaves_room(self, other: Value) -> bool:
        """True when one of the amounts lies within what the other allows: two vague amounts that only touch differ."""
        return _within(self.parts, other.parts) or _within(other.parts, self.parts)


def _within(one: Mapping[str, float | str], other: Mapping[str, float | str]) -> bool:
    amount = float(one["amount"])
    return float(other.get("least", other["amount"])) <= amount <= float(other.get("most", other["amount"]))


@lru_cache(maxsize=16384)  # one question after the other is held against the same sentences
def values(kind: Kind, text: str, published_at: str | None = None) -> tuple[Value, ...]:
    """The values of `kind` in `text`, in order; the day in "29 January" is no number.

    `published_at` (ISO 8601) supplies a year that a date leaves out.
    """
    parts_of = _PARTS.get(kind, _quantity)
    days = [m.span() for m in _PATTERNS["date"].finditer(text)] if kind == "number" else []
    found = []
    for match in _PATTERNS[kind].finditer(text):
        in_date = any(start <= match.start() and match.end() <= end for start, end in days)
        parts = None if in_date else parts_of(match, text, published_at)
        if parts is not None:
            body = match.group().strip(" -,")
            start = match.start() + match.group().find(body)
            found.append(Value(kind, body, start, start + len(body), parts))
    return tuple(found)


def _bounds(text: str, start: int, amount: float) -> dict[str, float | str]:
    """The least and most that the words before an amount allow: "about", "at least", "up to"."""
    for words, (least, most) in _VAGUE.items():
        if words.search(text, max(0, start - 20), start):
            return {"least": least * amount, "most": most * amount}
    return {}


_VAGUE = {
    re.compile(rf"\b(?:{words}) $", re.IGNORECASE): bounds
    for words, bounds in {
        "about|around|approximately|roughly|some|circa|c\\.|estimated(?: at)?": (0.9, 1.1),
        "nearly|almost|close to": (0.9, 1.0),
        "at least|more than|over|no (?:less|fewer) than|upwards? of": (1.0, math.inf),
        "at most|less than|fewer than|under|up to|no more than": (0.0, 1.0),
    }.items()
}

Parts = dict[str, float | str] | None


def _date(match: re.Match[str], _text: str, published_at: str | None) -> Parts:
    groups = {k.rstrip("1234"): v for k, v in match.groupdict().items() if v}
    if iso := groups.get("iso"):
        year, month, day = (int(x) for x in iso.split("-"))
        return _with_weekday({"year": year, "month": month, "day": day})
    parts: dict[str, float | str] = {k: int(groups[k]) for k in ("day", "year") if k in groups}
    if name := groups.get("month"):
        parts["month"] = next(i for i, m in enumerate(_MONTHS, 1) if m.startswith(name.lower().rstrip(".")[:3]))
    if "relative" in groups:
        return {}  # nothing to compare: it depends on when it was said
    if name := groups.get("weekday"):
        parts["weekday"] = _WEEKDAYS.index(name.lower())
    if "day" in parts and "year" not in parts and published_at and published_at[:4].isdigit():
        return _with_weekday({**parts, "year": int(published_at[:4])}) | {"year": int(published_at[:4])}
    return _with_weekday(parts)


def _with_weekday(parts: dict[str, float | str]) -> dict[str, float | str]:
    try:
        known = date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except (KeyError, ValueError):
        return parts
    return parts | {"weekday": known.weekday()}


def _quantity(match: re.Match[str], text: str, _published_at: str | None) -> Parts:
    groups = {k: v for k, v in match.groupdict().items() if v}
    written = next((groups[k] for k in ("n", "m", "a", "b", "c") if k in groups), "")
    amount = number(written)
    if amount is None:
        return None
    amount *= {"bn": 1e9, "m": 1e6, "k": 1e3}.get(groups.get("scale", "").lower(), 1)
    if unit := groups.get("unit"):
        amount *= _SECONDS[stem(unit)]
    parts: dict[str, float | str] = {"amount": amount, **_bounds(text, match.start(), amount)}
    if money := groups.get("sign") or groups.get("currency"):
        parts["unit"] = stem(money)
    return parts


def _count(match: re.Match[str], text: str, published_at: str | None) -> Parts:
    if _BARE_YEAR.fullmatch(match.group()) or match.group().strip(" -").lower() in ("one", "hundred"):
        return None
    parts = _quantity(match, text, published_at)
    unit = _UNIT_WORDS.match(text, match.end())
    return None if parts is None else parts | ({"unit": stem(unit.group(1))} if unit else {})


_PARTS: Mapping[Kind, Callable[[re.Match[str], str, str | None], Parts]] = {"date": _date, "number": _count}


def number(written: str) -> float | None:
    """The number that digits or English words stand for: "100,000", "two million", "twenty-five"; None if neither."""
    total = current = 0.0
    seen = False
    for word in _number_words(written):
        if word[0].isdigit():
            current += float(word.replace(",", ""))
        elif word in _UNITS:
            current += _UNITS[word]
        elif word in _SCALES:
            current = max(current, 1.0) * _SCALES[word]
            if _SCALES[word] >= 1e3:
                total, current = total + current, 0.0
        elif word in ("a", "an", "half"):
            current += 1 if word != "half" else -0.5
        else:
            continue
        seen = True
    return total + current if seen else None


def _number_words(written: str) -> Iterator[str]:
    return (m.group() for m in re.finditer(r"\d[\d,]*(?:\.\d+)?|[a-z]+", written.lower()))
