"""The values that a text gives for what is asked, each with how surely it is meant.

A value counts by the words that stand beside it ("built in 1902", "Genre Latin pop", "an album by Nora Feld")
and by how near the subject is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from qa.asking import Asked, AskedKind
from qa.beside import OPENING, Found, closeness, mentions
from qa.naming import members, nouns, people, places
from qa.values import Value, values
from qa.words import STOPWORDS, fold, stem, stems, words

_LIFE = re.compile(r"\W{0,4}[–—-]\W{0,4}")
_LOOKED_UP = re.compile(r"\b(?:retrieved|accessed|archived|updated|viewed)(?: on)? $", re.IGNORECASE)
_MEASURED = re.compile(
    r"[ -]{0,2}(?:%|(?:per|square|sq|km|mi|kilomet\w+|miles?|acres?|ha|hectares?|households?|housing|famil\w+|males?|females?"
    r"|years?|am|pm|th|st|nd|rd)\b|/)",
    re.IGNORECASE,
)
_RATED = re.compile(
    r"(?:density|households|families|area|elevation|code|zip|route|no|#|\$)\W{0,3}(?:was |of |is )?$", re.IGNORECASE
)
_COUNTED_WITHIN = 3  # words behind a number that say what is counted
_SAME_PLACE, _SAME_TEXT, _ELSEWHERE = 1.0, 0.95, 0.7
_TITLE_ELSEWHERE = 0.3  # its words alone are no title
_SAME_PLACE_WORDS = 25
_ANOTHER = 0.6  # without its number or its rarest word it is mostly another thing that shares part of the name
_PARTIAL = 1.5  # exponent: half of a name says less than half


def found_values(asked: Asked, text: str, published_at: str | None = None) -> list[Found]:
    """The values of `text` that may be the one asked for, the surest first; offsets are into `text`."""
    found = (
        f for f in _FINDERS[asked.kind](asked, text, published_at) if f.weight > 0 and not _no_name(asked, f.value)
    )
    return sorted(found, key=lambda f: -f.weight)


def _no_name(asked: Asked, value: Value) -> bool:
    """True for a name that says nothing but the question's own words, and for a day or month."""
    said = {w.stem for w in words(value.text) if w.content and fold(w.text) not in STOPWORDS}
    return value.kind == "name" and (said <= asked.relation.union(asked.subject) or bool(values("date", value.text)))


def _dates(asked: Asked, text: str, published_at: str | None) -> Iterator[Found]:
    dates = [v for v in values("date", text, published_at) if v.parts]
    birth, death = stem("born") in asked.relation, stem("die") in asked.relation
    for before, value, after in zip([None, *dates], dates, [*dates[1:], None], strict=False):
        opens = after is not None and _is_life(text, value, after)
        closes = before is not None and _is_life(text, before, value)
        if (opens or closes) and (birth or death):
            weight = 0.95 * ((birth and opens) or (death and closes))
        elif _LOOKED_UP.search(text, 0, value.start):
            weight = 0.0
        else:
            weight = closeness(text, value.start, value.end, asked.relation) / (2 if opens or closes else 1)
        yield Found(value, weight)


def _is_life(text: str, first: Value, last: Value) -> bool:
    """A span of dates in brackets: "(9 July 1848 – 25 July 1912)"."""
    opening = text.rfind("(", max(0, first.start - 40), first.start)
    return (
        opening >= 0 and ")" not in text[opening : first.start] and bool(_LIFE.fullmatch(text[first.end : last.start]))
    )


def _quantities(asked: Asked, text: str, _published_at: str | None) -> Iterator[Found]:
    for value in values("money" if asked.kind == "money" else "number", text):
        unit = _unit(asked).match(text, value.end) if value.kind == "number" else None
        other = value.kind == "number" and (_MEASURED.match(text, value.end) or _RATED.search(text, 0, value.start))
        if other and not unit:
            continue
        weight = closeness(text, value.start, value.end, asked.relation)
        if not asked.head:  # "how many rooms": what is counted stands behind the number
            behind = {w.stem for w in words(text[value.end : value.end + 40])[:_COUNTED_WITHIN]}
            weight = 0.95 if asked.relation & behind else weight / 3
        if unit:
            value = replace(value, text=text[value.start : unit.end()], end=unit.end())
            weight = max(weight, 0.95 * (stem("people") in asked.relation))
        yield Found(replace(value, parts={k: v for k, v in value.parts.items() if k != "unit"}), weight)


def _unit(asked: Asked) -> re.Pattern[str]:
    """The words behind a number that measure what is asked."""
    return _UNITS.get(asked.head, _NO_UNIT)


_NO_UNIT = re.compile(r"(?!)")
_SIZES = re.compile(
    r"[ -](?:(?:square|cubic|sq) )?(?:km|kilomet\w+|mi|miles?|met(?:er|re)s?|m|feet|foot|ft|acres?|ha|hectares?|inch\w*|laps?)\b[²2]?"
)
_UNITS: Mapping[str, re.Pattern[str]] = {
    stem("population"): re.compile(r" (?:people|inhabitants|residents|persons)\b"),
    stem("age"): re.compile(r" years\b"),
    **dict.fromkeys(map(stem, ("size", "length", "height", "area")), _SIZES),
}

_FINDERS: Mapping[AskedKind, Callable[[Asked, str, str | None], Iterator[Found]]] = {
    "date": _dates,
    "number": _quantities,
    "money": _quantities,
    "class": lambda asked, text, _: members(asked, text),
    "person": lambda asked, text, _: people(asked, text),
    "place": lambda asked, text, _: places(asked, text),
    "noun": lambda asked, text, _: nouns(asked, text),
}


def nearness(asked: Asked, text: str, heading: str, rarity: Mapping[str, float], at: int) -> float:
    """How surely what stands at `at` in `text` is said of the subject asked for, 0 to 1.

    `heading` is what the document says it is about, `rarity` weighs the subject's words against one another.
    """
    said = stems(text) | stems(heading)
    covered = sum(w for s, w in rarity.items() if s in said) / (sum(rarity.values()) or 1.0)
    if any(s not in said and (s.isdigit() or w == max(rarity.values())) for s, w in rarity.items()):
        covered *= _ANOTHER
    named = mentions(asked.subject, text, whole=asked.titled)
    near = _TITLE_ELSEWHERE if asked.titled else _ELSEWHERE
    if (named and named[0] <= OPENING) or set(asked.subject) <= stems(heading):
        near = _SAME_TEXT
    gaps = [text[s:at].count(" ") for s in named if s <= at]
    if gaps:
        near = max(near, _SAME_PLACE if min(gaps) <= _SAME_PLACE_WORDS else 0.9)
    return float(covered**_PARTIAL * near)
