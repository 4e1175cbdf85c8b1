"""What the page's events do: a question answered, a mark followed, a conversation opened."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from page.exporting import FORMATS
from page.rendering import (
    answer_html,
    draft_html,
    evidence_html,
    file_html,
    mark_name,
    notice_html,
    plain,
    question_html,
    survey_html,
)  # fmt: skip
from page.sessions import COOKIE, Dialogue, LimitReached, Session, Sessions
from qa.errors import SourceNotFound, WitnessError
from qa.types import Answer, Citation, Step, Usage

if TYPE_CHECKING:
    from page.answerers import Answerers
    from page.library import Library

MOST_CHARACTERS = 2_000  # of a question
_REDRAW_SECONDS = 0.05
SUGGESTIONS = 3
Update = Any  # of a component, as Gradio takes it


class Events:
    """What the page's events do for the session that a request belongs to. Nothing of a session is kept here.

    `first` gives the questions that are offered while nothing has been asked.
    """

    def __init__(
        self, library: Library, answerers: Answerers, sessions: Sessions, first: Callable[[], Sequence[str]]
    ) -> None:
        self.corpus, self.library, self.answerers = library.corpus, library, answerers
        self.sessions, self.limits, self.first = sessions, library.limits, first

    def session(self, request: gr.Request) -> Session:
        """The session of the browser that sent a request."""
        return self.sessions.of(token_of(request), request.username or "")

    # Asking

    def reply(self, question: str, name: str, ticked: list[str], request: gr.Request) -> Iterator[tuple[Update, ...]]:
        """Streams one turn as (messages, evidence, name of the conversation, question box, conversations)."""
        session = self.session(request)
        told = session.dialogue(name)
        question = question[:MOST_CHARACTERS].strip()
        same, earlier = gr.skip(), _messages(told)
        if not question:
            yield same, same, same, "", same
            return
        box: Update = ""  # emptied once: what is typed while an answer is written stays
        try:
            session.count_question(self.limits)
            for draft in self._drafts(question, told, session, ticked):
                if isinstance(draft, str):
                    yield earlier + _turn(question, draft_html(draft)), same, told.name, box, same
                    box = same
                    continue
                told = session.add(told.name, draft)
                yield (
                    _messages(told),
                    self._first_words(told, session),
                    told.name,
                    box,
                    self.conversations(session, told.name),
                )
        except (WitnessError, LimitReached) as error:
            yield earlier + _turn(question, notice_html(str(error))), same, told.name, box, same

    def _drafts(self, question: str, told: Dialogue, session: Session, ticked: Sequence[str]) -> Iterator[str | Answer]:
        """What is being done or the text so far, not more often than the page can be drawn, then the answer."""
        answers = told.turns
        conversation = self.corpus.chat([a.turn for a in answers], sum((a.usage for a in answers), Usage()))
        events = conversation.watch(
            question, sources=self.library.asked_of(session, ticked), answerer=self.answerers.of(session.answerer)
        )
        text, drawn = "", 0.0
        for event in events:
            if isinstance(event, Answer):
                yield event
                return
            text = f"{text}{event}" if isinstance(event, str) else text
            if time.monotonic() - drawn > _REDRAW_SECONDS:
                yield text or f"{event.note} …" if isinstance(event, Step) else text
                drawn = time.monotonic()

    def _first_words(self, told: Dialogue, session: Session) -> str:
        cited = told.turns[-1].citations
        return self._evidence(mark_name(len(told.turns), cited[0]), told, session) if cited else NOTHING

    def stopped(self, name: str, request: gr.Request) -> list[dict[str, str]]:
        """The conversation without the turn that was stopped."""
        return _messages(self.session(request).dialogue(name))

    # Evidence

    def evidence(self, chosen: str, name: str, request: gr.Request) -> str:
        """What a link of an answer leads to: `words-TURN-MARKER` the document behind a mark, `each-TURN` what each source
        says, `said-TURN-NUMBER` the document behind a row of that. A name that no answer gave shows nothing.

        What the page sends ends in a number that counts the reader's choices, because a field that is set to what it
        held already sends nothing.
        """
        session = self.session(request)
        return self._evidence(chosen, session.dialogue(name), session)

    def _evidence(self, chosen: str, told: Dialogue, session: Session) -> str:
        found = _LINK.fullmatch(chosen)
        turn = int(found["turn"]) if found else 0
        if found is None or not 0 < turn <= len(told.turns):
            return NOTHING
        answer, number = told.turns[turn - 1], int(found["number"] or 0)
        if found["kind"] == "words":
            citation = next((c for c in answer.citations if c.marker == number), None)
        else:
            accounts = self.corpus.survey(answer, self.library.asked_of(session))
            if found["kind"] == "each":
                return survey_html(answer, accounts, turn)
            citation = accounts[number - 1].citation if 0 < number <= len(accounts) else None
        return self._document(citation, f"{found['kind']}-{turn}-{number}") if citation else NOTHING

    def _document(self, citation: Citation, name: str) -> str:
        try:
            return evidence_html(citation, self.corpus.text(citation.source), name)
        except SourceNotFound:
            return notice_html("This document is no longer there.")

    def linked(self, request: gr.Request) -> str:
        """The document that the page's address names, with the words it names; nothing where it names none."""
        asked = {k: str(v) for k, v in dict(getattr(request, "query_params", None) or {}).items()}
        seen = {s.source: s for s in self.library.seen_by(self.session(request))}
        source = seen.get(asked.get("source", ""))
        if source is None:
            return NOTHING
        text = self.corpus.text(source.source)
        start, end = (
            min(int(n), len(text)) if n.isdecimal() else 0 for n in (asked.get("start", ""), asked.get("end", ""))
        )
        end = max(start, end)
        words = Citation(1, source.source, source.title, None, start, end, text[start:end], "verbatim", source.outlet)
        return evidence_html(replace(words, published_at=source.published_at), text, "words-0-0")

    # Conversations

    def suggest(self, name: str, request: gr.Request) -> list[Update]:
        """Questions to begin with, or such as follow the last answer, one per button."""
        session = self.session(request)
        turns = session.dialogue(name).turns
        allowed = self.library.asked_of(session)
        proposed = self.corpus.suggest(turns[-1], sources=allowed) if turns else self.first()
        texts = [plain(q) for q in proposed][:SUGGESTIONS]
        return [gr.Button(t, visible=bool(t)) for t in (*texts, *[""] * (SUGGESTIONS - len(texts)))]

    def opened(self, request: gr.Request) -> tuple[Update, ...]:
        """What a browser that opens the page finds, as (messages, evidence, name of the conversation, conversations)."""
        session = self.session(request)
        told = session.latest()
        return _messages(told), self.linked(request), told.name, self.conversations(session, told.name)

    def open(self, name: str, request: gr.Request) -> tuple[Update, ...]:
        """Another conversation, as (messages, evidence, name)."""
        told = self.session(request).dialogue(name)
        return _messages(told), NOTHING, told.name

    def begin(self, request: gr.Request) -> tuple[Update, ...]:
        """A new conversation, as (messages, evidence, name, conversations)."""
        session = self.session(request)
        name = session.dialogue("").name
        return [], NOTHING, name, self.conversations(session, name)

    def rename(self, title: str, name: str, request: gr.Request) -> tuple[Update, ...]:
        """Gives the conversation another title, as (title box, conversations)."""
        session = self.session(request)
        session.rename(name, title)
        return "", self.conversations(session, name)

    def delete(self, name: str, request: gr.Request) -> tuple[Update, ...]:
        """Forgets the conversation and opens the latest of the others, as (messages, evidence, name, conversations)."""
        session = self.session(request)
        session.delete(name)
        told = session.latest()
        return _messages(told), NOTHING, told.name, self.conversations(session, told.name)

    def conversations(self, session: Session, name: str, words: str = "") -> Update:
        """The list of conversations that hold `words`, with the one of this name chosen."""
        listed = [(plain(d.title), d.name) for d in session.found(words)]
        chosen = name if name in {known for _, known in listed} else None
        return gr.Radio(choices=listed, value=chosen, visible=bool(listed))

    def find(self, words: str, name: str, request: gr.Request) -> Update:
        """The conversations that hold all of these words."""
        return self.conversations(self.session(request), name, words)

    def export(self, form: str, name: str, request: gr.Request) -> str:
        """The conversation as a file of one of FORMATS, in a form that the page's script saves; nothing of none."""
        turns = self.session(request).dialogue(name).turns
        if form not in FORMATS or not turns:
            return ""
        file, write = FORMATS[form]
        return file_html(file, write(turns))


def token_of(request: gr.Request) -> str:
    """The cookie that a request brings; "" where it brings none."""
    return str(dict(getattr(request, "cookies", None) or {}).get(COOKIE, ""))


_LINK = re.compile(r"(?P<kind>words|said|each)-(?P<turn>\d{1,6})(?:-(?P<number>\d{1,4}))?(?: \d+)?")
NOTHING = notice_html("Choose a mark in an answer to see the exact words it rests on, in their document.")


def _messages(told: Dialogue) -> list[dict[str, str]]:
    return [m for i, a in enumerate(told.turns, start=1) for m in _turn(a.question, answer_html(a, i))]


def _turn(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question_html(question)}, {"role": "assistant", "content": answer}]
