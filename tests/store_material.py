"""Material for the store's tests: documents, seeded vectors, and a process that changes a store until it is killed.

Run as a program, `store_material.py PLACE FIRST`, it does the steps FIRST, FIRST + 1, ... and prints each once done. PLACE
is a folder, or the addresses of a PostgreSQL catalogue and a Chroma server with a space between them.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vectorstore.chroma import ChromaServer
from vectorstore.places import Servers
from vectorstore.records import Document, PassageSpan, Sentence
from vectorstore.store import Store

DIMENSION = 16
SENTENCES_A_PASSAGE = 2
Split = tuple[Document, list[PassageSpan]]


def open_store(
    place: Path | Servers,
    *,
    embedder: str = "seeded",
    dimension: int = DIMENSION,
    chunking: str = "pairs",
    rebuild: bool = False,
) -> Store:
    return Store(place, embedder=embedder, dimension=dimension, chunking=chunking, rebuild=rebuild)


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def vector(content_hash: str, dimension: int = DIMENSION) -> NDArray[np.float32]:
    """A direction of its own for every hash, always the same."""
    drawn = np.random.default_rng(int(content_hash[:16], 16)).standard_normal(dimension)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def spans_of(text: str) -> list[PassageSpan]:
    """Sentences end with a full stop; two make a passage."""
    sentences = [Sentence(m.start(), m.end(), digest(m[0])) for m in re.finditer(r"[^.\s][^.]*\.?", text)]
    groups = [sentences[i : i + SENTENCES_A_PASSAGE] for i in range(0, len(sentences), SENTENCES_A_PASSAGE)]
    return [PassageSpan(g[0].start_char_index, g[-1].end_char_index, tuple(g)) for g in groups]


def split(source: str, text: str, **about: object) -> Split:
    return Document(source, text, digest(text), **about), spans_of(text)  # type: ignore[arg-type]


def put(store: Store, *batch: Split, dimension: int = DIMENSION) -> None:
    """Vectors for what has none, then one commit."""
    hashes = [sentence.content_hash for _, spans in batch for span in spans for sentence in span.sentences]
    lacking = sorted(store.missing(hashes))
    if lacking:
        store.put_vectors(lacking, np.stack([vector(h, dimension) for h in lacking]))
    store.commit(batch)


def words_in(store: Store, word: str) -> list[str]:
    """The texts of the passages that lexical search finds for a word."""
    found = store.passages([i for i, _ in store.lexical([word], 100)])
    return [passage.text for passage in found.values()]


def step(store: Store, number: int) -> None:
    """The change that belongs to a number: mostly a document with a new text, sometimes a removal."""
    if number % 5 == 4:
        store.remove([f"{number % 7}.txt"])
    else:
        put(store, split(f"{number % 7}.txt", step_text(number)))


def step_text(number: int) -> str:
    return " ".join(f"Step {number} has a sentence number {i}." for i in range(60 + 100 * (number % 3)))


def texts_after(steps: int) -> dict[str, str]:
    """Source -> text once the first `steps` steps are done."""
    texts: dict[str, str] = {}
    for number in range(steps):
        if number % 5 == 4:
            texts.pop(f"{number % 7}.txt", None)
        else:
            texts[f"{number % 7}.txt"] = step_text(number)
    return texts


if __name__ == "__main__":
    catalog_url, _, chroma_url = sys.argv[1].partition(" ")
    place = Servers(catalog_url, ChromaServer(chroma_url)) if chroma_url else Path(catalog_url)
    number = int(sys.argv[2])
    with open_store(place) as opened:
        print("open", flush=True)
        while True:
            step(opened, number)
            print(number, flush=True)
            number += 1
