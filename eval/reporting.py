"""A scored run as one HTML file without a single outside request, and its twins for CI: Markdown and JUnit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from eval.baselines import Constant, Oracle, Silent
from eval.cases import Suite
from eval.comparing import Comparison, Difference, compare
from eval.diagnosing import ABOUT, diagnose, tree
from eval.metrics import METRICS, hits, resolves
from eval.records import Record, Run
from eval.scoring import Row, Scores, Summary, score
from eval.systems import System, request_of

HEADLINE = (
    "right", "accuracy", "cited_right", "abstention", "over_refusal", "evidence_recall", "citations_resolve", "gold_quote",
    "both_sides", "speaker", "words", "seconds",
)  # fmt: skip
COMPARED = ("right", "accuracy", "abstention", "cited_right", "gold_quote", "token_f1")
_TONES = {"pass": "good", "fail": "bad", "inconclusive": "doubt"}
MOST_CASES = 500
_MIDDLE, _HALF_WIDTH, _LEAST_SCALE = 400.0, 200.0, 0.05


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as the report shows it: where it went wrong, its citations with a look, and what came before."""

    row: Row
    stage: str | None
    citations: Sequence[Mapping[str, Any]]
    before: str | None


@dataclass(frozen=True)
class Report:
    """A scored run, and what it is held against: a `baseline` run, compared as it is, and other systems `beside` it."""

    suite: Suite
    scores: Scores
    baseline: Scores | None = None
    beside: tuple[Scores, ...] = ()
    notes: tuple[str, ...] = ()

    def html(self) -> str:
        """The whole report. Everything from documents, answers and cases is escaped."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        templates = FileSystemLoader(Path(__file__).parent / "templates")
        pages = Environment(loader=templates, autoescape=True, undefined=StrictUndefined)
        pages.filters |= {"number": number, "anchor": _anchor}
        return pages.get_template("report.html").render(self._content())

    def _content(self) -> dict[str, Any]:
        compared = compare(self.baseline, self.scores, anyway=True) if self.baseline else None
        scale, forest = _forest(compared) if compared else (1.0, [])
        table = self._table()
        return {
            "header": self.scores.header, "scores": self.scores, "baseline": self.baseline, "notes": self.notes,
            "tone": _TONES, "about": {name: m.about for name, m in METRICS.items()}, "stages": ABOUT,
            "headline": self._summaries(HEADLINE), "all": self._summaries(METRICS), "compared": COMPARED,
            "beside": table, "own": len(table) - 2, "tree": tree(self.scores), "slices": list(self._slices()),
            "curve": self.scores.coverage_risk, "comparison": compared, "forest": forest, "scale": scale,
            "middle": _MIDDLE, "cases": self._cases(),
        }  # fmt: skip

    def _summaries(self, names: Sequence[str] | Mapping[str, Any]) -> list[Summary]:
        return [found for name in names if (found := self.scores.summary(name))]

    def _table(self) -> list[tuple[str, list[float | None]]]:
        """Floors first, then what was run beside, then the system, the ceiling last."""
        floors = [baseline_scores(self.suite, self.scores, s) for s in (Constant(), Silent())]
        ceiling = baseline_scores(self.suite, self.scores, Oracle(self.suite))
        return [(s.header.system, _figures(s)) for s in (*floors, *self.beside, self.scores, ceiling)]

    def _slices(self) -> Iterator[tuple[str, Summary]]:
        for tag in self.scores.tags:
            if found := self.scores.summary("right", tag):
                yield tag, found

    def _cases(self) -> list[CaseView]:
        """Wrong ones first, then flawed ones, then the others, so many of those that the page stays readable."""
        indexed = frozenset(self.scores.header.sources)
        before = {(r.case.id, r.record.repeat): r for r in self.baseline.rows} if self.baseline else {}
        views = [
            CaseView(r, diagnose(r, indexed), _citations(r), _before(before.get((r.case.id, r.record.repeat)), r))
            for r in self.scores.rows
        ]
        views.sort(key=lambda v: (v.row.value("right") == 1.0, v.stage is None))
        return views[: max(MOST_CASES, sum(v.stage is not None for v in views))]

    def markdown(self) -> str:
        """Headline, gates and error tree for a comment on a change."""
        header = self.scores.header
        lines = [f"## {header.suite} {header.version} · {header.system}: {self.scores.status}", ""]
        lines += ["| metric | figure | 95 % | n |", "|---|---|---|---|"]
        for s in self._summaries(HEADLINE):
            low, high = s.interval
            lines.append(f"| {s.metric} | {number(s.value)} | {number(low)} to {number(high)} | {s.cases} |")
        lines += ["", *(f"- {r.text}" for r in self.scores.results), ""]
        lines += [f"- {stage}: {len(rows)} ({ABOUT[stage]})" for stage, rows in tree(self.scores).items()]
        return "\n".join(lines) + "\n"

    def junit(self) -> str:
        """Gates and cases as tests; a case that is not right fails, with where it went wrong."""
        suites = ElementTree.Element("testsuites")
        results = self.scores.results
        gates = _testsuite(suites, "gates", len(results), sum(r.status == "fail" for r in results))
        for result in results:
            _testcase(gates, result.gate.name, result.text if result.status == "fail" else "")
        lost = {id(row): stage for stage, rows in tree(self.scores).items() for row in rows}
        wrong = [r for r in self.scores.rows if r.value("right") != 1.0]
        cases = _testsuite(suites, self.scores.header.suite, len(self.scores.rows), len(wrong))
        for row in self.scores.rows:
            _testcase(cases, row.case.id, lost.get(id(row), "") if row.value("right") != 1.0 else "")
        return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _testsuite(parent: ElementTree.Element, name: str, tests: int, failures: int) -> ElementTree.Element:
    return ElementTree.SubElement(parent, "testsuite", name=name, tests=str(tests), failures=str(failures))


def _testcase(parent: ElementTree.Element, name: str, failure: str) -> None:
    case = ElementTree.SubElement(parent, "testcase", name=name, classname=parent.get("name", ""))
    if failure:
        ElementTree.SubElement(case, "failure", message=failure)


def baseline_scores(suite: Suite, scores: Scores, system: System) -> Scores:
    """The scores of a system that answers at once, on the cases of a run."""
    split = scores.header.split
    part = suite.part(split)  # type: ignore[arg-type]
    records = tuple(Record(id=c.id, response=system.respond(request_of(c))) for c in part.cases)
    header = scores.header.model_copy(
        update={"system": system.name, "repeats": 1, "suite_digest": part.digest, "corpus_digest": suite.corpus_digest}
    )
    return score(suite, Run(header=header, records=records))


def _figures(scores: Scores) -> list[float | None]:
    return [found.value if (found := scores.summary(name)) else None for name in COMPARED]


def number(value: float | None) -> str:
    """For people: three digits that matter, nothing for None."""
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _anchor(row: Row) -> str:
    return f"{row.case.id}-{row.record.repeat}"


_LOOKS = {
    "hit": "leads to the evidence",
    "other": "stands there, but is not the evidence",
    "broken": "does not stand there",
}


def _citations(row: Row) -> list[Mapping[str, Any]]:
    o = row.observed
    if o.record.response is None:
        return []
    found: list[Mapping[str, Any]] = []
    for c in o.response.citations:
        look = "broken" if not resolves(c, o.documents) else "hit" if hits(o, c) else "other"
        found.append({"look": look, "told": _LOOKS[look], "text": c.text, "source": c.source, "start": c.start, "end": c.end})  # fmt: skip
    return found


def _before(earlier: Row | None, row: Row) -> str | None:
    """The earlier answer, where it was another one."""
    if earlier is None or earlier.record.response is None:
        return None
    if row.record.response is not None and earlier.record.response.text == row.record.response.text:
        return None
    return earlier.record.response.text


def _forest(comparison: Comparison) -> tuple[float, list[dict[str, Any]]]:
    """Differences of metrics between 0 and 1 as places on an axis on which better is always to the right."""
    shown = [d for d in comparison.differences if d.metric not in ("words", "seconds", "tokens")]
    scale = max([_LEAST_SCALE, *(abs(bound) for d in shown for bound in d.interval)])
    return scale, [_placed(d, scale) for d in shown]


def _placed(d: Difference, scale: float) -> dict[str, Any]:
    sign = -1 if METRICS[d.metric].lower_is_better else 1
    at, *ends = (_MIDDLE + _HALF_WIDTH * sign * v / scale for v in (d.change, *d.interval))
    return {"name": d.name, "at": at, "low": min(ends), "high": max(ends), "told": f"{d.change:+.3f}, p {d.p:.2f}"}
