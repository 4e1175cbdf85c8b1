"""`python -m eval [SUITE]`: runs a suite and prints accuracy, abstention and broken citations per kind.

Exit codes: 0 every gate of the suite is met, 1 one is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from eval.cases import Suite, load_suite
from eval.metrics import Figures, Outcome, figures
from eval.runner import run
from qa import Corpus

GENEVA = Path(__file__).parent / "suites" / "geneva"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one suite and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", nargs="?", type=Path, default=GENEVA, help="folder of the suite (default: geneva)")
    parser.add_argument("--failures", action="store_true", help="print every case that is wrong, with its answer")
    parser.add_argument("--llm", help="who writes the answers, as in QA_LLM (default: quotes)")
    options = parser.parse_args(arguments)
    suite = load_suite(options.suite)
    with tempfile.TemporaryDirectory() as store, Corpus(suite.documents, store=store, answerer=options.llm) as corpus:
        corpus.sync()
        outcomes = list(run(suite, corpus))
    print(table(suite, outcomes))
    if spent := sum(o.answer.usage.tokens for o in outcomes):
        print(
            f"tokens an answer {spent / len(outcomes):.0f}, seconds {sum(o.seconds for o in outcomes) / len(outcomes):.1f}"
        )
    if options.failures:
        print(*(_failure(o) for o in outcomes if not o.right or o.broken_citations), sep="\n")
    missed = missed_gates(suite, outcomes)
    print(*missed or ["every gate met"], sep="\n")
    return 1 if missed else 0


def table(suite: Suite, outcomes: Sequence[Outcome]) -> str:
    """Per kind and in total: right of cases, broken citations, median words and milliseconds."""
    rows = [f"{suite.name} {suite.version}: {len(outcomes)} cases", _row("kind", "right", "", "broken", "words", "ms")]
    kinds = dict.fromkeys(o.case.kind for o in outcomes)
    rows += [_figures_row(kind, figures(o for o in outcomes if o.case.kind == kind)) for kind in kinds]
    rows.append(_figures_row("answerable (accuracy)", figures(o for o in outcomes if o.case.answerable)))
    rows.append(_figures_row("not (abstention)", figures(o for o in outcomes if not o.case.answerable)))
    return "\n".join(rows)


def _figures_row(name: str, f: Figures) -> str:
    right = f"{f.right}/{f.cases}"
    return _row(
        name, right, f"{f.rate:.0%}", str(f.broken_citations), f"{f.median_words:.0f}", f"{f.median_milliseconds:.0f}"
    )


def _row(name: str, *cells: str) -> str:
    return f"{name:<24}" + "".join(f"{c:>8}" for c in cells)


def missed_gates(suite: Suite, outcomes: Sequence[Outcome]) -> list[str]:
    """The suite's gates that the outcomes miss, each as a sentence."""
    answerable = figures(o for o in outcomes if o.case.answerable)
    measured = {
        "accuracy": answerable.rate,
        "abstention": figures(o for o in outcomes if not o.case.answerable).rate,
        "broken_citations": float(figures(outcomes).broken_citations),
        "median_words": answerable.median_words,
    }
    at_most = {"broken_citations", "median_words"}
    return [
        f"missed: {name} is {measured[name]:.3g}, to be {'at most' if name in at_most else 'at least'} {gate:.3g}"
        for name, gate in suite.gates.items()
        if (measured[name] > gate if name in at_most else measured[name] < gate)
    ]


def _failure(outcome: Outcome) -> str:
    turns = " / ".join(outcome.case.turns)
    wanted = outcome.case.answers if outcome.case.answerable else "an abstention"
    understood = outcome.answer.standalone_question
    return f"\n{outcome.case.id} {outcome.case.kind}: {turns}\n  understood: {understood}\n  wanted: {wanted}\n  {outcome.answer.text}"


if __name__ == "__main__":
    sys.exit(main())
