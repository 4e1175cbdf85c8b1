"""Zip archives that office programs and books come in: a member's bytes and its XML, within limits."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qa.errors import ReadError

MAX_UNPACKED_BYTES = 100_000_000
MAX_UNPACKED_RATIO = 100  # office programs' own files unpack to 5 to 20 times their size
SMALL_UNPACKED_BYTES = 10_000_000  # below this no ratio is suspicious


@contextmanager
def opened(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """The archive; what is wrong with it, or with what is made of it inside the `with` block, is a ReadError."""
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_bomb(archive, path.stat().st_size)
            yield archive
    except (
        zipfile.BadZipFile,
        SyntaxError,
        LookupError,
        ValueError,
        EOFError,
        StopIteration,
        NotImplementedError,
    ) as error:
        # SyntaxError is what lxml's errors are, NotImplementedError an unknown compression.
        raise ReadError(f"is not a readable {kind}; open it in the program it comes from and save it again") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise ReadError("is encrypted; save a copy without a password") from error


def refuse_bomb(archive: zipfile.ZipFile, size: int) -> None:
    """A small archive can unpack to more than the memory there is; the sizes it states are enforced on unpacking."""
    unpacked = sum(member.file_size for member in archive.infolist())
    suspicious = unpacked > SMALL_UNPACKED_BYTES and unpacked > MAX_UNPACKED_RATIO * size
    if unpacked > MAX_UNPACKED_BYTES or suspicious:
        raise ReadError(f"unpacks to {unpacked / 1e6:,.0f} MB; save its text as a smaller file")


def xml(data: bytes) -> Any:
    """The root element of an XML member. Nothing that it refers to is fetched or expanded."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def first_text(root: Any, *names: str) -> str | None:
    """The text of the first element, of any namespace, that has one of these names and is not blank."""
    for name in names:
        for found in root.iter(f"{{*}}{name}"):
            if text := " ".join("".join(found.itertext()).split()):
                return text
    return None
