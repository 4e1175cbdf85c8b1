"""The public sets, each run with the same settings: documents into a corpus, questions asked, figures back.

Stores are kept below the cache and used again; documents that changed are replaced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from eval import public
from eval.bench.answering import Quoted, quoting_figures, value_figures
from eval.bench.ranking import dialogue_figures, fact_figures
from eval.intervals import Figure, Observation
from eval.public import FactQuery, Probe, Text
from qa import Corpus, Settings, StoreMismatch
from qa.indexing import added_document
from qa.questions import read_question
from qa.scoring import candidates

T = TypeVar("T")
DEPTH = 24  # passages asked for: what the answerer gets, and enough for 2,048 tokens
_WARM, _TIMED = 5, 100  # queries


@dataclass(frozen=True, slots=True)
class PublicSet:
    """A set: its folder's name below the shared data, and what runs it on a sample (None: everything)."""

    name: str
    run: Callable[[Path, Settings, int | None], list[Figure]]

    def present(self, folder: Path) -> bool:
        """True when the data is there."""
        return (folder / self.name).is_dir()


def drawn(rows: Sequence[T], sample: int | None) -> list[T]:
    """`sample` of `rows`, evenly; all of them when there are no more or `sample` is None."""
    if sample is None or sample >= len(rows):
        return list(rows)
    return [rows[i * len(rows) // sample] for i in range(sample)]


@contextmanager
def corpus_of(name: str, texts: Sequence[Text], settings: Settings) -> Iterator[Corpus]:
    """The kept corpus of a set, brought in line with `texts` and with the present way of splitting."""
    store = _stores(settings) / name
    try:
        corpus = Corpus(store=store, settings=settings)
    except StoreMismatch:
        corpus = Corpus(store=store, settings=settings, rebuild=True)
    with corpus:
        known = {s.source: s.content_hash for s in corpus.sources()}
        new = [
            t for t in texts if added_document(t.doc_id, t.text, dict(t.metadata)).content_hash != known.get(t.doc_id)
        ]
        if new:
            corpus.add(_progress(new, f"{name}: documents"))
        for source in known.keys() - {t.doc_id for t in texts}:
            corpus.remove(source)
        yield corpus


def _stores(settings: Settings) -> Path:
    return settings.cache / "eval"


def _progress(rows: Sequence[T], label: str) -> Iterable[T]:
    return tqdm(rows, desc=label, leave=False, disable=None)


def _multihop(folder: Path, settings: Settings, sample: int | None) -> list[Figure]:
    texts, queries = public.multihop(folder)
    queries = drawn(queries, sample)
    found, seconds = {}, {}
    with corpus_of("multihop_rag", texts, settings) as corpus:
        for query in drawn(queries, _WARM):
            corpus.ask(query.question)
        for query in _progress(queries, "multihop_rag: retrieve"):
            began = time.perf_counter()
            found[query.id] = [p.passage.text for p in corpus.retrieve(query.question, DEPTH)]
            seconds[query.id] = time.perf_counter() - began
        asked = _ask_seconds(corpus, drawn(queries, _TIMED))
    return fact_figures(queries, found) + _times("retrieve", queries, seconds) + _times("ask", queries, asked)


def _ask_seconds(corpus: Corpus, queries: Sequence[FactQuery]) -> dict[str, float]:
    seconds = {}
    for query in _progress(queries, "multihop_rag: ask"):
        began = time.perf_counter()
        corpus.ask(query.question)
        seconds[query.id] = time.perf_counter() - began
    return seconds


def _times(what: str, queries: Sequence[FactQuery], seconds: Mapping[str, float]) -> list[Figure]:
    """Milliseconds per query at the median and the 95th percentile, wall clock."""
    found = tuple(Observation(q.id, q.cluster, 1000 * seconds[q.id]) for q in queries if q.id in seconds)
    return [Figure(f"{what} {p}, ms", p, found) for p in ("p50", "p95")]


def _clapnq(folder: Path, settings: Settings, sample: int | None) -> list[Figure]:
    texts, probes = public.clapnq(folder)
    with corpus_of("clapnq", texts, settings) as corpus:
        quoted = [_quoted(corpus, probe) for probe in _progress(drawn(probes, sample), "clapnq: ask")]
        return quoting_figures(quoted, corpus.text)


def _quoted(corpus: Corpus, probe: Probe) -> Quoted:
    evidence = corpus.evidence(probe.question)
    scored = candidates(read_question(evidence.asked), evidence)
    return Quoted(probe, corpus.ask(probe.question), scored[0].score if scored else 0.0)


def _ramdocs(folder: Path, settings: Settings, sample: int | None) -> list[Figure]:
    texts, questions = public.ramdocs_values(folder)
    with corpus_of("ramdocs", texts, settings) as corpus:
        asked = _progress(drawn(questions, sample), "ramdocs: ask")
        return value_figures([(q, corpus.ask(q.question)) for q in asked], corpus.text)


def _mtrag(folder: Path, settings: Settings, sample: int | None) -> list[Figure]:
    texts, tasks = public.mtrag(folder)
    tasks = drawn(tasks, sample)
    with corpus_of("mtrag_un", texts, settings) as corpus:
        with_history, alone = (
            {t.id: [p.passage.source for p in corpus.retrieve(t.question, DEPTH, history=t.history)] for t in run}
            for run in (
                _progress(tasks, "mtrag_un: with history"),
                _progress([replace(t, history=()) for t in tasks], "mtrag_un: last turn alone"),
            )
        )
    return dialogue_figures(tasks, with_history, alone)


SETS: Mapping[str, PublicSet] = {
    s.name: s
    for s in (
        PublicSet("multihop_rag", _multihop),
        PublicSet("clapnq", _clapnq),
        PublicSet("ramdocs", _ramdocs),
        PublicSet("mtrag_un", _mtrag),
    )
}
