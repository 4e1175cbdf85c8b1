"""Errors of the store, and the root of Witness's error tree (the tree is drawn in `qa.errors`).

The root lives on the lowest floor because imports go down only.
"""


class WitnessError(Exception):
    """Anything Witness raises on purpose. Its message names the remedy."""


class StoreError(WitnessError):
    """The store folder cannot be used as it is."""


class StoreLocked(StoreError):
    """Another process owns the store; `pid` is its process id, or None where unknown."""

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class StoreMismatch(StoreError):
    """The store was made with another embedder, chunking or format than is asked for now."""


class VectorsMissing(StoreError, ValueError):
    """A document is committed whose sentences have no vectors yet; put them first."""


class StoreDamaged(StoreError):
    """A file of the store is missing or unreadable."""
