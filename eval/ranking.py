"""Rank metrics, from ir-measures (the same figures as trec_eval's)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import ir_measures
from ir_measures import RR, R, Success

_MEASURES = {"MRR@10": RR @ 10, "Hits@4": Success @ 4, "Hits@10": Success @ 10, "R@5": R @ 5}


def ranked(
    names: Iterable[str], relevant: Mapping[str, Collection[str]], found: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Per metric and query its value, from 0 to 1. `found` holds ids, best first; nothing relevant scores 0."""
    wanted = {_MEASURES[name]: name for name in names}
    judged = {q: dict.fromkeys(ids, 1) for q, ids in relevant.items() if ids}
    run = {q: {i: -float(rank) for rank, i in enumerate(ids)} for q, ids in found.items()}
    scored = {name: dict.fromkeys(found, 0.0) for name in wanted.values()}
    for metric in ir_measures.iter_calc(list(wanted), judged, run) if judged else ():
        scored[wanted[metric.measure]][metric.query_id] = float(metric.value)
    return scored
