"""Reading and splitting in processes of their own: a file that hangs, crashes or eats memory costs that file alone.

Parent and child exchange JSON lines over the child's standard input and output. Run as `python -m qa.isolation
SECONDS MEMORY_MB`, this module is the child.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, TypeVar

from qa.errors import ReadError
from qa.reading import read_file
from qa.readtext import ReadText
from qa.splitting import split
from qa.types import PassageSpan, Sentence

T = TypeVar("T")
R = TypeVar("R")

MAX_REPLY_BYTES = 64 * 1024 * 1024
START_SECONDS = 60.0
"""What a child may take to start. It counts for no file, so that a busy machine refuses none for it."""
AHEAD = 16
"""Files that are read before somebody takes them."""

# All that a child needs of the environment: where programs and libraries are, and how file names are encoded.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8", "SYSTEMROOT")


class ReadingProcess:
    """A child process that reads files one after the other, within limits; a context manager.

    `seconds` is the wall-clock time a file may take once the child runs, `memory_mb` the child's address space in
    megabytes (enforced where the platform has resource limits, Windows has none). The child starts with the first
    file, and anew after one that it did not survive. `command` is the program to run as the child.
    For use by one thread at a time.
    """

    def __init__(self, seconds: float, memory_mb: int, *, command: Sequence[str] | None = None) -> None:
        self._seconds = seconds
        self._command = command or (*(sys.executable, "-P", "-m", "qa.isolation"), str(seconds), str(memory_mb))
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ReadingProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read(self, path: Path) -> ReadText:
        """Read a file as `read_file` does.

        Raises ReadError with the reason, also when the child was too slow, too large or crashed.
        """
        return self.read_and_split(path, 0)[0]

    def read_and_split(self, path: Path, passage_tokens: int) -> tuple[ReadText, list[PassageSpan]]:
        """What `read` gives, and its passages of at most so many tokens; none of them where that is 0."""
        child = self._running_child()
        slow = f"took longer than {self._seconds:g} s to read; split it, or allow more with QA_READ_SECONDS"
        crashed = "crashed the reader; open it and save it again"
        line = self._awaited(child, partial(_exchange, child, path, passage_tokens), self._seconds, slow, crashed)
        return self._understood(line)

    def close(self) -> None:
        """End the child, if there is one. Reading again starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            with child:  # closes the pipes and waits
                pass

    def _awaited(
        self, child: subprocess.Popen[bytes], reply: Callable[[], bytes], seconds: float, slow: str, crashed: str
    ) -> bytes:
        """The child's reply, one line. Without one in time the child is ended, and ReadError says why."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            child.kill()

        timer = threading.Timer(seconds, expire)
        timer.start()
        try:
            line = reply()
        finally:
            timer.cancel()
            timer.join()  # so that it cannot kill the child while that reads the next file
        if expired.is_set() or not line.endswith(b"\n"):
            self.close()
            raise ReadError(slow if expired.is_set() else crashed)
        return line

    def _running_child(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is not None:
            self.close()
        return self._child or self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        child = self._child = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        slow = f"waited {START_SECONDS:g} s for the reader to start; try again on a less busy machine"
        crashed = "the reader did not start; allow it more memory with QA_READ_MEMORY_MB"
        self._awaited(child, partial(_line, child), START_SECONDS, slow, crashed)
        return child

    def _understood(self, line: bytes) -> tuple[ReadText, list[PassageSpan]]:
        reply: dict[str, Any] = json.loads(line.decode("utf-8", "surrogatepass"))
        if reply.pop("spent", False):
            self.close()
        if "error" in reply:
            raise ReadError(reply["error"])
        read = reply["read"]
        pages = {name: tuple(read[name]) for name in ("page_starts", "page_names")}
        return ReadText(**{**read, **pages}), [_unpacked(*packed) for packed in reply["passages"]]


class ReadingPool:
    """Several reading processes that work ahead of who takes their results; a context manager."""

    def __init__(self, workers: int, seconds: float, memory_mb: int) -> None:
        self._readers = [ReadingProcess(seconds, memory_mb) for _ in range(workers)]
        self._idle: SimpleQueue[ReadingProcess] = SimpleQueue()
        for reader in self._readers:
            self._idle.put(reader)
        self._threads = ThreadPoolExecutor(workers)

    def __enter__(self) -> ReadingPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for reader in self._readers:
            reader.close()

    def each(self, work: Callable[[ReadingProcess, T], R], items: Iterable[T]) -> Iterator[Future[R]]:
        """What `work` makes of each item with a reading process, in the order of the items; a few are made ahead."""
        ahead: deque[Future[R]] = deque()
        for item in items:
            ahead.append(self._threads.submit(self._with_reader, work, item))
            if len(ahead) >= AHEAD:
                yield ahead.popleft()
        yield from ahead

    def _with_reader(self, work: Callable[[ReadingProcess, T], R], item: T) -> R:
        reader = self._idle.get()
        try:
            return work(reader, item)
        finally:
            self._idle.put(reader)


def _packed(span: PassageSpan) -> tuple[int, int, list[tuple[int, int, str]]]:
    sentences = [(s.start_char_index, s.end_char_index, s.content_hash) for s in span.sentences]
    return span.start_char_index, span.end_char_index, sentences


def _unpacked(start: int, end: int, sentences: Iterable[tuple[int, int, str]]) -> PassageSpan:
    return PassageSpan(start, end, tuple(Sentence(*sentence) for sentence in sentences))


def _exchange(child: subprocess.Popen[bytes], path: Path, passage_tokens: int) -> bytes:
    """The child's reply, one line; without its line end when the child died or wrote too much."""
    assert child.stdin is not None  # noqa: S101 - a pipe, for the type checker
    try:
        # Past the buffer, which would keep a line that a dead child did not take.
        request = [os.path.abspath(path), passage_tokens]  # noqa: PTH100 - not resolved
        os.write(child.stdin.fileno(), json.dumps(request).encode() + b"\n")
    except BrokenPipeError:
        return b""
    return _line(child)


def _line(child: subprocess.Popen[bytes]) -> bytes:
    assert child.stdout is not None  # noqa: S101 - a pipe, for the type checker
    return child.stdout.readline(MAX_REPLY_BYTES + 1)


def _environment() -> dict[str, str]:
    """An environment that finds the same libraries from anywhere, and holds no key or token."""
    folders = [folder for folder in sys.path if folder]
    home = str(Path(__file__).resolve().parents[1])
    if home not in folders:
        folders.insert(0, home)
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, folders))}


def _limit_resources(memory_mb: int) -> None:
    try:
        import resource
    except ImportError:
        return
    for limit, value in ((resource.RLIMIT_AS, memory_mb * 1024 * 1024), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        try:
            resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
        except (ValueError, OSError):  # macOS knows RLIMIT_AS and refuses to set it
            continue


def _limit_processor(seconds: float) -> None:
    """Processor time for the next file: ends a child that hangs after its parent was killed."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _reply(path: Path, passage_tokens: int, memory_mb: int) -> bytes:
    """The reply to one request: "read", the fields of ReadText, and "passages"; or "error"; "spent" asks for a new child."""
    reply: dict[str, Any]
    try:
        read = read_file(path)
        passages = split(read.text, read.metadata, passage_tokens) if passage_tokens else []
        reply = {"read": asdict(read), "passages": [_packed(passage) for passage in passages]}
        line = json.dumps(reply, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if len(line) < MAX_REPLY_BYTES:
            return line
        reply = {"error": f"holds more than {MAX_REPLY_BYTES // 1024**2} MB of text; split it"}
    except ReadError as error:
        reply = {"error": str(error)}
    except MemoryError:
        reply = {
            "error": f"needs more memory than {memory_mb} MB; split it, or allow more with QA_READ_MEMORY_MB",
            "spent": True,
        }
    except Exception as error:  # any library may fail in any way: to the user it is one file and a reason
        reply = {"error": f"could not be read ({type(error).__name__}: {error}); open it and save it again"}
    return json.dumps(reply).encode()


def serve(requests: IO[bytes], replies: IO[bytes], seconds: float, memory_mb: int) -> None:
    """Say with an empty line that this runs, then answer each request, a JSON line, until the requests end."""
    replies.write(b"\n")
    replies.flush()
    for request in requests:
        _limit_processor(seconds)
        path, passage_tokens = json.loads(request)
        replies.write(_reply(Path(path), passage_tokens, memory_mb) + b"\n")
        replies.flush()


def main() -> None:
    """Be the child: keep the real output for replies, send everything that libraries print to standard error."""
    seconds, memory_mb = float(sys.argv[1]), int(sys.argv[2])
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_resources(memory_mb)
    serve(sys.stdin.buffer, replies, seconds, memory_mb)


if __name__ == "__main__":
    main()
