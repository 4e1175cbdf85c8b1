"""Who may open the page: a file of names and hashed passwords.

    python -m page.accounts FILE NAME

asks for a password and writes it, hashed, into FILE.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import getpass
import hashlib
import hmac
import secrets
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

_COST = {"n": 2**14, "r": 8, "p": 1}  # of scrypt, as RFC 7914 has it for logins; about 50 ms
_SHORTEST = 8
_MOST_FAILURES, _MINUTE = 10, 60.0


class TooManyFailures(Exception):
    """So many passwords were wrong within a minute that no more are tried."""


class Accounts:
    """Names and hashed passwords. `check` may be called from several threads."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = dict(hashes)
        self._secret = secrets.token_bytes(32)
        self._known: dict[bytes, str] = {}
        self._failed: deque[float] = deque()

    @classmethod
    def read(cls, path: Path) -> Accounts:
        """The accounts of a file with one `name:scrypt$salt$hash` a line. Raises ValueError for another and for none."""
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        accounts = [line.partition(":") for line in lines if line and not line.startswith("#")]
        wrong = [name for name, _, kept in accounts if not kept.startswith("scrypt$") or kept.count("$") != 2]
        if wrong or not accounts:
            raise ValueError(f"{path} holds no accounts; make one with: python -m page.accounts {path} NAME")
        return cls({name: kept for name, _, kept in accounts})

    def check(self, header: str) -> str | None:
        """The user whose name and password an `Authorization: Basic` header holds; None where they are wrong.

        A header that was right once is known by a keyed digest, since hashing a password takes long on purpose. Raises
        TooManyFailures.
        """
        digest = hmac.digest(self._secret, header.encode("utf-8", "replace"), "sha256")
        if digest in self._known:
            return self._known[digest]
        now = time.monotonic()
        while self._failed and now - self._failed[0] > _MINUTE:
            self._failed.popleft()
        if len(self._failed) >= _MOST_FAILURES:
            raise TooManyFailures
        name, password = _read(header)
        kept = self._hashes.get(name, f"scrypt${'0' * 32}$")  # an unknown name takes as long as a known one
        if _verify(password, kept) and name in self._hashes:
            self._known[digest] = name
            return name
        if header:  # a browser's first request brings none
            self._failed.append(now)
        return None


def _read(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded, validate=True).decode("utf-8") if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    name, _, password = pair.partition(":")
    return name, password


def hashed(password: str) -> str:
    """A password as the file keeps it."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_digest(password, salt).hex()}"


def _verify(password: str, kept: str) -> bool:
    _, salt, digest = kept.split("$")
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt)).hex(), digest)


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)


def add(path: Path, name: str, password: str) -> None:
    """Writes a user into the file, over the one of that name. Raises ValueError for a name or password that will not do."""
    if not name or ":" in name or name.startswith("#") or not name.isprintable():
        raise ValueError("a name is printable, has no colon and does not begin with #")
    if len(password) < _SHORTEST:
        raise ValueError(f"a password has {_SHORTEST} characters or more")
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition(":")[0] != name]
    if not path.exists():
        path.touch(mode=0o600)
    path.write_text("\n".join([*kept, f"{name}:{hashed(password)}"]) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks for a password and writes the account; returns 0, or 3 after an error that names its remedy."""
    parser = argparse.ArgumentParser(prog="python -m page.accounts", description="Add somebody who may open the page.")
    parser.add_argument("file", type=Path, help="the file for --auth-file; made if it is not there")
    parser.add_argument("name", help="the user's name")
    options = parser.parse_args(arguments)
    try:
        add(options.file, options.name, getpass.getpass(f"Password for {options.name}: "))
    except (ValueError, OSError) as error:
        print(f"witness: {error}", file=sys.stderr)  # noqa: T201
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
