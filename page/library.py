"""The sources pane: which documents a session sees, which of them it ticked, what it adds and takes away."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from page.rendering import UPLOADS, date_of, plain, shown_name
from page.sessions import LimitReached, Limits, Session
from qa.types import IndexReport, Source
from qa.words import counted

if TYPE_CHECKING:
    from qa.corpus import Corpus

MOST_SHOWN = 200
_MOST_FAILURES = 50
_STATUS = {"added": "new", "changed": "changed"}
_TOLD_SECONDS = 0.2


class Library:
    """The documents of a corpus as sessions see them: those of the folder, and each its own uploads.

    `report` is what the first sync did; `note` tells of the next. `root` is a folder of the server below which
    folders may be added; None allows none.
    """

    def __init__(self, corpus: Corpus, report: IndexReport, limits: Limits, root: Path | None = None) -> None:
        self.corpus, self.limits = corpus, limits
        self.takes_files = corpus.store is not None  # on servers others see what is added, and know nothing of sessions
        self.root = root.resolve() if root and self.takes_files else None
        self._status: dict[str, str] = {}
        self._labelled: tuple[Sequence[Source], Mapping[str, str]] = ((), {})
        self.note(report)

    def note(self, report: IndexReport) -> None:
        """Takes in what a sync of the folder did."""
        self.failed = report.failed
        self._status |= {s: _STATUS[k] for k in _STATUS for s in getattr(report, k)}

    def forget_leftovers(self) -> None:
        """Removes uploads that a server which did not end well has left behind."""
        if not self.takes_files:
            return
        for source in [s.source for s in self.corpus.sources() if is_upload(s)]:
            self.corpus.remove(source)

    def forget(self, session: Session) -> None:
        """Removes what a session has uploaded."""
        self.remove([s.source for s in self.corpus.sources() if _owns(session, s)], session)

    def seen_by(self, session: Session) -> list[Source]:
        """The documents that a session may see."""
        return [s for s in self.corpus.sources() if not is_upload(s) or _owns(session, s)]

    def asked_of(self, session: Session, ticked: Collection[str] = ()) -> frozenset[str] | None:
        """The documents that a question of the session is limited to; None where it may see all and ticked none."""
        seen = frozenset(s.source for s in self.seen_by(session))
        if chosen := seen & set(ticked):
            return chosen
        return None if len(seen) == len(self.corpus.sources()) else seen

    def choices(self, session: Session, words: str, ticked: Collection[str]) -> list[tuple[str, str]]:
        """(label, source) of the ticked documents and of those whose label or name holds all of `words`, not too many."""
        labels = self._labels()
        wanted = words.casefold().split()
        seen = [s.source for s in self.seen_by(session)]
        kept = [s for s in seen if s in ticked]
        folded = self._folded
        found = (s for s in seen if s not in ticked and all(w in folded[s] for w in wanted))
        shown = [*kept, *(s for s, _ in zip(found, range(MOST_SHOWN), strict=False))]
        return [(labels[s], s) for s in shown]

    def _labels(self) -> Mapping[str, str]:
        """What is shown of each document; made once for many key strokes."""
        sources = self.corpus.sources()
        if self._labelled[0] is not sources:
            labels = {s.source: self._label(s) for s in sources}
            self._folded = {source: f"{label} {source}".casefold() for source, label in labels.items()}
            self._labelled = (sources, labels)
        return self._labelled[1]

    def _label(self, source: Source) -> str:
        """A line with the title and one with what else is known."""
        status = "yours" if is_upload(source) else self._status.get(source.source, "indexed")
        name = shown_name(source.source)
        day, length = date_of(source.published_at), f"{source.characters:,} characters"
        about = (source.outlet, day, status, length, name if source.title else "")
        return f"{plain(source.title or name)}\n{plain(' · '.join(x for x in about if x))}"

    def count(self, session: Session, ticked: Collection[str]) -> str:
        """What the next question is asked of."""
        number = len(self.seen_by(session))
        if ticked:
            return f"The next question is asked of {len(set(ticked)):,} of {counted(number, 'document')}."
        return f"{counted(number, 'document')}. Tick some to ask only those."

    def failures(self) -> list[tuple[str, str]]:
        """Paths of the folder that were not read, and why, not too many."""
        told = [(plain(f.path), plain(f.reason)) for f in self.failed[:_MOST_FAILURES]]
        more = len(self.failed) - len(told)
        return [*told, (f"and {more:,} more", "")] if more else told

    def upload(self, paths: Sequence[str], session: Session) -> Iterator[str]:
        """Reads uploaded files into the session's own documents, telling how far it is; the files are deleted."""
        if not self.takes_files:
            yield "This page only reads its documents; they are added where the corpus is synced."
            return
        files = {session.prefix + Path(path).name: Path(path) for path in paths}
        try:
            yield from self._add(files, session)
        finally:
            for path in files.values():
                path.unlink(missing_ok=True)

    def folders(self) -> list[str]:
        """The folders of the server that may be added, `root` itself as ".", not too many."""
        if self.root is None:
            return []
        below = (p for p in sorted(self.root.iterdir()) if p.is_dir() and not p.is_symlink() and p.name[0] != ".")
        return [".", *(p.name for p, _ in zip(below, range(MOST_SHOWN), strict=False))]

    def add_folder(self, folder: str, session: Session) -> Iterator[str]:
        """Reads the files of a folder below `root` into the session's own documents, telling how far it is."""
        chosen = (self.root / folder).resolve() if self.root else None
        if chosen is None or self.root is None or not chosen.is_relative_to(self.root) or not chosen.is_dir():
            yield "There is no such folder among those that may be added."
            return
        found = sorted(p for p in chosen.rglob("*") if p.is_file() and not p.is_symlink() and not _hidden(p, chosen))
        yield from self._add({session.prefix + p.relative_to(chosen).as_posix(): p for p in found}, session)

    def _add(self, files: Mapping[str, Path], session: Session) -> Iterator[str]:
        try:
            session.count_files({source: path.stat().st_size for source, path in files.items()}, self.limits)
        except LimitReached as limit:
            yield str(limit)
            return
        told: queue.Queue[tuple[str, int, int] | IndexReport | Exception] = queue.Queue()
        threading.Thread(target=self._read, args=(files, told), daemon=True).start()
        began = time.monotonic()
        while not isinstance(news := told.get(), IndexReport | Exception):
            if told.empty():
                yield _progress(*news, time.monotonic() - began)
                time.sleep(_TOLD_SECONDS)
        if isinstance(news, Exception):
            session.forget_files(files)
            raise news
        session.forget_files(f.path for f in news.failed)
        yield _outcome(news)

    def _read(
        self, files: Mapping[str, Path], told: queue.Queue[tuple[str, int, int] | IndexReport | Exception]
    ) -> None:
        try:
            told.put(self.corpus.add_files(files, lambda stage, done, total: told.put((stage, done, total))))
        except Exception as error:  # handed to the thread that waits for it
            told.put(error)

    def remove(self, sources: Collection[str], session: Session) -> str:
        """Removes those of `sources` that the session has uploaded, and says what stays and why."""
        own = [s.source for s in self.corpus.sources() if s.source in sources and _owns(session, s)]
        for source in own:
            self.corpus.remove(source)
        session.forget_files(own)
        kept = len(set(sources)) - len(own)
        stays = f" {counted(kept, 'document')} of the folder stay; take them out of the folder itself." if kept else ""
        return f"{counted(len(own), 'document')} removed.{stays}" if sources else "Tick the documents to remove first."


def is_upload(source: Source) -> bool:
    """True for a document that somebody has uploaded to the page."""
    return source.origin == "added" and source.source.startswith(f"{UPLOADS}/")


def _owns(session: Session, source: Source) -> bool:
    return is_upload(source) and source.source.startswith(session.prefix)


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _progress(stage: str, done: int, total: int, seconds: float) -> str:
    what = {"read": "documents read", "embed": "sentences indexed"}.get(stage, stage)
    left = f", about {seconds * (total - done) / done:.0f} s left" if done and seconds > 1 else ""
    return f"{done:,} of {total:,} {what}{left}"


def _outcome(report: IndexReport) -> str:
    """One line, and one for each file that was not read."""
    done = len(report.added) + len(report.changed)
    lines = [f"{counted(done, 'document')} added." if done else "No document added."]
    lines += [f"Not read: {plain(shown_name(path))}: {plain(reason)}" for path, reason in report.failed]
    return "\n".join(lines)
