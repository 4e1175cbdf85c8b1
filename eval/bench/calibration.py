"""`python -m eval.bench.calibration`: how the weights of `qa.scoring` do on public data, and what a fit to it would give.

A question is answered when its best sentence's score passes one half, so what is fitted is the best sentence
(multiple-instance logistic regression): for an answerable question the best gold sentence is pushed up and the
best other one down, for an unanswerable question the best sentence is pushed down. One set of weights for
everything; figures are five-fold, each question scored by weights that have not seen it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.public import Probe, Text, clapnq, ramdocs, shared
from qa import Corpus
from qa.questions import read_question
from qa.scoring import FEATURES, WEIGHTS, candidates

_STEPS, _RATE, _DECAY, _OTHERS, _FOLDS = 600, 0.05, 0.01, 0.3, 5


@dataclass(frozen=True)
class Instance:
    """One question's sentences: features (n, len(FEATURES)), which are gold (n,), and the data set it is from."""

    features: NDArray[np.float64]
    gold: NDArray[np.bool_]
    answerable: bool
    origin: str


def instances(origin: str, texts: Sequence[Text], probes: Sequence[Probe]) -> list[Instance]:
    """Asks every probe of a corpus of `texts` and keeps the features of all candidate sentences."""
    found = []
    with tempfile.TemporaryDirectory() as store, Corpus(store=store) as corpus:
        corpus.add(texts)
        for probe in probes:
            evidence = corpus.evidence(probe.question)
            scored = candidates(read_question(evidence.asked), evidence)
            gold = np.array([probe.answered_by(c.passage.source, c.text) for c in scored], dtype=bool)
            if scored and (gold.any() or not probe.gold):
                rows = np.array([[c.features[f] for f in FEATURES] for c in scored])
                found.append(Instance(rows, gold, bool(probe.gold), origin))
    return found


def fit(data: Sequence[Instance]) -> NDArray[np.float64]:
    """Weights with the bias last, (len(FEATURES) + 1,), by Adam; both classes count the same."""
    weights = np.zeros(len(FEATURES) + 1)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    share = {a: 1 / max(1, sum(i.answerable is a for i in data)) for a in (True, False)}
    for step in range(1, _STEPS + 1):
        gradient = _DECAY * np.append(weights[:-1], 0.0)
        for instance in data:
            gradient += share[instance.answerable] * _gradient(instance, weights)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weights = weights - _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def _gradient(instance: Instance, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    scores = instance.features @ weights[:-1] + weights[-1]
    chosen: list[tuple[int, float, float]] = []  # sentence, wanted, how much it counts
    for mask, wanted, counts in (
        (instance.gold, 1.0, 1.0),
        (~instance.gold, 0.0, _OTHERS if instance.answerable else 1.0),
    ):
        if mask.any():
            chosen.append((int(np.argmax(np.where(mask, scores, -np.inf))), wanted, counts))
    total = np.zeros_like(weights)
    for i, wanted, counts in chosen:
        total += counts * (1 / (1 + np.exp(-scores[i])) - wanted) * np.append(instance.features[i], 1.0)
    return total


def figures(data: Sequence[Instance], weights: NDArray[np.float64]) -> dict[str, float]:
    """Share of answerable questions answered, of unanswerable ones refused, their mean, and gold on top."""
    best = [(i, i.features @ weights[:-1] + weights[-1]) for i in data]
    answered = [s.max() > 0 for i, s in best if i.answerable]
    refused = [s.max() <= 0 for i, s in best if not i.answerable]
    top = [bool(i.gold[int(s.argmax())]) for i, s in best if i.answerable]
    return {
        "answered": float(np.mean(answered)),
        "refused": float(np.mean(refused)),
        "balanced": float(np.mean(answered) + np.mean(refused)) / 2,
        "gold on top": float(np.mean(top)),
    }


def cross_validated(data: Sequence[Instance]) -> dict[str, dict[str, float]]:
    """`figures` per data set, every question scored by weights fitted without its fold."""
    fold = np.arange(len(data)) % _FOLDS
    held: dict[str, list[dict[str, float]]] = {}
    for k in range(_FOLDS):
        weights = fit([d for d, f in zip(data, fold, strict=True) if f != k])
        for origin in {d.origin for d in data}:
            part = [d for d, f in zip(data, fold, strict=True) if f == k and d.origin == origin]
            held.setdefault(origin, []).append(figures(part, weights))
    return {o: {name: float(np.mean([f[name] for f in found])) for name in found[0]} for o, found in held.items()}


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in found.items()}


def main() -> int:
    """Prints, per data set, the figures of the weights in use and of cross-validated ones, then the fitted weights."""
    folder = shared()
    data = [i for name, read in (("clapnq", clapnq), ("ramdocs", ramdocs)) for i in instances(name, *read(folder))]
    used = np.array([WEIGHTS[name] for name in (*FEATURES, "bias")])
    for origin, found in cross_validated(data).items():
        part = [d for d in data if d.origin == origin]
        print(origin, len(part), "in use", _rounded(figures(part, used)), "fitted", _rounded(found))
    weights = fit(data)
    print({name: round(float(w), 2) for name, w in zip((*FEATURES, "bias"), weights, strict=True)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
