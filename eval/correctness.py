"""Is it the right answer? By the type of answer: words, a number with its unit, a date, yes or no, a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from eval.cases import AnswerType, Case
from eval.records import Response
from eval.texts import folded, holds, plain, token_f1
from qa.values import number, values

_POLARITY = re.compile(r"\W*(yes\b|no(?=\s*(?:[,.;:!–—-]|$)))", re.IGNORECASE)  # not "no longer"
_NUMERIC = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand|million|billion)\b"
)


def is_right(case: Case, response: Response) -> bool:
    """True when the response is what the case wants.

    An unanswerable case wants an abstention. Any other wants an answer that holds an alias of every group, names every
    speaker, and shows every side as a side where the sources differ.
    """
    if not case.answerable or response.abstained:
        return response.abstained and not case.answerable
    said = plain(response.text)
    matches = _MATCHERS.get(case.answer_type, holds)
    return (
        all(_one_of(group, said, matches) for group in case.answers)
        and all(holds(said, a.speaker) for a in case.attributions)
        and sides_shown(case, response) == len(case.sides)
    )


def sides_shown(case: Case, response: Response) -> int:
    """How many sides of the case's disagreement are shown, as sides."""
    return sum(any(_same_value(side.value, g.value) for d in response.disagreements for g in d) for side in case.sides)


def sides_sourced(case: Case, response: Response) -> int:
    """How many of them are shown with a document that gives them, and with none that gives another."""
    given = [g for disagreement in response.disagreements for g in disagreement if g.sources]
    return sum(
        any(_same_value(s.value, g.value) and set(g.sources) <= set(s.documents) for g in given) for s in case.sides
    )


def f1(case: Case, response: Response) -> float:
    """Token F1 of the text against the best choice of aliases."""
    if not case.answers:
        return 0.0
    best = " ".join(max(group, key=lambda alias: token_f1(plain(response.text), alias)) for group in case.answers)
    return token_f1(plain(response.text), best)


def _one_of(group: tuple[str, ...], said: str, matches: Callable[[str, str], bool]) -> bool:
    return any(matches(said, alias) for alias in group)


def _same_value(wanted: str, given: str) -> bool:
    return folded(wanted) in folded(given) or in_digits(wanted) in in_digits(given)


def in_digits(text: str) -> str:
    """Folded, with numbers in words written as digits: "nine years" is "9 years"."""
    written = folded(text)
    for value in reversed(values("number", written)):
        amount = number(value.text)
        if amount is not None:
            written = f"{written[: value.start]}{amount:g}{written[value.end :]}"
    return written


def _number(said: str, alias: str) -> bool:
    return holds(said, alias) or (bool(_NUMERIC.search(folded(alias))) and holds(in_digits(said), in_digits(alias)))


def _date(said: str, alias: str) -> bool:
    """The same day however it is written; parts that the alias leaves out (the year, the weekday) may be there."""
    wanted = values("date", alias)
    if not wanted or not wanted[0].parts:
        return holds(said, alias)
    parts = wanted[0].parts.items()
    return holds(said, alias) or any(parts <= given.parts.items() for given in values("date", said))


def _yes_no(said: str, alias: str) -> bool:
    """An alias "yes" or "no" is how the text begins; another is telling words, unless the text begins otherwise."""
    begins = _POLARITY.match(said)
    if folded(alias) in ("yes", "no"):
        return begins is not None and begins.group(1).lower() == folded(alias)
    return begins is None and holds(said, alias)


_MATCHERS: Mapping[AnswerType, Callable[[str, str], bool]] = {"number": _number, "date": _date, "yes_no": _yes_no}
