"""How well a sentence answers a question: a handful of features and one logistic score.

The score is the probability that a sentence answers; the best one decides whether there is an answer at
all. The weights are fitted by `python -m eval.calibration` on public data (see docs/measurements.md).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.attributing import Attribution, attribution, bare_name, names_person, office_holders
from qa.questions import Question, Wanted
from qa.synonyms import SYNONYMS
from qa.types import Evidence, Passage, ScoredPassage, Sentence
from qa.values import Kind, Value, values
from qa.words import SPEECH_VERBS, Word, fold, names, one_letter_apart, same_name, stems, words

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
_VARIANT, _SYNONYM = 0.9, 0.75
_WHITE_SPACE = 5
_LIGHTER = 0.4  # verbs of speech and names of categories in the question are seldom the source's own words
_TYPED: frozenset[Wanted] = frozenset(
    {"date", "number", "duration", "age", "money", "percent", "person", "place", "role", "expansion"}
)
VALUE_KINDS: Mapping[Wanted, tuple[Kind, ...]] = {
    "date": ("date",), "number": ("number", "percent", "money"), "duration": ("duration",), "age": ("age",),
    "money": ("money",), "percent": ("percent",),
}  # fmt: skip
_PLACE = re.compile(r"\b(?:in|at|to|from|near|outside|inside|across|of|into|towards?)\s+(?:the\s+)?([A-Z][\w’'-]+)")
_REASON = re.compile(
    r"\b(?:because|due to|since|so that|in order to|reason|therefore|as a result|owing to|to (?:avoid|prevent))\b"
)
_ROLE = re.compile(r"[A-Z][\w’'-]+(?:,| is| was| became| served as) (?:the |an? |who )")
_DATELINE = re.compile(r"^\(?[A-Z][A-Za-z ,.]{1,30}\)?\s*[–—-]+\s")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, with its passage, its features by name and its probability."""

    passage: Passage
    index: int
    text: str
    score: float
    features: Mapping[str, float]
    matched: frozenset[str]
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question with what the corpus makes of it. `weight` is each term's inverse document frequency, `variants`
    the other forms of a term in the evidence, `synonyms` the words there that may stand for it, `missing` the terms
    that no document has in any form."""

    question: Question
    weight: Mapping[str, float]
    variants: Mapping[str, frozenset[str]]
    synonyms: Mapping[str, frozenset[str]]
    missing: frozenset[str]
    full_names: Collection[tuple[str, str]]
    top: float

    @property
    def total(self) -> float:
        """The weight of all terms together."""
        return sum(self.weight.values()) or 1.0


def unmentioned(question: Question, evidence: Evidence) -> tuple[str, ...]:
    """The words of the question that no document contains, in any spelling, as the question writes them."""
    missing = _asked(question, evidence).missing
    return tuple(dict.fromkeys(w.text for w in words(question.text) if w.stem in missing))


def candidates(question: Question, evidence: Evidence) -> list[Candidate]:
    """Every sentence of the evidence, most probable answer first."""
    asked = _asked(question, evidence)
    by_source: dict[str, list[_Place]] = {}
    named = evidence.named_sources
    passages = [p for p in evidence.passages if not named or p.passage.source in named]
    for rank, scored in enumerate(passages):
        places = [_Place(scored, i, rank) for i in range(len(scored.passage.sentences))]
        by_source.setdefault(scored.passage.source, []).extend(places)
    found = []
    for source, places in by_source.items():
        ordered = sorted(places, key=lambda p: p.start)
        found += [_candidate(asked, ordered, i, evidence.text_of(source)) for i in range(len(ordered))]
    return sorted(found, key=lambda c: -c.score)


def probability(features: Mapping[str, float]) -> float:
    """The logistic score of a sentence's features, between 0 and 1."""
    total = WEIGHTS["bias"] + sum(WEIGHTS[name] * features[name] for name in FEATURES)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _asked(question: Question, evidence: Evidence) -> _Asked:
    texts = {w.stem: w.text for w in words(question.text) if w.stem in question.terms}
    mentions = evidence.mentions(list(texts.values()))
    weight = {s: math.log(1 + evidence.passage_count / (0.5 + mentions.get(t, 0))) for s, t in texts.items()}
    lighter = SPEECH_VERBS | question.category
    weight |= {s: w * _LIGHTER for s, w in weight.items() if s in lighter}
    present = {w.stem: w for s in evidence.passages for w in words(s.passage.text)}
    variants = {s: frozenset(_variants(s, not mentions.get(t), present.values())) for s, t in texts.items()}
    for term, spellings in _name_spellings(question, evidence).items():
        variants[term] |= spellings
    synonyms = {s: SYNONYMS.get(s, frozenset()) & present.keys() for s in texts}
    missing = frozenset(
        s
        for s, t in texts.items()
        if not (mentions.get(t) or s in present or variants[s] or synonyms[s] or s in lighter)
    )
    top = max((s.similarity for s in evidence.passages), default=0.0)
    full_names = [
        (first, parts[-1])
        for parts in ([w.stem for w in words(n.text)] for n in question.names)
        for first in parts[:-1]
        if first in weight
    ]
    return _Asked(question, weight, variants, synonyms, missing, full_names, top)


def _variants(term: str, unknown: bool, present: Iterable[Word]) -> Iterator[str]:
    """Other forms of a term: compounds it is part of, spellings of a name, and a slip of the pen where the term as
    written is in no document."""
    for word in present:
        slip = unknown and len(term) > 5
        if ("-" in word.stem and term in word.stem.split("-")) or (
            (word.capitalised or slip) and word.stem != term and same_name(term, word.stem)
        ):
            yield word.stem


def _name_spellings(question: Question, evidence: Evidence) -> dict[str, frozenset[str]]:
    """Short surnames, too short to compare by themselves, are compared where the first name agrees: "Trevor Reed"."""
    pairs = {(a.stem, b.stem) for a, b in pairwise(words(question.text)) if {a.stem, b.stem} <= set(question.terms)}
    found: dict[str, set[str]] = {}
    for scored in evidence.passages:
        for a, b in pairwise(words(scored.passage.text)):
            for first, last in pairs:
                if a.stem == first and b.capitalised and one_letter_apart(last, b.stem):
                    found.setdefault(last, set()).add(b.stem)
    return {term: frozenset(spellings) for term, spellings in found.items()}


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

    @property
    def stems(self) -> frozenset[str]:
        return stems(self.text)


def _candidate(asked: _Asked, places: Sequence[_Place], i: int, whole: str) -> Candidate:
    """Scores one sentence among its document's sentences, which are its context."""
    place, passage = places[i], places[i].scored.passage
    sentence, similarity = passage.sentences[place.index], place.scored.sentence_similarities[place.index]
    speaker = attribution(whole, sentence.start_char_index, sentence.end_char_index)
    said_by = stems(speaker.speaker) if speaker else frozenset()
    says = _speaks(asked.question, speaker)
    own = _matches(asked, place.stems | said_by if says else place.stems)
    near = _matches(asked, stems(passage.title or "").union(said_by, *(p.stems for p in places[max(0, i - 2) : i + 2])))
    features = _features(asked, place.text, passage.text, own, near, speaker)
    features["speaker"], features["other_speaker"] = float(says is True), float(says is False)
    features["similarity"] = (similarity - _UNRELATED) / _SPREAD
    features["lead"] = (similarity - asked.top) / _SPREAD
    features["rank"] = 1 / (1 + place.rank)
    score = probability(features) if _can_answer(asked.question, features) else 0.0
    return Candidate(passage, place.index, place.text, score, features, frozenset(own), similarity, speaker)


def _can_answer(question: Question, features: Mapping[str, float]) -> bool:
    """A question after a number and the like is never answered by a sentence without one; a "when" may be ("soon")."""
    return not (question.wanted in VALUE_KINDS and question.wanted != "date" and features["untyped"])


def _features(
    asked: _Asked,
    text: str,
    whole: str,
    own: Mapping[str, float],
    near: Mapping[str, float],
    speaker: Attribution | None,
) -> dict[str, float]:
    question = asked.question
    name_stems = question.name_stems & asked.weight.keys()
    typed = has_wanted(question, text, whole, speaker)
    named = _share(name_stems, own)
    unknown = sum(asked.weight[t] for t in asked.missing) / asked.total
    return {
        "coverage": sum(asked.weight[t] * m for t, m in own.items()) / asked.total,
        "context": sum(asked.weight[t] * m for t, m in near.items()) / asked.total,
        "names": named,
        "names_near": _share(name_stems, near),
        "typed": float(question.wanted in _TYPED and typed),
        "untyped": float(question.wanted in _TYPED and not typed),
        "unknown": unknown / 2 if question.wanted in VALUE_KINDS and typed and named == 1.0 else unknown,
        "unknown_name": float(bool(name_stems & asked.missing)),
        "question": float(text.rstrip("”\"' ").endswith("?")),
        "heading": float(not re.search(r"[.!?…:;,”\")]$", text.strip())),
        "brief": float(len(words(text)) < 6),
    }


def _matches(asked: _Asked, stems: frozenset[str]) -> dict[str, float]:
    """How well each of the question's terms is met among `stems`; terms that are not met are left out.

    A surname alone stands for the full name.
    """
    forms = ((1.0, None), (_VARIANT, asked.variants), (_SYNONYM, asked.synonyms))
    matches: dict[str, float] = {}
    for term in asked.weight:
        for worth, others in forms:
            if term in stems if others is None else not others[term].isdisjoint(stems):
                matches[term] = worth
                break
    for first, last in asked.full_names:
        if last in matches:
            matches.setdefault(first, matches[last])
    return matches


def _share(wanted: frozenset[str], matched: Mapping[str, float]) -> float:
    return sum(matched.get(t, 0.0) for t in wanted) / len(wanted) if wanted else 1.0


def _speaks(question: Question, speaker: Attribution | None) -> bool | None:
    """Whether the sentence is by the speaker asked for; None when no speaker is asked for or none is known."""
    if question.speaker is None or speaker is None:
        return None
    one, other = fold(question.speaker).split(), fold(speaker.speaker).split()
    return same_name(one[-1], other[-1]) or any(same_name(a, b) for a in one for b in other)


def has_wanted(question: Question, text: str, around: str, speaker: Attribution | None = None) -> bool:
    """True when `text` holds what the question wants: a date, a number, a person it does not name itself ...

    `around` is the text in which names are looked up, `speaker` whoever says the sentence.
    """
    wanted = question.wanted
    if wanted is not None and wanted in VALUE_KINDS:
        return any(new_values(question, kind, text) for kind in VALUE_KINDS[wanted])
    test = _HOLDS.get(wanted) if wanted else None
    return test is None or test(question, text, around, speaker)


def _holds_person(question: Question, text: str, around: str, speaker: Attribution | None) -> bool:
    if speaker and question.speaker is None:
        return True
    new = [n for n in names(_DATELINE.sub("", text)) if not {w.stem for w in words(n.text)} <= question.name_stems]
    return any(names_person(bare_name(n.text), around) for n in new)


def _holds_place(question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return any(words(m.group(1))[0].stem not in question.name_stems for m in _PLACE.finditer(text))


def _holds_reason(_question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return bool(_REASON.search(text))


def _holds_role(_question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return bool(_ROLE.search(text) or office_holders(text))


def _holds_expansion(question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return any(f"({n.text})" in text or f"{n.text} (" in text for n in question.names)


_HOLDS: Mapping[Wanted, Callable[[Question, str, str, Attribution | None], bool]] = {
    "person": _holds_person,
    "place": _holds_place,
    "reason": _holds_reason,
    "role": _holds_role,
    "expansion": _holds_expansion,
}


def new_values(question: Question, kind: Kind, text: str, published_at: str | None = None) -> list[Value]:
    """The values of `kind` in `text` that the question does not itself contain."""
    asked = {v.text.lower() for v in values(kind, question.text)} if not question.alternatives else set()
    found = [v for v in values(kind, text, published_at) if v.text.lower() not in asked]
    return [v for v in found if not question.date_parts or question.date_parts & v.parts.keys()]
