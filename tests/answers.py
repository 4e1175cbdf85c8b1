"""What tests ask of any answer."""

from collections.abc import Callable

from qa.citing import resolves
from qa.types import Answer


def broken_citations(answer: Answer, text_of: Callable[[str], str]) -> int:
    """Citations that do not resolve to their words, and statements that rest on nothing."""
    unresolved = sum(not resolves(c, text_of) for c in answer.citations)
    return unresolved + sum(not s.supported for s in answer.statements)
