"""What a question asks: its content terms, the names in it, the kind of answer wanted, whose words it is after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from qa.values import Kind
from qa.words import SPEECH_VERBS, Name, fold, names, stem, terms, words

Wanted = Kind | Literal["person", "place", "reason", "role", "expansion"]

_PATTERNS: tuple[tuple[str, Wanted], ...] = (
    (r"\bstands? for\b|\b(?:abbreviation|acronym|short for|spelled out|in full)\b", "expansion"),
    (
        r"^\W*(?:who|what) (?:is|was|are|were) (?-i:(?:[A-Z][\w.’'-]+\s?){1,4})\??$"
        r"|\b(?:what|which) (?:position|office|role|job|post|title)\b|\b(?:position|role|job|post|office)\W*$",
        "role",
    ),
    (r"^\W*(?:give |list |tell |what |the |me |are |is )*names?\b|\bnames?\W*$|\bby name\b", "person"),
    (
        r"\b(?:what|which) (?:[\w.]+ )?(?:person|people|man|men|woman|women|citizens?|officials?|politicians?|leaders?|"
        r"ministers?|diplomats?|americans?|author|actor|player|director)\b",
        "person",
    ),
    (r"^\W*(?:and |so |but )*(?:who|whom|whose)\b|\b(?:by|to|with|from|of) whom\b", "person"),
    (r"\bhow old\b|\b(?:what|which) age\b|\bage of\b|'s age\b|\bage\?*$", "age"),
    (r"\b(?:what|which) (?:percentage|percent|share)\b|\bhow many percent\b", "percent"),
    (
        r"\bhow much (?:money|did \w+ (?:cost|pay|earn|spend))|\b(?:what|which) (?:price|salary|amount of money)\b"
        r"|\bhow much (?:does|is|was|are|were)\b.*\b(?:cost|worth|pay)",
        "money",
    ),
    (r"\bhow long\b|\bhow many (?:years|months|weeks|days|hours|minutes)\b|\blength of\b|\bhow soon\b", "duration"),
    (
        r"\bhow (?:many|large|big|tall|high|far|fast|heavy)\b|\b(?:what|which) number\b|\b(?:number|size) of\b|\bhow much\b",
        "number",
    ),
    (
        r"^\W*(?:and |so |but |since |until |by )*when\b|\bwhen (?:did|was|were|is|are|will|does|do|should|can)\b"
        r"|\b(?:what|which) (?:\w+ )?(?:day|date|weekday|month|year|time)\b|\bwhat time\b",
        "date",
    ),
    (r"\bwhere\b|\b(?:what|which) (?:city|place|country|town|venue|location)\b", "place"),
    (r"^\W*(?:and |so |but )*why\b|\b(?:what|for what) reason\b", "reason"),
)
WANTED = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in _PATTERNS)
"""Patterns of questions, the first that fits decides, and the kind of answer they want."""

# Words that say which kind of answer is wanted; the answer itself need not repeat them.
_KIND_WORDS = frozenset(
    stem(w)
    for w in """day date weekday month year time old age many number percentage percent long length soon much big size name list kind type
    reason person place city exactly people sort stand stands abbreviation acronym full position office role job post
    politician official someone according mean details detail happen happened occur occurred""".split()
)
_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_OF_THE_WEEK = re.compile(r"(?<=\bday) of the week\b", re.IGNORECASE)
_ALTERNATIVES = re.compile(rf"\b{_DAY}\b.{{0,20}}\bor\b.{{0,20}}\b{_DAY}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read. `terms` are content stems without those that only name the kind of answer.

    `speaker` is the name whose words are asked for ("What did Lavrov say about NATO?"), else None. `alternatives` is
    true when the question offers the values to choose from ("on a Thursday or a Friday?"). `category` holds the stems
    that only say of what kind the answer is ("which directions"); sources seldom use that word. `several` is true when
    more than one is asked for.
    `date_parts` holds what a date has to give to answer ("which day": a weekday or a day); empty for a mere "when".
    `past` is true when it asks about what has happened. `counted` holds the stems of what a number is to count ("how many
    Russian ships"); empty when it does not say.
    """

    text: str
    terms: tuple[str, ...]
    names: tuple[Name, ...]
    wanted: Wanted | None
    speaker: str | None
    alternatives: bool
    category: frozenset[str]
    several: bool
    date_parts: frozenset[str]
    past: bool
    counted: frozenset[str] = frozenset()

    @property
    def name_stems(self) -> frozenset[str]:
        """Stems of the words that names are made of."""
        return frozenset(stem(w) for n in self.names for w in n.text.split())


def read_question(text: str) -> Question:
    """Reads a standalone question. Never fails: an empty question has no terms."""
    alternatives = bool(_ALTERNATIVES.search(text))
    wanted = "date" if alternatives else next((kind for pattern, kind in WANTED if pattern.search(text)), None)
    found = tuple(n for n in names(text) if not _only_opens(n))
    content = terms(_OF_THE_WEEK.sub("", _OF_THE_DOCUMENTS.sub(" ", text)))
    kept = tuple(t for t in content if t not in _KIND_WORDS and t not in SPEECH_ASKED) or tuple(
        t for t in content if t not in _KIND_WORDS
    )
    return Question(
        text=text,
        terms=kept,
        names=found,
        wanted=wanted,
        speaker=_speaker(text, found),
        alternatives=alternatives,
        category=_category(text),
        several=bool(_SEVERAL.search(text)),
        date_parts=frozenset({"weekday"}) if alternatives else _date_parts(text, wanted),
        past=bool(_PAST.search(text)),
        counted=_counted(text),
    )


_COUNTED = re.compile(r"\b(?:how many|(?:number|amount) of) ((?:[\w'’-]+ ){0,3}[\w'’-]+)", re.IGNORECASE)


def _counted(text: str) -> frozenset[str]:
    match = _COUNTED.search(text)
    return frozenset(w.stem for w in words(match[1]) if w.content) if match else frozenset()


def _category(text: str) -> frozenset[str]:
    return frozenset(stem(m[1]) for m in _CATEGORY.finditer(text))


_PAST = re.compile(r"\b(?:did|was|were|had|has|have)\b", re.IGNORECASE)
_DATE_PARTS = {
    "weekday": {"weekday"}, "day": {"weekday", "day"}, "date": {"day", "weekday"}, "month": {"month"}, "year": {"year"},
}  # fmt: skip


def _date_parts(text: str, wanted: Wanted | None) -> frozenset[str]:
    named = re.search(r"\b(weekday|day|date|month|year)\b", text, re.IGNORECASE) if wanted == "date" else None
    return frozenset(_DATE_PARTS[named[1].lower()]) if named else frozenset()


_CATEGORY = re.compile(r"\b(?:which|what) (?:(?:two|three|four|other) )?([a-z]+)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:which|what|the|list|names? of) (?:the )?(?:\w+ )?(?:two|three|four|five|[A-Za-z]{3,}[^s\W]s|people|men|women)\b|\bwho are\b",
    re.IGNORECASE,
)


SPEECH_ASKED = frozenset(
    stem(w)
    for w in "say tell state think comment remark mention feel believe consider see view opinion according".split()
)
_OF_THE_DOCUMENTS = re.compile(
    r"\b(?:according to|in|from|by|do|does|of) (?:the|these|those|your|my|all) (?:documents?|reports?|sources?|articles?|files?|texts?)\b",
    re.IGNORECASE,
)


def _only_opens(name: Name) -> bool:
    return name.start == 0 and " " not in name.text and fold(name.text) in _OPENERS


_OPENERS = frozenset(
    "tell name names list give explain describe show find summarise summarize compare say said".split()
)


def _speaker(text: str, found: tuple[Name, ...]) -> str | None:
    """The last name before a speech verb, in a question that begins by asking for content."""
    if not re.search(r"\b(?:what|how|why|which|whom|whether|did|does|has|according)\b", text, re.IGNORECASE):
        return None
    if match := re.search(r"\baccording to (?:the )?", text, re.IGNORECASE):
        return next((n.text for n in found if n.start >= match.end() - 1), None)
    for word in words(text):
        if word.stem in SPEECH_VERBS and word.text.islower() and word.text not in _SPEECH_NOUNS:
            before = [n for n in found if n.end <= word.start and not _CONTENT_BETWEEN.search(text, n.end, word.start)]
            if before:
                return before[-1].text
    return None


_CONTENT_BETWEEN = re.compile(r"\b(?!(?:also|then|again|later|now|had|have|has|really|not|ever|actually)\b)\w")


_SPEECH_NOUNS = frozenset("response responses reply replies report reports answer answers statement statements".split())
