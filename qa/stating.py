"""Statements: the words of passages with their speakers, citations and markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from qa.attributing import Attribution, attribution
from qa.citing import cite
from qa.clipping import Clip, clip, shares
from qa.opposing import Claim, Position
from qa.types import Citation, Evidence, Passage, Statement
from qa.words import fold, names

_MOST_CITED = 5  # sources shown with a statement


def quoted(evidence: Evidence, given: Sequence[Position], wanted: frozenset[str], room: int) -> list[Statement]:
    """A statement for each position, their sentences clipped where together they are longer than `room` words."""
    lengths = [word_count(_text(p.claims[0].passage, _clip(p.claims[0], wanted))) for p in given]
    statements = []
    for position, most in zip(given, shares(lengths, room), strict=True):
        claims = position.claims[:_MOST_CITED]
        clips = [_clip(claim, wanted, most) for claim in claims]
        citations = tuple(cite(0, c.passage, k.start, k.end) for c, k in zip(claims, clips, strict=True))
        statements.append(Statement(_attributed_clip(evidence, claims[0], clips[0]), citations))
    return statements


def _clip(claim: Claim, wanted: frozenset[str], most: int | None = None) -> Clip:
    return clip(claim.passage, claim.value.start, claim.value.end, wanted, most)


def _text(passage: Passage, part: Clip) -> str:
    offset = passage.start_char_index
    return passage.text[part.start - offset : part.end - offset]


def _attributed_clip(evidence: Evidence, claim: Claim, part: Clip) -> str:
    whole = _clip(claim, frozenset())
    speaker = attribution(evidence.text_of(claim.passage.source), whole.start, whole.end)
    if speaker and speaker.how == "named" and part == whole:
        speaker = None
    return clipped(claim.passage, part, speaker)


def clipped(passage: Passage, part: Clip, speaker: Attribution | None) -> str:
    """The words of a clip with their speaker, and "…" where words of the sentence are left out."""
    text = spoken(_text(passage, part), part.start, speaker)
    return f"{'…' * part.cut_before}{text}{'…' * part.cut_behind}"


def spoken(words_said: str, start: int, speaker: Attribution | None) -> str:
    """Words that begin at `start` of their document, with their speaker in brackets where they do not name one."""
    text = " ".join(words_said.split())
    if speaker is None or _names(words_said, speaker.speaker):
        return text
    at = -1 if speaker.mention_end is None else speaker.mention_end - start
    if not 0 < at <= len(words_said):
        return f"[{speaker.speaker}:] {text}"
    return " ".join(f"{words_said[:at]} [{speaker.speaker}]{words_said[at:]}".split())


def _names(text: str, speaker: str) -> bool:
    last = fold(speaker.split()[-1])
    return any(fold(n.text.split()[-1]) == last for n in names(text))


def numbered(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements with their citations numbered from 1 in reading order."""
    markers = count(1)
    return tuple(replace(s, citations=tuple(replace(c, marker=next(markers)) for c in s.citations)) for s in statements)


def word_count(*texts: str) -> int:
    """How many words the texts have together."""
    return sum(len(text.split()) for text in texts)


def marked(statement: Statement) -> str:
    """The statement with its citations' markers behind it."""
    return f"{statement.text} {markers(statement.citations)}"


def markers(citations: Sequence[Citation]) -> str:
    """The markers of citations: "[1][2]"."""
    return "".join(f"[{c.marker}]" for c in citations)
