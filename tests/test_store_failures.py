"""Disks that are full or fail, files that others hold, damage of every kind: a clear error or a repair, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_material import digest, open_store, put, split, vector, words_in

from vectorstore.errors import StoreError
from vectorstore.store import Store

ROOT = Path(__file__).parent.parent
MANY = " ".join(f"Sentence number {i} speaks of Geneva." for i in range(2_400))
FILLING = """
import sys
from pathlib import Path
from store_material import open_store, put, split
from vectorstore.errors import StoreError
store = open_store(Path(sys.argv[1]))
done = 0
try:
    while done < 400:
        put(store, split(f"{done}.txt", " ".join(f"Text {done} says number {i}." for i in range(300))))
        done += 1
        print(done, flush=True)
except StoreError as error:
    print(error)
store.close()
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", mounted], capture_output=True).returncode:
        pytest.skip("only root may mount the small disk that this test fills")
    yield mounted
    subprocess.run(["umount", "-l", mounted], check=True)


def fill(folder: Path, before: str = "") -> list[str]:
    """What a process says that puts documents into a store until it is refused."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    ran = subprocess.run(
        [sys.executable, "-c", before + FILLING, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.stdout.splitlines()


def assert_whole(folder: Path, at_least: int) -> None:
    with open_store(folder) as store:
        assert store.verify().problems == ()
        assert at_least <= len(store.sources()) <= at_least + 1
        put(store, split("after.txt", "The lantern burns."))
        assert words_in(store, "lantern") == ["The lantern burns."]


def test_a_full_disk_is_named_and_what_was_done_is_there_once_it_has_space(small_disk: Path) -> None:
    *done, refusal = fill(small_disk / "store")
    assert "full disk; free some space" in refusal
    subprocess.run(["mount", "-o", "remount,size=100M", small_disk], check=True)
    assert_whole(small_disk / "store", len(done))


def test_a_disk_that_refuses_to_write_loses_nothing_that_was_done(tmp_path: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
    *done, refusal = fill(tmp_path / "store", limited)
    assert "disk that fails" in refusal or "cannot be read" in refusal
    assert_whole(tmp_path / "store", len(done))


def test_a_catalogue_that_another_program_holds_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **options: connect(path, timeout=0.1, **options))
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two."))
        with closing(connect(tmp_path / "catalog.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="held by another program"):
                put(store, split("b.txt", "One."))
            other.execute("ROLLBACK")
        put(store, split("b.txt", "One."))
        assert store.verify().ok


def segment(folder: Path) -> Path:
    return next(path for path in (folder / "chroma").iterdir() if path.is_dir())


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(b"\xa5" * (size // 3))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "chroma folder deleted": lambda f: shutil.rmtree(f / "chroma"),
    "chroma database deleted": lambda f: (f / "chroma" / "chroma.sqlite3").unlink(),
    "chroma database cut": lambda f: cut(f / "chroma" / "chroma.sqlite3"),
    "chroma database overwritten": lambda f: overwrite(f / "chroma" / "chroma.sqlite3"),
    "segment deleted": lambda f: shutil.rmtree(segment(f)),
    "vectors cut": lambda f: cut(segment(f) / "data_level0.bin"),
    "vectors overwritten": lambda f: overwrite(segment(f) / "data_level0.bin"),
    "header cut": lambda f: cut(segment(f) / "header.bin"),
    "ids cut": lambda f: cut(segment(f) / "index_metadata.pickle"),
    "links cut": lambda f: cut(segment(f) / "link_lists.bin"),
    "manifest deleted": lambda f: (f / "manifest.json").unlink(),
    "manifest cut": lambda f: cut(f / "manifest.json"),
    "catalogue deleted": lambda f: (f / "catalog.sqlite").unlink(),
    "catalogue cut": lambda f: cut(f / "catalog.sqlite"),
    "catalogue overwritten": lambda f: overwrite(f / "catalog.sqlite"),
}
"""What happens to a closed store -> how."""

DAMAGED = """
import json, sys
from pathlib import Path
from store_material import digest, open_store, put, split, vector
from vectorstore.errors import StoreDamaged
folder, outcome = Path(sys.argv[1]), {}
try:
    with open_store(folder) as store:
        outcome["problems"] = store.verify().problems
        outcome["found"] = len(store.dense(vector(digest("x")), 60))
except StoreDamaged as error:
    outcome["error"] = str(error)
print(json.dumps(outcome))
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "store"
    with open_store(folder) as store:
        put(store, split("a.txt", MANY))
    return folder


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_repaired_or_named_with_its_remedy_and_never_answered_over(
    kind: str, sound: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    shutil.copytree(sound, folder)
    DAMAGE[kind](folder)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-c", DAMAGED, str(folder)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    outcome = json.loads(ran.stdout)
    told = [*outcome.get("problems", ()), *filter(None, [outcome.get("error")])]
    assert all("witness rebuild" in said or "sync the documents again" in said for said in told)
    assert told or outcome["found"] == 60
    assert bool(told) == (kind.split()[0] in ("manifest", "catalogue")), "what the catalogue can make anew is made anew"
    if told and "sync the documents again" not in " ".join(told):
        with open_store(folder, rebuild=True) as store:
            rebuild(store)
        with open_store(folder) as store:
            assert store.verify().ok and len(store.dense(vector(digest("x")), 60)) == 60


def rebuild(store: Store) -> None:
    store.reset()
    for document in store.documents():
        put(store, split(document.source, document.text))
    store.finish_rebuild()


def test_a_catalogue_of_the_first_format_opens_and_takes_new_documents(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, split("a.txt", "One. Two."))
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as db:
        db.execute("DROP INDEX sentences_by_hash")
        db.execute("ALTER TABLE embeddings RENAME TO newer")
        db.execute(
            "CREATE TABLE embeddings (embedder TEXT NOT NULL, content_hash TEXT NOT NULL, vector BLOB NOT NULL,"
            " PRIMARY KEY (embedder, content_hash)) WITHOUT ROWID"
        )
        db.execute("INSERT INTO embeddings SELECT embedder, content_hash, vector FROM newer")
        db.execute("DROP TABLE newer")
        db.execute("ALTER TABLE documents DROP COLUMN page_names")
        db.execute("PRAGMA user_version = 0")
        db.commit()
    with open_store(tmp_path) as store:
        put(store, split("b.txt", "Three.", page_starts=(0,), page_names=("slide 1",)))
        assert store.document("a.txt").page_names == ()
        assert store.pages("b.txt").name(0) == "slide 1"
        assert store.missing([digest(s) for s in ("One.", "Two.", "Three.", "Four.")]) == {digest("Four.")}
        assert store.verify().ok


def test_the_same_documents_synced_again_and_again_take_no_more_disk(tmp_path: Path) -> None:
    sizes = []
    for round_number in range(12):
        with open_store(tmp_path) as store:
            for number in range(6):
                text = " ".join(f"Round {round_number} text {number} says {i}." for i in range(200))
                put(store, split(f"{number}.txt", text))
        sizes.append(sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()))
    assert max(sizes[6:]) < 2 * sizes[2], sizes
