"""Pure: words of a passage -> citations with exact offsets and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from qa.types import Answer, Citation, Passage, Side, Statement


def cite(marker: int, passage: Passage, start: int, end: int) -> Citation:
    """Cites the words of `passage` between two offsets of its document, word for word.

    Raises ValueError when the offsets are not inside the passage.
    """
    if not passage.start_char_index <= start < end <= passage.end_char_index:
        raise ValueError(f"offsets {start}:{end} lie outside passage {passage.id} of {passage.source}")
    return Citation(
        marker=marker,
        source=passage.source,
        title=passage.title,
        page=passage.page,
        start_char_index=start,
        end_char_index=end,
        cited_text=passage.text[start - passage.start_char_index : end - passage.start_char_index],
        verdict="verbatim",
        outlet=passage.outlet,
        published_at=passage.published_at,
    )


def settled(answer: Answer, text_of: Callable[[str], str]) -> Answer:
    """`answer` with every citation that does not resolve dropped, whoever made it.

    A citation resolves when the words at its offsets in its source are the words it cites.
    """
    statements = tuple(Statement(s.text, _resolving(s.citations, text_of)) for s in answer.statements)
    sides = [(d, tuple(Side(s.value, _resolving(s.citations, text_of)) for s in d.sides)) for d in answer.disagreements]
    return replace(
        answer,
        statements=statements,
        nearest=_resolving(answer.nearest, text_of),
        disagreements=tuple(replace(d, sides=s) for d, s in sides),
    )


def _resolving(citations: Iterable[Citation], text_of: Callable[[str], str]) -> tuple[Citation, ...]:
    return tuple(c for c in citations if resolves(c, text_of))


def resolves(citation: Citation, text_of: Callable[[str], str]) -> bool:
    """True when the cited words stand where the citation says."""
    try:
        text = text_of(citation.source)
    except KeyError:
        return False
    return text[citation.start_char_index : citation.end_char_index] == citation.cited_text
