"""One answer in the making: a model writes it, and each sentence is checked against the words it cites.

What stands up is the answer. Where nothing does, where a small model loses what the quotes tell, and where a disagreement is
passed over, the quotes are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa.checking import Checked, bears_on, check, keeps, strays
from qa.drafting import PROTOCOLS, Draft, Excerpt, Protocol, declines
from qa.errors import SchemaRefused, WitnessError
from qa.quoting import Considered, QuoteAnswerer
from qa.stating import marked, numbered
from qa.types import (
    Answer,
    ChatModel,
    Completion,
    Disagreement,
    Evidence,
    Message,
    Side,
    Statement,
    Step,
    Usage,
    tokens,
)  # fmt: skip
from qa.words import counted, fold

_UNSUPPORTED = " (unsupported)"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a kind of model is asked to do.

    `excerpts` are at most so many, of `words` words together; `passages` says whether they are whole passages or
    sentences. `decides`: whether there is an answer, against the quotes too.
    """

    excerpts: int
    words: int
    passages: bool
    reply_tokens: int
    decides: bool
    mends: bool
    rewrites: bool


LARGE = Profile(excerpts=24, words=4000, passages=True, reply_tokens=800, decides=True, mends=True, rewrites=True)
SMALL = Profile(excerpts=4, words=150, passages=False, reply_tokens=110, decides=False, mends=False, rewrites=False)


def profile(model: ChatModel) -> Profile:
    """What `model` is asked to do: little where it calls itself `small`."""
    return SMALL if getattr(model, "small", False) else LARGE


class Writing:
    """One answer in the making: `shown` yields it as it is written, then `answer` has it whole.

    `tokens_left` is the most that may still be spent on it.
    """

    def __init__(
        self, model: ChatModel, quotes: QuoteAnswerer, evidence: Evidence, considered: Considered, quoted: Answer,
        tokens_left: int,
    ) -> None:  # fmt: skip
        self.model, self.profile = model, profile(model)
        self.evidence, self.quoted, self.considered = evidence, quoted, considered
        self.quotes, self.tokens_left = quotes, tokens_left
        self.excerpts = self._excerpts()
        self.usage = evidence.usage
        self.problem = self.reply = ""
        self.messages: list[Message] = []
        self.steps: list[Step] = []
        self.checked: list[Checked] = []

    def _excerpts(self) -> list[Excerpt]:
        """What the model gets to see: the sentences of the quotes, then the next best, or whole passages."""
        if self.profile.passages:
            found = [
                Excerpt(p.passage, p.passage.start_char_index, p.passage.end_char_index) for p in self.evidence.passages
            ]
        else:
            cited = {(c.source, c.start_char_index) for c in self.quoted.citations}
            best = self.considered.found
            first = [c for c in best if (c.passage.source, c.sentence.start_char_index) in cited]
            sentences = [*first, *(c for c in best if c not in first)]
            found = [
                Excerpt(c.passage, c.sentence.start_char_index, c.sentence.end_char_index)
                for c in sentences
                if bears_on(self.considered.question, c)
            ]
        room = self.profile.words
        kept: list[Excerpt] = []
        for excerpt in dict.fromkeys(found[: self.profile.excerpts]):
            room -= len(excerpt.text.split())
            if kept and room < 0:
                break
            kept.append(excerpt)
        return kept

    def shown(self) -> Iterator[str | Step]:
        """Asks the model, checks its sentences and yields them as they come; asks once more where some fail."""
        protocol = self._protocol()
        try:
            yield from self._written(protocol)
        except SchemaRefused:
            self.model.schemas = False  # type: ignore[misc]  # known from now on
            self.usage += Usage(attempts=1)
            protocol = self._protocol()
            yield from self._written(protocol)
        if self.profile.mends and not self.problem and any(c.flaws for c in self.checked):
            yield Step("check", f"Checked {counted(len(self.checked), 'sentence')}, mending those that do not stand up")
            self._mend(protocol)

    def _protocol(self) -> Protocol:
        if not self.profile.passages:
            return PROTOCOLS["prose"]
        return PROTOCOLS["schema" if self.model.schemas else "lines"]

    def _written(self, protocol: Protocol) -> Iterator[str]:
        self.messages = protocol.messages(self.evidence.standalone_question, self.excerpts)
        self._afford(self.messages)
        reply = shown = ""
        for event in self.model.stream(self.messages, max_tokens=self.profile.reply_tokens, schema=protocol.schema):
            whole = isinstance(event, Completion)
            reply = event.text if isinstance(event, Completion) else reply + event
            drafts = protocol.read(reply, whole)
            self._check(drafts if whole else drafts[:-1])
            text = self._so_far([] if whole else drafts[-1:])
            if text.startswith(shown) and text != shown:
                yield text[len(shown) :]
                shown = text
            if isinstance(event, Completion):
                self._spend(event)
        self.reply = reply

    def _check(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts[len(self.checked) :]:
            self.checked.append(check(draft, self.excerpts, self.evidence, self.considered.question))

    def _so_far(self, unfinished: Sequence[Draft]) -> str:
        """The sentences so far, those that were checked with their marks."""
        return _text(numbered([c.statement for c in self.checked])) + "".join(
            f"{' ' * bool(self.checked)}{d.text}" for d in unfinished
        )

    def _afford(self, messages: Sequence[Message]) -> None:
        needed = tokens(sum(len(m.content) for m in messages)) + self.profile.reply_tokens
        if needed > self.tokens_left:
            raise _SpentError(
                "the token budget is used up; raise QA_ANSWER_TOKENS or QA_CONVERSATION_TOKENS, or begin a new conversation"
            )

    def _spend(self, done: Completion) -> None:
        self.usage += done.usage
        self.tokens_left -= done.usage.tokens
        self.problem = done.problem

    def _mend(self, protocol: Protocol) -> None:
        """Asks for the answer again, saying what is wrong; kept when more of it stands up."""
        wrong = [(c.statement.text, c.flaws) for c in self.checked if c.flaws]
        messages = [*self.messages, Message("assistant", self.reply), protocol.repair(wrong)]
        try:
            self._afford(messages)
            events = self.model.stream(messages, max_tokens=self.profile.reply_tokens, schema=protocol.schema)
            done = completed(events)
        except WitnessError as error:
            self.steps.append(Step("mend", f"not done: {error}"))
            return
        self._spend(done)
        drafts = protocol.read(done.text, True)
        again = [check(d, self.excerpts, self.evidence, self.considered.question) for d in drafts]
        self.steps.append(Step("mend", f"{len(wrong)} sentences sent back"))
        if again and sum(bool(c.flaws) for c in again) < len(wrong):
            self.checked, self.problem = again, done.problem

    def answer(self) -> Answer:
        """The finished answer: what stands up of the model's, else the quotes."""
        self._tell_checks()
        good = [c.statement for c in self.checked if not c.flaws]
        if not self.checked and self.profile.decides and declines(self.reply):
            return self._finished(self.quotes.abstention(self.evidence, self.considered))
        if not self.checked:
            return self.by_quotes(self.problem or "the model's reply could not be read")
        if not good or not self._complete(good):
            return self.by_quotes(self.problem)
        kept = [c.statement for c in self.checked if self.profile.decides or not c.flaws]
        statements = numbered(kept)
        sides = _sides(self.quoted.disagreements, statements)
        if len(sides) < len(self.quoted.disagreements):
            return self.by_quotes(self.problem)  # a disagreement that the model passes over is shown by quotes
        blank = replace(self.quoted, statements=statements, text=_text(statements), abstained=False, nearest=())
        return self._finished(replace(blank, disagreements=sides))

    def _complete(self, good: Sequence[Statement]) -> bool:
        """A small model's words must keep what the quotes give; a large one may know better."""
        question = self.considered.question
        if self.profile.decides or question is None:
            return True
        return keeps(good, self.quoted, self.evidence, question) and not any(
            strays(s, self.evidence, question) for s in good
        )

    def _tell_checks(self) -> None:
        failed = [f"“{c.statement.text}”: {'; '.join(c.flaws)}" for c in self.checked if c.flaws]
        repointed = sum(c.repointed for c in self.checked)
        self.steps.append(Step("check", f"{len(self.checked) - len(failed)} of {len(self.checked)} sentences stand up"))
        self.steps += [Step("check", f"failed: {f}") for f in failed]
        if repointed:
            self.steps.append(Step("check", f"{repointed} quotes were found in another passage than the one named"))

    def by_quotes(self, notice: str) -> Answer:
        """The answer by quotes, with the reason why it is not the model's."""
        wrote = " ".join(c.statement.text for c in self.checked)
        self.steps.append(Step("model", f"answered by quotes; it wrote: {wrote}" if wrote else "answered by quotes"))
        self.problem = f"{notice}. Answered by quotes instead." if notice else ""
        return self._finished(self.quoted)

    def _finished(self, answer: Answer) -> Answer:
        steps = (*self.evidence.steps, *self.steps)
        return replace(answer, usage=self.usage, notice=self.problem, steps=steps)


class _SpentError(WitnessError):
    """A budget of tokens is used up."""


def completed(events: Iterator[str | Completion]) -> Completion:
    """The end of a model's reply."""
    return next(e for e in events if isinstance(e, Completion))


def _text(statements: Sequence[Statement]) -> str:
    return " ".join(marked(s) if s.supported else s.text + _UNSUPPORTED for s in statements)


def _sides(disagreements: Sequence[Disagreement], statements: Sequence[Statement]) -> tuple[Disagreement, ...]:
    """The disagreements of which every side is told by a supported statement, with the citations of those."""
    found = []
    for disagreement in disagreements:
        told = []
        for side in disagreement.sides:
            telling = [s for s in statements if s.supported and fold(side.value) in fold(s.text)]
            told.append(Side(side.value, tuple(c for s in telling for c in s.citations)))
        if all(s.citations for s in told):
            found.append(replace(disagreement, sides=tuple(told)))
    return tuple(found)
