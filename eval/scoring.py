"""A run and its suite to figures: pure, offline, the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from eval.cases import Case, Gate, Split, Suite
from eval.documents import Documents
from eval.intervals import Figure, Interval, Observation
from eval.metrics import METRICS, Observed, Value, measured
from eval.records import Header, Record, Run
from eval.significance import wilson

MOST_ERRORS = 0.02
Status = Literal["pass", "fail", "inconclusive"]
EXIT: Mapping[Status, int] = {"pass": 0, "fail": 1, "inconclusive": 2}


@dataclass(frozen=True)
class Row:
    """One case asked once, and what every metric says of it."""

    observed: Observed
    values: Mapping[str, Value]

    @property
    def case(self) -> Case:
        """The case."""
        return self.observed.case

    @property
    def record(self) -> Record:
        """What came."""
        return self.observed.record

    @property
    def error(self) -> str:
        """Why this row counts as an error; empty when it does not."""
        return self.record.error or next((v.note for v in self.values.values() if v.status == "error"), "")

    def ok(self, metric: str) -> bool:
        """True when the metric applies and gave a number."""
        return self.values[metric].status == "ok"

    def value(self, metric: str) -> float | None:
        """The metric's number, None where there is none."""
        return self.values[metric].value if self.ok(metric) else None


@dataclass(frozen=True, slots=True)
class Summary:
    """A metric over some cases: its mean, 95 % interval, over how many cases, and how many could not be scored."""

    metric: str
    value: float
    interval: Interval
    cases: int
    errors: int


@dataclass(frozen=True, slots=True)
class GateResult:
    """What became of a gate. `value` is None where no case decides it."""

    gate: Gate
    value: float | None
    cases: int
    status: Status

    @property
    def text(self) -> str:
        """One line for people."""
        bound = (
            f"at least {self.gate.at_least:g}" if self.gate.at_least is not None else f"at most {self.gate.at_most:g}"
        )
        given = "not measured" if self.value is None else f"{self.value:.3f}"
        short = f" (below target {self.gate.target:g})" if self._short else ""
        return f"{self.status:<12} {self.gate.name}: {given}, to be {bound}, {self.cases} cases{short}"

    @property
    def _short(self) -> bool:
        if self.gate.target is None or self.value is None:
            return False
        return self.value < self.gate.target if self.gate.at_least is not None else self.value > self.gate.target


@dataclass(frozen=True)
class Scores:
    """Every row of a run, scored."""

    header: Header
    rows: tuple[Row, ...]
    gates: tuple[Gate, ...] = ()

    def tagged(self, tag: str | None) -> tuple[Row, ...]:
        """The rows whose case carries `tag`; all of them for None."""
        return self.rows if tag is None else tuple(r for r in self.rows if tag in r.case.tags)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """All tags, the most frequent first."""
        counts: dict[str, int] = {}
        for tag in (t for r in self.rows for t in r.case.tags):
            counts[tag] = counts.get(tag, 0) + 1
        return tuple(sorted(counts, key=lambda t: (-counts[t], t)))

    def figure(self, metric: str, tag: str | None = None) -> Figure:
        """The metric's observations, one per row where it applies."""
        rows = (r for r in self.tagged(tag) if r.ok(metric))
        observations = (
            Observation(f"{r.case.id}#{r.record.repeat}", r.case.cluster or r.case.id, r.values[metric].value)
            for r in rows
        )
        return Figure(metric, "share", tuple(observations))

    def summary(self, metric: str, tag: str | None = None) -> Summary | None:
        """The metric's mean and interval; None where it applies to no case."""
        figure = self.figure(metric, tag)
        errors = sum(r.values[metric].status == "error" for r in self.tagged(tag))
        n = len(figure.observations)
        if not n:
            return None
        rate = METRICS[metric].kind == "rate" and self.header.repeats == 1
        interval = wilson(round(sum(o.value for o in figure.observations)), n) if rate else figure.interval
        return Summary(metric, figure.value, interval, n, errors)

    @property
    def errors(self) -> int:
        """Rows that could not be asked or scored."""
        return sum(bool(r.error) for r in self.rows)

    @property
    def results(self) -> tuple[GateResult, ...]:
        """The gates of the suite, and always that errors are at most 2 % of the rows."""
        share = self.errors / len(self.rows) if self.rows else 1.0
        errors = Gate(metric="errors", at_most=MOST_ERRORS)
        own = GateResult(errors, share, len(self.rows), "pass" if errors.met(share) else "fail")
        return (own, *(self._result(gate) for gate in self.gates))

    def _result(self, gate: Gate) -> GateResult:
        if gate.metric not in METRICS:
            raise ValueError(f"the suite has a gate for {gate.metric!r}; metrics are {', '.join(METRICS)}")
        found = self.summary(gate.metric, gate.tag)
        if found is None or found.cases < gate.minimum_cases:
            return GateResult(gate, found.value if found else None, found.cases if found else 0, "inconclusive")
        return GateResult(gate, found.value, found.cases, "pass" if gate.met(found.value) else "fail")

    @property
    def status(self) -> Status:
        """The worst of the gates: fail, else inconclusive, else pass."""
        return worst(r.status for r in self.results)

    @property
    def text(self) -> str:
        """The gates, one a line."""
        return "\n".join(result.text for result in self.results)

    @property
    def tokens_per_success(self) -> float | None:
        """Tokens spent for every answer that is right and fully cited; None where there is none or nothing was spent."""
        spent = sum(r.record.response.tokens for r in self.rows if r.record.response)
        good = sum(r.value("cited_right") or 0.0 for r in self.rows)
        return spent / good if spent and good else None

    @property
    def confusion(self) -> Mapping[tuple[str, str], int]:
        """Rows by (answerable or not, answered or abstained)."""
        cells = {(a, b): 0 for a in ("answerable", "unanswerable") for b in ("answered", "abstained")}
        for row in self.rows:
            if row.record.response:
                key = "answerable" if row.case.answerable else "unanswerable"
                cells[key, "abstained" if row.record.response.abstained else "answered"] += 1
        return cells

    @property
    def coverage_risk(self) -> tuple[tuple[float, float], ...]:
        """(share of all cases answered, share of those that are wrong), from the surest answer to all of them
        (El-Yaniv and Wiener 2010); empty where the system does not say how sure it is."""
        sure = [
            (r.record.response.confidence, r.value("right") or 0.0)
            for r in self.rows
            if r.record.response and not r.record.response.abstained and r.record.response.confidence is not None
        ]
        sure.sort(key=lambda pair: -pair[0])
        points, wrong = [], 0.0
        for taken, (_, right) in enumerate(sure, start=1):
            wrong += 1 - right
            points.append((taken / len(self.rows), wrong / taken))
        return tuple(points)


def worst(statuses: Iterable[Status]) -> Status:
    """Fail before inconclusive before pass."""
    found = set(statuses)
    return "fail" if "fail" in found else "inconclusive" if "inconclusive" in found else "pass"


Judged = Mapping[tuple[str, int], float]  # by case and repeat, what a judge says of the sentences of an answer


def score(suite: Suite, run: Run, *, judged: Judged | None = None, anyway: bool = False) -> Scores:
    """Holds every record of a run against its case.

    Raises ValueError when the suite or its documents are not those of the run, unless `anyway`.
    """
    split: Split | None = run.header.split  # type: ignore[assignment]
    part = suite.part(split)
    here = {"suite": part.digest, "corpus": suite.corpus_digest}
    there = {"suite": run.header.suite_digest, "corpus": run.header.corpus_digest}
    if changed := [name for name in here if here[name] != there[name] and not anyway]:
        raise ValueError(f"the {' and the '.join(changed)} changed since the run; run again, or score it with --anyway")
    cases = {case.id: case for case in part.cases}
    documents = Documents(suite.documents)
    said = judged or {}
    observed = (Observed(cases[r.id], r, documents, said.get((r.id, r.repeat))) for r in run.records if r.id in cases)
    rows = tuple(Row(o, {name: measured(metric, o) for name, metric in METRICS.items()}) for o in observed)
    return Scores(run.header, rows, suite.gates)


def table(scores: Scores, tags: Sequence[str | None] = (None,)) -> str:
    """Every metric that applies, with interval and number of cases."""
    lines = []
    for tag in tags:
        lines += ["", f"{tag or 'all cases'}"]
        for name, metric in METRICS.items():
            if found := scores.summary(name, tag):
                low, high = found.interval
                failed = f", {found.errors} errors" if found.errors else ""
                lines.append(
                    f"  {name:<20}{found.value:>8.3f}  {low:.3f} to {high:.3f}{found.cases:>6}  {metric.about}{failed}"
                )
    return "\n".join(lines[1:])
