"""A long question in its clauses, each of which may be answered by another passage.

"Does A's report claim that ..., while B's says that ...?" asks two things; searched as one, the passages for
either are outdone by those that touch a little of both.
"""

from __future__ import annotations

import re
from itertools import pairwise

from qa.words import words

Span = tuple[int, int]

_BOUNDARY = re.compile(
    r"[,;:?]\s+|\s[–—-]\s|\s+(?=(?:while|whereas|but|and|or|versus|compared (?:to|with))\s)", re.IGNORECASE
)
_FEWEST_TERMS = 4


def clauses(question: str) -> list[Span]:
    """Offsets of the clauses, in order; together they are the whole question, spaces and punctuation between aside.

    A clause has at least four content words ("Lavrov and Blinken" are not two), a question with fewer is one clause.
    """
    cuts = [0, *(m.end() for m in _BOUNDARY.finditer(question)), len(question)]
    found: list[Span] = []
    for start, end in pairwise(cuts):
        if found and _thin(question, (start, end)):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    if len(found) > 1 and _thin(question, found[0]):
        found[:2] = [(0, found[1][1])]
    return found


def _thin(question: str, span: Span) -> bool:
    return sum(w.content for w in words(question[slice(*span)])) < _FEWEST_TERMS
