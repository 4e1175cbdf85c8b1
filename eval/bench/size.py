"""How one store bears a million passages: seconds and memory of syncing, opening, searching and syncing again.

    python -m eval.bench.size [--documents 2000] [--minutes 30] [--folder FOLDER] [--json FILE]

The text is generated, word frequencies as in natural language, ten passages a document, and the vectors are drawn: a
word has a direction, a sentence the mean of its words'. So only the embedding model's time is left out. Each stage is
a process of its own whose memory is told. A sync that takes longer than the minutes given is killed, and what it had
done is measured; called again on the same folder, it goes on from there. Where the settings name servers
(QA_CATALOG_URL, QA_CHROMA_URL), the store is there: name an empty database.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from eval.bench import stages
from eval.bench.stages import percentiles
from qa import Corpus, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSION = 384
SENTENCES = 50  # of a document, which make ten passages
_FOLDER = 1_000  # documents in one folder
_COMMON = "the of to and in a is that for it was on with as he said by at from his be have had are they".split()
_VOCABULARY, _ZIPF = 60_000, 1.07
_NAMES = 20_000
_QUESTIONS = 200
_SYLLABLES = "ba ren to li mas ge va dor ni ul ska pre con ta mi len or ves tra hu nal ko ris dem pa ".split()


class DrawnEmbedder:
    """A direction for each word, drawn by its letters; a text has the mean of its words', rare ones weighing more.

    With equal weights the frequent words would make most texts alike, which no embedding model does, and searches by
    graph would lose their way.
    """

    name = "drawn"
    dimension = DIMENSION

    def __init__(self) -> None:
        import numpy as np

        self._rows = np.random.default_rng(7).standard_normal((1 << 16, DIMENSION), dtype=np.float32)
        for rank, word in enumerate(vocabulary()):
            self._rows[_row(word)] *= math.log1p(1 + rank) / math.log(_VOCABULARY)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows, shape (len(texts), DIMENSION)."""
        import numpy as np

        lists = [[_row(w) for w in text.lower().strip(".?").split()] or [0] for text in texts]
        starts = list(accumulate((len(found) for found in lists[:-1]), initial=0))
        sums = np.add.reduceat(self._rows[np.concatenate(lists)], starts, axis=0)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same as documents'."""
        return self.embed_documents(texts)


def _row(word: str) -> int:
    return crc32(word.encode()) & 0xFFFF


def vocabulary() -> list[str]:
    """Words by frequency, the most frequent first: always the same."""
    chance = random.Random(11)  # noqa: S311
    made = ("".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(2 * _VOCABULARY))
    return [*_COMMON, *dict.fromkeys(made)][:_VOCABULARY]


class Writer:
    """Writes text in which few words are frequent and most are rare, each document about some of them."""

    def __init__(self) -> None:
        self._words = vocabulary()
        self._weights = list(accumulate(1 / rank**_ZIPF for rank in range(1, len(self._words) + 1)))

    def document(self, number: int) -> str:
        """The text of document `number`: always the same."""
        chance = random.Random(number)  # noqa: S311
        topic = [w.capitalize() for w in chance.choices(self._words[_NAMES:], k=12)]
        paragraphs = [self._paragraph(chance, topic) for _ in range(SENTENCES // 5)]
        return f"{' '.join(topic[:4])}\n\n" + "\n\n".join(paragraphs) + "\n"

    def _paragraph(self, chance: random.Random, topic: Sequence[str]) -> str:
        words = iter(chance.choices(self._words, cum_weights=self._weights, k=110))
        return " ".join(self._sentence(chance, topic, words) for _ in range(5))

    def _sentence(self, chance: random.Random, topic: Sequence[str], words: Iterator[str]) -> str:
        said = [w for w, _ in zip(words, range(chance.randint(12, 20)), strict=False)]
        return f"{chance.choice(topic)} {' '.join(said)} {chance.choice(topic)}."

    def question(self, number: int) -> str:
        """A question about what document `number` says: two of its names among frequent and rare words."""
        chance = random.Random(number)  # noqa: S311
        sentence = chance.choice(self.document(number).split("\n\n")[1].split(". ")).rstrip(".\n").split()
        return f"What did {sentence[0]} say of {' '.join(sentence[-7:])}?"


def write(folder: Path, documents: int) -> None:
    """Writes those of the documents that are not there yet."""
    writer = Writer()
    for number in range(documents):
        path = folder / str(number // _FOLDER) / f"{number}.txt"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(writer.document(number), "utf-8")


def sync(folder: Path) -> Mapping[str, Any]:
    """What a sync of the folder found and how long it took."""
    with _corpus(folder) as corpus:
        report = corpus.sync()
    names = ("added", "changed", "removed", "unchanged", "failed")
    return {"seconds": round(report.seconds, 1)} | {name: len(getattr(report, name)) for name in names}


def search(folder: Path) -> Mapping[str, Any]:
    """Cold open, to the first passages, and then the times of many questions."""
    writer, chance = Writer(), random.Random(3)  # noqa: S311
    embedder = DrawnEmbedder()
    began = time.monotonic()
    with _corpus(folder, embedder) as corpus:
        corpus.retrieve(writer.question(0))
        cold = time.monotonic() - began
        seconds, found = [], 0
        for number in chance.choices(range(len(corpus.sources())), k=_QUESTIONS):
            question = writer.question(number)
            began = time.monotonic()
            passages = corpus.retrieve(question)
            seconds.append(time.monotonic() - began)
            found += any(p.passage.source.endswith(f"/{number}.txt") for p in passages)
    return {"cold_s": round(cold, 2)} | percentiles(seconds) | {"found": round(found / _QUESTIONS, 3)}


def change(folder: Path) -> Mapping[str, Any]:
    """One document written anew, and the sync that takes it in."""
    path = folder / "documents" / "0" / "0.txt"
    path.write_text(f"{path.read_text('utf-8')}\n\nWritten at {time.time_ns()}.\n", "utf-8")
    return sync(folder)


def verify(folder: Path) -> Mapping[str, Any]:
    """How long it takes to check everything, and what is found."""
    began = time.monotonic()
    with _corpus(folder) as corpus:
        report = corpus.verify()
    counts = {name: getattr(report, name) for name in ("documents", "passages", "sentences", "vectors")}
    return {"seconds": round(time.monotonic() - began, 1)} | counts | {"problems": len(report.problems)}


def _corpus(folder: Path, embedder: DrawnEmbedder | None = None) -> Corpus:
    store = None if Settings().chroma_url else folder / "store"
    return Corpus(folder / "documents", store=store, embedder=embedder or DrawnEmbedder())


STAGES: Mapping[str, stages.Stage] = {
    "sync": sync, "resync": sync, "search": search, "change": change, "verify": verify,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns 0, also where the time did not suffice for the whole sync."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.size", description="Measure a large store.")
    parser.add_argument("--documents", type=int, default=2_000, help="of ten passages each (default: 2000)")
    parser.add_argument("--minutes", type=float, default=30.0, help="most for the sync (default: 30)")
    parser.add_argument("--folder", type=Path, help="where it stays, to go on with (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--stage", choices=list(STAGES), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stage:
        stages.be(STAGES[options.stage], options.folder)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        write(folder / "documents", options.documents)
        limits = {"sync": 60 * options.minutes}
        figures = {name: stages.run("eval.bench.size", name, folder, limits.get(name)) for name in STAGES}
        figures["disk"] = {"mb": sum(p.stat().st_size for p in (folder / "store").rglob("*") if p.is_file()) // 10**6}
    print(stages.table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
