"""A model's sentence held against the documents: its quotes found, widened to sentences where need be, and judged."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from qa.attributing import attribution
from qa.citing import cite, find_quote, overlapping
from qa.drafting import Draft, Excerpt
from qa.questions import Question
from qa.scoring import Candidate
from qa.supporting import Backing, flaws, overlap, unnamed_speaker
from qa.synonyms import SYNONYMS
from qa.types import Answer, Citation, Evidence, Passage, Sentence, Statement, Verdict
from qa.values import Kind
from qa.wanted import VALUE_KINDS, new_values
from qa.words import content, fold, names, same_name, words

_RELATED = 0.74  # cosine with the question, from which a sentence may answer it without sharing a word
_ALIGNED = 6  # sentences among which those that a draft without quotes rests on are looked for
_KEPT = 0.5  # share of what the quotes tell that a small model's words must keep


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft as a statement. `flaws` says what is wrong with it; `repointed` counts quotes from another passage."""

    statement: Statement
    flaws: tuple[str, ...] = ()
    repointed: int = 0


@dataclass(frozen=True, slots=True)
class _Cited:
    """Words of a passage that a draft rests on."""

    passage: Passage
    start: int
    end: int
    verdict: Verdict = "verbatim"

    def citation(self) -> Citation:
        return replace(cite(0, self.passage, self.start, self.end), verdict=self.verdict)

    def sentences(self) -> list[Sentence]:
        return [s for s in self.passage.sentences if s.start_char_index < self.end and self.start < s.end_char_index]

    def widened(self) -> _Cited:
        """The same with the whole sentences it is part of."""
        touched = self.sentences()
        if not touched:
            return self
        start, end = touched[0].start_char_index, touched[-1].end_char_index
        return replace(self, start=min(start, self.start), end=max(end, self.end))


def check(draft: Draft, excerpts: Sequence[Excerpt], evidence: Evidence, question: Question | None) -> Checked:
    """Finds the words that a draft cites, or those that it fits best, and says what they do not bear out.

    A draft that fails keeps no citation, so it counts as unsupported.
    """
    cited, repointed = _cited(draft, excerpts)
    wrong: list[list[str]] = [["its quoted words are in no passage"] * bool(draft.quotes and not cited)]
    for attempt in (cited, [c.widened() for c in cited]) if cited else _fitting(draft, excerpts):
        wrong.append(_wrong(draft, attempt, evidence, question))
        if not wrong[-1]:
            return Checked(_stated(draft, attempt, evidence), (), repointed)
    least = min((w for w in wrong if w), key=len, default=["no words of the documents bear it out"])
    return Checked(Statement(draft.text), tuple(least), repointed)


def _cited(draft: Draft, excerpts: Sequence[Excerpt]) -> tuple[list[_Cited], int]:
    passages = [e.passage for e in excerpts]
    found = []
    for quote in draft.quotes:
        named = passages[quote.excerpt - 1] if 0 < quote.excerpt <= len(passages) else None
        if (place := find_quote(quote.words, named, passages)) is not None:
            found.append(place)
    cited = [_Cited(f.passage, f.start, f.end, f.verdict) for f in found]
    return list(dict.fromkeys(cited)), sum(f.misattributed for f in found)


def _fitting(draft: Draft, excerpts: Sequence[Excerpt]) -> Iterator[list[_Cited]]:
    """The sentences that share most words with a draft, one alone, then two together."""
    sentences = [
        _Cited(e.passage, s.start_char_index, s.end_char_index)
        for e in excerpts
        for s in e.passage.sentences
        if e.start <= s.start_char_index and s.end_char_index <= e.end
    ]
    shared = {c: overlap(draft.text, _text(c)) for c in sentences}
    best = sorted((c for c in shared if shared[c]), key=lambda c: -shared[c])[:_ALIGNED]
    yield from ([c] for c in best)
    yield from (list(pair) for pair in combinations(best, 2))


def _text(cited: _Cited) -> str:
    first = cited.passage.start_char_index
    return cited.passage.text[cited.start - first : cited.end - first]


def _wrong(draft: Draft, cited: Sequence[_Cited], evidence: Evidence, question: Question | None) -> list[str]:
    found = flaws(draft.text, [_backing(c, evidence) for c in cited])
    if not found and question and not any(_answers(c, evidence, question) for c in cited):
        found = ["the cited words have nothing to do with the question"]
    return found


def strays(statement: Statement, evidence: Evidence, question: Question) -> list[str]:
    """Names that the answer to a question for a date, a number and the like has no business to bring in: neither asked
    for nor the speaker's."""
    if question.wanted not in VALUE_KINDS:
        return []
    asked = [*(w.stem for w in words(question.text)), *_speakers(statement, evidence)]
    found = (n for n in names(statement.text) if not _DAY.search(n.text))
    return [n.text for n in found if not any(_known(w.text, w.stem, asked) for w in words(n.text))]


def _known(text: str, stem: str, asked: Sequence[str]) -> bool:
    return any(stem == a or a in SYNONYMS.get(stem, ()) or same_name(text, a) for a in asked)


def _backing(cited: _Cited, evidence: Evidence) -> Backing:
    whole = evidence.text_of(cited.passage.source)
    touched = cited.sentences()
    start, end = (touched[0].start_char_index, touched[0].end_char_index) if touched else (cited.start, cited.end)
    earlier = [s for s in cited.passage.sentences if s.end_char_index <= start]
    before = whole[earlier[-1].start_char_index : earlier[-1].end_char_index] if earlier else ""
    p = cited.passage
    return Backing(
        _text(cited),
        before,
        attribution(whole, start, end),
        p.outlet,
        p.title,
        f"{p.text} {evidence.standalone_question}",
    )


def _stated(draft: Draft, cited: Sequence[_Cited], evidence: Evidence) -> Statement:
    """The draft as a statement; reported speech gets its speaker where the draft leaves it out."""
    speaker = unnamed_speaker(draft.text, [_backing(c, evidence) for c in cited])
    text = f"According to {speaker}, {_lowered(draft.text)}" if speaker else draft.text
    return Statement(text, tuple(c.citation() for c in cited))


def _lowered(text: str) -> str:
    opening = words(text)[:1]
    return text if not opening or opening[0].content else text[:1].lower() + text[1:]


def _answers(cited: _Cited, evidence: Evidence, question: Question) -> bool:
    similarities = {
        s: similarity
        for p in evidence.passages
        if p.passage.id == cited.passage.id
        for s, similarity in zip(p.passage.sentences, p.sentence_similarities, strict=False)
    }
    nearest = max((similarities.get(s, 0.0) for s in cited.sentences()), default=0.0)
    return _is_related(question, _text(cited), nearest)


def bears_on(question: Question | None, candidate: Candidate) -> bool:
    """True when a sentence shares a word with the question, or is near to it in meaning."""
    return question is None or _is_related(question, candidate.text, candidate.similarity)


def _is_related(question: Question, text: str, similarity: float) -> bool:
    there = content(text)
    asked = {s for t in question.terms for s in (t, *SYNONYMS.get(t, ()))}
    return similarity >= _RELATED or any(a == t or same_name(a, t) for a in asked for t in there)


_DAY = re.compile("|".join((*calendar.day_name, *calendar.month_name[1:])))


def _speakers(statement: Statement, evidence: Evidence) -> set[str]:
    """The stems of the names of those who say what a statement cites."""
    places = ((evidence.text_of(c.source), c.start_char_index, c.end_char_index) for c in statement.citations)
    speakers = (attribution(*place) for place in places)
    return {w.stem for s in speakers if s for w in words(s.speaker)}


def keeps(good: Sequence[Statement], quoted: Answer, evidence: Evidence, question: Question) -> bool:
    """True when statements in a model's words still tell what the quotes tell.

    They rest on the words of the first quote, or where no kind of answer is asked for of any, and on a sentence of what is
    asked about where that is one. They give the value asked for, one name where a person or place is asked for, half of the
    names and numbers where several are, and else something that the question does not say.
    """
    if not quoted.statements:
        return True
    first, said = quoted.statements[0], " ".join(s.text for s in good)
    chosen = quoted.citations if question.wanted is None else first.citations
    if not any(overlapping(a, b) for s in good for a in s.citations for b in chosen):
        return False
    if _off_topic(good, first, question, _speakers(first, evidence)):
        return False
    kinds: Sequence[Kind] = VALUE_KINDS.get(question.wanted, ()) if question.wanted else ()
    if given := [v.text for kind in kinds for v in new_values(question, kind, first.text, None)]:
        return any(fold(v) in fold(said) for v in given)
    asked, there = (content(text) for text in (question.text, said))
    listed = _named(" ".join(s.text for s in quoted.statements)) - asked - _speakers(first, evidence)
    if question.several and listed:
        return len(listed & there) >= _KEPT * len(listed)
    told = _named(first.text) - asked
    if question.wanted in ("person", "role", "place"):
        return not told or bool(told & there)
    return bool(there - asked) or question.wanted is None


def _off_topic(good: Sequence[Statement], first: Statement, question: Question, speakers: set[str]) -> bool:
    """True when statements repeat a word of the question that the first quote holds and their own quotes do not, names of
    speakers aside, which are added to quotes."""
    said, backing = " ".join(s.text for s in good), " ".join(c.cited_text for s in good for c in s.citations)
    asked, there, quote, backed = (content(text) for text in (question.text, said, first.text, backing))
    return bool((asked & there & quote) - backed - speakers)


def _named(text: str) -> set[str]:
    """The stems of the names, days aside, and numbers of a text."""
    named = {w.stem for n in names(text) if not _DAY.match(n.text) for w in words(n.text)}
    return named | {w.stem for w in words(text) if w.text[0].isdigit()}
