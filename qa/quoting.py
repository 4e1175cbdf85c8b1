"""The answerer that needs no model: the fewest verbatim sentences that answer, or an honest refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa import comparing
from qa.asking import read_asked
from qa.citing import cite, overlapping
from qa.clipping import clip_sentence
from qa.matching import names_told, unmentioned
from qa.opposing import Claim, Position, differing, positions
from qa.questions import Question, Wanted, read_question
from qa.scoring import ANSWERS, Candidate, candidates
from qa.stating import clipped, marked, markers, numbered, quoted, spoken, word_count
from qa.synonyms import SYNONYMS
from qa.types import Answer, Citation, Disagreement, Evidence, Side, Statement
from qa.values import Kind, Value, values
from qa.voices import speakers
from qa.wanted import VALUE_KINDS, new_values
from qa.words import content, fold, words

_MOST_STATEMENTS = 3
_AS_GOOD = 0.7  # of the best sentence's score, for another to be quoted beside it
_IN_DOUBT = 0.95  # a best sentence below this score may not be the one that answers: another of its document
_WORTH_SHOWING = 0.3  # with this share of its score
_OF_IT = 0.5  # and this share of what it says of the question is quoted too
_CLAIM = 0.35  # of the best sentence's score, for a source's own value to count as one side
_SAME_WORDS = 0.7
_SURE = 0.6  # of a value, to be quoted where the best sentences leave it out
_CERTAIN = 0.9  # of a value, to be an answer where no sentence is one by its score
_MOST_SIDES = 6
_SPEAKER_WORDS = 5  # room for a speaker's name before a clipped sentence
_LABEL = 6  # words of a value that names a side
_LEAD = "The sources differ:"
_MOST = 0.55  # share
_GREETING = re.compile(
    r"\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks?|thank you|bye|goodbye|help|who are you|what can you do"
    r"|how are you)\b[\s\w]{0,12}\W*$",
    re.IGNORECASE,
)
HELP = (
    "Ask me something about the documents, in plain words. I answer with their exact sentences and show where each one stands; "
    "when they do not answer, I say so."
)
_SOUGHT: Mapping[Wanted, str] = {
    "date": "a date", "number": "a number", "duration": "a length of time", "age": "an age",
    "money": "an amount of money", "percent": "a percentage", "place": "a place", "reason": "a reason",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Considered:
    """The question as read and every sentence that may answer it, the best first; None and none for small talk."""

    question: Question | None
    found: Sequence[Candidate] = ()

    @property
    def confidence(self) -> float | None:
        """The score of the best sentence, from 0 to 1; None where there is none."""
        return self.found[0].score if self.found else None


@dataclass(frozen=True)
class QuoteAnswerer:
    """Answers with sentences of the documents, word for word.

    `words` is the length to stay under where possible, `sides_words` that of an answer that shows several sides.
    """

    words: int = 60
    sides_words: int = 80
    name: str = "quotes-1"

    def stream(self, evidence: Evidence) -> Iterator[str | Answer]:
        """Yields each quoted sentence, then the finished Answer."""
        answer = self.answer(evidence)
        yield from re.findall(r"\S+\s*|\n+", answer.text)
        yield answer

    def consider(self, evidence: Evidence) -> Considered:
        """Reads the question and scores the sentences of its passages."""
        text = evidence.asked.strip()
        if not text or _GREETING.fullmatch(text) or not words(text):
            return Considered(None)
        question = read_question(text)
        return Considered(question, candidates(question, evidence))

    def abstention(self, evidence: Evidence, considered: Considered) -> Answer:
        """Says that the documents do not answer, and shows the nearest they come."""
        if considered.question is None:
            return _answer(evidence, HELP, abstained=True)
        abstention = _abstention(evidence, considered.question, considered.found)
        return replace(abstention, confidence=considered.confidence)

    def answer(self, evidence: Evidence, considered: Considered | None = None) -> Answer:
        """The answer to `evidence.standalone_question`, from its passages alone."""
        considered = considered or self.consider(evidence)
        return replace(self._answer(evidence, considered), confidence=considered.confidence)

    def _answer(self, evidence: Evidence, considered: Considered) -> Answer:
        question, found = considered.question, considered.found
        if question is None:
            return self.abstention(evidence, considered)
        asked = read_asked(question)
        given = positions(asked, evidence) if asked else []
        answered = bool(found) and found[0].score >= ANSWERS
        if not answered and not any(p.weight >= _CERTAIN for p in given):
            return _abstention(evidence, question, found)
        if asked is None:
            about, wanted = str(question.wanted), _with_synonyms(question.terms)
            sides = _opposed(question, found, evidence)
        else:
            about, wanted = asked.about, asked.relation.union(asked.subject)
            sides = differing(given)
        if not sides and (sides := speakers(question, found)):
            about = "speaker"
        if sides:
            return _both_sides(evidence, about, sides, wanted, self.sides_words)
        stated = self._stated(self._chosen(question, found), wanted) if answered else ()
        return _quotes(evidence, self._with_values(evidence, given, wanted, stated))

    def _stated(self, groups: Sequence[Sequence[Candidate]], wanted: frozenset[str]) -> list[Statement]:
        """A statement for each group; a sentence that is longer than the whole answer may be is clipped."""
        first = groups[0][0]
        if len(groups) > 1 or word_count(first.text) <= self.words:
            return [Statement(attributed(group[0]), tuple(map(_cited, group))) for group in groups]
        part = clip_sentence(first.passage, first.sentence, wanted, self.words - _SPEAKER_WORDS)
        return [
            Statement(clipped(first.passage, part, first.attribution), (cite(1, first.passage, part.start, part.end),))
        ]

    def _with_values(
        self, evidence: Evidence, given: Sequence[Position], wanted: frozenset[str], stated: Sequence[Statement]
    ) -> Sequence[Statement]:
        """The statements chosen, behind quotes of the value asked for where they leave it out."""
        sure = [p for p in given if p.weight >= _SURE][:_MOST_STATEMENTS]
        said = fold(" ".join(s.text for s in stated))
        if all(fold(p.value.text) in said for p in sure):
            return stated
        told = quoted(evidence, sure, wanted, self.words if len(sure) > 1 else self.words // 2)
        for statement in stated:
            again = any(overlapping(a, b) for t in told for a in t.citations for b in statement.citations)
            if not again and word_count(*(s.text for s in (*told, statement))) <= self.words:
                told.append(statement)
        return told

    def _chosen(self, question: Question, found: Sequence[Candidate]) -> list[list[Candidate]]:
        """Groups of sentences that say the same, at most three groups, the best first.

        Where the best sentence leaves open what is wanted ("two Americans"), those beside it may tell.
        """
        chosen = [[found[0]]]
        rest = [c for c in found[1:] if _is_worth_quoting(c, found[0])]
        if found[0].features["untyped"] or (question.several and question.wanted == "person"):
            rest = _beside(found) + rest
        length = len(found[0].text.split())
        for candidate in rest:
            same = next((g for g in chosen if _says_same(candidate, g[0])), None)
            if same:
                if all(candidate.passage.source != c.passage.source for c in same):
                    same.append(candidate)
            elif len(chosen) < _MOST_STATEMENTS and length + len(candidate.text.split()) <= self.words:
                chosen.append([candidate])
                length += len(candidate.text.split())
        return chosen


def _is_worth_quoting(candidate: Candidate, best: Candidate) -> bool:
    if candidate.score >= max(ANSWERS, _AS_GOOD * best.score):
        return True
    same = candidate.passage.source == best.passage.source and not candidate.features["untyped"]
    of_it = candidate.features["coverage"] >= _OF_IT * best.features["coverage"]
    return same and of_it and best.score < _IN_DOUBT and candidate.score >= _WORTH_SHOWING * best.score


def _with_synonyms(terms: Sequence[str]) -> frozenset[str]:
    return frozenset(terms).union(*(SYNONYMS.get(t, frozenset()) for t in terms))


def _beside(found: Sequence[Candidate]) -> list[Candidate]:
    """The sentences right beside the best one that hold what is wanted, two at most."""
    told = [found[0]]
    while len(told) < _MOST_STATEMENTS:
        near = (c for c in found if c not in told and c.features["typed"] and any(c.adjoins(t) for t in told))
        if (candidate := next(near, None)) is None:
            break
        told.append(candidate)
    return told[1:]


def _quotes(evidence: Evidence, stated: Sequence[Statement]) -> Answer:
    statements = numbered(stated)
    return _answer(evidence, "\n".join(map(marked, statements)), statements)


def _opposed(question: Question, found: Sequence[Candidate], evidence: Evidence) -> list[Position]:
    """The sides of a disagreement over an event's date, number and the like, each with its best sentence per source.

    A source that mentions few of the names asked for that the best one mentions tells of another event.
    """
    kinds = VALUE_KINDS.get(question.wanted, ()) if question.wanted else ()
    fitting = [c for c in found if c.score >= _CLAIM * found[0].score or _same_event(question, c)]
    claims = []
    for key, candidate in enumerate(fitting):
        given = _values_asked_for(question, kinds, candidate)
        if value := comparing.attached(given, candidate.text, question.terms):
            claims.append(comparing.Claim(key, candidate.passage.source, value))
    if not comparing.sides(claims):
        return []
    told = names_told(question, evidence, (c.source for c in claims))
    alike = [c for c in claims if told[c.source] >= _MOST * told[claims[0].source]]
    return [_position(value, side, fitting) for value, side in comparing.sides(alike)]


def _values_asked_for(question: Question, kinds: Sequence[Kind], candidate: Candidate) -> list[Value]:
    """The values of the kind asked for; in mere keywords ("ammunition tons"), the numbers of what they name."""
    if kinds:
        return new_values(question, kinds[0], candidate.text, candidate.passage.published_at)
    numbers = values("number", candidate.text) if question.wanted is None else []
    return [v for v in numbers if v.parts.get("unit") in question.terms]


def _position(value: str, side: Sequence[comparing.Claim], fitting: Sequence[Candidate]) -> Position:
    """The best sentence of each source, those first that give the value in the words of the side's name."""
    best: dict[str, Claim] = {}
    for claim in sorted(side, key=lambda c: value not in fitting[c.key].text):
        candidate = fitting[claim.key]
        first = candidate.sentence.start_char_index - candidate.passage.start_char_index
        placed = replace(claim.value, start=claim.value.start + first, end=claim.value.end + first)
        best.setdefault(claim.source, Claim(candidate.passage, placed, candidate.score))
    claims = tuple(best.values())
    return Position(replace(claims[0].value, text=value), claims, claims[0].weight)


def _same_event(question: Question, candidate: Candidate) -> bool:
    """A source may tell of the event without its place: most of the names asked for, all where it is one, and most of the
    words suffice."""
    features = candidate.features
    names = _MOST if len(question.name_stems) > 1 else 1.0
    return features["names"] >= names and features["coverage"] >= _MOST and not features["untyped"]


def _both_sides(evidence: Evidence, about: str, given: Sequence[Position], wanted: frozenset[str], most: int) -> Answer:
    """Each value with the words that give it, clipped where all sides together are longer than `most` words.

    The first line names the values where there is room for that.
    """
    shown = given[:_MOST_SIDES]
    labels = [" ".join(p.value.text.split()[:_LABEL]) for p in shown]
    ages = [f" ({age})" if age else "" for age in _ages(shown)]
    room = most - word_count(_LEAD, *labels, *ages)
    told = quoted(evidence, shown, wanted, room)
    lines = zip(labels, ages, told, strict=True)
    statements = numbered([replace(s, text=f"{label}{age}: {s.text}") for label, age, s in lines])
    sides = tuple(Side(label, s.citations) for label, s in zip(labels, statements, strict=True))
    named = f" {'; '.join(f'{s.value} {markers(s.citations)}' for s in sides)}."
    lead = _LEAD + named * (word_count(*labels, *(s.text for s in told)) <= room)
    text = "\n".join([lead, *map(marked, statements)])
    return _answer(evidence, text, statements, disagreements=(Disagreement(about, sides),))


def _ages(given: Sequence[Position]) -> list[str]:
    """Which side was reported earlier and which later, with the day; nothing unless every side's day is known."""
    days = [min((c.passage.published_at or "" for c in p.claims), default="")[:10] for p in given]
    if not all(days) or len(set(days)) == 1:
        return [""] * len(days)
    return [f"{'earlier' if day == min(days) else 'later'} report, {day}" for day in days]


def _abstention(evidence: Evidence, question: Question, found: Sequence[Candidate]) -> Answer:
    if not evidence.passage_count:
        return _answer(evidence, "There are no documents to answer from yet.", abstained=True)
    missing = ", ".join(f"“{m}”" for m in unmentioned(question, evidence))
    text = f"The documents do not answer “{evidence.standalone_question.strip()}”."
    if missing:
        text += f" Nothing in them mentions {missing}."
    elif question.wanted is not None and question.wanted in _SOUGHT:
        text += f" No sentence gives {_SOUGHT[question.wanted]} for it."
    nearest = max(
        (c for c in found if not (c.features["brief"] or c.features["heading"])),
        key=lambda c: c.similarity,
        default=None,
    )
    if nearest is None:
        return _answer(evidence, text, abstained=True)
    text += f"\nThe nearest they come: {attributed(nearest)} [1]"
    return _answer(evidence, text, abstained=True, nearest=(_cited(nearest),))


def attributed(candidate: Candidate) -> str:
    """The sentence, with its speaker added in square brackets where it does not name one itself."""
    speaker = candidate.attribution
    by_name = speaker is not None and speaker.how == "named"
    return spoken(candidate.text, candidate.sentence.start_char_index, None if by_name else speaker)


def _says_same(one: Candidate, other: Candidate) -> bool:
    a, b = (content(c.text) for c in (one, other))
    return bool(a and b) and len(a & b) / min(len(a), len(b)) >= _SAME_WORDS


def _cited(candidate: Candidate, marker: int = 1) -> Citation:
    s = candidate.sentence
    return cite(marker, candidate.passage, s.start_char_index, s.end_char_index)


def _answer(
    evidence: Evidence,
    text: str,
    statements: tuple[Statement, ...] = (),
    *,
    abstained: bool = False,
    nearest: tuple[Citation, ...] = (),
    disagreements: tuple[Disagreement, ...] = (),
) -> Answer:
    blank = Answer(evidence.question, evidence.standalone_question, text, passages=evidence.passages)
    return replace(blank, statements=statements, abstained=abstained, nearest=nearest, disagreements=disagreements)
