"""The few words of a sentence that carry a value: a window around it, cut where a clause begins or ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from qa.types import Passage, Sentence
from qa.words import words

_WORD = re.compile(r"\S+")
_CLAUSE_ENDS = frozenset(".;,:!?)")
_CLAUSE = 0.5  # what a window gains by beginning where a clause does
_LEAD = 0.02  # what it loses with each word before the value


@dataclass(frozen=True, slots=True)
class Clip:
    """Offsets of a clip in its document's text, and whether words of the sentence are left out on either side."""

    start: int
    end: int
    cut_before: bool = False
    cut_behind: bool = False


def clip(passage: Passage, start: int, end: int, wanted: Collection[str], most: int | None = None) -> Clip:
    """The sentence that holds `passage.text[start:end]`; at most `most` words of it, those with the most `wanted` stems."""
    first, last = _sentence(passage, start, end)
    found = [(m.start(), m.end()) for m in _WORD.finditer(passage.text, first, last)]
    opens = next(i for i, (_, b) in enumerate(found) if b > start)
    closes = max(i for i, (a, _) in enumerate(found) if a < end)
    return _cut(passage, found, wanted, most, (opens, closes))


def clip_sentence(passage: Passage, sentence: Sentence, wanted: Collection[str], most: int) -> Clip:
    """At most `most` words of a sentence of the passage, those with the most `wanted` stems."""
    first, last = (i - passage.start_char_index for i in (sentence.start_char_index, sentence.end_char_index))
    found = [(m.start(), m.end()) for m in _WORD.finditer(passage.text, first, last)]
    return _cut(passage, found, wanted, most, None)


def _cut(
    passage: Passage,
    found: Sequence[tuple[int, int]],
    wanted: Collection[str],
    most: int | None,
    value: tuple[int, int] | None,
) -> Clip:
    """The words `found` of a sentence, cut to a window that holds the words `value`, if any, where they are too many."""
    text, offset = passage.text, passage.start_char_index
    left, right = 0, len(found) - 1
    if most is not None and len(found) > most:
        hits = [any(w.stem in wanted for w in words(text[a:b])) for a, b in found]
        anchor = value or max(((i, i) for i in range(len(found))), key=lambda a: sum(hits[a[0] : a[0] + most]))
        left, right = _window(text, found, hits, anchor, most)
    return Clip(found[left][0] + offset, found[right][1] + offset, left > 0, right < len(found) - 1)


def _sentence(passage: Passage, start: int, end: int) -> tuple[int, int]:
    """Offsets into the passage's text of the sentence around a value, stretched where the value runs over its end."""
    for sentence in passage.sentences:
        first = sentence.start_char_index - passage.start_char_index
        last = sentence.end_char_index - passage.start_char_index
        if first <= start < last:
            return first, max(last, end)
    return start, end


def _window(
    text: str, found: Sequence[tuple[int, int]], hits: Sequence[bool], value: tuple[int, int], most: int
) -> tuple[int, int]:
    """First and last word of the best window around the value; words behind it that tell nothing are dropped."""
    opens, closes = value
    size = max(most, closes - opens + 1)

    def worth(left: int) -> float:
        begins = left == 0 or text[found[left - 1][1] - 1] in _CLAUSE_ENDS
        return sum(hits[left : left + size]) + _CLAUSE * begins - _LEAD * (opens - left)

    left = max(range(max(0, closes - size + 1), opens + 1), key=worth)
    right = min(len(found), left + size) - 1
    while right > closes and not any(hits[closes + 1 : right + 1]) and text[found[right][1] - 1] not in _CLAUSE_ENDS:
        right -= 1
    return left, right


def shares(lengths: Sequence[int], total: int) -> list[int]:
    """How many words each of several texts may take so that all fit in `total`: what short ones leave, long ones get."""
    left, count = total, len(lengths)
    given = [0] * count
    for i in sorted(range(count), key=lambda i: lengths[i]):
        given[i] = min(lengths[i], left // count)
        left, count = left - given[i], count - 1
    return given
