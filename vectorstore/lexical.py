"""Search by words: what is the same whichever database holds the index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate

SCORED = 10_000
"""Passages that a search scores at most, where it can: BM25 takes some five microseconds for each."""

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""How text is cut into index terms, in SQLite's words: English stems, lower case, without diacritics."""


class Lexical(ABC):
    """The full-text index of a catalogue. Several words in one term are a phrase; no query syntax is obeyed."""

    def search(
        self, terms: Iterable[str], limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """The `limit` best passages that hold any of `terms`, with their BM25 score (positive), best first.

        `sources`, when given, are the only documents looked at; scores are the same as without. Otherwise terms that so
        many passages hold that scoring those would take longer than a reader waits, more than SCORED in all, do not count
        beside rarer ones; where those are too few, passages that hold several of the frequent ones follow.
        """
        wanted = list(dict.fromkeys(terms))
        if sources is not None:
            return self._search(wanted, False, limit, sources)
        found: dict[int, float] = {}
        for some, every in self._affordable(wanted):
            found = dict(self._search(some, every, limit)) | found
            if len(found) >= limit:
                break
        return sorted(found.items(), key=lambda scored: -scored[1])[:limit]

    def _affordable(self, terms: Sequence[str]) -> Iterator[tuple[Sequence[str], bool]]:
        """Searches for some of `terms`, or for all of some at once, that score few passages, until one finds enough."""
        if self.passage_count <= SCORED or not terms:
            yield terms, False
            return
        held = {term: passages for term, passages in self.document_frequency(terms).items() if passages}
        rarest_first = sorted(held, key=lambda term: held[term])
        totals = list(accumulate(held[term] for term in rarest_first))
        affordable = sum(total <= SCORED for total in totals)
        rare, common = rarest_first[:affordable], rarest_first[affordable:]
        if rare:
            yield [term for term in terms if term in rare], False
        for number in range(len(common), 1, -1):
            yield common[:number], True
        if common and not rare:
            yield common[:1], False

    @property
    @abstractmethod
    def passage_count(self) -> int:
        """How many passages there are."""

    @abstractmethod
    def document_frequency(self, terms: Iterable[str], sources: Collection[str] | None = None) -> dict[str, int]:
        """How many passages, of `sources` where given, hold each of `terms`, in any of its inflections."""

    @abstractmethod
    def vocabulary(self, prefix: str, lengths: tuple[int, int], limit: int) -> list[str]:
        """The first `limit` index terms, in order, that begin with `prefix` and have so many letters, both ends included.

        Index terms are lower-case stems.
        """

    @abstractmethod
    def add(self, passages: Sequence[tuple[int, str]]) -> None:
        """Takes in the texts of new passages, by id. Part of the caller's transaction; removed ones go by themselves."""

    @abstractmethod
    def merge(self) -> None:
        """Leaves nothing of removed passages in the index. Part of the caller's transaction."""

    @abstractmethod
    def changed(self) -> None:
        """Forgets what was kept in memory; to be called after every change of the index."""

    @abstractmethod
    def _search(
        self, terms: Sequence[str], every: bool, limit: int, sources: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """The best passages that hold any of `terms`, or every one, as `search` gives them."""
