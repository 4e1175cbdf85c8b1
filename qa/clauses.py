"""A long question in its clauses, each of which may be answered by another passage.

"Does A's report claim that ..., while B's says that ...?" asks two things; searched as one, the passages for
either are outdone by those that touch a little of both.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from qa.words import words

Span = tuple[int, int]

_BOUNDARY = re.compile(
    r"[,;:?]\s+|\s[–—-]\s|\s+(?=(?:while|whereas|but|and|or|versus|compared (?:to|with))\s)", re.IGNORECASE
)
_FEWEST_TERMS = 4


def clauses(question: str, cuts: Collection[Span] = ()) -> list[Span]:
    """Offsets of the clauses, in order; together they are the whole question.

    A clause has at least four content words outside `cuts` ("Lavrov and Blinken" are not two); a question with fewer is
    one clause.
    """
    told = [w.start for w in words(question) if w.content and not any(a <= w.start < b for a, b in cuts)]

    def thin(span: Span) -> bool:
        return sum(span[0] <= start < span[1] for start in told) < _FEWEST_TERMS

    bounds = [0, *(m.end() for m in _BOUNDARY.finditer(question)), len(question)]
    found: list[Span] = []
    for start, end in pairwise(bounds):
        if found and thin((start, end)):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    if len(found) > 1 and thin(found[0]):
        found[:2] = [(0, found[1][1])]
    return found
