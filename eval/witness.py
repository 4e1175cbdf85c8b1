"""Witness as a system under test."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from eval.cases import Suite
from eval.records import Response, found, response_of
from eval.systems import Options, Request
from eval.texts import digest
from qa import Corpus, StoreMismatch

ROOT = Path(__file__).parents[1]
DEEPER = 50  # passages asked for behind an answer, to tell "not found" from "found too late"


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
        seconds = conversation.usage.seconds / len(request.turns)
        known = {p.passage.id for p in answer.passages}
        deeper = (s.passage for s in self.corpus.retrieve(answer.standalone_question, DEEPER))
        further = tuple(found(p, in_context=False) for p in deeper if p.id not in known)
        return response_of(answer, further, seconds)

    def close(self) -> None:
        """Gives the store back."""
        self.corpus.close()


def open_witness(suite: Suite, options: Options) -> Witness:
    """Witness on the suite's documents, in a store below the cache that is kept for just these documents.

    The int8 model's vectors depend a little on what is embedded together, so an index that grew would answer a little
    otherwise than one made at once.
    """
    store = options.settings.cache / "eval" / f"{suite.name}-{suite.corpus_digest}"
    arguments: dict[str, Any] = {"store": store, "settings": options.settings, "answerer": options.llm or None}
    try:
        corpus = Corpus(suite.documents, **arguments)
    except StoreMismatch:
        corpus = Corpus(suite.documents, rebuild=True, **arguments)
    corpus.sync()
    return Witness(corpus)


def code_digest() -> str:
    """Twelve hex digits of the code and prompts that make an answer: a change to them makes kept answers stale."""
    files = sorted(p for room in ("qa", "prompts", "vectorstore") for p in (ROOT / room).glob("*.[pm][yd]"))
    files.append(Path(__file__))
    return digest(*(hashlib.sha256(p.read_bytes()).hexdigest() for p in files))
