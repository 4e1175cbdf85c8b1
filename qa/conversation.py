"""A conversation about a corpus: it remembers what was asked and answered, and what that cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol

from qa.settings import Settings
from qa.types import Answer, Turn, Usage


class Answering(Protocol):
    """What a conversation is about: a corpus."""

    settings: Settings

    def stream(
        self, question: str, *, history: Sequence[Turn] = (), tokens_left: int | None = None
    ) -> Iterator[str | Answer]:
        """The text as it is written, then the Answer."""
        ...

    def astream(
        self, question: str, *, history: Sequence[Turn] = (), tokens_left: int | None = None
    ) -> AsyncIterator[str | Answer]:
        """The same without blocking the event loop."""
        ...


class Conversation:
    """Turns of questions and answers about one corpus. It belongs to the caller; the corpus keeps nothing of it.

    `usage` sums what its answers cost. With the setting `conversation_tokens`, questions are answered by quotes once
    that is spent.
    """

    def __init__(self, corpus: Answering, history: Sequence[Turn] = (), usage: Usage | None = None) -> None:
        self._corpus = corpus
        self.history: list[Turn] = list(history)
        self.usage = usage or Usage()

    def ask(self, question: str) -> Answer:
        """Answers a question, a follow-up included; `answer.standalone_question` is the question as understood."""
        return [event for event in self.stream(question) if isinstance(event, Answer)][-1]

    def stream(self, question: str) -> Iterator[str | Answer]:
        """Yields the answer's text as it is written, then the finished Answer."""
        for event in self._corpus.stream(question, history=self.history, tokens_left=self._tokens_left()):
            if isinstance(event, Answer):
                self._remember(event)
            yield event

    async def aask(self, question: str) -> Answer:
        """`ask` without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question)

    async def astream(self, question: str) -> AsyncIterator[str | Answer]:
        """`stream` without blocking the event loop."""
        async for event in self._corpus.astream(question, history=self.history, tokens_left=self._tokens_left()):
            if isinstance(event, Answer):
                self._remember(event)
            yield event

    def _tokens_left(self) -> int | None:
        most = self._corpus.settings.conversation_tokens
        return max(0, most - self.usage.tokens) if most else None

    def _remember(self, answer: Answer) -> None:
        self.usage += answer.usage
        self.history.append(answer.turn)
