"""What programs and agents can call: `ask`, `retrieve`, `sources`. Their docstrings are what an agent reads."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import gradio as gr

from page.events import MOST_CHARACTERS, Events, token_of
from page.sessions import LimitReached, Session, is_token

_MOST_PASSAGES = 100


class Api:
    """The calls by name; they see what the session of their request sees, which is the folder where they bring no cookie."""

    def __init__(self, events: Events) -> None:
        self.events, self.corpus, self.library = events, events.corpus, events.library

    def ask(self, question: str, request: gr.Request) -> dict[str, Any]:
        """Answers one question from the documents alone, and says where each sentence stands.

        Args:
            question: the question, in plain words

        Returns:
            text with marks such as [1]; abstained, true where the documents do not answer; citations with exact words
        """
        session = self._counted(request)
        answer = self.corpus.ask(question[:MOST_CHARACTERS], sources=self.library.asked_of(session))
        return {"text": answer.text, "abstained": answer.abstained, "citations": [asdict(c) for c in answer.citations]}

    def retrieve(self, question: str, request: gr.Request, k: int = 10) -> list[dict[str, Any]]:
        """Finds the passages of the documents that best fit a question, best first.

        Args:
            question: the question, in plain words
            k: how many passages, at most 100

        Returns:
            source, title, offsets, text and score of each passage
        """
        allowed = self.library.asked_of(self._counted(request))
        found = self.corpus.retrieve(question[:MOST_CHARACTERS], max(1, min(int(k), _MOST_PASSAGES)), sources=allowed)
        names = ("source", "title", "start_char_index", "end_char_index", "text")
        return [{**{n: getattr(p.passage, n) for n in names}, "score": p.score} for p in found]

    def sources(self, request: gr.Request) -> list[dict[str, Any]]:
        """Lists the documents that questions are answered from.

        Returns:
            source, title, outlet, date and length in characters of each document
        """
        names = ("source", "title", "outlet", "published_at", "characters")
        return [{n: getattr(s, n) for n in names} for s in self.library.seen_by(self.events.session(request))]

    def _counted(self, request: gr.Request) -> Session:
        session = self.events.session(request)
        counter = session if is_token(token_of(request)) else self.events.sessions.of_host(request.client.host)
        try:
            counter.count_question(self.events.limits)
        except LimitReached as limit:
            raise gr.Error(str(limit)) from limit
        return session
