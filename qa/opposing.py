"""What the sources give for the value asked for, grouped by value, and whether they differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.asking import Asked
from qa.beside import OPENING
from qa.comparing import agree
from qa.extracting import found_values, nearness
from qa.types import Evidence, Passage
from qa.values import Value
from qa.words import same_name, words

DIFFERS = 0.4
"""How surely a second source has to mean another value for a disagreement to be reported."""

_SIDE = 0.33  # how surely a further source has to mean its value, once there is a disagreement
_DOUBTFUL = 0.15  # below it a value is not even a claim
_ALSO = 0.75  # of its surest claim, for a source to stand for a second value
_SAME_PHRASE = 15  # characters: "a comedy-drama film" gives one value
_FULLER = 0.7  # of the surest claim, for a fuller wording of the value to be shown instead
_LONGEST = 40  # characters of a value that is shown as the name of a side
_LOOKED_AT = 12  # values of a passage
_EACH_MORE, _AT_MOST_MORE = 0.1, 0.2  # what further sources add to the surest


@dataclass(frozen=True, slots=True)
class Claim:
    """What a source gives for what is asked, and how surely; the value's offsets are into the passage's text."""

    passage: Passage
    value: Value
    weight: float


@dataclass(frozen=True, slots=True)
class Position:
    """A value with the claims for it, one of each source, the one to quote first."""

    value: Value
    claims: tuple[Claim, ...]
    weight: float

    @property
    def sources(self) -> frozenset[str]:
        """The sources that give the value."""
        return frozenset(c.passage.source for c in self.claims)


def positions(asked: Asked, evidence: Evidence) -> list[Position]:
    """The values that the evidence gives for what is asked, the surest first.

    A source stands for what it says most surely, and for another value only when it says that nearly as surely.
    """
    groups: list[list[Claim]] = []
    surest: dict[str, Claim] = {}
    for claim in sorted(_claims(asked, evidence), key=lambda c: -c.weight):
        source = claim.passage.source
        stands = _stands_beside(claim, surest.setdefault(source, claim))
        home = next((g for g in groups if agree(g[0].value, claim.value)), None)
        if home is None and stands:
            groups.append([claim])
        elif home is not None and (stands or any(c.passage.source == source for c in home)):
            home.append(claim)
    return sorted(map(_position, groups), key=lambda p: -p.weight)


def _stands_beside(claim: Claim, surest: Claim) -> bool:
    """True for a claim that is nearly as sure as its source's surest, and no further word of the same phrase."""
    apart = max(claim.value.start - surest.value.end, surest.value.start - claim.value.end)
    phrase = claim is not surest and claim.passage == surest.passage and apart <= _SAME_PHRASE
    return claim.weight >= _ALSO * surest.weight and not phrase


def differing(found: Sequence[Position]) -> list[Position]:
    """The positions that are sides of a disagreement; none unless a source of its own is sure of another value than
    the surest."""
    if not any(p.weight >= DIFFERS and p.sources - found[0].sources for p in found[1:]):
        return []
    return [p for p in found if p.weight >= _SIDE]


def _claims(asked: Asked, evidence: Evidence) -> Iterator[Claim]:
    asked, rarity = _as_written(asked, evidence)
    for scored in evidence.passages:
        passage = scored.passage
        if evidence.named_sources and passage.source not in evidence.named_sources:
            continue
        heading = f"{passage.title or ''}\n{evidence.text_of(passage.source)[:OPENING]}"
        for found in found_values(asked, passage.text, passage.published_at)[:_LOOKED_AT]:
            near = nearness(asked, passage.text, heading, rarity, found.value.start)
            if found.weight * near > _DOUBTFUL:
                yield Claim(passage, found.value, found.weight * near)


def _as_written(asked: Asked, evidence: Evidence) -> tuple[Asked, Mapping[str, float]]:
    """The subject as the documents spell it, where they do not have it as asked, and how rare each of its words is."""
    texts = {w.stem: w.text for w in words(evidence.asked)}
    counts = evidence.mentions([texts.get(s, s) for s in asked.subject])
    spelled, rarity = {}, {}
    for stem in asked.subject:
        count = counts.get(texts.get(stem, stem), 0)
        spelled[stem] = stem if count else _other_spelling(stem, evidence)
        rarity[spelled[stem]] = math.log(1 + evidence.passage_count / (0.5 + count))
    return replace(asked, subject=tuple(spelled[s] for s in asked.subject)), rarity


def _other_spelling(stem: str, evidence: Evidence) -> str:
    found = (w.stem for s in evidence.passages for w in words(s.passage.text) if w.stem[0] == stem[0] and w.capitalised)
    return next((other for other in found if same_name(stem, other)), stem)


def _position(group: Sequence[Claim]) -> Position:
    best: dict[str, float] = {}
    for claim in group:
        best.setdefault(claim.passage.source, claim.weight)
    fit = [c for c in group if c.weight >= _FULLER * group[0].weight and len(c.value.text) <= _LONGEST]
    shown = max(fit, key=lambda c: len(c.value.text), default=group[0])
    each: dict[str, Claim] = {shown.passage.source: shown}
    for claim in group:
        each.setdefault(claim.passage.source, claim)
    further = sum(best.values()) - group[0].weight
    return Position(shown.value, tuple(each.values()), group[0].weight + min(_AT_MOST_MORE, _EACH_MORE * further))
