"""A model as judge: is a claim borne out by evidence? And how far such a judge is to be believed.

It sees the claim and the evidence and never which system wrote them. A reply that cannot be read is asked for once more
and then counts as unscored, never as wrong.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from eval.baselines import gold_answer
from eval.cases import Case, Suite
from eval.records import Response, Run
from eval.significance import kappa
from eval.texts import bare, digest, folded, plain
from prompts import load
from qa.types import ChatModel, Completion, Message

Verdict = Literal["supported", "unsupported", "unscored"]
LEAST_KAPPA = 0.6
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": ["supported", "unsupported"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}
_WORD = re.compile(r"\b(un)?supported\b", re.IGNORECASE)
_REPAIR = 'That could not be read. Reply with {"verdict": "supported"} or {"verdict": "unsupported"} and nothing else.'
_REPLY_TOKENS = 60
_SEED = 20261122


class Judge:
    """Asks `model`; verdicts are kept in `cache` by claim, evidence, prompt and model, where it is given."""

    def __init__(self, model: ChatModel, cache: Path | None = None) -> None:
        self.model = model
        self.cache = cache
        self.prompt = load("judge")

    def verdict(self, claim: str, evidence: str) -> Verdict:
        """Whether `evidence` bears out `claim`."""
        key = digest(self.model.name, self.prompt.digest, claim, evidence)
        kept = self.cache / f"{key}.txt" if self.cache else None
        if kept and kept.is_file():
            return kept.read_text("utf-8")  # type: ignore[return-value]
        found = self._asked(claim, evidence)
        if kept and found != "unscored":
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(found, "utf-8")
        return found

    def _asked(self, claim: str, evidence: str) -> Verdict:
        messages = [Message("user", self.prompt.fill(claim=claim, evidence=evidence))]
        for _ in range(2):
            schema = _SCHEMA if self.model.schemas else None
            events = self.model.stream(messages, max_tokens=_REPLY_TOKENS, schema=schema)
            reply = next(e for e in events if isinstance(e, Completion)).text
            if found := read_verdict(reply):
                return found
            messages = [*messages, Message("assistant", reply), Message("user", _REPAIR)]
        return "unscored"

    def support(self, response: Response) -> float | None:
        """The share of an answer's sentences that what they cite bears out; None where nothing could be judged."""
        verdicts = [
            self.verdict(plain(s.text), "\n".join(response.citations[i].text for i in s.citations))
            for s in response.statements
            if s.citations
        ]
        scored = [v == "supported" for v in verdicts if v != "unscored"]
        return fmean(scored) if scored else None


def read_verdict(reply: str) -> Verdict | None:
    """The verdict of a reply, as JSON or as the one word in it; None when there is none or there are both."""
    try:
        said = str(json.loads(reply)["verdict"])
    except (ValueError, TypeError, KeyError):
        said = reply
    found = {m.group().lower() for m in _WORD.finditer(said)}
    return found.pop() if len(found) == 1 else None  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A claim, evidence, and whether the one bears out the other."""

    claim: str
    evidence: str
    supported: bool


def perturbed_claims(suite: Suite, most: int = 200) -> list[Labelled]:
    """Pairs made of a suite's own gold: half with the right answer, half with that of another case in its place."""
    cases = [c for c in suite.cases if c.answerable and c.evidence and c.answers and not c.sides and len(c.turns) == 1]
    draw = random.Random(_SEED)  # noqa: S311
    draw.shuffle(cases)
    return list(_pairs(cases[: most // 2], draw))


def _pairs(cases: Sequence[Case], draw: random.Random) -> Iterator[Labelled]:
    for case in cases:
        evidence = "\n".join(dict.fromkeys(g.quote for g in case.evidence))
        yield Labelled(_claim(case, gold_answer(case)), evidence, True)
        others = [c for c in cases if _fact(c) != _fact(case) and c.answer_type == case.answer_type]
        others = [c for c in others if not any(bare(folded(a)) in bare(folded(evidence)) for g in c.answers for a in g)]
        if others:
            yield Labelled(_claim(case, gold_answer(draw.choice(others))), evidence, False)


def _fact(case: Case) -> str:
    return case.cluster or case.id


def _claim(case: Case, answer: str) -> str:
    return f"Asked “{case.turns[-1]}”, the right answer is: {answer}"


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a judge agrees with labels: Cohen's kappa over what it scored, the share it got right of either label, how much
    more often it says "supported" than is so, and the same agreement for shorter and longer claims."""

    kappa: float
    scored: int
    unscored: int
    of_supported: float
    of_unsupported: float
    bias: float
    shorter: float
    longer: float

    @property
    def believed(self) -> bool:
        """True when a headline may rest on it."""
        return self.kappa >= LEAST_KAPPA

    @property
    def text(self) -> str:
        """Lines for people."""
        told = "" if self.believed else f": below {LEAST_KAPPA}, no headline may rest on this judge"
        return "\n".join(
            (
                f"kappa                   {self.kappa:.2f}{told}",
                f"pairs scored, unscored  {self.scored}, {self.unscored}",
                f"right of supported      {self.of_supported:.2f}",
                f"right of unsupported    {self.of_unsupported:.2f}",
                f"bias to “supported”     {self.bias:+.2f}",
                f"shorter, longer claims  {self.shorter:.2f}, {self.longer:.2f}",
            )
        )


def calibrate(judge: Judge, labelled: Sequence[Labelled]) -> Calibration:
    """Runs a judge over labelled pairs."""
    verdicts = [(pair, judge.verdict(pair.claim, pair.evidence)) for pair in labelled]
    scored = [(pair, verdict == "supported") for pair, verdict in verdicts if verdict != "unscored"]
    right = [(pair, said == pair.supported) for pair, said in scored]
    by_length = sorted(right, key=lambda r: len(r[0].claim))
    half = len(by_length) // 2
    return Calibration(
        kappa=kappa([str(p.supported) for p, _ in scored], [str(said) for _, said in scored]),
        scored=len(scored),
        unscored=len(verdicts) - len(scored),
        of_supported=_share(ok for p, ok in right if p.supported),
        of_unsupported=_share(ok for p, ok in right if not p.supported),
        bias=_share(said for _, said in scored) - _share(p.supported for p, _ in scored),
        shorter=_share(ok for _, ok in by_length[:half]),
        longer=_share(ok for _, ok in by_length[half:]),
    )


def _share(values: Iterable[bool]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def judged(judge: Judge, run: Run) -> dict[tuple[str, int], float]:
    """Per answer that cites something, the share of its sentences that are borne out; unscored ones are left out."""
    shares = (
        ((r.id, r.repeat), judge.support(r.response)) for r in run.records if r.response and not r.response.abstained
    )
    return {key: share for key, share in shares if share is not None}
