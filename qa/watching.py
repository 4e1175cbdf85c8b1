"""Tells when a folder changes. Nothing is read: the system says that something was written, moved or deleted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

_LOOK_SECONDS = 0.5  # how often it is looked whether to stop


def changes(folder: Path, store: Path | None, stop: threading.Event) -> Iterator[None]:
    """Yields once, and then whenever entries of `folder` have changed and then rested a moment, until `stop` is set.

    Hidden entries and the store, should it lie in there, do not count. Raises OSError where the system cannot watch it.
    """
    from watchfiles import Change, watch

    root, passed_over = folder.resolve(), store and store.resolve()

    def counts(_: Change, path: str) -> bool:
        changed = Path(path)
        hidden = changed.is_relative_to(root) and any(p.startswith(".") for p in changed.relative_to(root).parts)
        return not hidden and not (passed_over and changed.is_relative_to(passed_over))

    # The watch begins before the first yield, so that nothing is missed between the two.
    told = watch(
        root, watch_filter=counts, stop_event=stop, rust_timeout=int(_LOOK_SECONDS * 1_000), yield_on_timeout=True
    )
    first = True
    for changed in told:
        if changed or first:
            first = False
            yield
