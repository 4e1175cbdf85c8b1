"""`python -m eval.bench`: every public set with one and the same settings, beside what was and what is to be reached.

A set whose data is absent is skipped. Intervals are 95 %, by bootstrap over sets of evidence. The run is kept as JSON;
`--against FILE` compares it with an earlier one, `--ablate` switches each stage of finding and quoting off in turn.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from eval.bench import runs
from eval.bench.references import NONE, REFERENCES
from eval.bench.runs import Figures, Run
from eval.bench.sets import SETS
from eval.intervals import Change, Figure, change
from eval.public import shared
from qa import Settings
from qa.settings import STAGES

OUT = Path("bench")
ABLATION_SAMPLE = 150


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs, prints and keeps. Exit code 0 also where data is absent; 2 for an unusable --against."""
    options = _parser().parse_args(arguments)
    earlier = runs.read(options.against) if options.against else None
    try:
        folder = shared()
    except FileNotFoundError as absent:
        print(f"skipped: {absent}")
        return 0
    made = datetime.now(UTC).isoformat(timespec="seconds")
    sample = options.sample or (ABLATION_SAMPLE if options.ablate else None)
    sets = run_sets(folder, options.sets, Settings(), sample)
    without = {}
    for stage in STAGES if options.ablate else ():
        print(f"without {stage}")
        without[stage] = run_sets(folder, options.sets, Settings().model_copy(update={stage: False}), sample)
    settings = Settings().model_dump(mode="json", exclude={"cache", "threads"})
    _report(Run(made, sample, settings, sets, without), earlier, options.out or OUT / f"{made.replace(':', '')}.json")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="which sets (default: all)")
    parser.add_argument("--sample", type=int, metavar="N", help="N queries of each set, drawn evenly (default: all)")
    parser.add_argument("--ablate", action="store_true", help=f"each stage off in turn, on {ABLATION_SAMPLE} queries")
    parser.add_argument("--against", type=Path, metavar="FILE", help="an earlier run to compare with")
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"where to keep the run (default: a file in {OUT}/)")
    return parser


def run_sets(folder: Path, names: Sequence[str], settings: Settings, sample: int | None) -> dict[str, list[Figure]]:
    """The figures of every set of `names` that is in `folder`; says which is not."""
    found = {}
    for name in names:
        if SETS[name].present(folder):
            found[name] = SETS[name].run(folder, settings, sample)
        else:
            print(f"skipped: {name} is not in {folder}")
    return found


def _report(run: Run, earlier: Run | None, out: Path) -> None:
    print(table(run.sets))
    if earlier:
        print(f"\nagainst the run of {earlier.made}", compared(earlier.sets, run.sets), sep="\n")
    if run.without:
        print("\neach stage off in turn; * where the 95 % interval leaves out 0", ablation(run), sep="\n")
    runs.write(run, out)
    print(f"\nkept in {out}")


def table(sets: Figures) -> str:
    """Every figure with its interval beside what was before, what is published and what is to be reached."""
    rows = []
    for name, figures in sets.items():
        rows += ["", _row(name, "now", "95 %", "queries", "before", "published", "to reach", "")]
        for figure in figures:
            known, value = REFERENCES.get((name, figure.name), NONE), figure.value
            bounds = " to ".join(map(_number, figure.interval))
            cells = (
                _number(value),
                bounds,
                str(len(figure.observations)),
                *map(_known, (known.before, known.published)),
            )
            reach = ("≤ " if known.at_most else "") + _known(known.reach)
            rows.append(_row(f"  {figure.name}", *cells, reach, _MET[known.met(value)]))
    return "\n".join(rows)


_MET: Mapping[bool | None, str] = {True: "met", False: "missed", None: ""}


def changes(before: Sequence[Figure], after: Sequence[Figure]) -> list[Change]:
    """The change of every figure that both have."""
    known = {f.name: f for f in before}
    return [change(known[f.name], f) for f in after if f.name in known]


def compared(before: Figures, after: Figures) -> str:
    """Every figure then and now, over the queries both runs have, with the paired interval of the difference."""
    rows = []
    for name in [name for name in after if name in before]:
        rows += ["", _row(name, "then", "now", "change", "95 %", "queries", "", "")]
        for c in changes(before[name], after[name]):
            bounds = " to ".join(map(_number, c.interval))
            cells = (_number(c.before), _number(c.after), _signed(c.difference), bounds, str(c.queries))
            rows.append(_row(f"  {c.name}", *cells, "*" if c.clear else "", ""))
    return "\n".join(rows)


def ablation(run: Run) -> str:
    """What every figure loses or gains with each stage off: a row per figure, a column per stage."""
    rows = []
    for name, figures in run.sets.items():
        rows += ["", _row(name, "all", *run.without)]
        off = [{c.name: c for c in changes(figures, sets[name])} for sets in run.without.values()]
        for figure in figures:
            cells = [_signed(c.difference) + "*" * c.clear if (c := o.get(figure.name)) else "" for o in off]
            rows.append(_row(f"  {figure.name}", _number(figure.value), *cells))
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 5 else f"{value:.3f}"


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "") + _number(value)


def _known(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 5 else f"{value:.0f}"


def _row(name: str, *cells: str) -> str:
    return f"{name:<46}" + "".join(f"{cell:>15}" for cell in cells).rstrip()


if __name__ == "__main__":
    sys.exit(main())
