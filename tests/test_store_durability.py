"""What the store keeps when processes compete or die, files are lost, and settings change."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import store_material
from store_material import DIMENSION, digest, open_store, put, split, texts_after, vector, words_in

from vectorstore.errors import StoreDamaged, StoreError, StoreLocked, StoreMismatch
from vectorstore.store import Store

ROOT = Path(__file__).parent.parent
MANY = " ".join(f"Sentence number {i} speaks of Geneva." for i in range(2_400))
"""More passages than Chroma keeps in its log before it writes them to its segment folder."""


def start_process(folder: Path, first: int) -> subprocess.Popen[str]:
    """Another process that opens the store and goes through the steps; returns once it has said that it is open."""
    command = [sys.executable, store_material.__file__, str(folder), str(first)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def segment_folders(folder: Path) -> list[Path]:
    return [path for path in (folder / "chroma").iterdir() if path.is_dir()]


def test_a_second_process_is_refused_and_told_who_owns_the_store(tmp_path: Path) -> None:
    process = start_process(tmp_path, 0)
    try:
        for _ in range(2):
            with pytest.raises(StoreLocked, match=f"process {process.pid}") as caught:
                open_store(tmp_path, rebuild=True)
            assert caught.value.pid == process.pid
    finally:
        process.kill()
        process.wait()
    open_store(tmp_path).close()


def test_a_second_store_in_one_process_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path):
        with pytest.raises(StoreLocked, match="this process") as caught:
            open_store(tmp_path)
        assert caught.value.pid == os.getpid()
    open_store(tmp_path).close()


def test_a_killed_process_leaves_all_it_called_done_and_both_sides_equal(tmp_path: Path) -> None:
    chance = random.Random(7)
    done = 0
    for _ in range(4):
        process = start_process(tmp_path, done)
        assert process.stdout is not None
        process.stdout.readline()  # the first step waits for Chroma to load
        time.sleep(chance.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        said, _ = process.communicate()
        done += 1 + len(said.splitlines())
        with open_store(tmp_path) as store:
            assert store.verify().problems == ()
            texts = {document.source: document.text for document in store.documents()}
        # The step that was under way is there in full or not at all.
        assert texts in (texts_after(done), texts_after(done + 1))
        done += texts != texts_after(done)


def test_a_process_killed_between_catalogue_and_index_is_made_good(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "Old words. Still old."), split("b.txt", "Kept."))
        hashes = [digest("New words.")]
        store.put_vectors(hashes, np.stack([vector(h) for h in hashes]))
        store._catalog.replace([split("a.txt", "New words.")])  # and no more: the index has not followed
    with open_store(tmp_path) as store:
        assert len(store.dense(vector(digest("x")), 10)) == 2
        assert store.dense(vector(hashes[0]), 1)[0][1] > 0.99
        assert store.verify().ok


def test_a_lost_vector_index_is_refilled_without_embedding(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", MANY))
        before = store.dense(vector(digest("x")), 20)
    shutil.rmtree(tmp_path / "chroma")
    with open_store(tmp_path) as store:
        assert store.dense(vector(digest("x")), 1)[0] == pytest.approx(before[0])
        assert store.verify().ok


def test_an_unreadable_vector_index_is_refilled(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "Words. More words."))
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1_000)
    with open_store(tmp_path) as store:
        assert len(store.dense(vector(digest("x")), 5)) == 1
        assert store.verify().ok


def test_an_embedding_function_named_by_the_folder_is_never_built(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "Words. More words."))
    evil = {"type": "known", "name": "sentence_transformer", "config": {"model_name": "x/y", "trust_remote_code": True}}
    with closing(sqlite3.connect(tmp_path / "chroma" / "chroma.sqlite3")) as db, db:
        (config,) = db.execute("SELECT config_json_str FROM collections").fetchone()
        crafted = json.dumps(json.loads(config) | {"embedding_function": evil})
        db.execute("UPDATE collections SET config_json_str = ?", (crafted,))
    with open_store(tmp_path) as store:
        assert len(store.dense(vector(digest("x")), 5)) == 1
        put(store, split("b.txt", "Words. Even more words."))
        assert store.verify().ok
    with closing(sqlite3.connect(tmp_path / "chroma" / "chroma.sqlite3")) as db:
        assert "trust_remote_code" in db.execute("SELECT config_json_str FROM collections").fetchone()[0]


def test_a_deleted_segment_folder_is_noticed_at_once_and_mended(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", MANY))
    for segment in segment_folders(tmp_path):
        shutil.rmtree(segment)
    with open_store(tmp_path) as store:
        assert len(store.dense(vector(digest("x")), 60)) == 60
        assert store.verify().ok


def test_verify_notices_wrong_missing_and_surplus_vectors(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two. Three. Four."))
        assert store.verify().ok
        noise = vector(digest("noise"))[None]
        first, second = store._catalog.passage_ids()
        store._index.upsert([first], noise)
        assert any("1 vectors in the vector index are wrong" in problem for problem in store.verify().problems)
        store._index.delete([first, second])
        store._index.upsert([second + 1], noise)
        problems = " ".join(store.verify().problems)
        assert "2 passages are missing" in problems
        assert "1 removed passages are still" in problems
        store.refill()
        assert store.verify().ok


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("DELETE FROM passage_index WHERE rowid = 1", "not in the full-text index"),
        ("INSERT INTO passage_index (rowid, text) VALUES (99, 'stray')", "belong to no passage"),
        ("DELETE FROM embeddings", "sentences have no vector"),
        ("DELETE FROM sentences", "passages have no sentence"),
        ("UPDATE passages SET end_char_index = 10000", "reach outside their document"),
        ("UPDATE sentences SET start_char_index = -1", "reach outside their passage"),
        ("UPDATE documents SET text = 'Zne. Two.'", "are not what its text says"),
        ("DELETE FROM passage_index_data", "cannot be read (database disk image is malformed)"),
    ],
)
def test_verify_notices_damage_inside_the_catalogue(tmp_path: Path, damage: str, problem: str) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two."))
        store._catalog._db.execute(damage)
        assert problem in " ".join(store.verify().problems)


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"embedder": "other"}, "embedder 'seeded'"), ({"dimension": 8}, "dimension 16"), ({"chunking": "x"}, "'pairs'")],
)
def test_a_store_made_otherwise_is_refused_naming_the_command(
    tmp_path: Path, changed: dict[str, str], named: str
) -> None:
    open_store(tmp_path).close()
    with pytest.raises(StoreMismatch, match=f"{named}.*run `witness rebuild --store {tmp_path}`"):
        open_store(tmp_path, **changed)  # type: ignore[arg-type]
    open_store(tmp_path).close()


def rebuild(store: Store, dimension: int = DIMENSION) -> None:
    store.reset()
    for document in store.documents():
        put(store, split(document.source, document.text), dimension=dimension)
    store.finish_rebuild()


def test_a_rebuild_serves_another_embedder_and_drops_the_old_vectors(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two. Three."), split("b.txt", "Four."))
        store.remove(["b.txt"])
    with open_store(tmp_path, embedder="other", dimension=8, rebuild=True) as store:
        assert store.missing([digest("One.")])
        rebuild(store, dimension=8)
        assert words_in(store, "three") == ["Three."]
        assert store.verify().ok
        assert store._catalog.count("SELECT count(*) FROM embeddings") == 3
    open_store(tmp_path, embedder="other", dimension=8).close()


def test_a_rebuild_with_the_same_embedder_needs_no_new_vector(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two. Three."))
    with open_store(tmp_path, chunking="ones", rebuild=True) as store:
        store.reset()
        assert store.passage_count == 0
        assert store.missing([digest("One."), digest("Two."), digest("Three.")]) == set()


def test_an_interrupted_rebuild_is_refused_until_it_is_done_again(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two. Three."), split("b.txt", "Four."))
        store.reset()
        put(store, split("a.txt", "One. Two. Three."))
    with pytest.raises(StoreMismatch, match=r"middle of a rebuild.*witness rebuild"):
        open_store(tmp_path)
    with open_store(tmp_path, rebuild=True) as store:
        rebuild(store)
    with open_store(tmp_path) as store:
        assert store.passage_count == 3
        assert store.verify().ok


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"embedder": "seeded"}', "\x00\xff", None])
def test_a_damaged_manifest_names_the_command_that_mends_it(tmp_path: Path, content: str | None) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two."))
    manifest = tmp_path / "manifest.json"
    if content is None:
        manifest.unlink()
    else:
        manifest.write_text(content, encoding="latin-1")
    with pytest.raises(StoreDamaged, match="witness rebuild --store"):
        open_store(tmp_path)
    with open_store(tmp_path, rebuild=True) as store:
        rebuild(store)
    with open_store(tmp_path) as store:
        assert store.verify().ok


def test_a_manifest_with_values_of_the_wrong_type_is_damaged(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"dimension": "16"}))
    with pytest.raises(StoreDamaged, match="wrong type"):
        open_store(tmp_path)


def test_a_later_format_is_left_alone_even_by_a_rebuild(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))
    with pytest.raises(StoreMismatch, match="upgrade"):
        open_store(tmp_path, rebuild=True)


@pytest.mark.parametrize("content", [b"not a database" * 100, None])
def test_a_lost_catalogue_is_damage(tmp_path: Path, content: bytes | None) -> None:
    open_store(tmp_path).close()
    path = tmp_path / "catalog.sqlite"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="sync the documents again"):
        open_store(tmp_path)
    assert not (tmp_path / "owner").exists(), "a store that does not open keeps no lock"


def test_a_folder_of_other_things_is_not_taken_for_a_store(tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("mine")
    for rebuilding in (False, True):
        with pytest.raises(StoreError, match=r"report\.txt"):
            open_store(tmp_path, rebuild=rebuilding)
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]
    with pytest.raises(StoreError, match="not a folder"):
        open_store(tmp_path / "report.txt")


def test_a_store_folder_can_be_moved_and_reopened_in_one_process(tmp_path: Path) -> None:
    for number in range(3):
        folder = tmp_path / str(number)
        with open_store(folder) as store:
            assert store.passage_count == number
            put(store, split(f"{number}.txt", "Words."))
            assert len(store.dense(vector(digest("x")), 9)) == number + 1
        folder.rename(tmp_path / str(number + 1))


def test_importing_and_opening_a_store_loads_no_vector_library(tmp_path: Path) -> None:
    program = (
        "import sys; from store_material import open_store; from pathlib import Path\n"
        "with open_store(Path(sys.argv[1])) as store: store.sources()\n"
        "assert 'chromadb' not in sys.modules"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, check=True)
