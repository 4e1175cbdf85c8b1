"""A PostgreSQL and a Chroma server on loopback, each a process of its own with a folder of its own, for the store's tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Self
from uuid import uuid4

import psycopg

from vectorstore.chroma import ChromaServer
from vectorstore.places import Servers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian does not put them on the path."""
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    return installed[-1] if installed else Path(on_path).parent if on_path else None


class StoreServers:
    """Both servers, started at once; `new` names an empty store on them."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        # PostgreSQL refuses to run as root, which tests in a container do.
        self._user = "postgres" if os.getuid() == 0 else None
        self._data = folder / "postgres"
        self.postgres_port, self.chroma_port = free_port(), free_port()

    def __enter__(self) -> Self:
        self._data.mkdir(parents=True)
        if self._user:
            shutil.chown(self._data, self._user)
        made = [self._programs / "initdb", "-D", self._data, "-U", "witness", "-A", "trust", "-N", "--encoding=UTF8"]
        subprocess.run([*made, "--locale=C.UTF-8"], user=self._user, check=True, stdout=subprocess.DEVNULL)
        self.start_postgres()
        self.start_chroma()
        return self

    def __exit__(self, *error: object) -> None:
        for server in (self.postgres, self.chroma):
            server.kill()
            server.wait()

    def start_postgres(self) -> None:
        options = ["-D", self._data, "-p", str(self.postgres_port), "-k", self._data, "-h", "127.0.0.1", "-F"]
        log = (self._folder / "postgres.log").open("a")
        self.postgres = subprocess.Popen([self._programs / "postgres", *options], user=self._user, stderr=log)
        _wait_until(lambda: psycopg.connect(self._url("postgres")).close())

    def start_chroma(self) -> None:
        program = Path(sys.executable).with_name("chroma")
        options = ["run", "--path", self._folder / "chroma", "--host", "127.0.0.1", "--port", str(self.chroma_port)]
        log = (self._folder / "chroma.log").open("a")
        self.chroma = subprocess.Popen([program, *options], stdout=log, stderr=log, cwd=self._folder)
        _wait_until(lambda: urllib.request.urlopen(f"{self.chroma_url}/api/v2/heartbeat", timeout=1).close())

    @property
    def chroma_url(self) -> str:
        return f"http://127.0.0.1:{self.chroma_port}"

    def _url(self, database: str) -> str:
        return f"postgresql://witness@127.0.0.1:{self.postgres_port}/{database}"

    def new(self) -> Servers:
        name = f"store_{uuid4().hex}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return Servers(self._url(name), ChromaServer(self.chroma_url))


def _wait_until(works: Callable[[], None], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            works()
        except (OSError, psycopg.OperationalError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
