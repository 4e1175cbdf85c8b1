"""Does a sentence hold what the question wants: a date, a number, a person, a place, a reason?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from qa.attributing import Attribution, bare_name, names_person, office_holders
from qa.questions import Question, Wanted
from qa.values import Kind, Value, values
from qa.words import names, stem, words

VALUE_KINDS: Mapping[Wanted, tuple[Kind, ...]] = {
    "date": ("date",), "number": ("number", "percent", "money"), "duration": ("duration",), "age": ("age",),
    "money": ("money",), "percent": ("percent",),
}  # fmt: skip
_PLACE = re.compile(r"\b(?:in|at|to|from|near|outside|inside|across|of|into|towards?)\s+(?:the\s+)?([A-Z][\w’'-]+)")
_REASON = re.compile(
    r"\b(?:because|due to|since|so that|in order to|reason|therefore|as a result|owing to|to (?:avoid|prevent))\b"
)
_ROLE = re.compile(r"[A-Z][\w’'-]+(?:,| is| was| became| served as) (?:the |an? |who )")
_DEADLINE = re.compile(r"\b(?:by|until|till) when\b", re.IGNORECASE)
_HAPPENED = re.compile(r"\b[Oo]n $")  # "on Friday" is the day of an event, not a day by which
_DATELINE = re.compile(r"^\(?[A-Z][A-Za-z ,.]{1,30}\)?\s*[–—-]+\s")


def has_wanted(question: Question, text: str, around: str, speaker: Attribution | None = None) -> bool:
    """True when `text` holds what the question wants: a date, a number, a person it does not name itself ...

    `around` is the text in which names are looked up, `speaker` whoever says the sentence.
    """
    wanted = question.wanted
    if wanted is not None and wanted in VALUE_KINDS:
        return any(new_values(question, kind, text) for kind in VALUE_KINDS[wanted])
    test = _HOLDS.get(wanted) if wanted else None
    return test is None or test(question, text, around, speaker)


def _holds_person(question: Question, text: str, around: str, speaker: Attribution | None) -> bool:
    if speaker and question.speaker is None:
        return True
    new = [n for n in names(_DATELINE.sub("", text)) if not {w.stem for w in words(n.text)} <= question.name_stems]
    return any(names_person(bare_name(n.text), around) for n in new)


def _holds_place(question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return any(words(m.group(1))[0].stem not in question.name_stems for m in _PLACE.finditer(text))


def _holds_reason(_question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return bool(_REASON.search(text))


def _holds_role(_question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return bool(_ROLE.search(text) or office_holders(text))


def _holds_expansion(question: Question, text: str, _around: str, _speaker: Attribution | None) -> bool:
    return any(f"({n.text})" in text or f"{n.text} (" in text for n in question.names)


_HOLDS: Mapping[Wanted, Callable[[Question, str, str, Attribution | None], bool]] = {
    "person": _holds_person,
    "place": _holds_place,
    "reason": _holds_reason,
    "role": _holds_role,
    "expansion": _holds_expansion,
}


def new_values(question: Question, kind: Kind, text: str, published_at: str | None = None) -> list[Value]:
    """The values of `kind` in `text` that the question does not itself contain."""
    asked = {v.text.lower() for v in values(kind, question.text)} if not question.alternatives else set()
    found = [v for v in values(kind, text, published_at) if v.text.lower() not in asked]
    if _DEADLINE.search(question.text):
        found = [v for v in found if not _HAPPENED.search(text, 0, v.start)]
    if question.counted:
        found = [v for v in found if _may_count(question.counted, v)]
    return [v for v in found if not question.date_parts or question.date_parts & v.parts.keys()]


def _may_count(counted: frozenset[str], value: Value) -> bool:
    """False for a measure of something else: "how many ships" is not answered by kilometres, nor "how many hours" by weeks."""
    if value.kind == "duration":
        return not counted & _MEASURES or bool({w.stem for w in words(value.text)} & counted)
    unit = value.parts.get("unit")
    return unit in counted or unit not in _MEASURES


_MEASURES = frozenset(
    stem(w)
    for w in """seconds minutes hours days weeks months years decades centuries metres meters kilometres kilometers miles feet
    yards tons tonnes kilos kilograms pounds degrees dollars euros rubles percent""".split()
)
