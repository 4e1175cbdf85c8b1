"""Dense and lexical search, re-scored by the best sentence, fused, spread over sources.

Passage vectors (Chroma) and full text (FTS5, BM25) each propose candidates. Every candidate then gets the
cosine of its best sentence, which tells more than the passage's own vector, and the two scores are
added with the weights below, measured on MultiHop-RAG (docs/measurements.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qa.routing import Route
from qa.types import Embedder, ScoredPassage
from qa.words import Word, same_name, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vectorstore.store import Store

LEXICAL_WEIGHT = 1.0
SENTENCE_WEIGHT = 5.0
LANE_BONUS = 0.5
CROWDING = 0.03
_CHARACTERS_A_TOKEN = 4
_COMMON, _MANY = 0.1, 100  # a word of the background in more of the passages, and in so many, is slow and tells nothing


def retrieve(
    store: Store,
    embedder: Embedder,
    route: Route,
    *,
    candidates: int,
    k: int,
    background: Sequence[tuple[str, float]] = (),
) -> tuple[ScoredPassage, ...]:
    """The `k` passages that best fit a standalone question, best first, and why each was found.

    Each lane of the route is searched on its own beside the whole.

    `candidates` is how many each search proposes. `background` holds texts said before the question, each with the
    weight of its words against the question's own. An empty question or store gives an empty tuple.
    """
    question = route.question
    if not question.strip() or not store.passage_count:
        return ()
    vector = embedder.embed_query(question)
    terms = search_terms(store, question)
    dense = [i for i, _ in store.dense(vector, candidates)]
    lexical = dict(store.lexical(terms, candidates))
    in_lane: set[int] = set()
    for lane in route.lanes:
        found = dict(store.lexical(terms, candidates, lane))
        in_lane |= found.keys()
        lexical |= found
    for number, weight in _said_before(store, question, background, candidates):
        lexical[number] = lexical.get(number, 0.0) + weight
    scored = _scored(store, vector, dense, lexical, in_lane)
    return tuple(_spread(scored)[:k])


def _said_before(
    store: Store, question: str, background: Sequence[tuple[str, float]], candidates: int
) -> Iterator[tuple[int, float]]:
    """Passages that hold words of the background which the question does not, and how much that counts."""
    seen = {w.stem for w in words(question)}
    for text, weight in background:
        new = {w.stem: w.text for w in words(text) if w.content and w.stem not in seen}
        seen |= new.keys()
        held = store.document_frequency(list(new.values()))
        rare = [w for w, passages in held.items() if passages <= max(_MANY, store.passage_count * _COMMON)]
        yield from ((i, weight * score) for i, score in store.lexical(rare, candidates))


def search_terms(store: Store, question: str) -> list[str]:
    """The question's content words, and for names the other spellings that the documents use."""
    found = [w for w in words(question) if w.content]
    terms = [w.text for w in found]
    for word in found:
        terms += _spellings(store, word)
    return list(dict.fromkeys(terms))


def _spellings(store: Store, word: Word) -> list[str]:
    if len(word.stem) < 5 or word.stem.isdigit():
        return []
    return [t for t in store.vocabulary(word.stem[:2]) if t != word.stem and same_name(t, word.stem)]


def within_budget(passages: Sequence[ScoredPassage], tokens: int) -> tuple[ScoredPassage, ...]:
    """The leading passages that fit in `tokens`, taken as four characters each; always at least one."""
    kept: list[ScoredPassage] = []
    used = 0.0
    for scored in passages:
        used += len(scored.passage.text) / _CHARACTERS_A_TOKEN
        if kept and used > tokens:
            break
        kept.append(scored)
    return tuple(kept)


def _scored(
    store: Store, vector: NDArray[np.float32], dense: Sequence[int], lexical: dict[int, float], in_lane: set[int]
) -> list[ScoredPassage]:
    ids = list(dict.fromkeys((*dense, *lexical)))
    passages, sentences = store.passages(ids), store.sentence_vectors(ids)
    dense_rank = {i: rank for rank, i in enumerate(dense, start=1)}
    by_bm25 = sorted(lexical, key=lambda i: -lexical[i])
    lexical_rank = {i: rank for rank, i in enumerate(by_bm25, start=1)}
    top = max(lexical.values(), default=1.0) or 1.0
    found = []
    for i in ids:
        similarities = tuple(float(s) for s in sentences[i] @ vector)
        best = max(similarities, default=0.0)
        score = LEXICAL_WEIGHT * lexical.get(i, 0.0) / top + SENTENCE_WEIGHT * best + LANE_BONUS * (i in in_lane)
        found.append(ScoredPassage(passages[i], score, dense_rank.get(i), lexical_rank.get(i), best, similarities))
    return sorted(found, key=lambda s: -s.score)


def _spread(scored: Sequence[ScoredPassage]) -> list[ScoredPassage]:
    """Ranks a source's further passages a little lower, so that one long document does not crowd out the rest."""
    seen: dict[str, int] = {}
    ranked = []
    for s in scored:
        earlier = seen.get(s.passage.source, 0)
        seen[s.passage.source] = earlier + 1
        ranked.append((s.score - CROWDING * earlier, s))
    return [s for _, s in sorted(ranked, key=lambda r: -r[0])]
