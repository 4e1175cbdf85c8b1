"""The manifest of a store: what its vectors and passages were made with, in `manifest.json`."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from vectorstore.errors import StoreDamaged, StoreMismatch

FORMAT = 1
NAME = "manifest.json"
TEMPORARY = "manifest.json.new"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a store was made with. `state` is "rebuilding" from the first step of a rebuild to its last."""

    embedder: str
    dimension: int
    chunking: str
    state: Literal["ready", "rebuilding"] = "ready"
    format: int = FORMAT

    @property
    def json(self) -> str:
        """As it is written down."""
        return json.dumps(asdict(self), indent=2)

    def write(self, folder: Path) -> None:
        """Replaces the manifest of `folder`; after a crash either the old or the new one is there, whole."""
        temporary = folder / TEMPORARY
        with temporary.open("w", encoding="utf-8") as file:
            file.write(self.json)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / NAME)
        _sync_folder(folder)

    def check(self, wanted: Manifest, where: Path | str) -> None:
        """Raises StoreMismatch, saying what differs, unless the store at `where` was made as `wanted` and is complete."""
        problems = list(self._differences(wanted))
        if problems:
            raise StoreMismatch(f"the store {where} {' and '.join(problems)}; {rebuild_hint(where)}")

    def _differences(self, wanted: Manifest) -> Iterator[str]:
        if self.state != "ready":
            yield "was left in the middle of a rebuild"
        for name in ("embedder", "dimension", "chunking", "format"):
            have, want = getattr(self, name), getattr(wanted, name)
            if have != want:
                yield f"was made with {name} {have!r}, not {want!r}"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of `folder`, None where there is no such file.

    Raises:
        StoreDamaged: the file is there and is not a manifest.
        StoreMismatch: a later version of Witness wrote it; not even a rebuild may touch what that left.
    """
    try:
        written = (folder / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StoreDamaged(f"{folder / NAME} cannot be read ({error}); {rebuild_hint(folder)}") from error
    return parse_manifest(written, folder / NAME, folder)


def parse_manifest(written: str, name: Path | str, where: Path | str) -> Manifest:
    """The manifest that was written down, in `name`, of the store at `where`. Raises as `read_manifest` does."""
    try:
        manifest = Manifest(**json.loads(written))
    except (ValueError, TypeError) as error:
        raise StoreDamaged(f"{name} cannot be read ({error}); {rebuild_hint(where)}") from error
    if any(
        type(getattr(manifest, field.name)) is not type(getattr(_EXAMPLE, field.name)) for field in fields(Manifest)
    ):
        raise StoreDamaged(f"{name} holds values of the wrong type; {rebuild_hint(where)}")
    if manifest.format > FORMAT:
        raise StoreMismatch(f"the store {where} was made by a later version of Witness; upgrade this one")
    return manifest


def rebuild_hint(where: Path | str) -> str:
    """The remedy, as the end of a sentence: the command that rebuilds the store in a folder, or on the servers that are
    set."""
    return f"run `witness rebuild{f' --store {shlex.quote(str(where))}' if isinstance(where, Path) else ''}`"


def restart_hint(where: Path | str) -> str:
    """The remedy where the catalogue itself is lost, as the end of a sentence."""
    return f"remove {where} and sync the documents again"


def _sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` durable, where folders can be opened at all (not on Windows)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_EXAMPLE = Manifest(embedder="", dimension=0, chunking="")
