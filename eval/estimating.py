"""What a run will cost before it is begun, and the smallest difference that the suite can show."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from eval.cases import Suite
from eval.records import Run
from eval.significance import smallest_difference, wilson

DISCORDANT = 0.15  # share of cases on which two versions of a system differ, where no run tells better


@dataclass(frozen=True, slots=True)
class Estimate:
    """`calls` to the system, `tokens` and `seconds` as an earlier run went (None without one), the half width of the
    interval of a rate around `rate`, and the smallest paired difference that is seen four times in five."""

    calls: int
    tokens: int | None
    seconds: float | None
    rate: float
    half_width: float
    smallest: float

    @property
    def text(self) -> str:
        """Lines for people."""
        lines = [f"calls                 {self.calls}"]
        if self.tokens is not None and self.seconds is not None:
            lines += [f"tokens                {self.tokens:,}", f"seconds               {self.seconds:,.0f}"]
        else:
            lines.append("tokens, seconds       not known; give an earlier run with --run")
        lines.append(f"interval of a rate    {self.rate:.2f} ± {self.half_width:.3f}")
        lines.append(f"smallest difference   {self.smallest:.3f} between two runs, seen four times in five")
        return "\n".join(lines)


def estimate(suite: Suite, repeats: int = 1, run: Run | None = None, rate: float = 0.85) -> Estimate:
    """What asking every case `repeats` times takes. A conversation is a call per turn."""
    n = len(suite.cases)
    calls = repeats * sum(len(case.turns) for case in suite.cases)
    done = [r for r in run.records if r.response and not r.cached] if run else []
    turns = {case.id: len(case.turns) for case in suite.cases}
    tokens = round(repeats * n * fmean(r.response.tokens for r in done if r.response)) if done else None
    seconds = calls * fmean(r.seconds for r in done if r.id in turns) if done else None
    low, high = wilson(round(rate * n), n)
    return Estimate(calls, tokens, seconds, rate, (high - low) / 2, smallest_difference(DISCORDANT, n))
