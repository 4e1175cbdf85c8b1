"""Who writes the answers of a session: quotes, a model on this machine, an endpoint; what each needs."""

from __future__ import annotations

import os
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

from qa.chatmodels import WEIGHTS_OF
from qa.generating import make_answerer
from qa.types import Answerer
from qa.weights import WEIGHTS

if TYPE_CHECKING:
    from qa.corpus import Corpus

QUOTES = "quotes"
_LOCAL = ("local", "local-small")
_NAMES = {QUOTES: "Quotes", "local": "A model on this machine", "local-small": "A small model on this machine"}


class Answerers:
    """The answerers that a page offers. `llm` names the one it was started with, "" for quotes.

    A model is made when a session first chooses it, one for all sessions, and ended by `close`.
    """

    def __init__(self, corpus: Corpus, llm: str = "") -> None:
        self.corpus = corpus
        self.first = llm or QUOTES
        self._made: dict[str, Answerer] = {self.first: corpus.answerer}
        self._lock = threading.Lock()

    def choices(self) -> list[tuple[str, str]]:
        """(label, name) of those that can be had as the page was started, the one it was started with first."""
        names = [self.first, QUOTES, *(_LOCAL if find_spec("xllamacpp") else ())]
        return [(_NAMES.get(n, n.removeprefix("openai:")), n) for n in dict.fromkeys(names)]

    def needs(self) -> list[tuple[str, str]]:
        """(name, what it needs and costs) of every kind there is."""
        return [
            ("Quotes", "nothing: no key, no download. Under a second, no tokens."),
            *((_NAMES[n], self._of_local(n)) for n in _LOCAL),
            ("An endpoint", self._of_endpoint()),
        ]

    def _of_local(self, name: str) -> str:
        size = sum(file.size for file in WEIGHTS[WEIGHTS_OF[name]].files)
        there = (self.corpus.settings.cache / "weights" / WEIGHTS_OF[name]).is_dir()
        needed = "its weights are here" if there else f"{size / 1e9:.1f} GB are fetched once"
        engine = "" if find_spec("xllamacpp") else "the extra `local` (pip install 'witness-qa[local]'); "
        return f"{engine}{needed}. Several seconds an answer."

    def _of_endpoint(self) -> str:
        if self.first.startswith("openai:"):
            return "is set up. Each answer costs tokens."
        key = "OPENAI_API_KEY is set; " if os.environ.get("OPENAI_API_KEY") else "OPENAI_API_KEY and "
        return f"{key}the page started with --llm openai:MODEL. Each answer costs tokens."

    def of(self, name: str) -> Answerer | None:
        """The answerer of this name; the one the page was started with where it is not offered."""
        if name not in {known for _, known in self.choices()}:
            return None
        with self._lock:
            if name not in self._made:
                self._made[name] = make_answerer(name, self.corpus.settings)
            return self._made[name]

    def close(self) -> None:
        """Ends the models that were started here; the corpus ends its own."""
        for answerer in self._made.values():
            if answerer is not self.corpus.answerer and (close := getattr(answerer, "close", None)):
                close()
