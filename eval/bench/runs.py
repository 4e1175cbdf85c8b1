"""Runs of the public sets as JSON: every query's value, so that two runs can be compared query by query."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

from eval.intervals import Figure, Observation

Figures = Mapping[str, Sequence[Figure]]
_FORMAT = 1


@dataclass(frozen=True)
class Run:
    """Figures per set, and per stage switched off. `made` is ISO 8601, `sample` the queries per set (None: all)."""

    made: str
    sample: int | None
    settings: Mapping[str, object]
    sets: Figures
    without: Mapping[str, Figures] = field(default_factory=dict)


def write(run: Run, path: Path) -> None:
    """Keeps a run. Holds numbers of queries and digests of evidence, no text of the data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "format": _FORMAT, "made": run.made, "sample": run.sample, "settings": dict(run.settings),
        "sets": _plain(run.sets), "without": {stage: _plain(sets) for stage, sets in run.without.items()},
    }  # fmt: skip
    path.write_text(json.dumps(content), "utf-8")


def read(path: Path) -> Run:
    """A run as it was kept. Raises ValueError for a file that holds none."""
    content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f"{path} is not a run of `python -m eval.bench`; make one with --out")
    without = {stage: _figures(sets) for stage, sets in content["without"].items()}
    return Run(content["made"], content["sample"], content["settings"], _figures(content["sets"]), without)


def _plain(sets: Figures) -> dict[str, list[dict[str, object]]]:
    return {name: [_figure(f) for f in figures] for name, figures in sets.items()}


def _figure(figure: Figure) -> dict[str, object]:
    low, high = figure.interval
    return {
        "name": figure.name, "statistic": figure.statistic, "value": figure.value, "interval": [low, high],
        "observations": [astuple(o) for o in figure.observations],
    }  # fmt: skip


def _figures(sets: Mapping[str, Sequence[Mapping[str, object]]]) -> dict[str, list[Figure]]:
    def figure(kept: Mapping[str, object]) -> Figure:
        rows: Sequence[tuple[str, str, float, float]] = kept["observations"]  # type: ignore[assignment]
        return Figure(str(kept["name"]), str(kept["statistic"]), tuple(Observation(*row) for row in rows))

    return {name: [figure(f) for f in figures] for name, figures in sets.items()}
