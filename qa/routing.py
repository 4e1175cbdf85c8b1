"""What does the question name? Sources by outlet ("what does CNN say"), title or file name, days, and the clauses it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from qa.clauses import Span, clauses
from qa.dating import periods
from qa.types import Source
from qa.words import fold, folds, is_content, words

_SHORTEST_TITLE = 4
_PARTS_OF_AN_OUTLET = re.compile(r"\s+[|–—-]\s+|:\s+")
_PREPOSITION = re.compile(
    r"[\s,]*\b(?:(?P<of_a_source>according to|as reported by|as per|in|by|from|does|did|has)|of|do)?\s*(?:the\s+)?[\"'“‘]?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\d+(?=[\W_])")
_SPACES = str.maketrans("-_", "  ")
_CLOSING_QUOTE = re.compile(r"[\"'”’](?!s\b)")


@dataclass(frozen=True, slots=True)
class Lane:
    """The sources that one name in a question stands for: an outlet's, one title's, one file's.

    A title may as well be the topic ("who sang Over the Hills"), so it stays in the question and shuts nobody out.
    """

    name: str
    sources: frozenset[str]
    title: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a question, without the names of sources; `lanes` are those it names."""

    text: str
    lanes: tuple[Lane, ...] = ()

    @property
    def sources(self) -> frozenset[str]:
        """Every source of its lanes."""
        return _all_of(self.lanes)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a question wants to be answered from.

    `question` is the question without the names of sources, so that they are not searched for inside the documents.
    `lanes` are the sources it names, one lane per outlet, title or file, `clauses` its parts, at least one.
    `dated` are the sources published on the days it names. `within`, when given, are the only sources looked at.
    """

    question: str
    lanes: tuple[Lane, ...] = ()
    clauses: tuple[Clause, ...] = ()
    dated: frozenset[str] = frozenset()
    within: frozenset[str] | None = None

    @property
    def sources(self) -> frozenset[str]:
        """Every source of every lane; empty when the question names none."""
        return _all_of(self.lanes)

    @property
    def asked_of(self) -> frozenset[str]:
        """The sources that the answer has to come from: those named by outlet or file."""
        return _all_of(lane for lane in self.lanes if not lane.title)


def _all_of(lanes: Iterable[Lane]) -> frozenset[str]:
    return frozenset[str]().union(*(lane.sources for lane in lanes))


@dataclass(frozen=True, slots=True)
class Directory:
    """What a question may call the sources of a corpus, folded, and the days on which they were published.

    `longest` is the number of words of the longest label, and `newest` the last of the days.
    """

    labels: Mapping[str, frozenset[str]]
    titles: frozenset[str]
    days: Mapping[str, date]
    longest: int
    newest: date | None


def directory(sources: Iterable[Source]) -> Directory:
    """Reads names and days of all sources, once for many questions."""
    labels: dict[str, set[str]] = {}
    titles: set[str] = set()
    days = {}
    for source in sources:
        names, long_titles = _names(source), _titles(source)
        for label in names | long_titles:
            labels.setdefault(label, set()).add(source.source)
        titles |= long_titles - names
        if day := _day(source.published_at):
            days[source.source] = day
    return Directory(
        {label: frozenset(named) for label, named in labels.items()},
        frozenset(titles),
        days,
        longest=max((label.count(" ") + 1 for label in labels), default=0),
        newest=max(days.values(), default=None),
    )


@dataclass(frozen=True, slots=True)
class _Mention:
    """Where a question names a lane; `cut` is where the preposition before the name begins."""

    lane: Lane
    cut: int
    start: int
    end: int


def route(question: str, known: Directory, *, lanes: bool = True, split: bool = True, dates: bool = True) -> Route:
    """Finds what a question names. The flags switch off lanes, clauses and dates."""
    mentions = _mentions(question, known) if lanes else []
    named = _all_of(m.lane for m in mentions)
    found = periods(question, known.newest) if dates and known.newest else []
    dated = frozenset(s for s, day in known.days.items() if any(p.first <= day <= p.last for p in found))
    # The day of a named outlet's report tells which report; its text need not say it.
    named_in = [(m.cut, m.end) for m in mentions if not m.lane.title]
    cuts = named_in + [(p.start, p.end) for p in found if dated & named]
    whole = (0, len(question))
    rest = _without(question, whole, named_in)
    if not any(w.content for w in words(rest)):  # nothing but the name: then the name is what is asked about
        rest, cuts = question, []
    spans = clauses(question, cuts) if split else [whole]
    return Route(
        rest,
        tuple({m.lane.name: m.lane for m in mentions}.values()),
        tuple(
            Clause(_without(question, s, cuts), tuple(m.lane for m in mentions if s[0] <= m.start < s[1]))
            for s in spans
        ),
        dated,
    )


def _without(question: str, span: Span, cuts: Iterable[Span]) -> str:
    """The text of `span` without those of `cuts` that begin or end in it."""
    start, end = span
    kept = []
    for first, last in sorted(cuts):
        if first < end and last > start:
            kept.append(question[start : max(start, first)])
            start = min(end, last)
    return "".join((*kept, question[start:end]))


def _mentions(question: str, known: Directory) -> list[_Mention]:
    """Every place where the question names sources, in order; where names overlap, the longer one counts."""
    found: list[_Mention] = []
    for label in sorted(_named(question, known), key=lambda x: -len(x)):
        lane = Lane(label, known.labels[label], label in known.titles)
        found += [m for m in _places(question, lane) if all(m.end <= f.start or f.end <= m.start for f in found)]
    return sorted(found, key=lambda m: m.start)


def _named(question: str, known: Directory) -> list[str]:
    """The labels that are runs of the question's words, each once. Looking those runs up is quick however many labels
    there are."""
    asked = folds(_spaced(question))
    runs = (
        " ".join(asked[start:end])
        for start in range(len(asked))
        for end in range(start + 1, min(start + known.longest, len(asked)) + 1)
    )
    return [run for run in dict.fromkeys(runs) if run in known.labels]


def _places(question: str, lane: Lane) -> list[_Mention]:
    tokens = words(_spaced(question))
    size = len(lane.name.split())
    found = []
    for i in range(len(tokens) - size + 1):
        run = tokens[i : i + size]
        if [fold(w.text) for w in run] == lane.name.split():
            start, end = run[0].start, run[-1].end
            asked_of = _PREPOSITION.search(question[:start])
            # "At what age" does not name The Age: a single word needs its capital, or "according to" and the like.
            if size > 1 or not run[0].text.islower() or (asked_of and asked_of["of_a_source"]):
                closing = _CLOSING_QUOTE.match(question, end)
                cut = asked_of.start() if asked_of else start
                found.append(_Mention(lane, cut, start, closing.end() if closing else end))
    return found


def _day(published_at: str | None) -> date | None:
    try:
        return date.fromisoformat(published_at[:10]) if published_at else None
    except ValueError:
        return None


def _names(source: Source) -> set[str]:
    """Folded names of a source's outlet and file that a question may use."""
    path = PurePosixPath(source.source)
    names = [path.name, _NUMBER.sub("", path.stem)]
    if source.outlet:
        names += [source.outlet, _PARTS_OF_AN_OUTLET.split(source.outlet)[0]]
    return _telling(names)


def _titles(source: Source) -> set[str]:
    """The folded title, where it is long enough to be no mere topic."""
    long = source.title is not None and len(source.title.split()) >= _SHORTEST_TITLE
    return _telling([source.title]) if source.title and long else set()


def _telling(names: Iterable[str]) -> set[str]:
    return {label for n in names if _is_telling(label := _folded(n))}


def _is_telling(label: str) -> bool:
    return len(label) > 2 and any(is_content(w) and not w.isdigit() for w in label.split())


def _spaced(text: str) -> str:
    """Hyphens and underscores made spaces; offsets stay."""
    return text.translate(_SPACES)


def _folded(name: str) -> str:
    """The folded words of a name, without the article before it."""
    return " ".join(folds(_spaced(name))).removeprefix("the ")
