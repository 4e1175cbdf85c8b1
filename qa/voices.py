"""Who said it, where sources give nearly the same words to different speakers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.opposing import Claim, Position
from qa.questions import Question
from qa.scoring import Candidate
from qa.values import Value
from qa.words import SPEECH_VERBS, fold, same_name, words

_ASKS_WHO = re.compile(r"\b(?:who|whom|whose|which [a-z]+)\b", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“«]([^\"”»]+)[\"”»]")
_ALIKE, _SHARED = 0.6, 2  # of the weight of the shorter one's content words, and so many of them
_NAME = 0.5  # weight of a word of a name, which other sentences share too
_ABOUT_IT = 0.5  # of the best sentence's share of the question


def speakers(question: Question, found: Sequence[Candidate]) -> list[Position]:
    """The sides of a disagreement over who said what is asked about: each speaker with the sources that name them.

    None unless the question asks who said something and sources give nearly the words of the best sentence to others.
    """
    if not found or not _asks_who_said(question) or found[0].attribution is None:
        return []
    best = found[0]
    sides: list[list[Candidate]] = [[best]]
    for candidate in _alike(best, found[1:]):
        home = next((s for s in sides if _same_speaker(s[0], candidate)), None)
        if home is None:
            sides.append([candidate])
        elif all(candidate.passage.source != c.passage.source for c in home):
            home.append(candidate)
    by_source = {c.passage.source for side in sides for c in side}
    return [_position(side) for side in sides] if len(sides) > 1 and len(by_source) > 1 else []


def _asks_who_said(question: Question) -> bool:
    said = any(w.stem in SPEECH_VERBS for w in words(question.text))
    return said and _ASKS_WHO.search(question.text) is not None and question.speaker is None


def _alike(best: Candidate, others: Sequence[Candidate]) -> Iterator[Candidate]:
    """The first sentence of every other source that says nearly the same and is somebody's."""
    known = {best.passage.source}
    for c in others:
        about_it = c.features["coverage"] >= _ABOUT_IT * best.features["coverage"]
        if c.attribution and about_it and c.passage.source not in known and _says_same(best.text, c.text):
            known.add(c.passage.source)
            yield c


def _says_same(one: str, other: str) -> bool:
    return any(_overlap(a, b) for a in _said(one) for b in _said(other))


def _said(text: str) -> list[dict[str, float]]:
    """The content words of a sentence's quotations, of the whole sentence where it has none, with their weights."""
    pieces = _QUOTED.findall(text) or [text]
    return [{w.stem: _NAME if w.capitalised else 1.0 for w in words(piece) if w.content} for piece in pieces]


def _overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    shared = one.keys() & other.keys()
    weight = sum(one[w] for w in shared)
    return len(shared) >= _SHARED and weight >= _ALIKE * min(sum(one.values()), sum(other.values()))


def _same_speaker(one: Candidate, other: Candidate) -> bool:
    a, b = (fold(c.attribution.speaker).split() for c in (one, other) if c.attribution)
    return same_name(a[-1], b[-1]) or set(a) <= set(b) or set(b) <= set(a)


def _position(side: Sequence[Candidate]) -> Position:
    claims = tuple(Claim(c.passage, _name(c), c.score) for c in side)
    return Position(claims[0].value, claims, claims[0].weight)


def _name(candidate: Candidate) -> Value:
    """The speaker as a value, placed where the sentence names them, else at its beginning."""
    speaker = candidate.attribution.speaker if candidate.attribution else ""
    start = candidate.sentence.start_char_index - candidate.passage.start_char_index
    at = candidate.text.find(speaker)
    place = start + max(at, 0)
    return Value("name", speaker, place, place + (len(speaker) if at >= 0 else 1))
