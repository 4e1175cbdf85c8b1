"""Kills a process that changes a corpus, at a seeded moment of a stage, and looks at what is left.

`python tests/killing.py FIRST LAST` prints a JSON line for each seed. Everything is imported once; every victim, and every
examination of what it left, is a fork. The victim writes down what it was told is done before it goes on: that ledger, and
not the store, says what has to be there.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from qa import Corpus, Settings, StoreMismatch, indexing
from qa.isolation import ReadingPool
from qa.llamaindex import tokenizer
from qa.testing import HashEmbedder
from vectorstore import chroma, manifest, sqlite
from vectorstore import store as storing

indexing._BATCH_SENTENCES = 12  # so that a sync has many batches
DOCUMENTS = 10
SPARKS = {
    "read": 13,
    "embed": 16,
    "commit": 600,
    "index": 56,
    "touch": 2,
    "rebuild": 366,
    "migrate": 7,
    "anywhere": 1090,
}
"""Stage -> how many moments it has in which the victim can be killed."""


class Fuse:
    """Kills this process at the `left`-th spark of `stage`."""

    def __init__(self, stage: str, left: int) -> None:
        self.stage, self.left, self.rebuilding = stage, left, False

    def spark(self, stage: str) -> None:
        if self.stage == stage or self.stage == "anywhere":
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str, stage: str) -> None:
        """Sparks before and after a method."""
        method = getattr(owner, name)

        def sparking(*arguments: Any, **named: Any) -> Any:
            self.spark(stage)
            result = method(*arguments, **named)
            self.spark(stage)
            return result

        setattr(owner, name, sparking)

    def statement(self, sql: str) -> None:
        """Sparks at every SQL statement, inside transactions too."""
        migrating = any(part in sql for part in ("ALTER", "user_version =", "embeddings_by_hash"))
        self.spark("migrate" if migrating else "rebuild" if self.rebuilding else "commit")


def wire(fuse: Fuse) -> None:
    """Puts the fuse into every stage."""
    fuse.around(HashEmbedder, "embed_documents", "embed")
    fuse.around(chroma.VectorIndex, "upsert", "index")
    fuse.around(chroma.VectorIndex, "delete", "index")
    fuse.around(storing.Store, "touch", "touch")
    fuse.around(manifest.Manifest, "write", "rebuild")
    each = ReadingPool.each

    def reading(self: ReadingPool, work: Callable[..., Any], items: Any) -> Iterator[Any]:
        for future in each(self, work, items):
            fuse.spark("read")
            yield future

    ReadingPool.each = reading
    connect = sqlite3.connect

    def connecting(*arguments: Any, **named: Any) -> sqlite3.Connection:
        db = connect(*arguments, **named)
        db.set_trace_callback(fuse.statement)
        return db

    sqlite.sqlite3.connect = connecting


def text(number: int, version: int) -> str:
    return " ".join(f"Report {number} in version {version} names item{number}x{version}x{i} here." for i in range(8))


def number_of(source: str) -> int:
    return int(source.removesuffix(".txt"))


def put(folder: Path, number: int, version: int) -> None:
    (folder / f"{number}.txt").write_text(text(number, version))


def opened(home: Path, **options: Any) -> Corpus:
    settings = Settings(read_workers=1, second_look=False)
    return Corpus(home / "documents", store=home / "store", embedder=HashEmbedder(), settings=settings, **options)


def victim(home: Path, fuse: Fuse) -> None:
    """Adds, changes, touches and removes documents, rebuilds, and writes down what it was told each time."""
    documents, ledger = home / "documents", (home / "ledger").open("a")

    def told(**done: Any) -> None:
        ledger.write(json.dumps(done) + "\n")
        ledger.flush()

    wire(fuse)
    with opened(home) as corpus:
        for batch in range(3):
            for number in range(DOCUMENTS):
                if number % 3 == batch:
                    put(documents, number, 0)
            report = corpus.sync()
            told(there=list(report.added), version=0)
        for number in (1, 4, 7):
            put(documents, number, 1)
        (documents / "2.txt").unlink()
        os.utime(documents / "3.txt")
        told(writing=[f"{n}.txt" for n in (1, 4, 7)], unlinked=["2.txt"])
        report = corpus.sync()
        told(there=list(report.changed), version=1, gone=list(report.removed))
        fuse.rebuilding = True
        corpus.rebuild()
        told(rebuilt=True)


def expected(home: Path) -> tuple[dict[str, set[str]], set[str]]:
    """By source the texts that may be there after the ledger, and the sources of which one must be."""
    may: dict[str, set[str]] = {f"{n}.txt": {text(n, 0)} for n in range(DOCUMENTS)}
    must: set[str] = set()
    for line in (home / "ledger").read_text().splitlines():
        entry = json.loads(line)
        for source in entry.get("writing", ()):
            may[source].add(text(number_of(source), 1))
        must -= {*entry.get("unlinked", ())}
        if "version" in entry:
            must |= set(entry["there"])
            for source in entry["there"]:
                may[source] = {text(number_of(source), entry["version"])}
        for source in entry.get("gone", ()):
            may.pop(source)
    return may, must


def examine(home: Path) -> dict[str, Any]:
    """What is wrong with what the victim left, before and after the next sync."""
    may, must = expected(home)
    lost = duplicated = wrong = 0
    rebuilt = False
    try:
        corpus = opened(home)
    except StoreMismatch:
        corpus, rebuilt = opened(home, rebuild=True), True
    with corpus:
        there = {s.source: corpus.text(s.source) for s in corpus.sources()}
        lost += len(must - there.keys())
        wrong += sum(said not in may.get(source, ()) for source, said in there.items())
        problems = list(corpus.verify().problems)
        corpus.sync()
        problems += corpus.verify().problems
        files = {p.name: p.read_text() for p in (home / "documents").iterdir()}
        names = Counter(s.source for s in corpus.sources())
        duplicated += sum(names.values()) - len(names)
        wrong += {name: corpus.text(name) for name in names} != files
        for name, said in files.items():
            item = said.split("names ")[-1].split()[0]
            found = [p.passage for p in corpus.retrieve(f"Where is {item} named?", k=3)]
            lost += not any(p.source == name and item in p.text for p in found)
            spans = Counter((p.source, p.start_char_index) for p in found)
            duplicated += sum(spans.values()) - len(spans)
    return {"lost": lost, "duplicated": duplicated, "wrong": wrong, "problems": problems, "rebuilt": rebuilt}


def forked(work: Callable[[], object]) -> int:
    """Prints what `work` gives in a fork, and returns how that ended, as the system says."""
    child = os.fork()
    if not child:
        try:
            result = work()
            sys.stdout.write(json.dumps(result) + "\n" if result else "")
            sys.stdout.flush()
            os._exit(0)
        except BaseException as error:
            sys.stdout.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
            sys.stdout.flush()
            os._exit(1)
    return os.waitpid(child, 0)[1]


def run(seed: int) -> None:
    chance = random.Random(seed)
    stage = list(SPARKS)[seed % len(SPARKS)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "documents").mkdir()
        (home / "ledger").touch()
        fuse = Fuse(stage, chance.randrange(SPARKS[stage]))
        killed = os.WIFSIGNALED(forked(lambda: victim(home, fuse)))
        ledger = len((home / "ledger").read_text().splitlines())
        forked(lambda: {"seed": seed, "stage": stage, "killed": killed, "told": ledger} | examine(home))


if __name__ == "__main__":
    import chromadb  # noqa: F401 - once, before the forks

    tokenizer()
    for number in range(int(sys.argv[1]), int(sys.argv[2])):
        run(number)
