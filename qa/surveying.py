"""What each source says to a question: its own best sentence, or that it does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.citing import cite, overlapping
from qa.comparing import attached
from qa.matching import names_told
from qa.questions import Question, read_question
from qa.scoring import ANSWERS, Candidate, candidates
from qa.types import Account, Answer, Citation, Evidence, Source
from qa.wanted import VALUE_KINDS, new_values
from qa.words import content

_SAYS = 0.6 * ANSWERS  # of a source's best sentence: less has to be said where one source is asked than where all are
_NAMES = 0.55  # of the names asked for that the source which names most of them has: another tells of something else
_SAME_WORDS = 0.9


def survey(evidence: Evidence, sources: Sequence[Source], answer: Answer) -> tuple[Account, ...]:
    """An account of every one of `sources` that has passages in `evidence`, those that say something first, by date.

    Sources that say the same in nearly the same words are told once, the others as `also`. The sides of the answer's
    disagreement give their own value.
    """
    question = read_question(evidence.asked)
    best: dict[str, Candidate] = {}
    told = names_told(question, evidence, (s.source for s in sources))
    for candidate in candidates(question, evidence):
        if told.get(candidate.passage.source, 0.0) >= _NAMES * max(told.values()):
            best.setdefault(candidate.passage.source, candidate)
    found = [_account(s, question, best.get(s.source), answer) for s in sources]
    found.sort(key=lambda t: (t.citation is None, t.published_at or "9999", t.source))
    return tuple(_folded(found))


def _account(source: Source, question: Question, best: Candidate | None, answer: Answer) -> Account:
    about = Account(source.source, source.title, source.outlet, source.published_at)
    shown = next((c for c in answer.citations if c.source == source.source), None)
    if shown and not answer.abstained:
        side = next((s for d in answer.disagreements for s in d.sides if shown in s.citations), None)
        own = best if best and overlapping(_cited(best), shown) else None
        return replace(about, citation=replace(shown, marker=0), value=side.value if side else _value(question, own))
    if best is None or best.score < _SAYS:
        return about
    return replace(about, citation=_cited(best), value=_value(question, best))


def _cited(candidate: Candidate) -> Citation:
    sentence = candidate.sentence
    return cite(0, candidate.passage, sentence.start_char_index, sentence.end_char_index)


def _value(question: Question, candidate: Candidate | None) -> str:
    """The value that a question after one gets from a sentence; empty where it asks for none."""
    kinds = VALUE_KINDS.get(question.wanted, ()) if question.wanted else ()
    if candidate is None or not kinds:
        return ""
    value = attached(new_values(question, kinds[0], candidate.text), candidate.text, question.terms)
    return value.text if value else ""


def _folded(found: Sequence[Account]) -> list[Account]:
    """Accounts in nearly the same words told once."""
    told: list[Account] = []
    for one in found:
        same = next((i for i, t in enumerate(told) if _same_words(t, one)), None)
        if same is None:
            told.append(one)
        else:
            told[same] = replace(told[same], also=(*told[same].also, one.source))
    return told


def _same_words(one: Account, other: Account) -> bool:
    """True of nearly the same words with the same value and numbers: one digit can be all the difference there is."""
    if one.citation is None or other.citation is None or one.value != other.value:
        return False
    a, b = (content(t.citation.cited_text) for t in (one, other) if t.citation)
    if any(not word.isalpha() for word in a ^ b):
        return False
    return bool(a and b) and len(a & b) >= _SAME_WORDS * max(len(a), len(b))
