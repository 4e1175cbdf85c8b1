"""`python -m eval COMMAND`: measure a system that answers from documents, and know whether a change made it better.

Exit codes: 0 pass, 1 fail, 2 inconclusive or wrong use, 3 stopped by the spend limit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from eval import comparing, scoring
from eval.adapting import ADAPTERS, adapt, official_constant
from eval.cases import Case, Suite
from eval.comparing import compare, refuse_unlike
from eval.diagnosing import ABOUT, tree
from eval.estimating import estimate
from eval.evaluating import SUITES, find_suite
from eval.judging import LEAST_KAPPA, Judge, calibrate, judged, perturbed_claims
from eval.linting import lint
from eval.opening import SYSTEMS, open_system
from eval.perturbing import PERTURBATIONS, perturb
from eval.records import Run, read_run
from eval.reporting import Report
from eval.running import Plan, SpentError, run
from eval.scoring import EXIT, Scores, score
from eval.systems import Options
from qa import Settings, WitnessError
from qa.chatmodels import make_chat_model

RUNS = Path("runs")
SPENT = 3
Arguments = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run_command(options))
    except SpentError as stopped:
        print(stopped)
        return SPENT
    except (ValueError, FileNotFoundError, WitnessError) as error:
        print(error, file=sys.stderr)
        return EXIT["inconclusive"]


def _lint(options: Arguments) -> int:
    if options.schema:
        print(json.dumps(Case.model_json_schema(), indent=2))
        return 0
    given = Path(options.suite)
    problems = lint(given if given.is_dir() else SUITES / given)
    print(*map(str, problems), *["sound"] * (not problems), sep="\n")
    return EXIT["fail" if problems else "pass"]


def _estimate(options: Arguments) -> int:
    suite = find_suite(options.suite).part(options.split)
    print(estimate(suite, options.repeats, read_run(options.run) if options.run else None).text)
    return 0


def _run(options: Arguments) -> int:
    suite = find_suite(options.suite)
    settings = Settings()
    out = options.out or RUNS / f"{suite.name}-{options.system.replace(':', '-')}.jsonl"
    if options.fresh and out.exists():
        read_run(out)  # refuses to throw away what is no run
        out.unlink()
    cache = settings.cache / "eval" / "answers" if options.cache else None
    plan = Plan(options.history, options.repeats, options.workers, options.tokens, cache, options.split)
    with open_system(options.system, suite, Options(options.llm, settings)) as system:
        kept = run(suite, system, out, plan, progress=True)
    scores = score(suite, kept)
    _print(scores, suite)
    print(f"kept in {out}")
    return EXIT[scores.status]


def _print(scores: Scores, suite: Suite) -> None:
    print(scoring.table(scores))
    if suite.name.startswith("multihop_rag"):
        print(f"  a constant string has {official_constant(suite):.2f} by this set's own scorer: any word in common")
    if lost := tree(scores):
        rows = (f"  {len(rows):>4}  {stage}: {ABOUT[stage]}" for stage, rows in lost.items())
        print("\nwhere it goes wrong", *rows, sep="\n")
    if scores.tokens_per_success:
        print(f"\ntokens for every answer that is right and fully cited: {scores.tokens_per_success:.0f}")
    print("\ngates", *(f"  {r.text}" for r in scores.results), sep="\n")


def _scored(path: Path, options: Arguments) -> tuple[Suite, Run, Scores, tuple[str, ...]]:
    """A kept run, scored, with a judge's word where one is named and believed; and what is to be said of that."""
    kept = read_run(path)
    suite = find_suite(options.suite or kept.header.folder)
    notes: tuple[str, ...] = ()
    said = None
    if options.judge:
        judge = _judge(options.judge)
        calibration = calibrate(judge, perturbed_claims(suite))
        notes = (f"Judge {judge.model.name}: kappa {calibration.kappa:.2f} over {calibration.scored} pairs.",)
        if calibration.believed:
            said = judged(judge, kept)
        else:
            notes += (f"Its word is left out: a headline needs a kappa of {LEAST_KAPPA}.",)
    return suite, kept, score(suite, kept, judged=said, anyway=options.anyway), notes


def _judge(llm: str) -> Judge:
    settings = Settings()
    return Judge(make_chat_model(llm, settings), settings.cache / "eval" / "verdicts")


def _score(options: Arguments) -> int:
    suite, _, scores, notes = _scored(options.run, options)
    if options.tags:
        print(scoring.table(scores, scores.tags), end="\n\n")
    _print(scores, suite)
    print(*notes, sep="\n", end="\n" if notes else "")
    return EXIT[scores.status]


def _compare(options: Arguments) -> int:
    (*_, before, _), (*_, after, notes) = (_scored(path, options) for path in (options.before, options.after))
    found = compare(before, after, margin=options.margin, anyway=options.anyway)
    print(comparing.table(found), *notes, found.status, sep="\n")
    return EXIT[found.status]


def _report(options: Arguments) -> int:
    suite, _, scores, notes = _scored(options.run, options)
    baseline = _scored(options.against, options)[2] if options.against else None
    if baseline and not options.anyway:
        refuse_unlike(baseline, scores)
    beside = tuple(_scored(path, options)[2] for path in options.beside)
    report = Report(suite, scores, baseline, beside, notes)
    out = options.out or options.run.with_suffix(".html")
    written = {".html": report.html, ".md": report.markdown, ".xml": report.junit}
    for suffix, text in written.items():
        out.with_suffix(suffix).write_text(text(), "utf-8")
    print(*(out.with_suffix(suffix) for suffix in written), sep="\n")
    return EXIT[scores.status]


def _calibrate(options: Arguments) -> int:
    judge = _judge(options.llm)
    found = calibrate(judge, perturbed_claims(find_suite(options.suite), options.pairs))
    print(found.text)
    return EXIT["pass" if found.believed else "fail"]


def _perturb(options: Arguments) -> int:
    made = perturb(find_suite(options.suite), options.kind, options.out, options.amount)
    print(f"{len(made.cases)} cases in {options.out}")
    return 0


def _adapt(options: Arguments) -> int:
    data = options.data
    if data is None:
        from eval.public import shared

        data = shared() / options.name
    made = adapt(options.name, data, options.out)
    print(f"{len(made.cases)} cases in {options.out}")
    return 0


Fill = Callable[[argparse.ArgumentParser], object]


def _suite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", nargs="?", default="geneva", help="folder or name of the suite (default: geneva)")


def _split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--split", choices=("dev", "test"), help="only the cases of one split")
    parser.add_argument("--repeats", type=int, default=1, help="how often every case is asked (default: 1)")


def _of_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--suite", help="the suite's folder, where it is no longer where the run found it")
    parser.add_argument("--judge", default="", metavar="LLM", help="a model that judges support, as in QA_LLM")
    parser.add_argument("--anyway", action="store_true", help="also when suite or documents have changed")


def _for_lint(parser: argparse.ArgumentParser) -> None:
    _suite(parser)
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of a case, for editors")


def _for_estimate(parser: argparse.ArgumentParser) -> None:
    _suite(parser)
    _split(parser)
    parser.add_argument("--run", type=Path, help="an earlier run, for tokens and seconds")


def _for_run(parser: argparse.ArgumentParser) -> None:
    _suite(parser)
    _split(parser)
    parser.add_argument("--system", default="witness", help=f"{', '.join(SYSTEMS)} or module:function")
    parser.add_argument("--llm", default="", help="who writes answers, as in QA_LLM (default: quotes)")
    parser.add_argument("--history", choices=("own", "gold"), default="own", help="replies to earlier turns")
    parser.add_argument("--workers", type=int, default=1, help="cases asked at once (default: 1)")
    parser.add_argument("--tokens", type=int, help="stop when so many are spent; run again with more to go on")
    parser.add_argument("--out", type=Path, help=f"file of the run (default: {RUNS}/SUITE-SYSTEM.jsonl)")
    parser.add_argument("--fresh", action="store_true", help="begin anew, whatever the file holds")
    parser.add_argument("--no-cache", dest="cache", action="store_false", help="ask again what was asked before")


def _for_score(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path)
    parser.add_argument("--tags", action="store_true", help="every tag by itself too")
    _of_run(parser)


def _for_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    margin = f"the smallest loss that counts (default: {comparing.MARGIN})"
    parser.add_argument("--margin", type=float, default=comparing.MARGIN, help=margin)
    _of_run(parser)


def _for_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path)
    parser.add_argument("--against", type=Path, help="an earlier run, for differences")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="runs of other systems")
    parser.add_argument("--out", type=Path, help="the HTML file; .md and .xml stand beside it")
    _of_run(parser)


def _for_calibrate(parser: argparse.ArgumentParser) -> None:
    _suite(parser)
    parser.add_argument("--llm", required=True, help="the judge, as in QA_LLM")
    parser.add_argument("--pairs", type=int, default=200, help="most pairs (default: 200)")


def _for_perturb(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", help="folder or name of the suite")
    parser.add_argument("kind", choices=PERTURBATIONS)
    parser.add_argument("out", type=Path, help="folder of the new suite")
    parser.add_argument("--amount", type=float, default=0.5, help="share of noise, up to 0.8 (default: 0.5)")


def _for_adapt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=ADAPTERS)
    parser.add_argument("out", type=Path, help="folder of the suite")
    parser.add_argument("--data", type=Path, help="folder of the download (default: below QA_SHARED)")


COMMANDS: Mapping[str, tuple[str, Fill, Callable[[Arguments], int]]] = {
    "lint": ("is a suite sound?", _for_lint, _lint),
    "estimate": ("what will a run cost, and what can it show?", _for_estimate, _estimate),
    "run": ("ask every case, keep every answer, score; goes on where it stopped", _for_run, _run),
    "score": ("a kept run to figures and gates", _for_score, _score),
    "compare": ("two runs case by case: better, worse or not to be told", _for_compare, _compare),
    "report": ("a kept run as HTML, Markdown and JUnit", _for_report, _report),
    "calibrate": ("how far is a judge to be believed?", _for_calibrate, _calibrate),
    "perturb": ("a suite under worse conditions", _for_perturb, _perturb),
    "adapt": ("a public set as a suite", _for_adapt, _adapt),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (about, fill, command) in COMMANDS.items():
        sub = commands.add_parser(name, help=about, description=about)
        fill(sub)
        sub.set_defaults(run_command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
