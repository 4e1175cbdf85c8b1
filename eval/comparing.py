"""Two runs of one suite, case by case: what changed, how sure that is, and whether it is better or worse.

Both are scored anew, so no two scorers are ever compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import variance

from eval.intervals import Interval, change
from eval.metrics import METRICS
from eval.scoring import Scores, Status, worst
from eval.significance import ALPHA, cases_needed, holm, mcnemar, permutation

MARGIN = 0.02
Key = tuple[str, str | None]  # a metric and the tag it is limited to


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of a metric. `p` is corrected where the metric is gated; `needed` are the pairs it would take to
    tell a difference of the margin."""

    metric: str
    tag: str | None
    before: float
    after: float
    interval: Interval
    pairs: int
    p: float
    gated: bool
    status: Status
    needed: int

    @property
    def name(self) -> str:
        """The metric, and the tag it is limited to."""
        return f"{self.metric} [{self.tag}]" if self.tag else self.metric

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, the gated ones first, and what they come to."""

    differences: tuple[Difference, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def status(self) -> Status:
        """Fail when a gated metric is worse, pass when none can be worse by the margin, else inconclusive."""
        return worst(d.status for d in self.differences if d.gated)


def refuse_unlike(before: Scores, after: Scores) -> None:
    """Raises ValueError where two runs did not answer the same questions about the same documents."""
    fields = {"suite_digest": "suites", "corpus_digest": "documents", "split": "splits", "history": "histories"}
    unlike = [words for name, words in fields.items() if getattr(before.header, name) != getattr(after.header, name)]
    if unlike:
        raise ValueError(f"the runs have other {' and other '.join(unlike)}; compare them only with --anyway")


def compare(before: Scores, after: Scores, *, margin: float = MARGIN, anyway: bool = False) -> Comparison:
    """The paired difference of every metric over the cases that both runs scored.

    Yes-and-no metrics are tested by McNemar, means by permutation, the gated ones corrected by Holm. A gated metric
    fails when it is surely worse, passes when it is surely not worse by `margin`, in the metric's own unit. Raises
    ValueError where the runs are not alike, unless `anyway`.
    """
    if not anyway:
        refuse_unlike(before, after)
    gated = [(g.metric, g.tag) for g in after.gates]
    chosen: Sequence[Key] = list(dict.fromkeys([*gated, *((name, None) for name in METRICS)]))
    pairs = {key: _pairs(before, after, *key) for key in chosen}
    tested = {key: _p(key[0], *columns) for key, columns in pairs.items() if columns[0]}
    corrected = holm({key: p for key, p in tested.items() if key in gated})
    differences = tuple(
        _difference(before, after, key, pairs[key], corrected.get(key, p), key in gated, margin)
        for key, p in tested.items()
    )
    then, now = _right(before), _right(after)
    moved = {key[0]: now[key] - then[key] for key in now if key in then and now[key] != then[key]}
    return Comparison(
        differences, tuple(i for i, by in moved.items() if by > 0), tuple(i for i, by in moved.items() if by < 0)
    )


def _right(scores: Scores) -> Mapping[tuple[str, int], float]:
    return {(r.case.id, r.record.repeat): r.value("right") or 0.0 for r in scores.rows}


def _pairs(before: Scores, after: Scores, metric: str, tag: str | None) -> tuple[list[float], list[float]]:
    earlier = {o.query: o.value for o in before.figure(metric, tag).observations}
    later = [o for o in after.figure(metric, tag).observations if o.query in earlier]
    return [earlier[o.query] for o in later], [o.value for o in later]


def _p(metric: str, before: Sequence[float], after: Sequence[float]) -> float:
    return mcnemar(before, after) if METRICS[metric].kind == "rate" else permutation(before, after)


def _difference(
    before: Scores, after: Scores, key: Key, pairs: tuple[list[float], list[float]], p: float,
    gated: bool, margin: float,
) -> Difference:  # fmt: skip
    metric, tag = key
    changed = change(before.figure(metric, tag), after.figure(metric, tag))
    apart = [a - b for b, a in zip(*pairs, strict=True)]
    needed = cases_needed(variance(apart) if len(apart) > 1 else 1.0, margin)
    sign = -1 if METRICS[metric].lower_is_better else 1
    least = min(sign * bound for bound in changed.interval)
    status: Status = "inconclusive"
    if p < ALPHA and sign * changed.difference < 0:
        status = "fail"
    elif least >= -margin:
        status = "pass"
    return Difference(
        metric, tag, changed.before, changed.after, changed.interval, len(apart), p, gated, status, needed
    )


def table(comparison: Comparison) -> str:
    """One line a metric, then the cases gained and lost."""
    lines = [f"{'':<28}{'before':>8}{'after':>8}{'change':>9}  {'95 %':<18}{'pairs':>6}{'p':>8}"]
    for d in comparison.differences:
        low, high = d.interval
        told = f"{d.status}" if d.gated else ""
        if d.gated and d.status == "inconclusive":
            told += f", {d.needed} cases would tell"
        lines.append(
            f"{d.name:<28}{d.before:>8.3f}{d.after:>8.3f}{d.change:>+9.3f}  {f'{low:+.3f} to {high:+.3f}':<18}"
            f"{d.pairs:>6}{d.p:>8.3f}  {told}".rstrip()
        )
    lines += [
        f"newly right: {', '.join(comparison.gained) or 'none'}",
        f"newly wrong: {', '.join(comparison.lost) or 'none'}",
    ]
    return "\n".join(lines)
