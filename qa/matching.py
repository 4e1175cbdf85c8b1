"""The question's terms among the words of a sentence: the word itself, another spelling, a synonym."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from qa.questions import Question
from qa.synonyms import SYNONYMS
from qa.types import Evidence
from qa.words import SPEECH_VERBS, Word, one_letter_apart, same_name, stems, words

_VARIANT, _SYNONYM = 0.9, 0.75
_LIGHTER = 0.4  # verbs of speech and names of categories in the question are seldom the source's own words


@dataclass(frozen=True, slots=True)
class Terms:
    """A question's terms and what the evidence makes of them.

    `weight` is each term's inverse document frequency, `total` all weights together, `forms` the stems in the evidence
    that stand for a term and what a match through each is worth, `missing` the terms that no document has in any form.
    `full_names` pairs each first name of the question with its surname.
    """

    weight: Mapping[str, float]
    total: float
    forms: Mapping[str, Mapping[str, float]]
    missing: frozenset[str]
    full_names: Collection[tuple[str, str]]

    def matches(self, found: frozenset[str]) -> dict[str, float]:
        """How well each term is met among the stems `found`, 0 to 1; terms that are not met are left out.

        A surname alone stands for the full name.
        """
        met = {}
        for term, forms in self.forms.items():
            worth = 1.0 if term in found else max((w for form, w in forms.items() if form in found), default=0.0)
            if worth:
                met[term] = worth
        for first, last in self.full_names:
            if last in met:
                met.setdefault(first, met[last])
        return met


def read_terms(question: Question, evidence: Evidence) -> Terms:
    """Looks the question's terms up in the corpus and in the passages found."""
    texts = {w.stem: w.text for w in words(question.text) if w.stem in question.terms}
    mentions = evidence.mentions(list(texts.values()))
    lighter = SPEECH_VERBS | question.category
    present = {w.stem: w for s in evidence.passages for w in words(s.passage.text)}
    spellings = _name_spellings(question, evidence)
    forms = {}
    for term, text in texts.items():
        synonyms = SYNONYMS.get(term, frozenset()) & present.keys()
        variants = {*_variants(term, not mentions.get(text), present.values()), *spellings.get(term, ())}
        forms[term] = dict.fromkeys(synonyms, _SYNONYM) | dict.fromkeys(variants, _VARIANT)
    weight = {
        s: math.log(1 + evidence.passage_count / (0.5 + mentions.get(t, 0))) * (_LIGHTER if s in lighter else 1.0)
        for s, t in texts.items()
    }
    known = {s for s, t in texts.items() if mentions.get(t) or s in present or forms[s] or s in lighter}
    return Terms(weight, sum(weight.values()) or 1.0, forms, frozenset(texts) - known, _full_names(question, weight))


def unmentioned(question: Question, evidence: Evidence) -> tuple[str, ...]:
    """The words of the question that no document contains, in any form, as the question writes them."""
    missing = read_terms(question, evidence).missing
    return tuple(dict.fromkeys(w.text for w in words(question.text) if w.stem in missing))


def names_told(question: Question, evidence: Evidence, sources: Iterable[str]) -> dict[str, float]:
    """The share of the question's names that each source mentions anywhere, in any spelling; 1 where it has no names.

    A name is what the question capitalises, or what the passages never write without a capital.
    """
    terms = read_terms(question, evidence)
    written: dict[str, bool] = {}
    for word in (w for s in evidence.passages for w in words(s.passage.text)):
        written[word.stem] = written.get(word.stem, True) and word.capitalised
    names = {t for t in terms.forms if t in question.name_stems or written.get(t)}
    told = {source: terms.matches(stems(evidence.text_of(source))) for source in set(sources)}
    return {source: sum(n in met for n in names) / len(names) if names else 1.0 for source, met in told.items()}


def _full_names(question: Question, weight: Mapping[str, float]) -> list[tuple[str, str]]:
    names = ([w.stem for w in words(n.text)] for n in question.names)
    return [(first, parts[-1]) for parts in names for first in parts[:-1] if first in weight]


def _variants(term: str, unknown: bool, present: Iterable[Word]) -> Iterator[str]:
    """Other forms of a term: compounds it is part of, spellings of a name, and a slip of the pen where the term as
    written is in no document."""
    slip = unknown and len(term) > 5
    for word in present:
        if word.stem[0] == term[0] and (word.capitalised or slip) and word.stem != term:
            if same_name(term, word.stem):
                yield word.stem
        elif "-" in word.stem and term in word.stem.split("-"):
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
