"""A conversation about a corpus: it remembers what was asked and answered, and what that cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol, Unpack

from qa.settings import Settings
from qa.types import Answer, AskOptions, Step, Turn, Usage


class Answering(Protocol):
    """What a conversation is about: a corpus."""

    settings: Settings

    def watch(self, question: str, **options: Unpack[AskOptions]) -> Iterator[str | Step | Answer]:
        """The text as it is written and a Step as each stage begins, then the Answer."""
        ...

    def astream(self, question: str, **options: Unpack[AskOptions]) -> AsyncIterator[str | Answer]:
        """The same without blocking the event loop."""
        ...


class Conversation:
    """Turns of questions and answers about one corpus. It belongs to the caller; the corpus keeps nothing of it.

    `usage` sums what its answers cost; each question may have options of its own, `history` aside. With the setting
    `conversation_tokens`, questions are answered by quotes once that is spent.
    """

    def __init__(self, corpus: Answering, history: Sequence[Turn] = (), usage: Usage | None = None) -> None:
        self._corpus = corpus
        self.history: list[Turn] = list(history)
        self.usage = usage or Usage()

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """Answers a question, a follow-up included; `answer.standalone_question` is the question as understood."""
        return [event for event in self.stream(question, **options) if isinstance(event, Answer)][-1]

    def stream(self, question: str, **options: Unpack[AskOptions]) -> Iterator[str | Answer]:
        """Yields the answer's text as it is written, then the finished Answer."""
        return (event for event in self.watch(question, **options) if not isinstance(event, Step))

    def watch(self, question: str, **options: Unpack[AskOptions]) -> Iterator[str | Step | Answer]:
        """`stream` with a Step as each stage begins."""
        for event in self._corpus.watch(question, **self._options(options)):
            if isinstance(event, Answer):
                self._remember(event)
            yield event

    async def aask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """`ask` without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question, **options)

    async def astream(self, question: str, **options: Unpack[AskOptions]) -> AsyncIterator[str | Answer]:
        """`stream` without blocking the event loop."""
        async for event in self._corpus.astream(question, **self._options(options)):
            if isinstance(event, Answer):
                self._remember(event)
            yield event

    def _options(self, given: AskOptions) -> AskOptions:
        most = self._corpus.settings.conversation_tokens
        left = max(0, most - self.usage.tokens) if most else None
        return {**given, "history": self.history, "tokens_left": left}

    def _remember(self, answer: Answer) -> None:
        self.usage += answer.usage
        self.history.append(answer.turn)
