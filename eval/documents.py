"""The texts of a suite's documents, read as Witness reads them, so that offsets of all systems mean the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from qa.errors import ReadError
from qa.reading import READERS, read_file

Span = tuple[int, int]


class Documents(Mapping[str, str]):
    """Text by source, which is the path below the folder; each file is read once, when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._texts: dict[str, str] = {}

    @cached_property
    def _paths(self) -> dict[str, Path]:
        files = (p for p in sorted(self.folder.rglob("*")) if p.is_file() and p.suffix.lower() in READERS)
        return {p.relative_to(self.folder).as_posix(): p for p in files}

    def __getitem__(self, source: str) -> str:
        if source not in self._texts:
            try:
                self._texts[source] = read_file(self._paths[source]).text
            except ReadError as error:
                raise KeyError(f"{source}: {error}") from error
        return self._texts[source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def places(self, source: str, quote: str) -> tuple[Span, ...]:
        """Every place where `quote` stands in `source`, as offsets."""
        text, found, at = self.get(source, ""), [], -1
        while quote and (at := text.find(quote, at + 1)) >= 0:
            found.append((at, at + len(quote)))
        return tuple(found)
