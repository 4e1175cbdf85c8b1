"""Two machines of a Ray cluster, which are processes here, read a folder; prints what came of it as JSON.

`main` takes FOLDER STORE KILLED: the second machine dies once KILLED files have been read. A program of its own, since Ray
takes the process's signals for itself and talks to the machine's own address, not to loopback.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from ray.cluster_utils import Cluster

from qa import Corpus, Settings
from qa.testing import HashEmbedder


class SlowEmbedder(HashEmbedder):
    """Takes long enough that a machine can die in the middle."""

    def embed_documents(self, texts, progress=None):
        time.sleep(0.05)
        return super().embed_documents(texts)


def run(folder: Path, store: Path, killed: int) -> dict[str, object]:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    doomed = cluster.add_node(num_cpus=1)
    died: list[int] = []

    def watch(stage: str, done: int, number: int) -> None:
        if not died and stage == "read" and done >= killed:
            died.append(done)
            cluster.remove_node(doomed, allow_graceful=False)

    settings = Settings(ray=cluster.address)
    with Corpus(folder, store=store, embedder=SlowEmbedder(), settings=settings) as corpus:
        report = corpus.sync(watch)
        again = corpus.sync()
    cluster.shutdown()
    return {
        "added": report.added,
        "failed": [f.path for f in report.failed],
        "died": died,
        "unchanged": again.unchanged,
        "seconds": report.seconds,
    }


def main() -> None:
    folder, store, killed = sys.argv[1:]
    print(json.dumps(run(Path(folder), Path(store), int(killed))), flush=True)
