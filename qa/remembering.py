"""Answers that a model has given, kept so that the same question on the same documents costs nothing again."""

from __future__ import annotations

import threading
from collections import OrderedDict

from qa.types import Answer

_MOST = 256


class AnswerCache:
    """The last answers by what was asked. Safe for threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: str) -> Answer | None:
        """The answer that was kept for this, if any."""
        return self._answers.get(asked)

    def keep(self, asked: str, answer: Answer) -> None:
        """Keeps an answer; the oldest makes room for it."""
        with self._lock:
            self._answers[asked] = answer
            while len(self._answers) > _MOST:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forgets all of them, because the documents changed."""
        with self._lock:
            self._answers.clear()
