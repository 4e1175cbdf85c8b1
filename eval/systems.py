"""Systems under test: Witness, the baselines it is held against, and any other one through a function of its own."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from eval.cases import Case, Suite
from eval.records import Found, Response, response_of
from qa import Corpus, Settings, StoreMismatch
from qa.types import Turn

ROOT = Path(__file__).parents[1]
DEEPER = 50  # passages asked for behind an answer, to tell "not found" from "found too late"


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


class Witness:
    """A corpus of the suite's documents, asked in a conversation of its own per request."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.name = "witness"
        self.fingerprint = digest(corpus.fingerprint, code_digest())
        self.sources = tuple(s.source for s in corpus.sources())

    def respond(self, request: Request) -> Response:
        """The answer, and what retrieval finds behind the passages it was made of."""
        conversation = self.corpus.chat(request.history)
        answer = [conversation.ask(turn) for turn in request.turns][-1]
        known = {p.passage.id for p in answer.passages}
        deeper = (s.passage for s in self.corpus.retrieve(answer.standalone_question, DEEPER))
        found = tuple(
            Found(source=p.source, start=p.start_char_index, end=p.end_char_index, in_context=False)
            for p in deeper
            if p.id not in known
        )
        return response_of(answer, found)

    def close(self) -> None:
        """Gives the store back."""
        self.corpus.close()


def open_witness(suite: Suite, options: Options) -> Witness:
    """Witness on the suite's documents, its store kept below the cache and brought up to date."""
    place = digest(str(suite.documents.resolve()))
    store = options.settings.cache / "eval" / f"{suite.name}-{place}"
    arguments: dict[str, Any] = {"store": store, "settings": options.settings, "answerer": options.llm or None}
    try:
        corpus = Corpus(suite.documents, **arguments)
    except StoreMismatch:
        corpus = Corpus(suite.documents, rebuild=True, **arguments)
    corpus.sync()
    return Witness(corpus)


def digest(*parts: str) -> str:
    """Twelve hex digits of `parts`."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def code_digest() -> str:
    """Twelve hex digits of the code and prompts that make an answer: a change to them makes kept answers stale."""
    files = sorted(p for room in ("qa", "prompts", "vectorstore") for p in (ROOT / room).glob("*.[pm][yd]"))
    return digest(*(hashlib.sha256(p.read_bytes()).hexdigest() for p in files))


class Plugged:
    """Somebody's own system: `respond` of what their function returns, or that function's result itself."""

    def __init__(self, name: str, made: Any) -> None:
        self.made = made
        self.name = getattr(made, "name", name)
        self.fingerprint = getattr(made, "fingerprint", "")
        self.sources = tuple(getattr(made, "sources", ()))

    def respond(self, request: Request) -> Response:
        """Their answer: a Response, a dictionary of its fields, or text."""
        given = getattr(self.made, "respond", self.made)(request)
        if isinstance(given, str):
            return Response(text=given)
        return given if isinstance(given, Response) else Response.model_validate(given)

    def close(self) -> None:
        """Closes theirs, where it can be."""
        if close := getattr(self.made, "close", None):
            close()


def _plugged(name: str, suite: Suite) -> Plugged:
    module, _, function = name.partition(":")
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"no system {name!r}: {error}; give one of {', '.join(SYSTEMS)} or module:function") from error
    return Plugged(name, make(suite.documents))


@contextmanager
def open_system(name: str, suite: Suite, options: Options | None = None) -> Iterator[System]:
    """The system of that name, a row of SYSTEMS or `module:function`, closed afterwards.

    The function gets the documents' folder and returns an object with `respond(request)` or a function of a request.
    Raises ValueError for an unknown name.
    """
    options = options or Options()
    if name not in SYSTEMS and ":" not in name:
        raise ValueError(f"no system {name!r}; give one of {', '.join(SYSTEMS)} or module:function")
    system = SYSTEMS[name](suite, options) if name in SYSTEMS else _plugged(name, suite)
    try:
        yield system
    finally:
        if close := getattr(system, "close", None):
            close()


def _of_baselines(name: str) -> Callable[[Suite, Options], System]:
    def make(suite: Suite, options: Options) -> System:
        from eval import baselines

        return baselines.BASELINES[name](suite, options)

    return make


SYSTEMS: Mapping[str, Callable[[Suite, Options], System]] = {
    "witness": open_witness,
    **{name: _of_baselines(name) for name in ("oracle", "constant", "silent", "closed-book", "lexical", "plain")},
}
