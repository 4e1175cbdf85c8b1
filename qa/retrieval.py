"""Dense and lexical search for every clause of a question, re-scored by the best sentence, fused, spread.

Passage vectors (Chroma) and full text (FTS5, BM25) each propose candidates for each clause. Every candidate then
gets the cosine of its best sentence, which tells more than the passage's own vector, and `qa.ranking` puts
them in order. A second look prefers the passages that name what the first ones have in common.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, product
from typing import TYPE_CHECKING

from qa.ranking import Features, raised, ranked, scores
from qa.routing import Lane, Route
from qa.settings import Settings
from qa.types import CHARACTERS_A_TOKEN, Embedder, Passage, ScoredPassage, Step
from qa.words import SPEECH_VERBS, Word, counted, spelt_alike, stem, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vectorstore.store import Store

_DEPTH = 400  # passages whose BM25 score is known for a clause
_IN_A_LANE = 20
_POOL = 40  # candidates that passages are chosen from
_LOOKED_AT = 8  # passages that a second look takes names from
_OF_SOURCES = SPEECH_VERBS | {stem(w) for w in "article coverage news piece publish source story".split()}
_SHORTEST_NAME = 5
_SPELT_LONGER = 2  # letters that another spelling may add or leave out
_COMMON, _MANY = 0.1, 100  # a word of the background in more of the passages, and in so many, is slow and tells nothing
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][^\W\d_]{2,}")  # inside a sentence, where a capital means something
_CALENDAR = frozenset(
    """Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
    September October November December""".split()
)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages, best first, and what each stage did to find them."""

    passages: tuple[ScoredPassage, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What the searches brought: per clause the words searched for, ids by dense rank and BM25 scores by lexical rank;
    and all `ids` proposed.

    `sources` are the documents the ids belong to; `similarities` the cosines of an id's sentences with each clause,
    shape (sentences, clauses).
    """

    terms: Sequence[Sequence[str]]
    dense: Sequence[Sequence[int]]
    lexical: Sequence[Mapping[int, float]]
    ids: Sequence[int]
    sources: Mapping[int, str]
    similarities: Mapping[int, NDArray[np.float32]]


def retrieve(
    store: Store,
    embedder: Embedder,
    route: Route,
    settings: Settings,
    k: int,
    background: Sequence[tuple[str, float]] = (),
) -> Retrieved:
    """The `k` passages that best fit a standalone question, best first, and why each was found.

    `background` holds texts said before the question, each with the weight of its words against the question's own.
    An empty question or store gives nothing.
    """
    if not route.question.strip() or not store.passage_count:
        return Retrieved()
    vectors = embedder.embed_queries([c.text for c in route.clauses])
    with store.snapshot():
        return _retrieved(store, vectors, route, settings, k, background)


def _retrieved(
    store: Store,
    vectors: NDArray[np.float32],
    route: Route,
    settings: Settings,
    k: int,
    background: Sequence[tuple[str, float]],
) -> Retrieved:
    said = _said_before(store, route, background)
    found = _search(store, vectors, route, settings, said, max(settings.candidates // len(route.clauses), k))
    if not found.ids:
        return Retrieved()
    scored = scores(_features(found, route, settings))
    pool = [i for i, _ in ranked(scored, max(_POOL, k), spread=False)]
    passages = list(store.passages([found.ids[i] for i in pool]).values())
    scored = scored.only(pool)
    chosen = ranked(scored, k, spread=settings.spread)
    bridge = _bridge(route.question, [passages[i] for i, _ in chosen[:_LOOKED_AT]]) if settings.second_look else None
    if bridge:
        chosen = ranked(raised(scored, [bridge in p.text for p in passages]), k, spread=settings.spread)
    dense, lexical = _best_ranks(found.dense), _best_ranks(found.lexical)
    result = tuple(
        _scored(passages[i], score, found.similarities[passages[i].id], dense, lexical) for i, score in chosen
    )
    return Retrieved(result, tuple(_steps(found, route, said, bridge, result)))


def _search(
    store: Store, vectors: NDArray[np.float32], route: Route, settings: Settings, said: Mapping[int, float], limit: int
) -> _Candidates:
    """Both searches for each clause, what was `said` before added to the lexical one, and again within each lane."""
    dense = [[i for i, _ in store.dense(vector, limit, route.within)] for vector in vectors]
    terms = [_search_terms(store, text, route, settings) for text in (c.text for c in route.clauses)]
    lexical = [_added(dict(store.lexical(t, max(_DEPTH, limit), route.within)), said) for t in terms]
    proposed = [*chain(*dense), *chain(*(islice(scores, limit) for scores in lexical))]
    if route.lanes:
        proposed += _in_lanes(store, terms, lexical, route.lanes)
    ids = list(dict.fromkeys(proposed))
    sources = store.sources_of(ids)
    similarities = {i: rows @ vectors.T for i, rows in store.sentence_vectors(ids).items()}
    return _Candidates(terms, dense, lexical, ids, sources, similarities)


def _said_before(store: Store, route: Route, background: Sequence[tuple[str, float]]) -> dict[int, float]:
    """Passages that hold words of the background which the question does not, and how much that counts."""
    found: dict[int, float] = {}
    seen = {w.stem for w in words(route.question)}
    for text, weight in background:
        new = {w.stem: w.text for w in words(text) if w.content and w.stem not in seen}
        seen |= new.keys()
        held = store.document_frequency(list(new.values()), route.within)
        rare = [w for w, passages in held.items() if passages <= max(_MANY, store.passage_count * _COMMON)]
        for i, score in store.lexical(rare, _DEPTH, route.within):
            found[i] = found.get(i, 0.0) + weight * score
    return found


def _added(scores: Mapping[int, float], more: Mapping[int, float]) -> dict[int, float]:
    """The sums of two scores, best first."""
    total = {i: scores.get(i, 0.0) + more.get(i, 0.0) for i in (*scores, *more)}
    return dict(sorted(total.items(), key=lambda s: -s[1]))


def _in_lanes(
    store: Store, terms: Sequence[Sequence[str]], lexical: Sequence[dict[int, float]], lanes: Sequence[Lane]
) -> Iterator[int]:
    """The best of each lane for each clause. A lane that a long result has too little of is searched by itself."""
    sources = store.sources_of(set(chain(*lexical)))
    for lane, (asked, known) in product(lanes, zip(terms, lexical, strict=True)):
        found = [i for i in known if sources.get(i) in lane.sources][:_IN_A_LANE]
        if len(found) < _IN_A_LANE and len(known) >= _DEPTH:
            known |= store.lexical(asked, _IN_A_LANE, lane.sources)
            found = [i for i in known if i in found or i not in sources]
        yield from found


def _features(found: _Candidates, route: Route, settings: Settings) -> Features:
    import numpy as np

    of_sentences = np.max if settings.rescore else np.mean
    meaning = np.array([of_sentences(found.similarities[i], axis=0) for i in found.ids]).T

    def belongs(sources: Collection[str]) -> NDArray[np.bool_]:
        return np.array([found.sources[i] in sources for i in found.ids])

    anywhere = belongs(route.sources)
    none = np.zeros((0, len(found.ids)), dtype=bool)
    return Features(
        lexical=np.array([[scores.get(i, 0.0) for i in found.ids] for scores in found.lexical]),
        meaning=meaning,
        lanes=np.array([belongs(lane.sources) for lane in route.lanes]) if route.lanes else none,
        # A clause that names no source may be about any that the question names.
        own_lane=np.array([belongs(c.sources) if c.lanes else 0.5 * anywhere for c in route.clauses]),
        dated=belongs(route.dated),
    )


def _bridge(question: str, passages: Sequence[Passage]) -> str | None:
    """The name that most of these passages share and the question does not say: what "which company" may stand for."""
    asked = {w.stem for w in words(question)}
    counts = Counter(name for p in passages for name in set(_NAME.findall(p.text)) - _CALENDAR)
    shared = [name for name, n in counts.most_common() if n > 1 and stem(name) not in asked]
    return shared[0] if shared else None


def _search_terms(store: Store, question: str, route: Route, settings: Settings) -> list[str]:
    """The question's content words, and for names the other spellings that the documents use.

    In a question that names sources, "article" and "reported" speak of those, not of what they say.
    """
    found = [w for w in words(question) if w.content and not (route.lanes and w.stem in _OF_SOURCES)]
    spelt = (_spellings(store, word) for word in found if settings.spellings and _may_be_name(word, question))
    return list(dict.fromkeys([*(w.text for w in found), *chain(*spelt)]))


def _may_be_name(word: Word, question: str) -> bool:
    """Names have capitals, unless their question has none."""
    return len(word.stem) >= _SHORTEST_NAME and not word.stem.isdigit() and (word.capitalised or question.islower())


def _spellings(store: Store, word: Word) -> list[str]:
    lengths = (len(word.stem) - _SPELT_LONGER, len(word.stem) + _SPELT_LONGER)
    return spelt_alike(word.stem, store.vocabulary(word.stem[:2], lengths))


def within_budget(passages: Sequence[ScoredPassage], tokens: int) -> tuple[ScoredPassage, ...]:
    """The leading passages that fit in `tokens`, taken as four characters each; always at least one."""
    kept: list[ScoredPassage] = []
    used = 0.0
    for scored in passages:
        used += len(scored.passage.text) / CHARACTERS_A_TOKEN
        if kept and used > tokens:
            break
        kept.append(scored)
    return tuple(kept)


def _scored(
    passage: Passage,
    score: float,
    cosines: NDArray[np.float32],
    dense: Mapping[int, int],
    lexical: Mapping[int, int],
) -> ScoredPassage:
    similarities = tuple(map(float, cosines.max(axis=1)))
    ranks = dense.get(passage.id), lexical.get(passage.id)
    return ScoredPassage(passage, score, *ranks, max(similarities, default=0.0), similarities)


def _best_ranks(results: Sequence[Iterable[int]]) -> dict[int, int]:
    """The best rank, from 1, of each id in any of the results."""
    best: dict[int, int] = {}
    for ids in results:
        for rank, i in enumerate(ids, start=1):
            best[i] = min(rank, best.get(i, rank))
    return best


def _steps(
    found: _Candidates,
    route: Route,
    said: Collection[int],
    bridge: str | None,
    result: Sequence[ScoredPassage],
) -> Iterator[Step]:
    """What a reader of the answer's record wants to know of each stage that did something."""
    if route.within is not None:
        yield Step("sources", f"limited to {counted(len(route.within), 'document')}")
    for lane in route.lanes:
        yield Step("lanes", f"{lane.name}: {counted(len(lane.sources), 'document')}")
    if len(route.clauses) > 1:
        yield Step("clauses", " | ".join(c.text.strip() for c in route.clauses))
    if route.dated:
        yield Step("dates", f"{counted(len(route.dated), 'document')} published then")
    if spelt := set(chain(*found.terms)) - {w.text for w in words(route.question)}:
        yield Step("spellings", ", ".join(sorted(spelt)))
    if said:
        yield Step("background", f"{counted(len(said), 'passage')} with words said before")
    by_words = found.sources.keys() & set(chain(*found.lexical))
    yield Step("search", f"{counted(len(found.ids), 'candidate')}, {len(by_words)} by words")
    if bridge:
        yield Step("second_look", bridge)
    yield Step(
        "spread",
        f"{counted(len(result), 'passage')} of {counted(len({r.passage.source for r in result}), 'document')}",
    )
