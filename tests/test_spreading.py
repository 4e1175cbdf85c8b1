"""A folder read and embedded by the machines of a Ray cluster; one of them dies on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qa import Corpus, Settings, spreading
from qa.errors import ClusterUnavailable
from qa.testing import HashEmbedder

ROOT = Path(__file__).parents[1]
FILES = 120


@pytest.fixture
def many(folder: Path) -> Path:
    for number in range(FILES):
        (folder / f"{number}.txt").write_text(f"Report {number} is about Geneva. It has number {number}.", "utf-8")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 broken")
    return folder


def on_machines(*arguments: str | Path) -> dict[str, Any]:
    pytest.importorskip("ray", reason="Ray is not installed; pip install 'witness-qa[ray]'")
    # The workers find the embedder of the tests.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)])}
    environment |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    command = [sys.executable, "-c", "import ray_nodes; ray_nodes.main()"]
    done = subprocess.run(
        [*command, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, timeout=150, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def vectors(corpus: Corpus) -> dict[str, list[float]]:
    """The vector of each source's one passage, as the index holds it."""
    store = corpus._store
    sources = store.sources_of(store._catalog.passage_ids())
    held = store._index.vectors(list(sources))
    return {source: held[i].round(3).tolist() for i, source in sources.items()}


def test_two_machines_of_which_one_dies_half_way_gives_the_same_index_as_this_machine(
    many: Path, tmp_path: Path
) -> None:
    there = on_machines(many, tmp_path / "far", str(FILES // 3))
    assert there["died"] and there["died"][0] < FILES
    with (
        Corpus(many, store=tmp_path / "far", embedder=HashEmbedder()) as far,
        Corpus(many, store=tmp_path / "near", embedder=HashEmbedder()) as near,
    ):
        here = near.sync()
        assert there["added"] == list(here.added) == there["unchanged"] and len(here.added) == FILES
        assert there["failed"] == ["bad.pdf"]
        assert far.verify().ok
        for source in here.added:
            assert far._store.document(source) == near._store.document(source)
        assert vectors(far) == vectors(near) and len(vectors(near)) == FILES


def test_an_embedder_that_cannot_be_sent_names_the_remedy() -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed; pip install 'witness-qa[ray]'")
    with pytest.raises(ValueError, match="name the embedder in the settings"):
        spreading._packed(ray, partial(print, threading.Lock()))


def test_without_a_cluster_the_remedy_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "a.txt").write_text("Geneva.", "utf-8")
    settings = Settings(ray="127.0.0.1:1")
    with (
        Corpus(folder, store=tmp_path / "s", embedder=HashEmbedder(), settings=settings) as corpus,
        pytest.raises(ClusterUnavailable, match="ray start --head"),
    ):
        corpus.sync()
