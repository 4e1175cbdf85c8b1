"""Pure: words of a passage -> citations with exact offsets and a verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qa.types import Answer, Citation, Pages, Passage, Side, Statement, Verdict
from qa.words import nearest_words

_CLOSE = 0.88  # share of the quoted letters that the source has in the same order
_SHORTEST_CLOSE = 12  # letters; shorter quotes are word for word or not at all
_LEFT_OUT = re.compile(r"\s*(?:\[?…\]?|\[?\.{3,}\]?)\s*")
_FARTHEST = 400  # characters between two pieces of one quotation
_ALIKE = str.maketrans(dict.fromkeys("“”„«»‟″", '"') | dict.fromkeys("‘’‚‛′`", "'") | dict.fromkeys("‐‑‒–—―−", "-"))


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


def overlapping(one: Citation, other: Citation) -> bool:
    """True when two citations share words of their source."""
    apart = one.end_char_index <= other.start_char_index or other.end_char_index <= one.start_char_index
    return one.source == other.source and not apart


@dataclass(frozen=True, slots=True)
class Found:
    """Where quoted words stand: offsets into their document, how well they fit ("verbatim" or "close"), and whether
    that is another passage than the one named."""

    passage: Passage
    start: int
    end: int
    verdict: Verdict
    misattributed: bool = False


def find_quote(quote: str, named: Passage | None, passages: Sequence[Passage]) -> Found | None:
    """Looks for quoted words in the passage `named`, else in the others. None when they stand nowhere.

    Letter case, spacing and the shapes of quotation marks and dashes do not count; "..." stands for words left out.
    """
    if named and (found := _in_passage(quote, named)):
        return found
    others = (_in_passage(quote, p) for p in passages if p is not named)
    best = max((f for f in others if f), key=lambda f: f.verdict == "verbatim", default=None)
    return replace(best, misattributed=True) if best else None


def _in_passage(quote: str, passage: Passage) -> Found | None:
    pieces = [p for p in _LEFT_OUT.split(quote.strip().strip("\"'“”")) if any(c.isalnum() for c in p)]
    spans = [_span(piece, passage.text) for piece in pieces]
    if not spans or any(s is None for s in spans):
        return None
    known = [s for s in spans if s is not None]
    start, end = known[0][0], known[-1][1]
    ordered = all(0 <= b[0] - a[1] <= _FARTHEST for a, b in pairwise(known))
    if not ordered:
        return None
    verdict: Verdict = "verbatim" if all(s[2] for s in known) and len(known) == 1 else "close"
    return Found(passage, start + passage.start_char_index, end + passage.start_char_index, verdict)


def _span(piece: str, text: str) -> tuple[int, int, bool] | None:
    """Start, end and whether the piece stands there word for word."""
    wanted, _ = _folded(piece)
    folded, places = _folded(text)
    wanted = wanted.strip(" .,;:")
    at = _whole_words(wanted, folded)
    if at is not None:
        return places[at], places[at + len(wanted) - 1] + 1, True
    if len(wanted) < _SHORTEST_CLOSE:
        return None
    start, end, share = nearest_words(wanted, folded)
    if share < _CLOSE or end <= start:
        return None
    return places[start], places[end - 1] + 1, False


def _whole_words(wanted: str, text: str) -> int | None:
    if not wanted:
        return None
    before, behind = (r"\b" if c.isalnum() else "" for c in (wanted[0], wanted[-1]))
    found = re.search(f"{before}{re.escape(wanted)}{behind}", text)
    return found.start() if found else None


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` in lower case with single spaces and plain marks, and where each of its characters stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text.translate(_ALIKE)):
        plain = " " if character.isspace() else character.lower()[:1]
        if plain != " " or (letters and letters[-1] != " "):
            letters.append(plain)
            places.append(place)
    return "".join(letters), places


def settled(answer: Answer, text_of: Callable[[str], str], pages_of: Callable[[str], Pages]) -> Answer:
    """`answer` with every citation that does not resolve dropped, whoever made it, and the page of the others named.

    A citation resolves when the words at its offsets in its source are the words it cites.
    """

    def resolving(citations: Iterable[Citation]) -> tuple[Citation, ...]:
        return tuple(on_page(c, pages_of(c.source)) for c in citations if resolves(c, text_of))

    statements = tuple(Statement(s.text, resolving(s.citations)) for s in answer.statements)
    sides = [(d, tuple(Side(s.value, resolving(s.citations)) for s in d.sides)) for d in answer.disagreements]
    return replace(
        answer,
        statements=statements,
        nearest=resolving(answer.nearest),
        disagreements=tuple(replace(d, sides=s) for d, s in sides),
    )


def on_page(citation: Citation, pages: Pages) -> Citation:
    """The citation with the page, slide, sheet or row on which its words begin, not that on which their passage does."""
    start = citation.start_char_index
    return replace(citation, page=pages.number(start), part=pages.name(start))


def resolves(citation: Citation, text_of: Callable[[str], str]) -> bool:
    """True when the cited words stand where the citation says."""
    try:
        text = text_of(citation.source)
    except KeyError:
        return False
    return text[citation.start_char_index : citation.end_char_index] == citation.cited_text
