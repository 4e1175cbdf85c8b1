"""Gates in a test suite of your own: the fixture `assert_gates` comes with the package.

def test_answers_hold(assert_gates):
    assert_gates("suites/contracts")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eval.scoring import Scores


@pytest.fixture
def assert_gates() -> Callable[..., Scores]:
    """Runs a suite as `run_suite` does and fails the test unless every gate passes; returns the scores."""

    def asserted(suite: Any, system: Any = "witness", **arguments: Any) -> Scores:
        from eval.evaluating import run_suite

        scores = run_suite(suite, system, **arguments)
        if scores.status != "pass":
            pytest.fail(scores.text, pytrace=False)
        return scores

    return asserted
