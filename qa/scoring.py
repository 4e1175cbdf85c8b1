"""How well a sentence answers a question: a handful of features and one logistic score.

The score is the probability that a sentence answers; the best one decides whether there is an answer at
all. Where the weights come from and how well they do is in docs/measurements.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qa.attributing import Attribution, attribution
from qa.matching import Terms, read_terms
from qa.questions import Question, Wanted
from qa.types import Evidence, Passage, ScoredPassage, Sentence
from qa.wanted import VALUE_KINDS, has_wanted
from qa.words import fold, same_name, stems, words

FEATURES = (
    "similarity", "lead", "coverage", "context", "names", "names_near", "typed", "untyped", "unknown", "unknown_name",
    "speaker", "other_speaker", "question", "heading", "brief", "rank",
)  # fmt: skip
WEIGHTS: Mapping[str, float] = {
    "bias": -3.0, "similarity": 1.55, "lead": 0.25, "coverage": 1.5, "context": 1.7, "names": -0.5, "names_near": 1.4,
    "typed": 0.45, "untyped": -1.0, "unknown": -2.3, "unknown_name": -1.4, "speaker": 1.15, "other_speaker": -1.0,
    "question": -1.2, "heading": -0.7, "brief": -0.65, "rank": 0.7,
}  # fmt: skip
ANSWERS = 0.5

_UNRELATED = 0.68  # cosine of unrelated pairs under the default embedder
_SPREAD = 0.1
_WHITE_SPACE = 5
_BRIEF = 6  # words
_SENTENCE_END = re.compile(r"[.!?…:;,”\")]\s*$")
_TYPED: frozenset[Wanted] = frozenset(
    {"date", "number", "duration", "age", "money", "percent", "person", "place", "role", "expansion"}
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, with its passage, its features by name and its probability."""

    passage: Passage
    index: int
    text: str
    score: float
    features: Mapping[str, float]
    similarity: float
    attribution: Attribution | None

    @property
    def sentence(self) -> Sentence:
        """The sentence's offsets."""
        return self.passage.sentences[self.index]

    def adjoins(self, other: Candidate) -> bool:
        """True when this sentence stands right before or behind `other`, white space aside."""
        one, two = sorted((self.sentence, other.sentence), key=lambda s: s.start_char_index)
        gap = two.start_char_index - one.end_char_index
        return self.passage.source == other.passage.source and 0 <= gap <= _WHITE_SPACE


def candidates(question: Question, evidence: Evidence) -> list[Candidate]:
    """Every sentence of the evidence, most probable answer first; only of the sources the question names, if any."""
    terms = read_terms(question, evidence)
    named = evidence.named_sources
    passages = [p for p in evidence.passages if not named or p.passage.source in named]
    top = max((p.similarity for p in passages), default=0.0)
    by_source: dict[str, list[_Place]] = {}
    for rank, scored in enumerate(passages):
        places = [_Place(scored, i, rank) for i in range(len(scored.passage.sentences))]
        by_source.setdefault(scored.passage.source, []).extend(places)
    found = []
    for source, places in by_source.items():
        context = _Context(question, terms, top, evidence.text_of(source), sorted(places, key=lambda p: p.start))
        found += [_candidate(context, i) for i in range(len(places))]
    return sorted(found, key=lambda c: -c.score)


def probability(features: Mapping[str, float]) -> float:
    """The logistic score of a sentence's features, between 0 and 1."""
    total = WEIGHTS["bias"] + sum(WEIGHTS[name] * features[name] for name in FEATURES)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sentence stands: its passage, its index in it, and the passage's rank."""

    scored: ScoredPassage
    index: int
    rank: int

    @property
    def start(self) -> int:
        return self.scored.passage.sentences[self.index].start_char_index

    @property
    def text(self) -> str:
        passage = self.scored.passage
        sentence = passage.sentences[self.index]
        first = sentence.start_char_index - passage.start_char_index
        return passage.text[first : sentence.end_char_index - passage.start_char_index]


@dataclass(frozen=True, slots=True)
class _Context:
    """What the sentences of one document are scored with: `whole` is its text, `top` the best similarity of all."""

    question: Question
    terms: Terms
    top: float
    whole: str
    places: Sequence[_Place]


def _candidate(context: _Context, i: int) -> Candidate:
    """Scores one sentence among its document's sentences."""
    place = context.places[i]
    passage, text = place.scored.passage, place.text
    sentence, similarity = passage.sentences[place.index], place.scored.sentence_similarities[place.index]
    speaker = attribution(context.whole, sentence.start_char_index, sentence.end_char_index)
    says = _speaks(context.question, speaker)
    said_by = stems(speaker.speaker) if speaker else frozenset[str]()
    around = (stems(p.text) for p in context.places[max(0, i - 2) : i + 2])
    own = context.terms.matches(stems(text) | said_by if says else stems(text))
    near = context.terms.matches(stems(passage.title or "").union(said_by, *around))
    typed = has_wanted(context.question, text, passage.text, speaker)
    features = {
        **_coverage(context, own, near, typed),
        **_form(text),
        "typed": float(context.question.wanted in _TYPED and typed),
        "untyped": float(context.question.wanted in _TYPED and not typed),
        "speaker": float(says is True),
        "other_speaker": float(says is False),
        "similarity": (similarity - _UNRELATED) / _SPREAD,
        "lead": (similarity - context.top) / _SPREAD,
        "rank": 1 / (1 + place.rank),
    }
    score = probability(features) if _can_answer(context.question, features) else 0.0
    return Candidate(passage, place.index, text, score, features, similarity, speaker)


def _can_answer(question: Question, features: Mapping[str, float]) -> bool:
    """A question after a number and the like is never answered by a sentence without one, nor is one after the date of
    something past; a "when will" may be ("soon")."""
    needed = question.wanted in VALUE_KINDS and not (question.wanted == "date" and not question.past)
    return not (needed and features["untyped"])


def _coverage(context: _Context, own: Mapping[str, float], near: Mapping[str, float], typed: bool) -> dict[str, float]:
    """How much of the question stands in the sentence, near it, and nowhere at all."""
    terms, question = context.terms, context.question
    name_stems = question.name_stems & terms.weight.keys()
    named = _share(name_stems, own)
    unknown = sum(terms.weight[t] for t in terms.missing) / terms.total
    return {
        "coverage": sum(terms.weight[t] * m for t, m in own.items()) / terms.total,
        "context": sum(terms.weight[t] * m for t, m in near.items()) / terms.total,
        "names": named,
        "names_near": _share(name_stems, near),
        # A number or date beside every name asked for tells more than an ordinary word that no document has.
        "unknown": unknown / 2 if question.wanted in VALUE_KINDS and typed and named == 1.0 else unknown,
        "unknown_name": float(bool(name_stems & terms.missing)),
    }


def _form(text: str) -> dict[str, float]:
    """What kind of sentence it is, whatever it says."""
    return {
        "question": float(text.rstrip("”\"' ").endswith("?")),
        "heading": float(not _SENTENCE_END.search(text)),
        "brief": float(len(words(text)) < _BRIEF),
    }


def _share(wanted: frozenset[str], matched: Mapping[str, float]) -> float:
    return sum(matched.get(t, 0.0) for t in wanted) / len(wanted) if wanted else 1.0


def _speaks(question: Question, speaker: Attribution | None) -> bool | None:
    """Whether the sentence is by the speaker asked for; None when no speaker is asked for or none is known."""
    if question.speaker is None or speaker is None:
        return None
    one, other = fold(question.speaker).split(), fold(speaker.speaker).split()
    return same_name(one[-1], other[-1]) or any(same_name(a, b) for a in one for b in other)
