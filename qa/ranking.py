"""Candidates in order: each scored for every clause of the question, then chosen one by one. Numbers only.

A clause that has a passage asks a little less for the next, and so does a lane, so that a comparison of two
reports gets passages for both (after Carbonell and Goldstein 1998, "The use of MMR", with clauses in place of
similarity). The weights were measured on MultiHop-RAG (docs/measurements.md); with one clause and no lane they come
down to BM25 and the best sentence's cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEXICAL = 0.7  # share of the clause's best BM25 score
SENTENCE = 5.3  # cosine of the best sentence with the clause
QUESTION = 2.0  # mean of those cosines over all clauses
LANE = 0.7
OWN_LANE = 0.27  # for the clause that names the lane
DATED = 0.55
BRIDGE = 0.1
SECOND_CLAUSE = 0.2  # what the next best clause adds, as a share of its score
CLAUSE_SERVED = 0.13
LANE_SERVED = 0.07
_LEVEL = 10  # a clause's cosines are counted from the mean of its ten best


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of n candidates and c clauses.

    `lexical` (c, n) is BM25, `meaning` (c, n) the cosine of a candidate's best sentence with each clause; `lanes` (l, n),
    `own_lane` (c, n) and `dated` (n,) say whether it belongs to a lane, to a lane that the clause names, to a day.
    """

    lexical: NDArray[np.float64]
    meaning: NDArray[np.float64]
    lanes: NDArray[np.bool_]
    own_lane: NDArray[np.float64]
    dated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """What is added up for n candidates: `clauses` (c, n), of which the best count, and `shared` (n,)."""

    clauses: NDArray[np.float64]
    shared: NDArray[np.float64]
    lanes: NDArray[np.bool_]

    def only(self, columns: Sequence[int]) -> Scores:
        """The scores of some candidates, in the order given."""
        return Scores(self.clauses[:, columns], self.shared[columns], self.lanes[:, columns])


def scores(found: Features) -> Scores:
    """Weighs the features."""
    import numpy as np

    level = np.sort(found.meaning, axis=1)[:, -_LEVEL:].mean(axis=1, keepdims=True)
    top = found.lexical.max(axis=1, keepdims=True)
    clauses = LEXICAL * found.lexical / np.where(top > 0, top, 1.0) + SENTENCE * (found.meaning - level)
    in_lane = found.lanes.any(axis=0)
    shared = (
        QUESTION * found.meaning.mean(axis=0)
        + LANE * in_lane
        + DATED * (found.dated & (in_lane | (len(found.lanes) == 0)))
    )
    return Scores(clauses + OWN_LANE * found.own_lane, shared, found.lanes)


def raised(found: Scores, bridged: Sequence[bool]) -> Scores:
    """`found` with the candidates that `bridged` marks a little higher."""
    import numpy as np

    return replace(found, shared=found.shared + BRIDGE * np.asarray(bridged))


def ranked(found: Scores, k: int, *, spread: bool) -> list[tuple[int, float]]:
    """Up to `k` candidates, best first, as (column, score when chosen); scores never rise.

    With `spread`, what a chosen passage serves, a clause or a lane, asks less for the next.
    """
    import numpy as np

    if not spread:
        total = found.shared + _best(found.clauses)
        return [(int(i), float(total[i])) for i in np.argsort(-total, kind="stable")[:k]]
    clauses, shared = found.clauses.copy(), found.shared.copy()
    chosen: list[tuple[int, float]] = []
    left = np.ones(len(shared), dtype=bool)
    for _ in range(min(k, len(shared))):
        total = np.where(left, shared + _best(clauses), -np.inf)
        i = int(np.argmax(total))
        chosen.append((i, float(total[i])))
        left[i] = False
        clauses[np.argmax(clauses[:, i])] -= CLAUSE_SERVED
        shared -= LANE_SERVED * found.lanes[found.lanes[:, i]].sum(axis=0)
    return chosen


def _best(clauses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best clause's score of each candidate and a share of the next best's; a single clause counts for both."""
    import numpy as np

    ordered = np.sort(clauses, axis=0)
    best: NDArray[np.float64] = ordered[-1] + SECOND_CLAUSE * ordered[max(-2, -len(ordered))]
    return best
