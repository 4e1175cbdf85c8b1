"""What the page keeps of each browser: its conversations, its uploads and how much it has asked.

All of it is in memory and is forgotten with the server. A browser session is known by a cookie and, with a login, by the
user; nothing here is reached without both.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from page.rendering import UPLOADS
from qa.types import Answer, Usage

COOKIE = "witness"
_MOST_SESSIONS = 1_000
_IDLE_SECONDS = 24 * 3600
_MOST_DIALOGUES, _MOST_TURNS = 200, 200  # of a session, and of a dialogue: the oldest make room
_TITLE_CHARACTERS = 80
_MINUTE = 60.0


class LimitReached(Exception):
    """A session has asked or uploaded as much as it may; the text says when or what is allowed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may do. 0 is no limit."""

    questions_a_minute: int = 60
    files: int = 100
    megabytes: int = 200


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation as the page keeps it: answers oldest first, without the passages behind them."""

    name: str
    title: str = ""
    turns: tuple[Answer, ...] = ()

    def holds(self, words: Iterable[str]) -> bool:
        """True when every one of these folded words stands in its title, questions or answers."""
        text = " ".join([self.title, *(f"{a.question} {a.text}" for a in self.turns)]).casefold()
        return all(word in text for word in words)


@dataclass
class Session:
    """What belongs to one browser. Its methods may be called from several threads.

    `name` stands in the sources of its uploads and is no secret. `answerer` is the name of the one that it chose, "" where it
    chose none. `usage` is what all its answers cost, `last_usage` the last one.
    """

    name: str = field(default_factory=lambda: secrets.token_hex(4))
    dialogues: OrderedDict[str, Dialogue] = field(default_factory=OrderedDict)
    answerer: str = ""
    usage: Usage = field(default_factory=Usage)
    last_usage: Usage = field(default_factory=Usage)
    uploaded: dict[str, int] = field(default_factory=dict)
    seen: float = field(default_factory=time.monotonic)
    _asked: deque[float] = field(default_factory=deque)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def prefix(self) -> str:
        """What the sources of its uploads begin with."""
        return f"{UPLOADS}/{self.name}/"

    def dialogue(self, name: str) -> Dialogue:
        """The conversation of this name; an empty one where there is none."""
        return self.dialogues.get(name) or Dialogue(name or secrets.token_hex(4))

    def latest(self) -> Dialogue:
        """The conversation that was last asked in."""
        with self._lock:
            return next(reversed(self.dialogues.values()), None) or self.dialogue("")

    def found(self, words: str) -> list[Dialogue]:
        """The conversations that hold all of these words, latest first."""
        wanted = words.casefold().split()
        with self._lock:
            return [d for d in reversed(self.dialogues.values()) if d.holds(wanted)]

    def add(self, name: str, answer: Answer) -> Dialogue:
        """The conversation with one turn more. The first question is its title."""
        kept = replace(answer, passages=(), steps=())
        with self._lock:
            told = self.dialogue(name)
            turns = (*told.turns, kept)[-_MOST_TURNS:]
            told = replace(told, title=told.title or _title(answer.question), turns=turns)
            self.dialogues[told.name] = told
            self.dialogues.move_to_end(told.name)
            self.usage, self.last_usage = self.usage + answer.usage, answer.usage
            while len(self.dialogues) > _MOST_DIALOGUES:
                self.dialogues.popitem(last=False)
            return told

    def rename(self, name: str, title: str) -> None:
        """Gives a conversation another title; an empty one is not taken."""
        with self._lock:
            if name in self.dialogues and title.strip():
                self.dialogues[name] = replace(self.dialogues[name], title=_title(title))

    def delete(self, name: str) -> None:
        """Forgets a conversation."""
        with self._lock:
            self.dialogues.pop(name, None)

    def count_question(self, limits: Limits) -> None:
        """Notes that a question is asked now. Raises LimitReached."""
        now = time.monotonic()
        with self._lock:
            while self._asked and now - self._asked[0] > _MINUTE:
                self._asked.popleft()
            if limits.questions_a_minute and len(self._asked) >= limits.questions_a_minute:
                wait = _MINUTE - (now - self._asked[0])
                raise LimitReached(
                    f"{limits.questions_a_minute} questions a minute may be asked; the next one in {wait:.0f} s"
                )
            self._asked.append(now)

    def count_files(self, sizes: dict[str, int], limits: Limits) -> None:
        """Notes files, by source with their bytes. Raises LimitReached where they would be too many, and takes none."""
        with self._lock:
            after = self.uploaded | sizes
            if limits.files and len(after) > limits.files:
                raise LimitReached(
                    f"{limits.files} files may be added; there are {len(self.uploaded)}; remove some first"
                )
            if limits.megabytes and sum(after.values()) > limits.megabytes * 1_000_000:
                raise LimitReached(f"{limits.megabytes} MB may be added in all; remove some files first")
            self.uploaded = after

    def forget_files(self, sources: Iterable[str]) -> None:
        """Notes that files are gone."""
        with self._lock:
            for source in sources:
                self.uploaded.pop(source, None)


class Sessions:
    """Every browser session there is, by user and cookie. `ended` is called with each that is forgotten."""

    def __init__(self, ended: Callable[[Session], None] = lambda session: None) -> None:
        self._ended = ended
        self._sessions: OrderedDict[tuple[str, str], Session] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, token: str, user: str = "") -> Session:
        """The session of a cookie's token and user, made where there is none. One that is no token of ours gets a session
        that nobody finds again."""
        if not is_token(token):
            return Session()
        with self._lock:
            session = self._sessions.setdefault((user, token), Session())
            session.seen = time.monotonic()
            self._sessions.move_to_end((user, token))
            gone = list(self._expired())
        for one in gone:
            self._ended(one)
        return session

    def of_host(self, host: str) -> Session:
        """What counts the questions of programs, which bring no cookie, by where they come from. It keeps nothing else."""
        return self.of(hashlib.sha256(host.encode()).hexdigest()[:43])

    def _expired(self) -> Iterable[Session]:
        while self._sessions:
            oldest = next(iter(self._sessions))
            idle = time.monotonic() - self._sessions[oldest].seen
            if len(self._sessions) <= _MOST_SESSIONS and idle < _IDLE_SECONDS:
                return
            yield self._sessions.pop(oldest)


def new_token() -> str:
    """What a browser that has none gets as its cookie."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """True for what `new_token` makes."""
    return re.fullmatch(r"[\w-]{43}", text, re.ASCII) is not None


def _title(question: str) -> str:
    words = " ".join(question.split())
    return words if len(words) <= _TITLE_CHARACTERS else words[: _TITLE_CHARACTERS - 1].rstrip() + "…"
