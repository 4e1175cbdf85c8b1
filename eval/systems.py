"""What a system under test is: it gets a request and gives a response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from eval.cases import Case
from eval.records import Response
from qa import Settings
from qa.types import Turn


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the last of `turns`, the others first. `history` holds gold turns, which are then not asked."""

    id: str
    turns: tuple[str, ...]
    history: tuple[Turn, ...] = ()


def request_of(case: Case, history: str = "own") -> Request:
    """The request for a case: with the system's own replies to the earlier turns, or with gold ones where there are."""
    if history == "gold" and case.replies:
        return Request(case.id, case.turns[-1:], tuple(zip(case.turns, case.replies, strict=False)))
    return Request(case.id, case.turns)


class System(Protocol):
    """Answers requests. `close` and `sources` are optional."""

    @property
    def name(self) -> str:
        """Names the system in reports."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes with whatever can change an answer, so that answers are kept and used again."""
        ...

    def respond(self, request: Request) -> Response:
        """The answer to the last turn. Whatever it raises is recorded as an error."""
        ...


@dataclass(frozen=True)
class Options:
    """How systems are opened: who writes answers (a name as in QA_LLM, or a model), and the settings."""

    llm: object = ""
    settings: Settings = field(default_factory=Settings)
