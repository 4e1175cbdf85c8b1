"""What the page's events do: a question answered, a mark followed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from page.exporting import FORMATS
from page.rendering import (
    answer_html,
    draft_html,
    evidence_html,
    file_html,
    mark_name,
    notice_html,
    question_html,
    survey_html,
)  # fmt: skip
from qa.errors import SourceNotFound, WitnessError
from qa.types import Answer, Citation, Usage

if TYPE_CHECKING:
    from qa.conversation import Conversation
    from qa.corpus import Corpus

MOST_CHARACTERS = 2_000  # of a question
MOST_PASSAGES = 100
_REDRAW_SECONDS = 0.05


class Events:
    """What the page's events do. It holds the corpus; a conversation is the browser session's own state."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    def ask(self, question: str) -> dict[str, Any]:
        """Answers one question from the documents: text, whether it abstained, and every citation with its offsets."""
        import dataclasses

        answer = self.corpus.ask(question[:MOST_CHARACTERS])
        citations = [dataclasses.asdict(c) for c in answer.citations]
        return {"text": answer.text, "abstained": answer.abstained, "citations": citations}

    def retrieve(self, question: str, k: int = 10) -> list[dict[str, Any]]:
        """The passages that best fit a question, best first: source, offsets, text and score."""
        found = self.corpus.retrieve(question[:MOST_CHARACTERS], max(1, min(int(k), MOST_PASSAGES)))
        names = ("source", "title", "start_char_index", "end_char_index", "text")
        return [{**{n: getattr(p.passage, n) for n in names}, "score": p.score} for p in found]

    def sources(self) -> list[dict[str, Any]]:
        """The documents: source, title, outlet, date and length."""
        names = ("source", "title", "outlet", "published_at", "characters")
        return [{n: getattr(s, n) for n in names} for s in self.corpus.sources()]

    def reply(self, question: str, turns: tuple[Answer, ...]) -> Iterator[tuple[Any, ...]]:
        """Streams one turn as (messages, evidence, turns, question box)."""
        import gradio as gr

        question = question[:MOST_CHARACTERS].strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip(), ""
            return
        earlier = self.stopped(turns)
        box: Any = ""  # emptied once: what is typed while an answer is written stays
        try:
            for draft in self._drafts(question, turns):
                if isinstance(draft, str):
                    yield earlier + _messages(question, draft_html(draft)), gr.skip(), gr.skip(), box
                    box = gr.skip()
                    continue
                turns = (*turns, draft)
                shown = self.evidence(mark_name(len(turns), draft.citations[0]), turns) if draft.citations else NOTHING
                yield earlier + _messages(question, answer_html(draft, len(turns))), shown, turns, box
        except WitnessError as error:
            yield earlier + _messages(question, notice_html(str(error))), gr.skip(), gr.skip(), box

    def _drafts(self, question: str, turns: Sequence[Answer]) -> Iterator[str | Answer]:
        """What is being done or the text so far, not more often than the page can be drawn, then the answer."""
        yield f"Searching {len(self.corpus.sources()):,} documents …"
        text, drawn = "", time.monotonic()
        for event in self._conversation(turns).stream(question):
            if isinstance(event, Answer):
                yield event
                return
            text += event
            if time.monotonic() - drawn > _REDRAW_SECONDS:
                yield text
                drawn = time.monotonic()

    def stopped(self, turns: Sequence[Answer]) -> list[dict[str, str]]:
        """The conversation without the turn that was stopped."""
        return [m for i, a in enumerate(turns, start=1) for m in _messages(a.question, answer_html(a, i))]

    def export(self, form: str, turns: Sequence[Answer]) -> str:
        """The conversation as a file of one of FORMATS, in a form that the page's script saves; nothing of none."""
        if form not in FORMATS or not turns:
            return ""
        name, write = FORMATS[form]
        return file_html(name, write(turns))

    def _conversation(self, turns: Sequence[Answer]) -> Conversation:
        return self.corpus.chat([a.turn for a in turns], sum((a.usage for a in turns), Usage()))

    def evidence(self, name: str, turns: Sequence[Answer]) -> str:
        """What a link of an answer leads to: `words-TURN-MARKER` the document behind a mark, `each-TURN` what each source
        says, `said-TURN-NUMBER` the document behind a row of that. A name that no answer gave shows nothing.

        What the page sends ends in a number that counts the reader's choices, because a field that is set to what it
        held already sends nothing.
        """
        found = _LINK.fullmatch(name)
        turn = int(found["turn"]) if found else 0
        if found is None or not 0 < turn <= len(turns):
            return NOTHING
        answer, number = turns[turn - 1], int(found["number"] or 0)
        if found["kind"] == "each":
            return survey_html(answer, self.corpus.survey(answer), turn)
        if found["kind"] == "said":
            told = self.corpus.survey(answer)
            citation = told[number - 1].citation if 0 < number <= len(told) else None
        else:
            citation = next((c for c in answer.citations if c.marker == number), None)
        return self._document(citation, f"{found['kind']}-{turn}-{number}") if citation else NOTHING

    def _document(self, citation: Citation, name: str) -> str:
        try:
            return evidence_html(citation, self.corpus.text(citation.source), name)
        except SourceNotFound:
            return notice_html(f"{citation.source} is no longer among the documents.")


_LINK = re.compile(r"(?P<kind>words|said|each)-(?P<turn>\d{1,6})(?:-(?P<number>\d{1,4}))?(?: \d+)?")
NOTHING = notice_html("Choose a mark in an answer to see the exact words it rests on, in their document.")


def _messages(question: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": question_html(question)}, {"role": "assistant", "content": answer}]
