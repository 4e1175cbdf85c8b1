"""Witness: answers from a folder of documents, every sentence with the exact words it rests on.

    from qa import Corpus

    with Corpus("documents") as corpus:
        corpus.sync()
        print(corpus.ask("When did they meet?").text)

Names are imported when first used, so that `import qa` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.conversation import Conversation
    from qa.corpus import Corpus
    from qa.errors import (
        EndpointError,
        ModelUnavailable,
        ReadError,
        SourceNotFound,
        StoreDamaged,
        StoreError,
        StoreLocked,
        StoreMismatch,
        WeightsUnavailable,
        WitnessError,
    )
    from qa.settings import Settings
    from qa.types import (
        Answer,
        Answerer,
        Citation,
        Disagreement,
        Embedder,
        Evidence,
        IndexReport,
        Passage,
        ScoredPassage,
        Statement,
        VerifyReport,
    )

_HOMES = {
    "qa.conversation": ("Conversation",),
    "qa.corpus": ("Corpus",),
    "qa.errors": (
        "EndpointError", "ModelUnavailable", "ReadError", "SourceNotFound", "StoreDamaged", "StoreError", "StoreLocked", "StoreMismatch",
        "WeightsUnavailable", "WitnessError",
    ),
    "qa.settings": ("Settings",),
    "qa.types": (
        "Answer", "Answerer", "Citation", "Disagreement", "Embedder", "Evidence", "IndexReport", "Passage",
        "ScoredPassage", "Statement", "VerifyReport",
    ),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Answer",
    "Answerer",
    "Citation",
    "Conversation",
    "Corpus",
    "Disagreement",
    "Embedder",
    "EndpointError",
    "Evidence",
    "IndexReport",
    "ModelUnavailable",
    "Passage",
    "ReadError",
    "ScoredPassage",
    "Settings",
    "SourceNotFound",
    "Statement",
    "StoreDamaged",
    "StoreError",
    "StoreLocked",
    "StoreMismatch",
    "VerifyReport",
    "WeightsUnavailable",
    "WitnessError",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
