"""Is a difference more than chance? Intervals of rates, paired tests, corrections, and how many cases it takes.

Tests and intervals come from SciPy; bootstrap over clusters is in `intervals`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import TypeVar

from eval.intervals import Interval

K = TypeVar("K")
ALPHA, POWER = 0.05, 0.8


def wilson(hits: int, cases: int) -> Interval:
    """The 95 % interval of a rate (Wilson 1927); (0, 1) where nothing was observed."""
    from scipy.stats import binomtest

    if not cases:
        return 0.0, 1.0
    low, high = binomtest(hits, cases).proportion_ci(1 - ALPHA, method="wilson")
    return float(low), float(high)


def mcnemar(before: Sequence[float], after: Sequence[float]) -> float:
    """The exact two-sided p of McNemar's test (1947) for paired yes and no, each 0 or 1."""
    from scipy.stats import binomtest

    gained = sum(b < a for b, a in zip(before, after, strict=True))
    lost = sum(b > a for b, a in zip(before, after, strict=True))
    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def permutation(before: Sequence[float], after: Sequence[float]) -> float:
    """The two-sided p of a paired permutation test on the mean difference, from at most 9,999 seeded permutations."""
    from scipy.stats import permutation_test

    differences = [a - b for b, a in zip(before, after, strict=True)]
    if len(differences) < 2 or not any(differences):
        return 1.0
    test = permutation_test(
        (before, after), lambda b, a, axis: (a - b).mean(axis), permutation_type="samples", vectorized=True,
        n_resamples=9999, rng=20261122,
    )  # fmt: skip
    return float(test.pvalue)


def holm(values: Mapping[K, float]) -> dict[K, float]:
    """p values corrected for their number (Holm 1979): the k-th smallest of n times n - k + 1, never falling."""
    corrected: dict[K, float] = {}
    most = 0.0
    for position, name in enumerate(sorted(values, key=lambda n: values[n])):
        most = max(most, min(1.0, (len(values) - position) * values[name]))
        corrected[name] = most
    return corrected


def cases_needed(variance: float, difference: float) -> int:
    """Pairs it takes to see a mean `difference` four times in five at 5 %, given the `variance` of one pair's."""
    return max(1, round(_Z**2 * variance / difference**2 + 0.5))


def smallest_difference(variance: float, cases: int) -> float:
    """The smallest mean difference that `cases` pairs show four times in five at 5 %."""
    return float(_Z * (variance / cases) ** 0.5) if cases else 1.0


_Z = NormalDist().inv_cdf(1 - ALPHA / 2) + NormalDist().inv_cdf(POWER)


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Agreement of two raters beyond chance (Cohen 1960), from -1 to 1; 1 where both always say the same thing."""
    n = len(one)
    if not n:
        return 0.0
    agreed = sum(a == b for a, b in zip(one, other, strict=True)) / n
    chance = sum((one.count(c) / n) * (other.count(c) / n) for c in {*one, *other})
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)
