"""Stages of a measurement, each in a process of its own, so that its memory is its own and nothing is warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Stage = Callable[[Path], Mapping[str, Any]]


def run(module: str, stage: str, folder: Path, seconds: float | None = None) -> dict[str, Any]:
    """What a stage of `module` gives, with "memory_mb", its largest resident memory, and "whole_s", start of Python included.

    It is killed after `seconds`, and then gives "killed".
    """
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        [sys.executable, "-m", module, "--stage", stage, "--folder", str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"killed": True, "whole_s": round(time.monotonic() - began, 1)}
    if process.returncode:
        raise RuntimeError(f"stage {stage} of {module} failed; what it said stands above")
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found | {"whole_s": round(time.monotonic() - began, 2)}


def be(stage: Stage, folder: Path) -> None:
    """Be the process of a stage: does it and prints what it gives."""
    found = dict(stage(folder))
    print(json.dumps(found | {"memory_mb": peak_mb()}), flush=True)
    os._exit(0)  # what libraries do at their end is not measured


def peak_mb() -> int:
    """The largest resident memory this process has had, in megabytes; 0 where the platform does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and longest, in milliseconds."""
    ordered = sorted(seconds)
    at = {"p50_ms": len(ordered) // 2, "p95_ms": int(len(ordered) * 0.95), "longest_ms": len(ordered) - 1}
    return {name: round(1_000 * ordered[place], 1) for name, place in at.items()}


def table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """A line for each stage, with its figures."""
    return "\n".join(f"{name:10} " + "  ".join(f"{k} {v}" for k, v in row.items()) for name, row in rows.items())
