"""What value a question asks for: its type, the words that stand beside it in a source, and of what or whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from qa.kinds import CLASSES
from qa.questions import Question, Wanted
from qa.synonyms import grouped
from qa.words import SPEECH_VERBS, content, stem, words

AskedKind = Literal["date", "number", "money", "person", "place", "class", "noun"]

_BY_WANTED: Mapping[Wanted, AskedKind] = {
    "date": "date", "number": "number", "money": "money", "person": "person", "place": "place",
}  # fmt: skip
_NOUNS: Mapping[AskedKind, str] = {
    "number": "population inhabitants size length height area",
    "date": "birthdate birthday date year",
    "money": "income price cost salary revenue",
    "place": "location city town country state county region province capital headquarters hometown birthplace",
    "person": "artist author composer creator director singer band owner founder husband wife father mother king",
}
_BY_NOUN = {stem(noun): kind for kind, nouns in _NOUNS.items() for noun in nouns.split()}

# Words that stand beside the same value: a source may tell when a school "opened" to whoever asks when it was founded.
_BESIDE = """
born birth birthdate birthday
die death
build construct complete erect construction completion
establish founded founding form create open incorporate start institute charter organize inception launch begin operate
raise form
succeed accede ascend throne reign crown
elect appoint confirm nominate
happen occur fight battle
population inhabitants people residents populous
located situated location
direct director
compose composer
artist album song single singer band perform record
author writer write book
create creator
marry husband wife spouse
father son daughter
newspaper publish
own owner
play join debut
"""


RELATED = grouped(_BESIDE)
"""Stem -> stems that stand beside the same value."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The value that a question asks for.

    `about` names it as the question does ("sport"), `head` is that noun's stem, "" where a question word asks.
    `relation` holds the stems that stand beside the value in a source, `subject` those of what or whom it is asked of,
    in order; `titled` is true when that is a title in quotation marks, of which no word may be missing.
    """

    kind: AskedKind
    about: str
    head: str
    relation: frozenset[str]
    subject: tuple[str, ...]
    titled: bool = False


def read_asked(question: Question) -> Asked | None:
    """Reads which value of what a question asks for.

    None unless it asks for one value of one named thing: not for what may be, for what someone says, or for several.
    """
    text = _ASIDE.sub("", question.text)
    subject, noun = _subject(question, text), _noun(text)
    head = stem(noun) if noun else ""
    kind = _kind(question, head)
    if kind is None or not subject or not _asks_one_fact(_QUOTED.sub("", text), kind):
        return None
    own = content(text) - set(subject)
    if (own - {head}) & _SAYING or (question.speaker and text == question.text):
        return None
    related = frozenset(own).union(*(RELATED.get(s, frozenset()) for s in own))
    return Asked(kind, noun or kind, head, related, subject, bool(_QUOTED.search(text)))


_ASIDE = re.compile(
    r"\b(?:according to|as of|in|during) (?:the )?(?:\d{4}|census).*$|\baccording to .*$", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]+)[\"“”«»]")
_SAYING = SPEECH_VERBS - {stem(w) for w in "estimate confirm state describe note".split()}


def _asks_one_fact(text: str, kind: AskedKind) -> bool:
    several = kind not in ("number", "date") and _SEVERAL.search(text)
    return bool(_ASKS.search(text)) and not _NO_FACT.search(text) and not several


_ASKS = re.compile(r"\b(?:what|which|who|whose|when|where|how)\b", re.IGNORECASE)
_NO_FACT = re.compile(r"\b(?:might|may|could|would|should|will|shall|can|must)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:what|which)(?: are| were| two| three| of)* (?:the )?(?:\w+ )?[a-z]{3,}[^s\Wiu]s"
    r"(?= (?:are|were|did|do|does|have|has|must|can|will|in|of|at|is|was|named)\b|\W*$)",
    re.IGNORECASE,
)


def _kind(question: Question, head: str) -> AskedKind | None:
    if head in CLASSES:
        return "class"
    if head == "age" and _AVERAGE.search(question.text):
        return "number"
    if question.wanted and question.wanted != "role":
        return _BY_WANTED.get(question.wanted)
    return _BY_NOUN.get(head) or ("noun" if head else None)


_AVERAGE = re.compile(r"\b(?:median|average|mean)\b", re.IGNORECASE)


def _noun(text: str) -> str:
    """The last noun of "what is the NOUN of", "which NOUN", "what type of NOUN", "X's NOUN"; "" where there is none."""
    for match in (_POSSESSED.search(text), _NAMED_KIND.search(text)):
        nouns: list[str] = []
        for word in match["nouns"].split() if match else ():
            if word in _ENDS_NOUNS and not (word == "of" and nouns and nouns[-1] in _KINDS_OF):
                break
            nouns.append(word)
        if nouns and nouns[-1] != "of":
            return nouns[-1]
    return ""


_KINDS_OF = frozenset({"type", "kind", "sort", "form"})
_NAMED_KIND = re.compile(
    r"\b(?:(?:what|which)(?:'s| is| was| are| were)?|who(?:'s| is| was| are| were))(?: the| a| an)?"
    r" (?P<nouns>[a-z][\w-]*(?: [a-z][\w-]*)*)",
    re.IGNORECASE,
)
_POSSESSED = re.compile(r"['’]s? (?P<nouns>[a-z][\w-]*(?: [a-z][\w-]*)*)")
_ENDS_NOUNS = frozenset(
    "of for in to is was are were does did do associated on at with that which has have had by from and or".split()
)


def _subject(question: Question, text: str) -> tuple[str, ...]:
    """The words that name what is asked about: a title in quotation marks, else names and numbers."""
    quoted = tuple(w.stem for m in _QUOTED.finditer(text) for w in words(m[1]))
    if quoted:
        return quoted
    spans = [(n.start, n.end) for n in question.names if n.end <= len(text)]
    if question.wanted != "place" and any(_AND.fullmatch(text[a[1] : b[0]]) for a, b in pairwise(spans[:2])):
        return ()  # what two did together is an event, not a property of either
    if all(_NATIONALITY.fullmatch(text[a:b]) for a, b in spans):
        spans = []
    named = (w for w in words(text) if w.text[0].isdigit() or any(a <= w.start < b for a, b in spans))
    return tuple(dict.fromkeys(w.stem for w in named))


_AND = re.compile(r",? (?:and|or)(?: the)? ")
_NATIONALITY = re.compile(r"[A-Z][a-z]+(?:ans?|ish|ese)|US|U\.S\.|UK|EU|NATO|Greeks?|French|Dutch|Swiss")
