"""The reading process: whatever a file does to its reader, the parent lives and the next file is read."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.errors import ReadError
from qa.isolation import ReadingProcess

SHARED = Path(os.environ.get("QA_SHARED", Path(__file__).parents[1].parent / "shared"))

# The real child, with readers that misbehave in every way for files named after it.
MISBEHAVING = """
import os, sys, threading
from qa import isolation, reading

def noisy(path):
    print("printed"); os.write(1, b"written\\n"); os.write(2, b"warned\\n")
    return reading.ReadText("quiet text", (0, 3), metadata={"pid": str(os.getpid())})

def fail(path):
    raise RuntimeError("odd file")

def environment(path):
    return reading.ReadText(" ".join(os.environ))

reading.READERS.update({
    ".hang": lambda path: threading.Event().wait(),
    ".spin": lambda path: next(n for n in iter(int, 1) if n),
    ".crash": lambda path: os.abort(),
    ".eat": lambda path: bytearray(4_000_000_000),
    ".long": lambda path: reading.ReadText("x" * 70_000_000),
    ".noisy": noisy, ".fail": fail, ".environment": environment,
})
isolation.main()
"""

ENDINGS = [
    ("hang", 1, "took longer than 1 s to read"),
    ("spin", 1, "took longer than 1 s to read"),
    ("crash", 20, "crashed the reader"),
    ("eat", 20, "needs more memory than 512 MB"),
    ("long", 20, "holds more than 64 MB of text"),
    ("fail", 20, r"could not be read \(RuntimeError: odd file\)"),
]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "misbehaving.py"
    path.write_text(MISBEHAVING)
    return path


def misbehaving(script: Path, seconds: float) -> ReadingProcess:
    return ReadingProcess(seconds, 512, command=[sys.executable, str(script), str(seconds), "512"])


@pytest.fixture
def reader() -> Iterator[ReadingProcess]:
    with ReadingProcess(20, 1024) as reader:
        yield reader


def test_text_and_facts_cross_the_process_border_unchanged(reader: ReadingProcess, tmp_path: Path) -> None:
    path = tmp_path / "näme \u2028 of a file.txt"
    path.write_bytes("A heading of four words\r\n\r\n“Text” \u2028 \u0085 𝔘.\r\n".encode())
    read = reader.read(path)
    assert read.text == path.read_bytes().decode()
    assert (read.title, read.page_starts) == ("A heading of four words", ())


@pytest.mark.parametrize(("kind", "seconds", "reason"), ENDINGS)
def test_a_file_that_misbehaves_costs_that_file_alone(
    script: Path, tmp_path: Path, kind: str, seconds: float, reason: str
) -> None:
    good = tmp_path / "good.txt"
    good.write_text("Good text.")
    with misbehaving(script, seconds) as reader:
        with pytest.raises(ReadError, match=reason):
            reader.read(tmp_path / f"bad.{kind}")
        assert reader.read(good).text == "Good text."


def test_a_slow_start_of_the_reader_costs_no_file(script: Path, tmp_path: Path) -> None:
    script.write_text("import time; time.sleep(1.5)\n" + script.read_text())
    good = tmp_path / "good.txt"
    good.write_text("Good text.")
    with misbehaving(script, 1) as reader:
        assert reader.read(good).text == "Good text."


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit", "did not start; allow it more memory"),
        ("time.sleep(60)", "try again on a less busy machine"),
    ],
)
def test_a_reader_that_does_not_start_is_an_error_with_its_remedy(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    monkeypatch.setattr("qa.isolation.START_SECONDS", 0.5)
    script.write_text(f"import time; {code}")
    with misbehaving(script, 1) as reader, pytest.raises(ReadError, match=reason):
        reader.read(tmp_path / "good.txt")


def test_one_child_reads_many_files_and_what_libraries_print_is_not_taken_for_replies(
    script: Path, tmp_path: Path
) -> None:
    with misbehaving(script, 20) as reader:
        reads = [reader.read(tmp_path / "a.noisy") for _ in range(3)]
    assert {(read.text, read.page_starts) for read in reads} == {("quiet text", (0, 3))}
    assert len({read.metadata["pid"] for read in reads}) == 1


def test_the_child_sees_no_secret_of_the_environment(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with misbehaving(script, 20) as reader:
        names = reader.read(tmp_path / "a.environment").text.split()
    assert "PATH" in names
    assert "OPENAI_API_KEY" not in names


def test_a_module_in_the_working_folder_is_not_imported(
    reader: ReadingProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a document was run')")
    (tmp_path / "a.txt").write_text("Text.")
    monkeypatch.chdir(tmp_path)
    assert reader.read(Path("a.txt")).text == "Text."


def test_a_child_that_died_between_two_files_is_replaced(script: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    with misbehaving(script, 20) as reader:
        pid = int(reader.read(tmp_path / "a.noisy").metadata["pid"])
        os.kill(pid, 9)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert reader.read(tmp_path / "a.txt").text == "Text."


def test_nothing_is_left_running_when_the_reader_is_closed(script: Path, tmp_path: Path) -> None:
    threads = threading.active_count()
    with misbehaving(script, 20) as reader:
        pid = int(reader.read(tmp_path / "a.noisy").metadata["pid"])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert threading.active_count() == threads


def test_a_fifo_does_not_block_the_parent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with ReadingProcess(1, 512) as reader, pytest.raises(ReadError, match="took longer"):
        reader.read(tmp_path / "pipe.txt")


def test_every_hostile_pdf_is_read_or_refused_in_time() -> None:
    paths = sorted((SHARED / "hostile" / "pdf").glob("*.pdf"))
    if not paths:
        pytest.skip(f"no collection of hostile PDF files in {SHARED}; set QA_SHARED")
    refusals: dict[str, str] = {}
    started = time.monotonic()
    with ReadingProcess(5, 1024) as reader:
        for path in paths:
            try:
                read = reader.read(path)
            except ReadError as error:
                refusals[path.name] = str(error)
            else:
                assert read.text.strip()
                assert all(0 <= start <= len(read.text) for start in read.page_starts)
    assert time.monotonic() - started < 20
    assert len(paths) - len(refusals) >= 60, refusals
