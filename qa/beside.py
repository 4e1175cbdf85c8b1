"""How near words stand to one another: what a value is measured by to tell what it is the value of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from qa.values import Value
from qa.words import Word, words

OPENING = 100
"""Characters at the start of a text in which it says what it is about."""

_SENTENCE = re.compile(r"[.!?]\s+(?=[A-Z\"“])|\n|\s\^|[•|]")
_CLAUSE = re.compile(r"[,;()]")
_BEFORE = 0.8  # a value mostly follows the word that it belongs to
_FREE = 2  # words between that do not count as distance
_APART = 15  # characters that a middle name or an initial may take between two words of a name
_DEFINES = re.compile(
    r"\b(?:is|was|are|were|became|as)\s+(?:(?:also|now|currently|once)\s+)?(?:the (?:title|name) of )?(?:an?|the|one of the)\s+"
)
_PHRASE_END = re.compile(
    r"[.;:()\n]|\s(?:who|which|that|in|at|of|for|by|from|with|on|to|based|located|released|recorded|directed|produced"
    r"|is|was|were|are|has|had|played|plays|playing|born|written|created)\b"
)
_LONGEST_PHRASE = 90


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a text and how surely it is the one asked for, 0 to 1."""

    value: Value
    weight: float


def closeness(text: str, start: int, end: int, relation: frozenset[str]) -> float:
    """How near the nearest of the `relation` stems stands to `text[start:end]`: 1 beside it, 0 where there is none."""
    return max((_near(text, start, end, w) for w in _among(text, relation)), default=0.0)


@lru_cache(maxsize=256)
def _among(text: str, relation: frozenset[str]) -> tuple[Word, ...]:
    return tuple(w for w in words(text) if w.stem in relation)


def _near(text: str, start: int, end: int, word: Word) -> float:
    behind = word.start >= end
    if not behind and word.end > start:
        return 0.0
    between = text[end : word.start] if behind else text[word.end : start]
    near = 1 / (1 + 0.1 * max(0, between.count(" ") - _FREE))
    near *= _BEFORE if behind else 1.0
    return float(near * 0.85 ** len(_CLAUSE.findall(between)) * 0.4 ** len(_SENTENCE.findall(between)))


def mentions(subject: Sequence[str], text: str, *, whole: bool = False) -> list[int]:
    """Where `text` names the subject; of a name of several words, where at least two of them stand together.

    `whole` asks for all of them, in order: a title.
    """
    if whole:
        return _in_order(tuple(subject), text)
    hits = _among(text, frozenset(subject))
    if len(set(subject)) == 1:
        return [w.start for w in hits]
    return [a.start for a, b in pairwise(hits) if a.stem != b.stem and b.start - a.end <= _APART]


def _in_order(subject: tuple[str, ...], text: str) -> list[int]:
    found = words(text)
    stems = [w.stem for w in found]
    starts = (i for i, stem in enumerate(stems) if stem == subject[0])
    return [found[i].start for i in starts if tuple(stems[i : i + len(subject)]) == subject]


def definitions(text: str) -> Iterator[tuple[int, int]]:
    """Where `text` says what something is: the noun phrases behind "is a"."""
    for match in _DEFINES.finditer(text):
        end = _PHRASE_END.search(text, match.end())
        yield match.end(), min(end.start() if end else len(text), match.end() + _LONGEST_PHRASE)


def within_sentence(text: str) -> bool:
    """True when no sentence ends in `text`, what stands in brackets aside."""
    return not _SENTENCE.search(re.sub(r"\([^()]*\)?", "", text))
