"""Runs a suite against a corpus."""

from __future__ import annotations

import time
from collections.abc import Iterator

from eval.cases import Case, Suite
from eval.metrics import Outcome, score
from qa import Corpus
from qa.types import Answer


def run(suite: Suite, corpus: Corpus) -> Iterator[Outcome]:
    """Asks every case of `suite`, each in a conversation of its own, and scores its last turn."""
    for case in suite.cases:
        began = time.perf_counter()
        answer = ask(case, corpus)
        yield score(case, answer, corpus.text, (time.perf_counter() - began) / len(case.turns))


def ask(case: Case, corpus: Corpus) -> Answer:
    """The answer to the last turn of `case`, the turns before it asked first."""
    conversation = corpus.chat()
    return [conversation.ask(turn) for turn in case.turns][-1]
