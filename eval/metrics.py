"""What is measured about one answer, without a model, and figures over many."""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eval.cases import Case
from qa.citing import resolves
from qa.types import Answer

_QUOTES = str.maketrans(dict.fromkeys("“”„\"«»‘’'`", "") | dict.fromkeys("–—‑", "-"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case's answer and what was found about it. `words` counts the text without markers, `seconds` is wall clock."""

    case: Case
    answer: Answer
    right: bool
    broken_citations: int
    words: int
    seconds: float


def score(case: Case, answer: Answer, text_of: Callable[[str], str], seconds: float) -> Outcome:
    """Holds an answer against its case."""
    right = is_right(case, answer) if case.answerable else answer.abstained
    return Outcome(case, answer, right, broken_citations(answer, text_of), len(plain(answer.text).split()), seconds)


def is_right(case: Case, answer: Answer) -> bool:
    """An answerable case is right when it is answered, holds every group of aliases and, where asked, the speaker,
    and shows the disagreement where the sources have one."""
    if answer.abstained:
        return False
    said = folded(answer.text)
    groups = [*case.answers, *([(case.speaker,)] if case.speaker else [])]
    if not all(any(folded(alias) in said for alias in group) for group in groups):
        return False
    return all(_shown(side.value, answer) for side in case.sides)


def _shown(value: str, answer: Answer) -> bool:
    return any(folded(value) in folded(s.value) for d in answer.disagreements for s in d.sides)


def broken_citations(answer: Answer, text_of: Callable[[str], str]) -> int:
    """Citations that do not resolve to their words, and statements of an answer that cite nothing."""
    unresolved = sum(not resolves(c, text_of) for c in answer.citations)
    return unresolved + sum(not s.supported for s in answer.statements)


def folded(text: str) -> str:
    """Case, quotation marks, dashes, thousands separators and white space folded, for comparing answers."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    return " ".join(re.sub(r"(?<=\d),(?=\d{3})", "", text).split())


def plain(text: str) -> str:
    """An answer's text without citation markers."""
    return re.sub(r"\s*\[\d+\]", "", text)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures over a group of cases; rates are right / cases."""

    cases: int
    right: int
    broken_citations: int
    median_words: float
    median_milliseconds: float

    @property
    def rate(self) -> float:
        """The share of cases that are right."""
        return self.right / self.cases if self.cases else 0.0


def figures(outcomes: Iterable[Outcome]) -> Figures:
    """Counts and medians over `outcomes`."""
    found: Sequence[Outcome] = list(outcomes)
    return Figures(
        cases=len(found),
        right=sum(o.right for o in found),
        broken_citations=sum(o.broken_citations for o in found),
        median_words=statistics.median(o.words for o in found) if found else 0.0,
        median_milliseconds=statistics.median(1000 * o.seconds for o in found) if found else 0.0,
    )
