"""Which days does a question speak of? "on October 4, 2023", "between 4 and 7 October", "since May", "last week"."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta

from qa.values import Value, values

Days = tuple[date, date]

_JOINT = re.compile(r"\s*(and|to|until|till|through|[-–—])\s*", re.IGNORECASE)
_OPENS = re.compile(r"\b(?:between|from)\s+(?:the\s+)?$", re.IGNORECASE)
_BARE_DAY = re.compile(
    r"\b(?:between|from)\s+(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)?\s*(?:and|to|until|[-–—])\s*$", re.IGNORECASE
)
_OPENING = re.compile(
    r"[\s,]*\b(?:(?:published|posted|dated|written)\s+)?(?:(?:on|in|since|after|before|until|till|by|from|between)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_SINCE = re.compile(r"\b(?:since|after)\s+(?:the\s+)?$", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:before|until|till|by)\s+(?:the\s+)?$", re.IGNORECASE)
_RECENT = re.compile(
    r"\b(?P<which>last|previous|this)\s+(?:few\s+)?(?P<unit>week|month|year)s?|yesterday", re.IGNORECASE
)
_DAYS = {"week": 7, "month": 31, "year": 366}


@dataclass(frozen=True, slots=True)
class Period:
    """Days that a question names, `first` and `last` inclusive, and where it does, end exclusive."""

    first: date
    last: date
    start: int
    end: int


def periods(question: str, newest: date) -> list[Period]:
    """The periods a question names, in order. A weekday alone and a year alone name none.

    What is relative ("last week", a date without its year) is taken relative to `newest`, the day of the newest document.
    """
    found: list[Period] = []
    earlier: Value | None = None
    for value in values("date", question):
        days = _days(value, newest)
        if days is None:
            continue
        if earlier and _is_range(question, earlier, value):
            first = found[-1].first
            years = first.year - days[1].year if first > days[1] else 0  # "from 4 to 7 May 2022": the year is said once
            found[-1] = replace(found[-1], first=_years_earlier(first, years), last=days[1], end=value.end)
        else:
            opening = _OPENING.search(question[: value.start])
            start = opening.start() if opening else value.start
            found.append(Period(*_extended(days, question[: value.start]), start, value.end))
        earlier = value
    return [p for p in found if p.first <= p.last]


def _days(value: Value, newest: date) -> Days | None:
    """What a single date covers: a day, a month, the days that "last week" may mean."""
    if recent := _RECENT.search(value.text):
        days = _DAYS.get((recent["unit"] or "").lower(), 1)
        return newest - timedelta(days if (recent["which"] or "").lower() == "this" else 2 * days), newest
    if "month" not in value.parts:
        return None
    year, month = int(value.parts.get("year", newest.year)), int(value.parts["month"])
    try:
        first = date(year, month, int(value.parts.get("day", 1)))
    except ValueError:
        return None
    return first, first if "day" in value.parts else first.replace(day=monthrange(year, month)[1])


def _years_earlier(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=min(day.day, 28) if years and day.month == 2 else day.day)


def _is_range(question: str, one: Value, other: Value) -> bool:
    """ "from May 4 to May 7", "between May 4 and May 7"; "on May 4 and on May 7" are two days."""
    joint = _JOINT.fullmatch(question[one.end : other.start])
    return joint is not None and (joint[1].lower() != "and" or _OPENS.search(question[: one.start]) is not None)


def _extended(days: Days, before: str) -> Days:
    """`days` with what the words right before it add: "between 4 and" 7 October, "since", "before"."""
    first, last = days
    if (bare := _BARE_DAY.search(before)) and 1 <= int(bare[1]) <= last.day:
        return last.replace(day=int(bare[1])), last
    if _SINCE.search(before):
        return first, date.max
    return (date.min if _UNTIL.search(before) else first), last
