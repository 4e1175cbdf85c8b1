"""What the events of the sources pane do: filter, tick, add, remove."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from page.library import Library
from page.rendering import lines_html, rows_html
from page.sessions import Session

Update = Any
Shown = tuple[Update, str]  # the list of documents, and what the next question is asked of


class SourceEvents:
    """`session` finds the browser session that a request belongs to."""

    def __init__(self, library: Library, session: Callable[[gr.Request], Session]) -> None:
        self.library, self._session = library, session

    def listed(self, words: str, ticked: list[str], request: gr.Request) -> Shown:
        """The documents that fit a filter, those ticked first, and the count."""
        return self._shown(words, ticked, self._session(request))

    def counted(self, ticked: list[str], request: gr.Request) -> str:
        """What the next question is asked of."""
        return self._count(ticked, self._session(request))

    def cleared(self, words: str, request: gr.Request) -> Shown:
        """Nothing is ticked any more."""
        return self._shown(words, [], self._session(request))

    def upload(
        self, files: list[str] | None, words: str, ticked: list[str], request: gr.Request
    ) -> Iterator[tuple[Update, ...]]:
        """Adds files, as (drop area, news, list, count)."""
        session = self._session(request)
        yield from self._told(self.library.upload(files or [], session), words, ticked, session)

    def add_folder(
        self, folder: str, words: str, ticked: list[str], request: gr.Request
    ) -> Iterator[tuple[Update, ...]]:
        """Adds a folder of the server, as (folder, news, list, count)."""
        session = self._session(request)
        yield from self._told(self.library.add_folder(folder or "", session), words, ticked, session)

    def _told(
        self, news: Iterator[str], words: str, ticked: list[str], session: Session
    ) -> Iterator[tuple[Update, ...]]:
        for line in news:
            yield None, lines_html(line, "news"), gr.skip(), gr.skip()
        yield gr.skip(), gr.skip(), *self._shown(words, ticked, session)

    def remove(self, words: str, ticked: list[str], request: gr.Request) -> tuple[Update, ...]:
        """Removes the ticked documents that are the session's own, as (news, list, count)."""
        session = self._session(request)
        news = self.library.remove(ticked, session)
        return lines_html(news, "news"), *self._shown(words, [], session)

    def failures(self) -> str:
        """The files of the folder that were not read, and why."""
        return rows_html(self.library.failures(), "failed")

    def _shown(self, words: str, ticked: list[str], session: Session) -> Shown:
        choices = self.library.choices(session, words, ticked)
        there = {source for _, source in choices}
        kept = [s for s in ticked if s in there]
        return gr.CheckboxGroup(choices=choices, value=kept), self._count(kept, session)

    def _count(self, ticked: list[str], session: Session) -> str:
        return lines_html(self.library.count(session, ticked), "count")
