"""Order among candidates: numbers only."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qa.ranking import Features, raised, ranked, scores


def features(lexical: list, meaning: list, lanes: list | None = None, dated: list | None = None) -> Features:
    columns = len(lexical[0])
    return Features(
        lexical=np.array(lexical, dtype=float),
        meaning=np.array(meaning, dtype=float),
        lanes=np.array(lanes or [], dtype=bool).reshape(-1, columns),
        own_lane=np.zeros((len(lexical), columns)),
        dated=np.array(dated or [False] * columns),
    )


def order(found: Features, *, spread: bool = True) -> list[int]:
    return [i for i, _ in ranked(scores(found), found.lexical.shape[1], spread=spread)]


def test_words_and_meaning_both_count():
    assert order(features([[9, 1, 0]], [[0.7, 0.7, 0.7]])) == [0, 1, 2]
    assert order(features([[1, 1, 1]], [[0.7, 0.9, 0.8]])) == [1, 2, 0]


def test_the_second_clause_gets_its_passage_before_the_first_gets_another_like_its_best():
    found = features([[9, 9, 0], [0, 0, 9]], [[0.9, 0.895, 0.85], [0.85, 0.85, 0.87]])
    assert order(found, spread=False) == [0, 1, 2]
    assert order(found) == [0, 2, 1]


def test_each_lane_gets_its_turn():
    lanes = [[1, 1, 0], [0, 0, 1]]
    found = features([[9, 9, 9]], [[0.9, 0.895, 0.89]], lanes)
    assert order(found, spread=False) == [0, 1, 2]
    assert order(found) == [0, 2, 1]


def test_a_source_that_is_not_asked_for_needs_to_be_far_better():
    assert order(features([[9, 6]], [[0.8, 0.8]], [[0, 1]])) == [1, 0]


def test_a_day_counts_only_in_the_sources_asked_for():
    assert order(features([[9, 8]], [[0.8, 0.8]], dated=[0, 1])) == [1, 0]
    assert order(features([[9, 8, 1]], [[0.8, 0.8, 0.8]], [[0, 0, 1]], dated=[0, 1, 0])) == [0, 2, 1]


def test_what_is_raised_comes_first_among_equals():
    found = scores(features([[1, 1, 1]], [[0.8, 0.8, 0.8]]))
    assert ranked(raised(found, [False, False, True]), 1, spread=True)[0][0] == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 3), st.booleans(), st.data())
def test_every_candidate_comes_once_and_scores_never_rise(clauses, columns, lanes, spread, data):
    numbers = arrays(float, (clauses, columns), elements=st.floats(0, 1, width=16))
    member = arrays(bool, (lanes, columns))
    found = Features(
        data.draw(numbers), data.draw(numbers), data.draw(member), data.draw(numbers), data.draw(arrays(bool, columns))
    )
    chosen = ranked(scores(found), columns, spread=spread)
    assert sorted(i for i, _ in chosen) == list(range(columns))
    assert all(a[1] >= b[1] - 1e-9 for a, b in pairwise(chosen))
