"""The evaluation harness: does it answer rightly, cite exactly, show disagreement, and abstain when it must?

from eval import run_suite

scores = run_suite("my_suite")
assert scores.status == "pass", scores.text
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eval.cases import Case, Suite, load_suite
    from eval.comparing import compare
    from eval.evaluating import run_suite
    from eval.opening import open_system
    from eval.records import Response
    from eval.running import Plan, run
    from eval.scoring import Scores, score
    from eval.systems import Request, System

_WHERE = {
    "Case": "cases",
    "Plan": "running",
    "Request": "systems",
    "Response": "records",
    "Scores": "scoring",
    "Suite": "cases",
    "System": "systems",
    "compare": "comparing",
    "load_suite": "cases",
    "open_system": "opening",
    "run": "running",
    "run_suite": "evaluating",
    "score": "scoring",
}
__all__ = [
    "Case", "Plan", "Request", "Response", "Scores", "Suite", "System", "compare", "load_suite", "open_system", "run",
    "run_suite", "score",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Loads a room when it is first asked for, so that importing the package costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module 'eval' has no attribute {name!r}")
    return getattr(import_module(f"eval.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
