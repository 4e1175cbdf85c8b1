"""Whose words a sentence reports, read from the sentence and, where it does not say, from the text around it.

Reported speech is recognised by a verb of speech beside a name, an office or a pronoun ("Lavrov said",
"said the Russian foreign minister", "he added") and by "according to". Offices are resolved by the
person to whom the same text gives them, pronouns and quotations that name nobody by the person who spoke last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from qa.words import SPEECH_VERBS, Name, Word, fold, names, words

How = Literal["named", "office", "pronoun", "quoted", "subject"]

_WHOLE_TEXT = 8_000
_BLOCK = 2_000  # a long text is read in windows of three blocks, which the sentences of the middle one share
_PRONOUNS = frozenset({"he", "she"})
_BETWEEN = frozenset(
    "also then again later now had have has is was reportedly further once who repeatedly clearly previously".split()
)
_OFFICES = (
    "minister president secretary spokesman spokeswoman spokesperson chancellor ambassador senator governor mayor director "
    "chief chairman chairwoman leader king queen pope general commissioner prosecutor judge officer representative premier"
)
_OFFICE = frozenset(_OFFICES.split())
_RANKS = frozenset(
    "prime foreign deputy vice defence defense us u.s uk eu state of former interior finance mr mrs ms dr sir".split()
)
_OFFICE_HOLDER = re.compile(
    r"((?:[A-Z][\w.’'-]*|of|foreign|prime|deputy|vice|defen[cs]e|the)\s+){0,5}"
    rf"\b(?i:{'|'.join(_OFFICES.split())})(?i:\s+of\s+state|-general)?(?:,)?\s+"
    r"(?P<person>[A-Z][a-zà-ÿ’'-]+(?:\s[A-Z][a-zà-ÿ’'-]+){0,2})"
)
_OPENING, _CLOSING = "“«", "”»"
_DASH_QUOTE = re.compile(r"[–—-]\s")
_VERBAL = re.compile(r"(?:ed|s|said|told|spoke|wrote|thought|ing)$", re.IGNORECASE)
_INVERTED = re.compile(r"[,”\"’'?!]\s*$")
_SENTENCE_BREAK = re.compile(r"[.!?]\s|\n")
_NOT_PEOPLE = re.compile(
    r"^(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October"
    r"|November|December)\b"
)


_NATIONALITY = re.compile(
    r"(?:Americ|Russi|Ukraini|Europe|Germ|Itali|Kore|Indi|Austri|Romani|Hungari|Irani)ans?|[A-Z][a-z]+(?:ese|ish)"
)
INSTITUTIONS = frozenset(
    """union duma house council ministry office party times post news agency organization organisation university bank court
    street city sea states kingdom republic federation declaration agreement treaty alliance committee commission company
    group institute department parliament senate congress army force forces war day year street square""".split()
)
"""Words that end the name of an institution, not of a person."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who speaks in a sentence. `how` says how that is known: "named" in the sentence itself, by an "office" or a
    "pronoun" of a speech verb, "quoted" words without any, or the sentence's "subject" is a pronoun.

    `mention_end` is the offset right behind the office or pronoun in the document's text, None where there is none.
    """

    speaker: str
    how: How
    mention_end: int | None = None


@dataclass(frozen=True, slots=True)
class _Mark:
    """One attribution in running text. `mention` is where its name, office or pronoun ends."""

    speaker: str | None
    how: How
    start: int
    end: int
    mention: int

    def shifted(self, offset: int) -> _Mark:
        return _Mark(self.speaker, self.how, self.start + offset, self.end + offset, self.mention + offset)


def attribution(text: str, start: int, end: int) -> Attribution | None:
    """The speaker of the sentence `text[start:end]`; None for narration and where no speaker can be told."""
    marks = _marks_around(text, start, end)
    own = [m for m in marks if start <= m.start and m.end <= end]
    if own:
        mark = next((m for m in own if m.how == "named"), own[0])
        return Attribution(mark.speaker, mark.how, mark.mention) if mark.speaker else None
    if _is_quotation(text, start, end) and not _is_reported(text[start:end]):
        return _of_quotation(text, marks, start, end)
    if opening := re.match(r"(?:He|She)\b", text[start:end]):
        speaker = _last_speaker(marks, start)
        return Attribution(speaker, "subject", start + opening.end()) if speaker else None
    return None


def _marks_around(text: str, start: int, end: int) -> Sequence[_Mark]:
    if len(text) <= _WHOLE_TEXT:
        return _marks(text)
    first = max(0, start // _BLOCK * _BLOCK - _BLOCK)
    return [m.shifted(first) for m in _marks(text[first : max(first + 3 * _BLOCK, end)])]


def _of_quotation(text: str, marks: Sequence[_Mark], start: int, end: int) -> Attribution | None:
    """Who goes on speaking: an attribution later in the same quotation, else whoever spoke last."""
    paragraph_end = text.find("\n", end)
    after = next((m for m in marks if m.start >= end and (paragraph_end < 0 or m.start < paragraph_end)), None)
    if after and after.speaker and not any(c in text[end : after.start] for c in _OPENING):
        return Attribution(after.speaker, "quoted")
    speaker = _last_speaker(marks, start)
    return Attribution(speaker, "quoted") if speaker else None


def _last_speaker(marks: Sequence[_Mark], at: int) -> str | None:
    return next((m.speaker for m in reversed(marks) if m.speaker and m.end <= at), None)


def _is_quotation(text: str, start: int, end: int) -> bool:
    """True when the sentence stands inside quotation marks or begins with a dash, as speech does in many papers."""
    body = text[start:end]
    if body[:1] in _OPENING or body[:1] == '"' or _DASH_QUOTE.match(body):
        return not _is_partly_quoted(body)
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return _is_quoted(before) or bool(_DASH_QUOTE.match(before))


def _is_quoted(before: str) -> bool:
    """True when a quotation that opens in `before` is still open at its end."""
    curly = sum(before.count(c) for c in _OPENING) > sum(before.count(c) for c in _CLOSING)
    return curly or before.count('"') % 2 == 1


def _is_reported(body: str) -> bool:
    """True when a reporting clause follows the quoted words, though its subject is nobody we can name."""
    closing = max(body.rfind(c) for c in (*_CLOSING, '"'))
    behind = words(body[closing + 1 :]) if closing > 0 else ()
    return any(_is_speech(behind, i) for i in range(len(behind)))


def _is_partly_quoted(body: str) -> bool:
    """A sentence that opens with quoted words and goes on in the reporter's own: '"Hysteria" is a strong word'."""
    closing = max(body.find(c, 1) for c in (*_CLOSING, '"'))
    return 0 < closing < len(body) * 0.6 and body[0] not in "–—-"


@lru_cache(maxsize=1024)
def _marks(text: str) -> Sequence[_Mark]:
    """Every attribution in `text` in order, offices and pronouns resolved; not those that are quoted themselves, as in
    "Blinken answered us", said Lavrov."""
    found, runs = words(text), names(text)
    offices = office_holders(text)
    people = [n for n in runs if _is_person(n, text)]
    resolved: list[_Mark] = []
    last: str | None = None
    for mark in _raw_marks(text, found, runs):
        if _is_quoted(text[text.rfind("\n", 0, mark.start) + 1 : mark.start]):
            continue
        speaker = mark.speaker
        if mark.how == "office":
            speaker = _holder(offices, text[mark.start : mark.mention])
        elif mark.how == "pronoun":
            speaker = _named_in_sentence(text, people, mark.start) or last
        if speaker and names_person(speaker, text):
            last = speaker
        resolved.append(_Mark(speaker, mark.how, mark.start, mark.end, mark.mention))
    return resolved


def _raw_marks(text: str, found: Sequence[Word], runs: Sequence[Name]) -> Iterator[_Mark]:
    starts, ends = {n.start: n for n in runs}, {n.end: n for n in runs}
    for i, word in enumerate(found):
        if word.stem == "accord" and i + 1 < len(found) and found[i + 1].text == "to":
            mark = _subject_from(text, found, i + 2, starts)
        elif _is_speech(found, i):
            mark = _subject_before(text, found, i, ends) or _subject_behind(text, found, i, starts)
        else:
            continue
        if mark:
            yield _Mark(mark.speaker, mark.how, mark.start, max(mark.end, word.end), mark.mention)


def _is_speech(found: Sequence[Word], i: int) -> bool:
    word = found[i].text
    if word == "went":
        return i + 1 < len(found) and found[i + 1].text == "on"
    return found[i].stem in SPEECH_VERBS and bool(_VERBAL.search(word)) and word.islower() and word != "states"


def _subject_before(text: str, found: Sequence[Word], i: int, ends: dict[int, Name]) -> _Mark | None:
    j = i - 1
    while j > 0 and found[j].text.lower() in _BETWEEN and i - j <= 4:
        j -= 1
    if j < 0 or re.search(r"[.!?”\"\n:;]|['’]s\b", text[found[j].end : found[i].start]):
        return None
    subject = found[j]
    if subject.text.lower() in _PRONOUNS:
        return _Mark(None, "pronoun", subject.start, subject.end, subject.end)
    if _is_office(found, j):
        first = _office_start(found, j, text)
        return _Mark(None, "office", first, subject.end, subject.end)
    name = ends.get(subject.end) or _before_apposition(text, subject, ends)
    return _named(name)


def _before_apposition(text: str, last: Word, ends: dict[int, Name]) -> Name | None:
    """The name before the comma in "Dmitry Peskov, the Kremlin spokesman, said"."""
    if text[last.end : last.end + 1] != ",":
        return None
    return ends.get(text.rfind(",", max(0, last.start - 60), last.start))


def _subject_behind(text: str, found: Sequence[Word], i: int, starts: dict[int, Name]) -> _Mark | None:
    """Inversion, "said Blinken": only right behind a quotation or a comma."""
    if not _INVERTED.search(text[max(0, found[i].start - 3) : found[i].start]):
        return None
    return _subject_from(text, found, i + 1, starts)


def _subject_from(text: str, found: Sequence[Word], i: int, starts: dict[int, Name]) -> _Mark | None:
    """The subject that begins at word `i`: a pronoun, a name, or an office with or without its holder's name."""
    if i >= len(found):
        return None
    first = found[i]
    if first.text.lower() in _PRONOUNS:
        return _Mark(None, "pronoun", first.start, first.end, first.end)
    last = i
    while last < len(found) - 1 and last - i < 6 and _in_office(found[last]) and not _breaks(text, found, last):
        last += 1
    for word in found[i : last + 1]:
        name = starts.get(word.start)
        if name and not _is_office_name(name):
            return _named(name)
    held = next((k for k in range(last, i - 1, -1) if _is_office(found, k)), None)
    return None if held is None else _Mark(None, "office", first.start, found[held].end, found[held].end)


def _named(name: Name | None) -> _Mark | None:
    if name is None or _NOT_PEOPLE.match(name.text) or _NATIONALITY.fullmatch(name.text):
        return None
    return _Mark(bare_name(name.text), "named", name.start, name.end, name.end)


def _breaks(text: str, found: Sequence[Word], i: int) -> bool:
    return bool(re.search(r"[^\s.’']", text[found[i].end : found[i + 1].start]))


def _in_office(word: Word) -> bool:
    return word.capitalised or fold(word.text) in _OFFICE | _RANKS | {"the", "a", "his", "her"}


def _is_office(found: Sequence[Word], i: int) -> bool:
    ends_in_state = found[i].text.lower() == "state" and i >= 2 and found[i - 2].text.lower() == "secretary"
    return fold(found[i].text) in _OFFICE or ends_in_state


def _is_office_name(name: Name) -> bool:
    return fold(name.text.split()[-1]) in _OFFICE | _RANKS


def _office_start(found: Sequence[Word], i: int, text: str) -> int:
    while i > 0 and _in_office(found[i - 1]) and not _breaks(text, found, i - 1):
        i -= 1
    return found[i].start


def office_holders(text: str) -> list[tuple[frozenset[str], str]]:
    """(words of the office, person) for every "Russian Foreign Minister Sergei Lavrov" in `text`, in order."""
    holders = []
    for match in _OFFICE_HOLDER.finditer(text):
        office = text[match.start() : match.start("person")]
        holders.append((_office_words(office), match["person"]))
    return holders


def _office_words(office: str) -> frozenset[str]:
    return frozenset(fold(w.text) for w in words(office)) - {"the", "a", "his", "her"}


def _holder(offices: Sequence[tuple[frozenset[str], str]], mention: str) -> str | None:
    """Who holds the mentioned office: of the offices that include its words, the one with the fewest others."""
    asked = _office_words(mention)
    if not re.search(r"\b(?!The\b)[A-Z]", mention):
        return None  # "the minister" may be anyone's
    fitting = [(len(office - asked), person) for office, person in offices if asked and asked <= office]
    return min(fitting, key=lambda f: f[0])[1] if fitting else None


def _named_in_sentence(text: str, people: Sequence[Name], at: int) -> str | None:
    """The person named earlier in the sentence of the pronoun at `at`: "During Blinken's visit, he said". None when
    the sentence has a pronoun before that: "He listened to Blinken, he said"."""
    breaks = [m.end() for m in _SENTENCE_BREAK.finditer(text, max(0, at - _BLOCK), at)]
    begin = breaks[-1] if breaks else 0
    named = next((n for n in people if begin <= n.start and n.end <= at), None)
    if named is None or re.search(r"\b(?:he|she)\b", text[begin : named.start], re.IGNORECASE):
        return None
    return bare_name(named.text)


def bare_name(name: str) -> str:
    """A name without offices: "Russian Foreign Minister Sergei Lavrov" is "Sergei Lavrov"."""
    parts = name.split()
    last_title = max((i for i, p in enumerate(parts) if fold(p).strip(",") in _OFFICE | _RANKS), default=-1)
    return " ".join(parts[last_title + 1 :]) or name


def _is_person(name: Name, text: str) -> bool:
    return not _NOT_PEOPLE.match(name.text) and names_person(bare_name(name.text), text)


def names_person(name: str, text: str) -> bool:
    """True for "Sergei Lavrov", and for "Lavrov" in a text that has the full name somewhere."""
    parts = name.split()
    if fold(parts[-1]) in INSTITUTIONS:
        return False
    return not name.isupper() if len(parts) in (2, 3) else len(parts) == 1 and name in _surnames(text)


@lru_cache(maxsize=1024)
def _surnames(text: str) -> frozenset[str]:
    full = (bare_name(n.text).split() for n in names(text))
    return frozenset(parts[-1] for parts in full if len(parts) > 1)
