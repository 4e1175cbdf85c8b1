"""Text -> sentences and passages, all with offsets.

Sentence boundaries come from sentencex (Wikimedia's rules for some 300 languages); passages are
consecutive sentences up to a number of tokens, counted as LlamaIndex counts them (tiktoken
cl100k_base), and never run across page furniture.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise, repeat

from qa.cleaning import furniture
from qa.paragraphs import Paragraph, paragraphs
from qa.types import PassageSpan, Sentence

Span = tuple[int, int]

_LONG_QUOTATION = 240
_LONGEST_SENTENCE = 1000
_QUOTES = str.maketrans(dict.fromkeys('“”«»"', " "))
_LOST_SPACE = re.compile(
    r"(?<=[a-zà-ÿ]{2}[.!?])(?=[\"“”]?[A-ZÀ-Þ][a-zà-ÿ])(?!\w+\.\w)|(?<=[a-z]{2}[.!?][”\"])(?=[A-Z][a-z])"
)
_PIECE = re.compile(rf"\S.{{0,{_LONGEST_SENTENCE - 1}}}(?=\s|$)|\S{{1,{_LONGEST_SENTENCE}}}", re.DOTALL)


def split(text: str, metadata: Mapping[str, str], limit: int) -> list[PassageSpan]:
    """The passages of a document's text: a table's rows are never page furniture, whatever they look like."""
    return passages(text, limit, clean=metadata.get("content") != "records")


def passages(text: str, limit: int, *, clean: bool = True) -> list[PassageSpan]:
    """Splits `text` into passages of at most `limit` tokens (a longer sentence is a passage of its own).

    Page furniture is in no passage unless `clean` is false. Every offset points into `text` as given.
    """
    found = paragraphs(text)
    count = _token_counter()
    spans: list[PassageSpan] = []
    run: list[Sentence] = []
    used = 0
    for paragraph, kind in zip(found, furniture(text, found) if clean else repeat(None), strict=False):
        if kind:
            spans += _passage(run)
            run, used = [], 0
            continue
        for start, end in sentence_spans(text, paragraph):
            tokens = count(text[start:end])
            if run and used + tokens > limit:
                spans += _passage(run)
                run, used = [], 0
            run.append(Sentence(start, end, content_hash(text[start:end])))
            used += tokens
    return spans + _passage(run)


def sentence_spans(text: str, paragraph: Paragraph) -> Iterator[Span]:
    """The offsets of a paragraph's sentences, in order, without surrounding white space."""
    import sentencex

    body = text[paragraph.start : paragraph.end]
    folded = re.sub(r"\s", " ", body)  # a line break inside a wrapped sentence is a space; the length stays
    for found in sentencex.get_sentence_boundaries("en", folded):
        for start, end in _finer(folded, found["start_index"], found["end_index"]):
            yield from _trimmed(body, start, end, paragraph.start)


def sentence_texts(text: str) -> list[str]:
    """The sentences of one line of text."""
    return [text[a:b] for a, b in sentence_spans(text, Paragraph(0, len(text)))]


def content_hash(text: str) -> str:
    """Identifies the words of a sentence whatever their spacing: 32 hex digits of SHA-256."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _finer(text: str, start: int, end: int) -> Iterator[Span]:
    """Splits where scraping lost a space ("week.Lavrov"), inside long quotations, and at a length no sentence has."""
    cuts = [start, *(m.start() for m in _LOST_SPACE.finditer(text, start, end) if start < m.start() < end), end]
    for first, last in pairwise(cuts):
        if last - first > _LONG_QUOTATION:
            yield from _inside_quotation(text, first, last)
        else:
            yield first, last


def _inside_quotation(text: str, start: int, end: int) -> Iterator[Span]:
    import sentencex

    masked = text[start:end].translate(_QUOTES)
    cuts = [b["start_index"] + start for b in sentencex.get_sentence_boundaries("en", masked)][1:]
    # The opening mark was masked as space and so fell to the sentence before it.
    cuts = [c - 1 if text[c - 1] in "“«" else c for c in cuts]
    for first, last in zip([start, *cuts], [*cuts, end], strict=True):
        if last - first > _LONGEST_SENTENCE:
            yield from (m.span() for m in _PIECE.finditer(text, first, last))
        else:
            yield first, last


def _trimmed(body: str, start: int, end: int, offset: int) -> Iterator[Span]:
    piece = body[start:end]
    inner = piece.strip()
    if any(c.isalnum() for c in inner):
        first = offset + start + piece.find(inner)
        yield first, first + len(inner)


def _passage(run: list[Sentence]) -> list[PassageSpan]:
    return [PassageSpan(run[0].start_char_index, run[-1].end_char_index, tuple(run))] if run else []


def _token_counter() -> Callable[[str], int]:
    from qa.llamaindex import tokenizer

    encode = tokenizer()
    return lambda text: len(encode(text))
