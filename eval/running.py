"""Asks a system every case and keeps each answer the moment it is there, so that nothing finished is ever lost.

A run is one file. Run again, it goes on where it stopped. Answers are kept below the cache too, by what was asked of
what and which time, so that a changed suite asks only what is new.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, product
from pathlib import Path

from tqdm import tqdm

from eval.cases import Case, Split, Suite
from eval.records import Header, Record, Response, Run, append, begin, mend, read_run
from eval.systems import Request, System, request_of
from eval.texts import digest


@dataclass(frozen=True, slots=True)
class Plan:
    """How a suite is run.

    `history` is "own" (the system's own replies to earlier turns) or "gold". `repeats` asks every case so often.
    `workers` is how many cases are asked at once. `tokens` is the most that may be spent: the run then stops, and goes
    on when it is run again with more. `cache` is a folder of kept answers, None for none.
    """

    history: str = "own"
    repeats: int = 1
    workers: int = 1
    tokens: int | None = None
    cache: Path | None = None
    split: Split | None = None


class SpentError(Exception):
    """A run stopped because it had spent the tokens it was allowed; nothing of it is lost."""


def run(suite: Suite, system: System, out: Path, plan: Plan | None = None, *, progress: bool = False) -> Run:
    """Asks every case that `out` does not hold yet and returns the whole run.

    Raises ValueError when `out` holds another run, and SpentError when the spend limit is reached.
    """
    plan = plan or Plan()
    suite = suite.part(plan.split)
    header = _header(suite, system, plan)
    kept = _begun(out, header)
    known = {(r.id, r.repeat) for r in kept.records}
    asked = [(case, repeat) for repeat, case in product(range(plan.repeats), suite.cases)]
    left = [(case, repeat) for case, repeat in asked if (case.id, repeat) not in known]
    spending = _Spending(plan.tokens, sum(r.response.tokens for r in kept.records if r.response and not r.cached))
    label, shown = f"{suite.name}: {system.name}", None if progress else True
    with tqdm(total=len(asked), initial=len(known), desc=label, disable=shown) as bar:
        for record in _answers(left, _asking(suite, system, plan), plan.workers, spending):
            append(out, record)
            spending.add(record)
            bar.update()
    whole = read_run(out)
    if len(whole.records) < len(asked):
        told = f"stopped after {spending.spent} tokens; {out} keeps {len(whole.records)} of {len(asked)} answers"
        raise SpentError(f"{told}: run it again with more --tokens")
    return whole


@dataclass
class _Spending:
    """Tokens spent by a run, and the most there may be."""

    most: int | None
    spent: int = 0

    def add(self, record: Record) -> None:
        """Counts what an answer cost, unless it was kept from before."""
        if record.response and not record.cached:
            self.spent += record.response.tokens

    @property
    def over(self) -> bool:
        """True when no further case may be begun."""
        return self.most is not None and self.spent >= self.most


def _header(suite: Suite, system: System, plan: Plan) -> Header:
    return Header(
        suite=suite.name,
        version=suite.version,
        folder=str(suite.folder),
        split=plan.split,
        suite_digest=suite.digest,
        corpus_digest=suite.corpus_digest,
        system=system.name,
        fingerprint=system.fingerprint,
        history=plan.history,
        repeats=plan.repeats,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        sources=tuple(getattr(system, "sources", ())),
    )


def _begun(out: Path, header: Header) -> Run:
    """What `out` holds of this run already; begun where there is nothing."""
    if not out.exists() or not out.stat().st_size:
        begin(out, header)
    kept = read_run(out)
    mend(out)  # only what is known to be a run
    if not kept.header.same_run(header):
        differ = [name for name in Header.model_fields if getattr(kept.header, name) != getattr(header, name)]
        differ = [name for name in differ if name not in ("made", "folder")]
        raise ValueError(f"{out} holds another run (other {', '.join(differ)}); choose another --out, or delete it")
    return kept


def _asking(suite: Suite, system: System, plan: Plan) -> Callable[[Case, int], Record]:
    """What asks one case, or takes its answer from the cache; a system that has no fingerprint is always asked."""
    cache = plan.cache if system.fingerprint else None

    def ask(case: Case, repeat: int) -> Record:
        request = request_of(case, plan.history)
        key = digest(suite.corpus_digest, system.name, system.fingerprint, repr(request), str(repeat))
        kept = _kept(cache, key)
        if kept:
            return kept.model_copy(update={"id": case.id, "repeat": repeat, "cached": True})
        began = time.perf_counter()
        response, error = _responded(system, request)
        seconds = (time.perf_counter() - began) / len(request.turns)
        if response is not None and response.seconds is not None:
            seconds = response.seconds
        record = Record(id=case.id, repeat=repeat, response=response, error=error, seconds=seconds)
        if response is not None and cache is not None:
            cache.mkdir(parents=True, exist_ok=True)
            (cache / f"{key}.json").write_text(record.model_dump_json(exclude_defaults=True), "utf-8")
        return record

    return ask


def _responded(system: System, request: Request) -> tuple[Response | None, str]:
    try:
        return system.respond(request), ""
    except Exception as error:  # any system may be under test: what it raises is a result
        return None, f"{type(error).__name__}: {error}"


def _kept(cache: Path | None, key: str) -> Record | None:
    path = cache / f"{key}.json" if cache else None
    if path is None or not path.is_file():
        return None
    try:
        return Record.model_validate(json.loads(path.read_text("utf-8")))
    except ValueError:  # cut short by a kill: asked again
        return None


def _answers(
    left: Sequence[tuple[Case, int]], ask: Callable[[Case, int], Record], workers: int, spending: _Spending
) -> Iterator[Record]:
    """Records as they are finished, at most `workers` cases being asked at once and none begun once all is spent."""
    waiting = iter(left)
    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[Record]] = set()
        while True:
            more = [] if spending.over else list(islice(waiting, workers - len(running)))
            running |= {pool.submit(ask, case, repeat) for case, repeat in more}
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (f.result() for f in finished)
