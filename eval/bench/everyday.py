"""The everyday path by stage, beside plain LlamaIndex with Chroma: the same articles, embedder and machine, in one run.

    python -m eval.bench.everyday [--articles 609] [--json FILE]

The articles are MultiHop-RAG's. Plain is what LlamaIndex's documentation shows: SimpleDirectoryReader, IngestionPipeline
with SentenceSplitter and a document store, ChromaVectorStore, a retriever. It needs llama-index-vector-stores-chroma.
Its chunks have 256 tokens, because the embedder reads no more than 512. Each stage is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.bench import stages
from eval.bench.stages import percentiles
from eval.public import multihop, shared
from qa import Corpus, Settings
from qa.embedding import make_embedder
from qa.llamaindex import as_embedding

_QUESTIONS = 200
_CHUNK, _OVERLAP, _TOP = 256, 20, 10
_DOCUMENTS = 200  # handed to plain LlamaIndex at a time


def _questions() -> list[str]:
    _, queries = multihop(shared())
    return [q.question for q in queries[:: len(queries) // _QUESTIONS][:_QUESTIONS]]


def write(folder: Path, articles: int) -> None:
    """The articles as text files."""
    texts, _ = multihop(shared())
    folder.mkdir()
    for number, text in enumerate(texts[:articles]):
        (folder / f"{number}.txt").write_text(text.text, "utf-8")


@contextmanager
def _timed(*methods: tuple[Any, str, str]) -> Iterator[dict[str, float]]:
    """Seconds spent in each (owner, name of the method, what to call it)."""
    spent: dict[str, float] = {}
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in methods]

    def timing(method: Any, label: str) -> Any:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.monotonic()
            try:
                return method(*arguments, **named)
            finally:
                spent[label] = spent.get(label, 0.0) + time.monotonic() - began

        return timed

    for (owner, name, method), (_, _, label) in zip(originals, methods, strict=True):
        setattr(owner, name, timing(method, label))
    try:
        yield spent
    finally:
        for owner, name, method in originals:
            setattr(owner, name, method)


def _open(folder: Path) -> Corpus:
    return Corpus(folder / "documents", store=folder / "ours")


def ours_sync(folder: Path) -> Mapping[str, Any]:
    """A sync, and where its time went; `rest` is mostly waiting for files to be read and split."""
    began = time.monotonic()
    with _open(folder) as corpus:
        parts = (
            (type(corpus.embedder), "embed_documents", "embed"),
            (type(corpus._store), "put_vectors", "vectors"),
            (type(corpus._store), "commit", "commit"),
        )
        with _timed(*parts) as spent:
            corpus.sync()
    whole = time.monotonic() - began
    shares = {name: round(seconds, 2) for name, seconds in spent.items()}
    return {"seconds": round(whole, 2)} | shares | {"rest": round(whole - sum(spent.values()), 2)}


def ours_search(folder: Path) -> Mapping[str, Any]:
    """Cold open to the first passages, then many questions: passages, and whole answers."""
    questions = _questions()
    began = time.monotonic()
    with _open(folder) as corpus:
        corpus.retrieve(questions[0], _TOP)
        cold = time.monotonic() - began
        found = percentiles(_each(lambda question: corpus.retrieve(question, _TOP), questions))
        with _timed((type(corpus.embedder), "embed_queries", "embed"), (Corpus, "evidence", "find")) as spent:
            answered = _each(corpus.ask, questions[:50])
    answer = {"ask_p50_ms": percentiles(answered)["p50_ms"]}
    means = {f"ask_{name}_ms": round(1_000 * seconds / len(answered), 1) for name, seconds in spent.items()}
    return {"cold_s": round(cold, 2)} | found | answer | means


def _each(work: Any, questions: Sequence[str]) -> list[float]:
    seconds = []
    for question in questions:
        began = time.monotonic()
        work(question)
        seconds.append(time.monotonic() - began)
    return seconds


def _plain(folder: Path) -> tuple[Any, Any]:
    """Plain LlamaIndex's embedding and vector store."""
    import chromadb
    from llama_index.vector_stores.chroma import ChromaVectorStore

    client = chromadb.PersistentClient(str(folder / "plain"), chromadb.Settings(anonymized_telemetry=False))
    settings = Settings()
    embedding = as_embedding(make_embedder(settings.embedder, settings))
    return embedding, ChromaVectorStore(chroma_collection=client.get_or_create_collection("plain"))


def plain_sync(folder: Path) -> Mapping[str, Any]:
    """Reading, splitting, embedding and storing; with a document store that knows what is unchanged."""
    from llama_index.core import SimpleDirectoryReader
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.storage.docstore import SimpleDocumentStore

    began = time.monotonic()
    embedding, vectors = _plain(folder)
    kept = folder / "plain-docstore.json"
    known = SimpleDocumentStore.from_persist_path(str(kept)) if kept.exists() else SimpleDocumentStore()
    steps = [SentenceSplitter(chunk_size=_CHUNK, chunk_overlap=_OVERLAP), embedding]
    pipeline = IngestionPipeline(
        transformations=steps, vector_store=vectors, docstore=known, docstore_strategy=DocstoreStrategy.UPSERTS
    )
    documents = SimpleDirectoryReader(str(folder / "documents"), filename_as_id=True).load_data()
    # Not all at once: ChromaVectorStore hands on more nodes than Chroma takes.
    batches = (documents[start : start + _DOCUMENTS] for start in range(0, len(documents), _DOCUMENTS))
    nodes = sum(len(pipeline.run(documents=batch)) for batch in batches)
    known.persist(str(kept))
    return {"seconds": round(time.monotonic() - began, 2), "nodes": nodes}


def plain_search(folder: Path) -> Mapping[str, Any]:
    """Cold open to the first nodes, then many questions."""
    from llama_index.core import VectorStoreIndex

    questions = _questions()
    began = time.monotonic()
    embedding, vectors = _plain(folder)
    index = VectorStoreIndex.from_vector_store(vectors, embed_model=embedding)
    retriever = index.as_retriever(similarity_top_k=_TOP)
    retriever.retrieve(questions[0])
    return {"cold_s": round(time.monotonic() - began, 2)} | percentiles(_each(retriever.retrieve, questions))


STAGES: Mapping[str, stages.Stage] = {
    "ours_sync": ours_sync, "plain_sync": plain_sync, "ours_resync": ours_sync, "plain_resync": plain_sync,
    "ours_search": ours_search, "plain_search": plain_search,
}  # fmt: skip
_COMPARED = {"sync": "seconds", "resync": "seconds", "search": "p50_ms p95_ms cold_s"}


def ratios(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Ours divided by plain: below 1 is faster, or smaller."""
    found = {}
    for stage, names in _COMPARED.items():
        for name in (*names.split(), "whole_s", "memory_mb"):
            ours, plain = figures[f"ours_{stage}"][name], figures[f"plain_{stage}"][name]
            found[f"{stage} {name}"] = round(ours / plain, 2)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures and their ratios; returns 0, also where the data is absent."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.everyday", description="Measure beside LlamaIndex.")
    parser.add_argument("--articles", type=int, default=609, help="how many of MultiHop-RAG's (default: all)")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--stage", choices=list(STAGES), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stage:
        stages.be(STAGES[options.stage], options.folder)
    try:
        shared()
    except FileNotFoundError as absent:
        print(f"skipped: {absent}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "documents", options.articles)
        figures = {name: stages.run("eval.bench.everyday", name, Path(folder)) for name in STAGES}
    print(stages.table(figures | {"ratios": ratios(figures)}))
    if options.json:
        options.json.write_text(json.dumps(figures | {"ratios": ratios(figures)}, indent=2), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
