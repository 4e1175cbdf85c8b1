"""A suite to scores in one call."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, nullcontext
from os import PathLike
from pathlib import Path

from eval.cases import Suite, load_suite
from eval.opening import open_system
from eval.running import Plan, run
from eval.scoring import Scores, score
from eval.systems import Options, System

SUITES = Path(__file__).parent / "suites"


def find_suite(named: str | PathLike[str]) -> Suite:
    """The suite in a folder, or the one of that name that comes with Witness. Raises ValueError where there is none."""
    given = Path(named)
    for folder in (given, SUITES / given):
        if (folder / "suite.yaml").is_file():
            return load_suite(folder)
    shipped = ", ".join(sorted(p.name for p in SUITES.iterdir() if p.is_dir()))
    raise ValueError(f"no suite in {given}: a suite is a folder with suite.yaml; these come with Witness: {shipped}")


def run_suite(
    suite: Suite | str | PathLike[str],
    system: System | str = "witness",
    *,
    out: str | PathLike[str] | None = None,
    plan: Plan | None = None,
    options: Options | None = None,
) -> Scores:
    """Runs a suite (a folder, a name or a Suite) on a system (a row of SYSTEMS, `module:function` or an object with
    `respond`) and scores it. `out` keeps the run and lets it go on; without it nothing is kept."""
    suite = suite if isinstance(suite, Suite) else find_suite(suite)
    opened: AbstractContextManager[System] = (
        open_system(system, suite, options) if isinstance(system, str) else nullcontext(system)
    )
    with opened as answering, tempfile.TemporaryDirectory() as scratch:
        kept = Path(out) if out is not None else Path(scratch) / "run.jsonl"
        return score(suite, run(suite, answering, kept, plan))
