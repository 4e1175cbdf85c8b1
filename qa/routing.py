"""Which sources does the question name? By outlet ("what does CNN say"), title or file name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from qa.types import Source
from qa.words import fold, is_content, words

_SHORTEST_TITLE = 4
_PREPOSITION = re.compile(
    r"[\s,]*\b(?:according to|as reported by|as per|in|by|from|of|does|did|do|has)?\s*(?:the\s+)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question wants to be answered from: one lane of sources per outlet, title or file it names.

    `question` is the question without those names, so that they are not searched for inside the documents.
    """

    question: str
    lanes: tuple[tuple[str, ...], ...] = ()

    @property
    def sources(self) -> frozenset[str]:
        """Every source of every lane; empty when the question names none."""
        return frozenset(s for lane in self.lanes for s in lane)


def route(question: str, sources: Iterable[Source]) -> Route:
    """Finds the sources that a question names."""
    asked = _folded(question)
    lanes: dict[str, list[str]] = {}
    for source in sources:
        label = next((label for label in _labels(source) if f" {label} " in asked), None)
        if label:
            lanes.setdefault(label, []).append(source.source)
    for label in lanes:
        question = _without(question, label)
    return Route(question, tuple(tuple(lane) for lane in lanes.values()))


def _without(question: str, label: str) -> str:
    found = words(question)
    size = len(label.split())
    for i in range(len(found) - size + 1):
        if " ".join(fold(w.text) for w in found[i : i + size]) == label:
            before = _PREPOSITION.sub("", question[: found[i].start])
            return before + question[found[i + size - 1].end :]
    return question


@lru_cache(maxsize=65536)
def _labels(source: Source) -> Sequence[str]:
    """Folded names of a source that a question may use, the outlet first."""
    path = PurePosixPath(source.source)
    labels = [_folded(source.outlet).strip()] if source.outlet else []
    labels += [_folded(path.name).strip(), _folded(re.sub(r"^\d+(?=[\W_])", "", path.stem)).strip()]
    if source.title and len(source.title.split()) >= _SHORTEST_TITLE:
        labels.append(_folded(source.title).strip())
    return [label for label in (re.sub(r"^the ", "", x) for x in labels) if _is_telling(label)]


def _is_telling(label: str) -> bool:
    return len(label) > 2 and any(is_content(w) and not w.isdigit() for w in label.split())


def _folded(text: str) -> str:
    text = re.sub(r"[-_]", " ", text)
    return f" {' '.join(fold(w.text) for w in words(text))} "
