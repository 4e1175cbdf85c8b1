"""Pure scoring of answers: ClapNQ by the gold sentences they cite, RAMDocs by the values they give."""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.intervals import Figure, Observation
from eval.public import Probe, ValueQuestion
from eval.texts import plain
from qa.types import Answer, Citation, Statement

GOLD_WORDS, VALUE_WORDS = 60, 80
_HALF = 0.5
TextOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A ClapNQ question, its answer, and the answerer's score for its best sentence."""

    probe: Probe
    answer: Answer
    score: float


def length(answer: Answer) -> int:
    """Words of the answer, markers aside."""
    return len(plain(answer.text).split())


def cites_gold(citation: Citation, probe: Probe, text_of: TextOf) -> bool:
    """True when the citation points into the right document and shares with a gold sentence at least half of the
    shorter of the two."""
    if citation.source not in probe.sources:
        return False
    text = text_of(citation.source)
    for gold in probe.gold:
        start = text.find(gold)
        shared = min(start + len(gold), citation.end_char_index) - max(start, citation.start_char_index)
        if start >= 0 and shared > 0 and shared >= _HALF * min(len(gold), len(citation.cited_text)):
            return True
    return False


def quoting_figures(quoted: Sequence[Quoted], text_of: TextOf) -> list[Figure]:
    """Gold sentences quoted, answered, abstained, and how well the best score tells the two kinds apart."""
    answerable = [q for q in quoted if q.probe.gold]
    unanswerable = [q for q in quoted if not q.probe.gold]

    def gold(statements: Sequence[Statement], probe: Probe) -> bool:
        return any(cites_gold(c, probe, text_of) for s in statements for c in s.citations)

    def brief(q: Quoted) -> bool:
        return not q.answer.abstained and length(q.answer) <= GOLD_WORDS

    decided = [(q, float(q.answer.abstained != bool(q.probe.gold))) for q in quoted]
    return [
        _over(
            "gold sentence quoted, of answerable",
            [(q, brief(q) and gold(q.answer.statements, q.probe)) for q in answerable],
        ),
        _over("answered, of answerable", [(q, not q.answer.abstained) for q in answerable]),
        _over("abstained, of unanswerable", [(q, q.answer.abstained) for q in unanswerable]),
        _over("balanced accuracy", decided, "balanced", [float(bool(q.probe.gold)) for q in quoted]),
        _over(
            "first statement gold, of answered",
            [(q, not q.answer.abstained and gold(q.answer.statements[:1], q.probe)) for q in answerable],
            beside=[float(not q.answer.abstained) for q in answerable],
        ),
        _over(
            "AUROC of the best score",
            [(q, q.score) for q in quoted],
            "auroc",
            [float(bool(q.probe.gold)) for q in quoted],
        ),
        _over("words, median", [(q, length(q.answer)) for q in quoted if not q.answer.abstained], "p50"),
    ]


def _over(
    name: str, values: Sequence[tuple[Quoted, float]], statistic: str = "share", beside: Sequence[float] | None = None
) -> Figure:
    counts = beside or [1.0] * len(values)
    pairs = zip(values, counts, strict=True)
    return Figure(name, statistic, tuple(Observation(q.probe.id, q.probe.cluster, float(v), b) for (q, v), b in pairs))


def value_folded(text: str) -> str:
    """Case, accents, punctuation and thousands separators folded; words between single spaces, one at either end."""
    text = unicodedata.normalize("NFKD", re.sub(r"(?<=\d),(?=\d{3})", "", text)).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(["", *re.findall(r"[^\W_]+", text), ""])


def gives(answer: Answer, value: str, asked: ValueQuestion, text_of: TextOf) -> bool:
    """True when a statement of a short enough answer holds the value and cites a document that gives it."""
    wanted = value_folded(value)
    return length(answer) <= VALUE_WORDS and any(
        wanted in value_folded(s.text) and any(_says(c, wanted, asked, text_of) for c in s.citations)
        for s in answer.statements
    )


def _says(citation: Citation, wanted: str, asked: ValueQuestion, text_of: TextOf) -> bool:
    label = asked.labels.get(citation.source)
    return (label is not None and value_folded(label) == wanted) or wanted in value_folded(text_of(citation.source))


def distinct(values: Sequence[str]) -> list[str]:
    """The values that differ when folded."""
    kept: dict[str, str] = {}
    for value in values:
        kept.setdefault(value_folded(value), value)
    return list(kept.values())


_GIVEN, _GIVEN_MEAN = "values given", "values given, mean over questions"
_FLAGGED, _FLAGGED_WRONGLY = "disagreement flagged, where sources differ", "disagreement flagged, where none"
_CEILING, _ANSWERED, _WORDS = "ceiling: values in the texts", "answered", "words, median"
_LONG = f"answers above {VALUE_WORDS} words"
_VALUE_FIGURES = {
    _GIVEN: "share",
    _GIVEN_MEAN: "share",
    _FLAGGED: "share",
    _FLAGGED_WRONGLY: "share",
    _CEILING: "share",
    _ANSWERED: "share",
    _LONG: "share",
    _WORDS: "p50",
}


def value_figures(answers: Sequence[tuple[ValueQuestion, Answer]], text_of: TextOf) -> list[Figure]:
    """Values given, disagreement flagged where there is one and where there is none, length, and the ceiling."""
    rows: dict[str, list[Observation]] = {name: [] for name in _VALUE_FIGURES}

    def note(name: str, asked: ValueQuestion, value: float, beside: float = 1.0) -> None:
        rows[name].append(Observation(asked.id, asked.cluster, float(value), beside))

    for asked, answer in answers:
        values = distinct(asked.values)
        texts = [value_folded(text_of(source)) for source in asked.sources]
        given = [gives(answer, v, asked, text_of) for v in values]
        if values:
            note(_GIVEN, asked, sum(given), len(values))
            note(_GIVEN_MEAN, asked, statistics.fmean(given))
            note(_FLAGGED if len(values) > 1 else _FLAGGED_WRONGLY, asked, bool(answer.disagreements))
            note(_CEILING, asked, sum(any(value_folded(v) in t for t in texts) for v in values), len(values))
        note(_ANSWERED, asked, not answer.abstained)
        note(_LONG, asked, length(answer) > VALUE_WORDS)
        note(_WORDS, asked, length(answer))
    return [Figure(name, statistic, tuple(rows[name])) for name, statistic in _VALUE_FIGURES.items()]
