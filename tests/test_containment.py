"""Folders as they are found: every entry is handled or refused with a reason, and nothing outside is reached."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from qa import Corpus, Settings, indexing, preparing
from qa.errors import ReadError
from qa.isolation import ReadingPool, ReadingProcess
from qa.readtext import ReadText
from qa.testing import HashEmbedder
from qa.types import PassageSpan

SHARED = Path(os.environ.get("QA_SHARED", Path(__file__).parents[1].parent / "shared"))
GOOD = "The mayor of Altdorf resigned on Monday."


def reasons(corpus: Corpus) -> dict[str, str]:
    return {failure.path: failure.reason for failure in corpus.sync().failed}


def test_what_is_no_regular_file_inside_the_folder_is_refused_with_a_reason(folder, open_corpus, tmp_path) -> None:
    (tmp_path / "secret.txt").write_text("The password is swordfish.")
    (folder / "good.txt").write_text(GOOD)
    (folder / "alias.txt").symlink_to("good.txt")
    (folder / "outside.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "above.txt").symlink_to("../secret.txt")
    (folder / "nowhere.txt").symlink_to("gone.txt")
    (folder / "round.txt").symlink_to("round.txt")
    (folder / "device.txt").symlink_to("/dev/zero")
    (folder / "all").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket.txt"))
        corpus = open_corpus()
        refused = reasons(corpus)
    if os.geteuid() == 0:
        os.mknod(folder / "zero.txt", 0o20666, os.makedev(1, 5))
        refused |= {"zero.txt": reasons(corpus)["zero.txt"]}
    outside = "it is a link to a place outside the folder; copy the file into the folder"
    assert {name for name, reason in refused.items() if reason == outside} == {
        "outside.txt",
        "above.txt",
        "device.txt",
        "all",
    }
    assert {name for name, reason in refused.items() if "not a regular file" in reason} >= {"pipe.txt", "socket.txt"}
    assert refused["nowhere.txt"] == "No such file or directory"
    assert "round.txt" in refused and refused.get("zero.txt", "not a regular file").endswith("regular file")
    assert [s.source for s in corpus.sources()] == ["alias.txt", "good.txt"]
    assert "swordfish" not in "".join(corpus.text(s.source) for s in corpus.sources())


def test_names_in_odd_bytes_and_of_every_length_are_read_or_refused(folder, open_corpus) -> None:
    for name in (
        "n" * 251 + ".txt",
        "new\nline.txt",
        " .txt",
        "%2e%2e.txt",
        "a'b\"c.txt",
        "\u202eflipped.txt",
        "C:.TXT",
    ):
        (folder / name).write_text(GOOD)
    (folder / os.fsdecode(b"\xff\xfe.txt")).write_text(GOOD)
    corpus = open_corpus()
    report = corpus.sync()
    assert len(report.added) == 7
    assert [(f.path, f.reason) for f in report.failed] == [
        ("\\udcff\\udcfe.txt", "its name is not valid UTF-8; rename it")
    ]
    for source in report.added:
        assert corpus.text(source) == GOOD


def test_a_folder_that_cannot_be_looked_into_is_reported(folder, open_corpus, monkeypatch) -> None:
    (folder / "good.txt").write_text(GOOD)
    monkeypatch.chdir(folder)
    for _ in range(18):  # deeper than the system's longest path
        Path("d" * 250).mkdir()
        os.chdir("d" * 250)
    Path("lost.txt").write_text(GOOD)
    refused = reasons(open_corpus())
    assert list(refused.values()) == ["File name too long"]
    assert next(iter(refused)).startswith("ddd")


def test_a_file_of_500_megabytes_is_refused_without_being_read(folder, open_corpus) -> None:
    with (folder / "large.txt").open("wb") as file:
        file.truncate(500_000_000)
    began = time.monotonic()
    assert reasons(open_corpus()) == {"large.txt": "larger than 50 MB; split it or raise QA_MAX_FILE_MB"}
    assert time.monotonic() - began < 5


def test_a_file_that_changes_while_it_is_read_is_refused_until_the_next_sync(folder) -> None:
    path = folder / "a.txt"
    path.write_text(GOOD)

    class Slow(ReadingProcess):
        def read_and_split(self, path: Path, passage_tokens: int) -> tuple[ReadText, list[PassageSpan]]:
            path.write_text("Another text.")
            return ReadText(GOOD), []

    with pytest.raises(ReadError, match="changed while it was read; sync again"):
        preparing._document(Slow(9, 512), (path, "a.txt"), "folder", 256)


def test_a_file_that_is_gone_before_it_is_read_is_reported(folder, open_corpus) -> None:
    (folder / "a.txt").write_text(GOOD)
    (folder / "b.txt").write_text(GOOD)

    def vanish(stage: str, done: int, total: int) -> None:
        (folder / "b.txt").unlink(missing_ok=True)

    corpus = open_corpus(settings=Settings(read_workers=1))
    pending = indexing._Plan(pending=[(folder / "a.txt", "a.txt"), (folder / "gone.txt", "gone.txt")])
    prepared = list(indexing._read(pending, corpus.settings, None, vanish))
    assert [one.document.source for one in prepared] == ["a.txt"]
    assert [(f.path, f.reason) for f in pending.failed] == [("gone.txt", "No such file or directory")]


def test_the_pool_keeps_order_and_goes_on_after_files_that_fail(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.txt").write_text(f"Text {number}." if number % 5 else "")
    paths = [tmp_path / f"{number}.txt" for number in range(40)]
    with ReadingPool(3, 20, 1024) as pool:
        outcomes = [future.exception() or future.result().text for future in pool.each(ReadingProcess.read, paths)]
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, ReadError) if number % 5 == 0 else outcome == f"Text {number}."


def test_a_pool_that_is_left_early_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(GOOD)
    with ReadingPool(2, 20, 1024) as pool:
        next(pool.each(ReadingProcess.read, [tmp_path / "a.txt"] * 100)).result()
        children = [reader._child for reader in pool._readers if reader._child]
    assert children and all(child.poll() is not None for child in children)


def test_every_file_of_the_hostile_collection_is_accounted_for_in_time(open_corpus, tmp_path) -> None:
    hostile = SHARED / "hostile"
    if not hostile.is_dir():
        pytest.skip(f"no hostile files in {hostile}; set QA_SHARED")
    began = time.monotonic()
    with Corpus(
        hostile, store=tmp_path / "hostile", embedder=HashEmbedder(), settings=Settings(read_seconds=5)
    ) as corpus:
        report = corpus.sync()
        problems = corpus.verify().problems
    names = Counter([*report.added, *(f.path for f in report.failed)])
    there = {
        p.relative_to(hostile).as_posix() for p in hostile.rglob("*") if p.is_file() and not p.name.startswith(".")
    }
    assert names == Counter(there) and all(f.reason for f in report.failed) and not problems
    assert time.monotonic() - began < 300
