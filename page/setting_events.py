"""What the events of the settings do: choose who writes, tell what it cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from page.answerers import Answerers
from page.rendering import lines_html, rows_html
from page.sessions import Session


class SettingEvents:
    """`session` finds the browser session that a request belongs to."""

    def __init__(self, answerers: Answerers, session: Callable[[gr.Request], Session]) -> None:
        self.answerers, self._session = answerers, session

    def choices(self) -> list[tuple[str, str]]:
        """(label, name) of the answerers that can be had."""
        return self.answerers.choices()

    def needs(self) -> str:
        """What each answerer needs."""
        return rows_html(self.answerers.needs(), "needs")

    def opened(self, request: gr.Request) -> tuple[Any, str]:
        """The session's choice, and what its answers cost."""
        session = self._session(request)
        return session.answerer or self.answerers.first, _spent(session)

    def choose(self, name: str, request: gr.Request) -> str:
        """Has another answerer write the session's next answers."""
        session = self._session(request)
        session.answerer = name
        return _spent(session)

    def spent(self, request: gr.Request) -> str:
        """Seconds and tokens of the last answer and of all."""
        return _spent(self._session(request))


def _spent(session: Session) -> str:
    last, total = session.last_usage, session.usage
    answers = f"Last answer: {last.seconds:.1f} s, {last.tokens:,} tokens."
    return lines_html(f"{answers}\nAll answers: {total.seconds:.1f} s, {total.tokens:,} tokens.", "spent")
