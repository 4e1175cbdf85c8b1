"""Figures with 95 % intervals: bootstrap over clusters of queries, paired where two runs are compared.

Queries about the same evidence are right or wrong together, so what is drawn with replacement is the cluster (a set of
articles, a document, a conversation), never the single query. Seeded: the same observations give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
_SEED = 20261122
Numbers = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Observation:
    """What one query adds to a figure: `value`, and `beside`, which the statistic holds it against (see STATISTICS)."""

    query: str
    cluster: str
    value: float
    beside: float = 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure over many queries; `statistic` is a row of STATISTICS."""

    name: str
    statistic: str
    observations: tuple[Observation, ...]

    @property
    def value(self) -> float:
        """The figure itself; nan where nothing was observed."""
        return _statistic(self)(*_columns(self.observations))

    @property
    def interval(self) -> Interval:
        """The 2.5th and 97.5th percentile over resampled clusters."""
        return _between([_statistic(self)(v[0], v[1]) for v in _resampled(self.observations)])


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a figure between two runs over the queries both have. `interval` is that of the difference."""

    name: str
    before: float
    after: float
    interval: Interval
    queries: int

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def clear(self) -> bool:
        """True when the interval leaves out zero."""
        return self.interval[0] > 0 or self.interval[1] < 0


def change(before: Figure, after: Figure) -> Change:
    """The paired difference of one figure, over the queries that both runs have."""
    earlier = {o.query: o for o in before.observations}
    later = [o for o in after.observations if o.query in earlier]
    then, now = (replace(after, observations=tuple(o)) for o in ([earlier[o.query] for o in later], later))
    compute = _statistic(after)
    resampled = _resampled(now.observations, then.observations)
    interval = _between([compute(v[0], v[1]) - compute(v[2], v[3]) for v in resampled])
    return Change(after.name, then.value, now.value, interval, len(later))


def _share(value: Numbers, beside: Numbers) -> float:
    return float(value.sum() / beside.sum()) if beside.sum() else float("nan")


def _balanced(value: Numbers, beside: Numbers) -> float:
    return float(np.mean([value[beside == c].mean() for c in (0.0, 1.0) if (beside == c).any()] or [np.nan]))


def _auroc(value: Numbers, beside: Numbers) -> float:
    positive, negative = value[beside == 1.0], np.sort(value[beside == 0.0])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.mean() / 2 / len(negative))


def _percentile(share: float) -> Callable[[Numbers, Numbers], float]:
    return lambda value, _: float(np.percentile(value, share)) if len(value) else float("nan")


STATISTICS: Mapping[str, Callable[[Numbers, Numbers], float]] = {
    "share": _share,  # sum of values / sum of what stands beside them: a mean, a micro average or a ratio of means
    "balanced": _balanced,  # mean over the two classes (0 and 1) beside the values of each class's mean
    "auroc": _auroc,  # how well the values separate class 1 from class 0
    "p50": _percentile(50),
    "p95": _percentile(95),
}


def _statistic(figure: Figure) -> Callable[[Numbers, Numbers], float]:
    return STATISTICS[figure.statistic]


def _columns(observations: Sequence[Observation]) -> tuple[Numbers, Numbers]:
    return np.array([o.value for o in observations]), np.array([o.beside for o in observations])


def _resampled(*runs: Sequence[Observation]) -> Iterator[list[Numbers]]:
    """Value and beside of every run, drawn RESAMPLES times by the clusters of the first; the runs are aligned."""
    columns = [c for run in runs for c in _columns(run)]
    members: dict[str, list[int]] = {}
    for i, observation in enumerate(runs[0]):
        members.setdefault(observation.cluster, []).append(i)
    clusters = [np.array(m) for m in members.values()]
    draw = np.random.default_rng(_SEED)
    for _ in range(RESAMPLES if clusters else 0):
        rows = np.concatenate([clusters[c] for c in draw.integers(len(clusters), size=len(clusters))])
        yield [c[rows] for c in columns]


def _between(values: Sequence[float]) -> Interval:
    known = [v for v in values if not np.isnan(v)]
    if not known:
        return float("nan"), float("nan")
    low, high = np.percentile(known, (2.5, 97.5))
    return float(low), float(high)
