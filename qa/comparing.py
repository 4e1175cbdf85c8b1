"""Do the sources disagree? Different values for the same thing, each from a source of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from qa.values import Value
from qa.words import SPEECH_VERBS, content, same_name, words

_CLAUSE = re.compile(r"[,;:–—()“”]|\b(?:that|which|while|but|and)\b")
_REACH = 60


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that a source gives for what is asked. `key` identifies the claimant's sentence."""

    key: int
    source: str
    value: Value


def attached(found: Sequence[Value], text: str, terms: Collection[str]) -> Value | None:
    """Of several values in a sentence, the one that stands among most of the question's terms.

    In "Lavrov said Wednesday that the talks in Geneva last Friday ..." Wednesday belongs to "said",
    Friday to "talks in Geneva".
    """
    if len(found) < 2:
        return found[0] if found else None
    return max(found, key=lambda v: (_terms_near(v, text, terms), -v.start))


def _terms_near(value: Value, text: str, terms: Collection[str]) -> float:
    """Terms in the value's clause and within reach, nearer ones counting more; the day of "said Wednesday" is the
    day of saying."""
    total = -1.0 if _says_when(value, text) else 0.0
    for word in words(text):
        if word.stem in terms or any(same_name(word.stem, t) for t in terms):
            gap = max(word.start - value.end, value.start - word.end, 0)
            between = text[min(word.end, value.end) : max(word.start, value.start)]
            if gap <= _REACH:
                total += (1 - gap / (2 * _REACH)) * (0.4 if _CLAUSE.search(between) else 1.0)
    return total


def _says_when(value: Value, text: str) -> bool:
    before = [w for w in words(text) if w.end <= value.start][-3:]
    return any(w.stem in SPEECH_VERBS for w in before) and not _CLAUSE.search(text[before[0].start : value.start])


def sides(claims: Sequence[Claim]) -> list[tuple[str, list[Claim]]]:
    """Groups claims, the most probable first, by value, most sources first; empty unless a second source contradicts
    the most probable claim.

    A source that gives several of the values sides with the one it gives first.
    """
    groups: list[tuple[Value, list[Claim]]] = []
    taken: dict[str, Value] = {}
    for claim in claims:
        if claim.source in taken and taken[claim.source].contradicts(claim.value):
            continue
        taken.setdefault(claim.source, claim.value)
        home = next((g for v, g in groups if _agrees(v, claim.value)), None)
        if home is None:
            groups.append((claim.value, [claim]))
        else:
            home.append(claim)
    if not groups:
        return []
    best = groups[0][0]
    opposed = [(v, g) for v, g in groups if v is best or v.contradicts(best)]
    if len(opposed) < 2 or len({c.source for _, g in opposed for c in g}) < 2:
        return []
    opposed.sort(key=lambda g: -len({c.source for c in g[1]}))
    return [(value.text, group) for value, group in opposed]


def agree(one: Value, other: Value) -> bool:
    """True when two values of one question say the same, one of them perhaps more: "football" and "American football",
    "Bern" and "Bern, Switzerland"."""
    for part, same in _SAME.items():
        if part in one.parts and part in other.parts:
            return same(str(one.parts[part]), str(other.parts[part]))
    if one.kind == "name" or other.kind == "name":
        return _same_words(one.text, other.text)
    return _agrees(one, other)


def _same_members(one: str, other: str) -> bool:
    ours, theirs = ([frozenset(m.split()) for m in side.split("|")] for side in (one, other))
    return any(a <= b or b <= a for a in ours for b in theirs)


def _same_place(one: str, other: str) -> bool:
    ours, theirs = ({part.strip() for part in side.split(",")} for side in (one, other))
    return ours <= theirs or theirs <= ours


def _same_words(one: str, other: str) -> bool:
    ours, theirs = (content(side) for side in (one, other))
    return ours <= theirs or theirs <= ours or all(any(same_name(a, b) for b in theirs) for a in ours)


_SAME: Mapping[str, Callable[[str, str], bool]] = {"class": _same_members, "place": _same_place}


def _agrees(one: Value, other: Value) -> bool:
    shared = one.parts.keys() & other.parts.keys() - {"unit", "least", "most"}
    return bool(shared) and not one.contradicts(other)
