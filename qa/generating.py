"""The answerer that uses a model: it writes from the evidence, and each sentence is checked against the words it cites.

It builds on the answerer by quotes. That one's evidence is shown first, and where the model gives nothing that stands up,
its quotes are the answer. A small model only puts quotes into its own words; a large one also decides whether there is an
answer, gets one chance to mend what fails, and rewrites follow-ups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from prompts import load
from qa.chatmodels import make_chat_model
from qa.drafting import PROTOCOLS
from qa.errors import WitnessError
from qa.quoting import QuoteAnswerer
from qa.settings import Settings
from qa.types import Answer, Answerer, ChatModel, Evidence, Step, Turn, Usage
from qa.understanding import rewritten
from qa.words import counted
from qa.writing import SMALL, Writing, completed, profile


class ModelAnswerer:
    """Answers in a model's words, every sentence with the words of the documents it rests on.

    `answer_tokens` is the most that a model may read and write for one answer. Never raises for a model that fails: the
    quotes are the answer then, and `answer.notice` says why.
    """

    def __init__(self, model: ChatModel, quotes: QuoteAnswerer | None = None, answer_tokens: int = 16_384) -> None:
        self.model = model
        self.quotes = quotes or QuoteAnswerer()
        self.answer_tokens = answer_tokens
        self.profile = profile(model)
        digests = [p.digest for p in PROTOCOLS.values()]
        self.name = "/".join(["model-1", model.name, *digests, load("repair").digest, load("rewrite").digest])

    def __repr__(self) -> str:
        return f"ModelAnswerer({self.model!r})"

    def prepare(self) -> None:
        """Starts a local model and has it read the rules, which all questions share. Raises what the model raises."""
        if self.profile is SMALL:
            rules = PROTOCOLS["prose"].messages("", [])
            completed(self.model.stream(rules, max_tokens=1))

    def close(self) -> None:
        """Ends what the model keeps running, if anything."""
        close = getattr(self.model, "close", None)
        if close:
            close()

    def rewrite(self, question: str, history: Sequence[Turn]) -> tuple[str | None, Usage]:
        """The question as it reads without `history`; None where the model does not tell or adds names of its own."""
        if not history or not self.profile.rewrites:
            return None, Usage()
        return rewritten(self.model, question, history)

    def stream(self, evidence: Evidence) -> Iterator[str | Step | Answer]:
        """Yields text as it is written, marks as each sentence is checked, Steps in between, then the finished Answer."""
        considered = self.quotes.consider(evidence)
        quoted = self.quotes.answer(evidence, considered)
        settled = quoted.abstained or quoted.disagreements
        if considered.question is None or not evidence.passages or (settled and not self.profile.decides):
            yield quoted.text
            yield replace(quoted, usage=evidence.usage)
            return
        left = min(self.answer_tokens, self.answer_tokens if evidence.tokens_left is None else evidence.tokens_left)
        writing = Writing(self.model, self.quotes, evidence, considered, quoted, left)
        yield Step("write", f"Reading {counted(len(writing.excerpts), 'excerpt')}, writing")
        try:
            yield from writing.shown()
        except WitnessError as error:
            writing.usage += Usage(attempts=getattr(error, "attempts", 0))
            yield writing.by_quotes(str(error))
            return
        yield writing.answer()


def make_answerer(spec: object, settings: Settings) -> Answerer:
    """The answerer that `spec` names or is: nothing or "quotes" for quotes, else a model as `make_chat_model` takes it.

    Raises ValueError for an unknown name and TypeError for what is neither an answerer nor a model.
    """
    quotes = QuoteAnswerer(words=settings.answer_words, sides_words=settings.sides_words)
    if spec is None or spec in ("", "quotes"):
        return quotes
    if isinstance(spec, str) or hasattr(spec, "schemas") or hasattr(spec, "stream_chat"):
        return ModelAnswerer(make_chat_model(spec, settings), quotes, settings.answer_tokens)
    if not hasattr(spec, "stream") or not hasattr(spec, "name"):
        raise TypeError(f"an answerer has a name and stream(evidence), or is a model; not {spec!r}")
    return spec
