"""Pure scoring of what was found, as the field does it: MultiHop-RAG by facts, MTRAG-UN by documents.

A MultiHop-RAG passage counts by its first 256 tokens, and is relevant when it holds a gold fact, white space aside.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence

from eval.intervals import Figure, Observation
from eval.public import DialogueTask, FactQuery
from eval.ranking import ranked
from qa.llamaindex import tokenizer

PASSAGE_TOKENS, BUDGET_TOKENS = 256, 2048
_TOP = 10


def fact_figures(queries: Sequence[FactQuery], found: Mapping[str, Sequence[str]]) -> list[Figure]:
    """The MultiHop-RAG figures from the texts of each query's passages, best first."""
    texts = {q.id: [counted(text) for text in found[q.id]] for q in queries}
    bare = {q.id: [_bare(text) for text in texts[q.id]] for q in queries}
    facts = {q.id: {_bare(f) for f in q.facts} for q in queries}
    relevant = {q: {str(i) for i, t in enumerate(ts) if any(f in t for f in facts[q])} for q, ts in bare.items()}
    order = {q: [str(i) for i in range(len(ts))] for q, ts in bare.items()}
    scored = ranked(("MRR@10", "Hits@4", "Hits@10"), relevant, order)
    scored["evidence recall@10"] = {q: recall(facts[q], ts[:_TOP]) for q, ts in bare.items()}
    scored["evidence recall, 2,048 tokens"] = {q: recall(facts[q], ts[: fitting(texts[q])]) for q, ts in bare.items()}
    clusters = {q.id: q.cluster for q in queries}
    return [_mean(name, values, clusters) for name, values in scored.items()]


def recall(facts: Collection[str], texts: Sequence[str]) -> float:
    """The share of `facts` that stand in one of `texts`."""
    return sum(any(f in text for text in texts) for f in facts) / len(facts) if facts else 0.0


def fitting(texts: Sequence[str], budget: int = BUDGET_TOKENS) -> int:
    """How many of `texts`, taken in order, fit in `budget` tokens together."""
    used = 0
    for taken, text in enumerate(texts):
        used += len(_tokens(text))
        if used > budget:
            return taken
    return len(texts)


@functools.lru_cache(maxsize=65536)
def counted(text: str, tokens: int = PASSAGE_TOKENS) -> str:
    """The part of a passage that counts: its longest beginning of at most `tokens` tokens."""
    if len(_tokens(text)) <= tokens:
        return text
    short, long = 0, len(text)
    while long - short > 1:
        middle = (short + long) // 2
        short, long = (middle, long) if len(_tokens(text[:middle])) <= tokens else (short, middle)
    return text[:short]


@functools.lru_cache(maxsize=65536)
def _tokens(text: str) -> Sequence[int]:
    """Tokens as LlamaIndex counts them by default: tiktoken's cl100k_base, which it ships."""
    return tuple(tokenizer()(text))


def _bare(text: str) -> str:
    return "".join(text.split())


def dialogue_figures(
    tasks: Sequence[DialogueTask], history: Mapping[str, Sequence[str]], alone: Mapping[str, Sequence[str]]
) -> list[Figure]:
    """The MTRAG-UN figures from the documents found with the history and for the last turn alone, best first.

    A document that gave several passages counts once, at the best of them. A ratio is R@5 with the history over R@5
    without it; the ceiling is R@5 with nothing but gold documents on top, below 1 where there are more than five.
    """
    names = ("R@5", "MRR@10")
    relevant = {t.id: t.gold for t in tasks}
    with_history, without = (ranked(names, relevant, {q: _once(d) for q, d in run.items()}) for run in (history, alone))
    figures = []
    for label, part in (("all tasks", tasks), ("later turns", [t for t in tasks if t.history])):
        clusters = {t.id: t.cluster for t in part}
        for name in names:
            figures.append(_mean(f"{name} with history, {label}", with_history[name], clusters))
            figures.append(_mean(f"{name} last turn alone, {label}", without[name], clusters))
        most = {t.id: min(5, len(t.gold)) / len(t.gold) for t in part}
        figures.append(_mean(f"ceiling: R@5, {label}", most, clusters))
        for ratio, above in (("R@5 ratio", with_history["R@5"]), ("ceiling: R@5 ratio", most)):
            pairs = tuple(Observation(q, c, above[q], without["R@5"][q]) for q, c in clusters.items())
            figures.append(Figure(f"{ratio}, {label}", "share", pairs))
    return figures


def _once(ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _mean(name: str, values: Mapping[str, float], clusters: Mapping[str, str]) -> Figure:
    return Figure(name, "share", tuple(Observation(q, cluster, values[q]) for q, cluster in clusters.items()))
