"""A model file served in OpenAI's protocol by a process of its own, on loopback.

    python -m qa.serving MODEL.gguf --threads 1 --context 4096

The process takes its key from the first line of standard input, prints its address when it is ready, and ends when
standard input does: so it never outlives the program that started it, however that one ends.
"""

from __future__ import annotations

import argparse
import os
import secrets
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import NoReturn

from qa.errors import ModelUnavailable

_START_SECONDS = 180.0  # a large file on a slow disk
_STOP_SECONDS = 5.0
_READY = "ready "


class ModelServer:
    """A GGUF file as an endpoint; the process is started when `address` is first asked for.

    `threads` are the processor's it may take, `context` the tokens of prompt and answer together. `key` is made anew
    for each server. May be used from several threads. Method of serving: llama.cpp, through the package xllamacpp.
    """

    def __init__(self, model: Path, threads: int = 1, context: int = 4096) -> None:
        self.model = model
        self.threads = threads
        self.context = context
        self.key = secrets.token_hex(16)
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._address = ""

    def __repr__(self) -> str:
        return f"ModelServer({str(self.model)!r}, threads={self.threads}, context={self.context})"

    @property
    def address(self) -> str:
        """The base URL, ".../v1", of the running server. Raises ModelUnavailable when it cannot be started."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            return self._address

    def close(self) -> None:
        """Ends the process and waits for it. May be called twice."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _start(self) -> None:
        if find_spec("xllamacpp") is None:
            raise ModelUnavailable("local models need the extra `local`: pip install 'witness-qa[local]'")
        if not self.model.is_file():
            raise ModelUnavailable(f"there is no model file {self.model}")
        # -P: a module in the working folder, which may be a folder of documents, is not run
        command = [sys.executable, "-P", "-m", "qa.serving", str(self.model)]
        command += ["--threads", str(self.threads), "--context", str(self.context)]
        with tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
            try:
                self._address = _handshake(process, self.key) + "/v1"
            except (OSError, TimeoutError, ValueError) as error:
                _end(process)
                log.seek(0)
                said = (log.read().strip().splitlines() or [str(error)])[-1]
                raise ModelUnavailable(f"{self.model.name} cannot be served: {said[:300]}") from error
        self._process = process


def _handshake(process: subprocess.Popen[str], key: str) -> str:
    """Hands the key over and waits for the address."""
    assert process.stdin and process.stdout  # noqa: S101
    process.stdin.write(key + "\n")
    process.stdin.flush()
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if select.select([process.stdout], [], [], 1.0)[0]:
            line = process.stdout.readline()
            if line.startswith(_READY):
                return line.removeprefix(_READY).strip()
            if not line:
                raise ValueError("the server ended while starting")
    raise TimeoutError(f"the server was not ready after {_START_SECONDS:.0f} s")


def _end(process: subprocess.Popen[str]) -> None:
    """Asks first, by closing its input, and kills what does not listen."""
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Serves one model until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m qa.serving", description="Serve a GGUF file on loopback.")
    parser.add_argument("model", type=Path, help="the GGUF file")
    parser.add_argument("--threads", type=int, default=1, help="threads (default: 1)")
    parser.add_argument("--context", type=int, default=4096, help="tokens of prompt and answer together")
    options = parser.parse_args(arguments)
    key = sys.stdin.readline().strip()
    server = _serve(options.model, options.threads, options.context, key)
    sys.stdout.write(f"{_READY}{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # at once: nothing is to be saved, and a reply that nobody waits for may take minutes to end


def _serve(model: Path, threads: int, context: int, key: str):  # type: ignore[no-untyped-def]
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(model)
    wanted.n_ctx = context
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0  # any that is free
    wanted.n_parallel = 1  # one slot keeps the prompt's prefix, which all questions share
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
    wanted.api_keys = [key] if key else []
    wanted.offline, wanted.ui, wanted.endpoint_slots = True, False, False
    return xllamacpp.Server(wanted)


if __name__ == "__main__":
    main()
