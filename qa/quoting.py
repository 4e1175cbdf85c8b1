"""The answerer that needs no model: the fewest verbatim sentences that answer, or an honest refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa import comparing
from qa.citing import cite
from qa.matching import unmentioned
from qa.questions import Question, Wanted, read_question
from qa.scoring import ANSWERS, Candidate, candidates
from qa.types import Answer, Citation, Disagreement, Evidence, Side, Statement
from qa.wanted import VALUE_KINDS, new_values
from qa.words import fold, names, words

_MOST_STATEMENTS = 3
_AS_GOOD = 0.7  # of the best sentence's score, for another to be quoted beside it
_IN_DOUBT = 0.95  # a best sentence below this score may not be the one that answers,
_WORTH_SHOWING = 0.25  # so a weaker one of the same document is quoted too
_CLAIM = 0.35  # of the best sentence's score, for a source's own value to count as one side
_SAME_WORDS = 0.7
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


@dataclass(frozen=True)
class QuoteAnswerer:
    """Answers with sentences of the documents, word for word. `words` is the length to stay under where possible."""

    words: int = 60
    name: str = "quotes-1"

    def stream(self, evidence: Evidence) -> Iterator[str | Answer]:
        """Yields each quoted sentence, then the finished Answer."""
        answer = self.answer(evidence)
        yield from re.findall(r"\S+\s*|\n+", answer.text)
        yield answer

    def answer(self, evidence: Evidence) -> Answer:
        """The answer to `evidence.standalone_question`, from its passages alone."""
        text = evidence.asked.strip()
        if not text or _GREETING.fullmatch(text) or not words(text):
            return _answer(evidence, HELP, abstained=True)
        question = read_question(text)
        found = candidates(question, evidence)
        if not found or found[0].score < ANSWERS:
            return _abstention(evidence, question, found)
        groups = _opposed(question, found)
        return _both_sides(evidence, question, groups) if groups else _quotes(evidence, self._chosen(question, found))

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
    if best.score < _IN_DOUBT and candidate.passage.source == best.passage.source:
        return candidate.score >= _WORTH_SHOWING * best.score
    return candidate.score >= max(ANSWERS, _AS_GOOD * best.score)


def _beside(found: Sequence[Candidate]) -> list[Candidate]:
    """The sentences right beside the best one that hold what is wanted, two at most."""
    told = [found[0]]
    while len(told) < _MOST_STATEMENTS:
        near = (c for c in found if c not in told and c.features["typed"] and any(c.adjoins(t) for t in told))
        if (candidate := next(near, None)) is None:
            break
        told.append(candidate)
    return told[1:]


def _quotes(evidence: Evidence, groups: Sequence[Sequence[Candidate]]) -> Answer:
    marker = 0
    statements = []
    for group in groups:
        citations = []
        for candidate in group:
            marker += 1
            citations.append(_cited(marker, candidate))
        statements.append(Statement(attributed(group[0]), tuple(citations)))
    return _answer(evidence, "\n".join(map(_marked, statements)), tuple(statements))


def _opposed(question: Question, found: Sequence[Candidate]) -> list[tuple[str, list[Candidate]]]:
    """The sides of a disagreement over the value asked for, each with its best sentence per source."""
    kinds = VALUE_KINDS.get(question.wanted, ()) if question.wanted else ()
    fitting = [c for c in found if c.score >= _CLAIM * found[0].score or _same_event(question, c)]
    claims = []
    for key, candidate in enumerate(fitting):
        given = new_values(question, kinds[0], candidate.text, candidate.passage.published_at) if kinds else []
        if value := comparing.attached(given, candidate.text, question.terms):
            claims.append(comparing.Claim(key, candidate.passage.source, value))
    return [(value, _one_per_source(value, [fitting[c.key] for c in side])) for value, side in comparing.sides(claims)]


def _same_event(question: Question, candidate: Candidate) -> bool:
    """A source may tell of the event without its place: most of the names asked for and most of the words suffice."""
    features = candidate.features
    several = len(question.name_stems) > 1
    return several and features["names"] >= _MOST and features["coverage"] >= _MOST and not features["untyped"]


def _one_per_source(value: str, side: Sequence[Candidate]) -> list[Candidate]:
    """The best sentence of each source, those first that give the value in the words of the side's name."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(side, key=lambda c: value not in c.text):
        best.setdefault(candidate.passage.source, candidate)
    return list(best.values())


def _both_sides(evidence: Evidence, question: Question, groups: Sequence[tuple[str, Sequence[Candidate]]]) -> Answer:
    marker = 0
    sides, statements = [], []
    for value, group in groups:
        citations = tuple(_cited(marker + i, c) for i, c in enumerate(group, start=1))
        marker += len(group)
        sides.append(Side(value, citations))
        statements.append(Statement(f"{value}: {attributed(group[0])}", citations))
    lead = (
        "The sources differ: "
        + "; ".join(f"{s.value} {''.join(f'[{c.marker}]' for c in s.citations)}" for s in sides)
        + "."
    )
    text = "\n".join([lead, *map(_marked, statements)])
    about = str(question.wanted)
    return _answer(evidence, text, tuple(statements), disagreements=(Disagreement(about, tuple(sides)),))


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
    return _answer(evidence, text, abstained=True, nearest=(_cited(1, nearest),))


def attributed(candidate: Candidate) -> str:
    """The sentence, with its speaker added in square brackets where it does not name one itself."""
    speaker = candidate.attribution
    text = " ".join(candidate.text.split())
    if speaker is None or speaker.how == "named" or _names(candidate.text, speaker.speaker):
        return text
    if speaker.mention_end is None:
        return f"[{speaker.speaker}:] {text}"
    at = speaker.mention_end - candidate.sentence.start_char_index
    before, after = candidate.text[:at], candidate.text[at:]
    return " ".join(f"{before} [{speaker.speaker}]{after}".split())


def _names(text: str, speaker: str) -> bool:
    last = fold(speaker.split()[-1])
    return any(fold(n.text.split()[-1]) == last for n in names(text))


def _says_same(one: Candidate, other: Candidate) -> bool:
    a, b = ({w.stem for w in words(c.text) if w.content} for c in (one, other))
    return bool(a and b) and len(a & b) / min(len(a), len(b)) >= _SAME_WORDS


def _cited(marker: int, candidate: Candidate) -> Citation:
    s = candidate.sentence
    return cite(marker, candidate.passage, s.start_char_index, s.end_char_index)


def _marked(statement: Statement) -> str:
    return f"{statement.text} {''.join(f'[{c.marker}]' for c in statement.citations)}"


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
