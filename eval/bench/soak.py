"""Many sessions ask the page at once for some minutes: how long answers take, what fails, whether memory grows.

    python -m eval.bench.soak [DOCUMENTS] [--sessions 16] [--minutes 5] [--json FILE]

Starts the page on a free port of this machine and speaks to it as a browser does, over HTTP, each session with a cookie of
its own. A session asks its next question as soon as the answer before and what the page has follow it are there, begins a
new conversation after each round, and opens the page anew after three.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

SAMPLES = Path(__file__).parents[1] / "suites" / "geneva" / "documents"
QUESTIONS = (
    "On which day did Lavrov and Blinken meet in Geneva?",
    "How many soldiers does Russia have near Ukraine?",
    "What did Ann Linde say about Sweden?",
    "And according to the other reports?",
    "What did Blinken say about sanctions?",
    "How old is Sergey Lavrov?",
)
_READ_SECONDS = 60.0
_SAMPLE_SECONDS = 10.0
_ROUNDS = 3  # of all questions, until the page is closed and opened again
_PAGE = "/proc/{}/status"


@dataclass
class Figures:
    """What was measured. Seconds are from the question to the finished answer; memory is the page's, in MB, over time."""

    sessions: int
    minutes: float
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The figures that are reported."""
        ordered = sorted(self.seconds) or [0.0]
        half = len(self.memory) // 2
        return {
            "sessions": self.sessions,
            "minutes": self.minutes,
            "answers": len(self.seconds),
            "p50": round(ordered[len(ordered) // 2], 3),
            "p95": round(ordered[int(len(ordered) * 0.95)], 3),
            "longest": round(ordered[-1], 3),
            "errors": len(self.errors),
            "memory_mb_first_half": max(self.memory[:half], default=0),
            "memory_mb_second_half": max(self.memory[half:], default=0),
        }


async def session(address: str, until: float, figures: Figures) -> None:
    """One browser session: opens the page for its cookie, asks some rounds of questions, closes it and opens it again."""
    async with httpx.AsyncClient(base_url=address, timeout=_READ_SECONDS) as client:
        await client.get("/")
        config = (await client.get("/config")).json()
        while time.monotonic() < until:
            name = secrets.token_hex(8)
            # A page that is open holds this connection; what Gradio keeps of the page goes with it.
            async with client.stream("GET", f"/gradio_api/heartbeat/{name}"):
                for _ in range(_ROUNDS):
                    await _round(client, config, name, until, figures)


async def _round(client: httpx.AsyncClient, config: dict[str, Any], name: str, until: float, figures: Figures) -> None:
    """A new conversation with every question in it."""
    asking, *following = _chain(config, "question", "submit")
    beginning, *_ = _chain(config, "begin", "click")
    await _send(client, beginning, [], name)
    for question in QUESTIONS:
        if time.monotonic() >= until:
            return
        began = time.monotonic()
        try:
            await _send(client, asking, [question, None, []], name)
            figures.seconds.append(time.monotonic() - began)
            for event in following:
                await _send(client, event, [None] * event[1], name)
        except (httpx.HTTPError, ValueError) as error:
            figures.errors.append(f"{type(error).__name__}: {error}")


Event = tuple[int, int]  # Gradio's number of it, and how many inputs it takes


def _chain(config: dict[str, Any], elem_id: str, trigger: str) -> list[Event]:
    """The event that a control sets off, then those that the page has follow it."""
    control = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == elem_id)
    chain = [next(d for d in config["dependencies"] if [control, trigger] in d["targets"])]
    while after := [d for d in config["dependencies"] if d["trigger_after"] == chain[-1]["id"]]:
        chain.append(after[0])
    return [(d["id"], len(d["inputs"])) for d in chain]


async def _send(client: httpx.AsyncClient, event: Event, data: Sequence[object], name: str) -> None:
    """Sets an event off over Gradio's queue and reads until it is done. Raises ValueError where it fails."""
    asked = {"data": data, "fn_index": event[0], "session_hash": name, "trigger_id": None}
    (await client.post("/gradio_api/queue/join", json=asked)).raise_for_status()
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": name}) as stream:
        async for line in stream.aiter_lines():
            if '"process_completed"' in line:
                if not json.loads(line.partition(":")[2])["success"]:
                    raise ValueError(line[:200])
                return
    raise ValueError("the stream ended without an answer")


async def soak(address: str, pid: int, sessions: int, minutes: float) -> Figures:
    """Has `sessions` sessions ask for `minutes`, and samples the memory of process `pid`."""
    figures, until = Figures(sessions, minutes), time.monotonic() + minutes * 60
    asking = [asyncio.create_task(session(address, until, figures)) for _ in range(sessions)]
    while not all(task.done() for task in asking):
        figures.memory.append(_memory_mb(pid))
        await asyncio.wait(asking, timeout=_SAMPLE_SECONDS)
    await asyncio.gather(*asking)
    return figures


def _memory_mb(pid: int) -> int:
    """Resident memory; 0 where the platform does not tell."""
    status = Path(_PAGE.format(pid))
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) // 1024 if found else 0


@contextmanager
def _served(documents: Path, store: Path) -> Iterator[tuple[str, int]]:
    """The page's address and process while it is served."""
    arguments = [str(documents), "--store", str(store), "--port", "0", "--questions-a-minute", "0"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        [sys.executable, "-m", "app", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # noqa: S101 - a pipe, for the type checker
    try:
        found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stdout)), None)
        if found is None:
            raise OSError("the page did not start; try: python -m app")
        yield found.group(), process.pid
    finally:
        process.terminate()
        process.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns 0, or 1 where a question failed."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.soak", description="Have many sessions ask the page.")
    parser.add_argument("documents", nargs="?", type=Path, default=SAMPLES, help="the folder (default: the samples)")
    parser.add_argument("--sessions", type=int, default=16, help="sessions that ask at once (default: 16)")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long (default: 5)")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, _served(options.documents, Path(folder) / "store") as (address, pid):
        figures = asyncio.run(soak(address, pid, options.sessions, options.minutes))
    for name, value in figures.summary().items():
        print(f"{name:24}{value}")
    print(*sorted(set(figures.errors))[:5], sep="\n")
    if options.json:
        options.json.write_text(json.dumps(asdict(figures) | figures.summary()), "utf-8")
    return 1 if figures.errors else 0


if __name__ == "__main__":
    sys.exit(main())
