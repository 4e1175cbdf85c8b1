"""Do the cited words say what a sentence says? Its numbers, names, days and speaker must be in them, and most of its words.

What these checks let through can still be wrong: they compare words, not meanings. What they stop is what models get
wrong most: a number, a name or a day from elsewhere, a "not" lost or put in, somebody else's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.attributing import Attribution, attribution
from qa.synonyms import SYNONYMS
from qa.values import number, values
from qa.words import SPEECH_VERBS, Name, Word, content, fold, names, same_name, stem, words

_MOST_NEW = 0.4  # share of a sentence's words that its quotes may lack
_SHARED_START = 5  # letters with which "negotiations" and "negotiators" count as one word
_NEGATION = re.compile(r"\b(?:no|not|never|none|nobody|nothing|neither|nor|without|cannot)\b|n['’]t\b", re.IGNORECASE)
_PARTICLE = re.compile(r"^\s*(?:yes|no)\s*[,.:;–—-]\s*", re.IGNORECASE)
_REACH = 4  # words around a name that are its company, and three times as many in the cited words
_PASSIVE = re.compile(
    r"\b(?P<verb>[A-Za-z]+(?:ed|en|de|ne|wn|ld|nt|id)) by (?P<agent>(?:the )?[A-Z][\w.’'-]*(?: [A-Z][\w.’'-]*)*)"
)
_HEDGE = re.compile(  # in lower case: May is a month
    r"\b(?:may|might|could|would|can|perhaps|possibl[ye]|probabl[ye]|likely|alleged(?:ly)?|reportedly|expect(?:s|ed)?|plan(?:s|ned)?"
    r"|threaten(?:s|ed)?|fear(?:s|ed)?|appear(?:s|ed)?|seem(?:s|ed)?|[Ii]f|unless|whether)\b"
)
_OF = re.compile(r"\b(?P<thing>[a-z]+) of (?:the )?(?P<owner>[A-Z][\w’'-]+)")
_ACCORDING = re.compile(r"^\s*According to [^,]*,\s*")
_CLAUSES = re.compile(r";|[.!?]\s|\b(?:[Ww]hile|[Ww]hereas|[Bb]ut)\b|, and (?=[A-Z])")
_OPENING = 4  # words of a clause among which its subject is looked for
_PREPOSITIONS = frozenset(
    "in at on from after before during for to of with by near since until about according".split()
)
_THE_TWO = re.compile(r"\b(?:the|these|those) (?:one|two|three)\b", re.IGNORECASE)  # "the two met" counts nothing
_PRONOUN = re.compile(r"\b(?:he|she|they|it|him|her|them|his|hers|their|its|who)\b", re.IGNORECASE)
_TO_THE_READER = re.compile(
    r"\byour\s+(?:\w+\s+)?(?:answer|reply|response|output|summary|completion)s?\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,40}\b(?:instruction|prompt|above|previous|rule)s?\b"
    r"|\bas an ai\b|\bsystem prompt\b",
    re.IGNORECASE,
)
_OF_SOURCES = frozenset(stem(w) for w in "according reportedly source document article passage".split())


@dataclass(frozen=True, slots=True)
class Backing:
    """Words that a sentence rests on. `before` is the sentence before them, which may name who "he" is; `outlet` and
    `title` are their document's, `around` is where the rest of a name may stand whose last part is cited."""

    text: str
    before: str = ""
    speaker: Attribution | None = None
    outlet: str | None = None
    title: str | None = None
    around: str = ""


def flaws(sentence: str, backing: Sequence[Backing]) -> list[str]:
    """What the sentence says and its backing does not, each in a few words; empty when it is supported."""
    if not backing:
        return ["it cites no words of the documents"]
    body = _PARTICLE.sub("", sentence)
    cited = " ".join(b.text for b in backing)
    found = [f"“{n}” is not in the cited words" for n in _strange_numbers(body, cited)]
    found += [f"“{n.text}” is not in the cited words" for n in _strange_names(body, backing)]
    if _negated(body) != any(_negated(c) for c in _closest_clauses(body, backing)):
        found.append("one says “not” where the other does not")
    if not _HEDGE.search(body) and all(_HEDGE.search(c) for c in _closest_clauses(body, backing)):
        found.append("the cited words say so with reservation")
    if not found and (said := _strange_words(body, backing)):
        found.append(f"the cited words do not say: {', '.join(said)}")
    if not found:
        found += [f"the cited words say that of others than “{n}”" for n in _in_strange_company(body, backing)]
        own = re.split(r", and\b", _ACCORDING.sub("", body))
        found += [f"“{word}” is said of {other}" for part in own for word, other in _said_of_others(part, backing)]
        found += [f"the cited words say that {agent} did" for agent in _other_agents(body, cited)]
        found += [f"the cited words know no “{phrase}”" for phrase in _strange_owners(body, cited)]
    if any(_TO_THE_READER.search(b.text) or b.text.rstrip("”\"' ").endswith("?") for b in backing):
        found.append("the cited words are a request or a question, not a statement")
    if other := _other_speaker(body, backing):
        found.append(f"the cited words are {other}'s")
    return found


def unnamed_speaker(sentence: str, backing: Sequence[Backing]) -> str | None:
    """Who says the cited words, where the sentence does not tell."""
    speakers = {b.speaker.speaker for b in backing if b.speaker}
    if len(speakers) != 1 or len(backing) != sum(b.speaker is not None for b in backing):
        return None
    speaker = speakers.pop()
    return None if _mentions(sentence, speaker) else speaker


def overlap(sentence: str, text: str) -> float:
    """The share of the sentence's content words that `text` has, 0 to 1."""
    own = content(sentence)
    there = _stems(text)
    return sum(_is_there(s, there) for s in own) / len(own) if own else 0.0


def strangers(sentence: str, text: str) -> list[str]:
    """The numbers and names of `sentence` that `text` does not have."""
    backing = [Backing(text)]
    return [*_strange_numbers(sentence, text), *(n.text for n in _strange_names(sentence, backing))]


def _strange_numbers(sentence: str, cited: str) -> Iterator[str]:
    sentence = _THE_TWO.sub(" ", sentence)
    there = _amounts(cited)
    digits = {w.text for w in words(cited) if w.text[0].isdigit()}
    for value in values("number", sentence):
        if value.parts.get("amount") not in there and value.text not in digits:
            yield value.text
    for word in words(sentence):
        if word.text[0].isdigit() and word.text not in digits and _plain(word.text) not in there:
            yield word.text


def _amounts(text: str) -> set[float | str | None]:
    return {v.parts.get("amount") for v in values("number", text)} | {
        _plain(w.text) for w in words(text) if w.text[0].isdigit()
    }


def _plain(written: str) -> float | str:
    try:
        return float(written.replace(",", "").rstrip("%"))
    except ValueError:
        return written


def _strange_names(sentence: str, backing: Sequence[Backing]) -> list[Name]:
    there = [s for b in backing for w in words(_allowed(b)) for s in (w.stem, fold(w.text))]
    around = [pair for b in backing for pair in pairwise(words(b.around))]
    return [n for n in names(sentence) if not _stands(words(n.text), there, around)]


def _stands(name: Sequence[Word], there: Sequence[str], around: Sequence[tuple[Word, Word]]) -> bool:
    """True when all of a name is there, or its last part is and the rest stands right before that somewhere around."""
    missing = [w for w in name if w.content and not _spelt(w.text, w.stem, there)]
    if not missing or name[-1] in missing:
        return not missing
    return all(
        any(same_name(a.text, c.text) and same_name(b.text, d.text) for c, d in around) for a, b in pairwise(name)
    )


def _allowed(backing: Backing) -> str:
    """Where a name may come from: the cited words, their speaker and outlet, and before a "he" what stands before it."""
    known = [backing.text, backing.outlet or "", backing.speaker.speaker if backing.speaker else ""]
    if _PRONOUN.search(backing.text):
        known += [backing.before, backing.title or ""]
    return " ".join(known)


def _spelt(text: str, stem: str, there: Sequence[str]) -> bool:
    synonyms = SYNONYMS.get(stem, frozenset())
    return any(stem == t or t in synonyms or same_name(text, t) for t in there)


def _negated(text: str) -> bool:
    return bool(_NEGATION.search(text))


def _closest_clauses(sentence: str, backing: Sequence[Backing]) -> list[str]:
    """Of each backing the clause that shares most words with the sentence."""
    split = ([c for c in re.split(r"[,;:–—]\s", b.text) if c.strip()] or [b.text] for b in backing)
    return [max(clauses, key=lambda c: overlap(c, sentence) * len(c.split()) ** 0.5) for clauses in split]


def _in_strange_company(sentence: str, backing: Sequence[Backing]) -> Iterator[str]:
    """Names and numbers that stand among other words than they do in the backing."""
    own = words(sentence)
    named = {i: n for n in names(sentence) for i, w in enumerate(own) if n.start <= w.start < n.end}
    for i, word in enumerate(own):
        if not word.content or not (i in named or word.text[0].isdigit()):
            continue
        near = _near(own, i, _REACH) - ({w.stem for w in words(named[i].text)} if i in named else set())
        places = [(t, j) for b in backing for t in [words(b.text)] for j, w in enumerate(t) if _is_same(word, w)]
        if near and places and not any(_is_there(n, _near(t, j, 3 * _REACH)) for t, j in places for n in near):
            yield named[i].text if i in named else word.text


def _is_same(one: Word, other: Word) -> bool:
    return one.stem == other.stem or same_name(one.text, other.text)


def _near(found: Sequence[Word], at: int, reach: int) -> frozenset[str]:
    """The content words around one, itself left out."""
    around = (*found[max(0, at - reach) : at], *found[at + 1 : at + 1 + reach])
    return frozenset(w.stem for w in around if w.content)


def _said_of_others(sentence: str, backing: Sequence[Backing]) -> Iterator[tuple[str, str]]:
    """Words that stand only in clauses about somebody else than the sentence is about, with that name."""
    own = words(_subject(sentence))
    if not own:
        return
    clauses = [c for b in backing for c in _CLAUSES.split(b.text) if c and c.strip()]
    others = {c: _subject(c) for c in clauses}
    others = {
        c: s for c, s in others.items() if s and not any(_is_same(o, w) for o in own for w in words(c) if w.capitalised)
    }
    for word in words(sentence):
        if word.content and word not in own and word.stem not in SPEECH_VERBS:
            holding = [c for c in clauses if _is_there(word.stem, _stems(c))]
            if holding and all(c in others for c in holding):
                yield word.text, others[holding[0]]


def _subject(clause: str) -> str:
    """The name that a clause is about: one at its beginning, not behind a preposition; "" without one."""
    opening = words(clause)[:_OPENING]
    for name in names(clause):
        before = [w for w in opening if w.end <= name.start and w.stem not in ("the", "a", "an")]
        if any(w.start == name.start for w in opening) and not (before and before[-1].stem in _PREPOSITIONS):
            return name.text
    return ""


def _other_agents(sentence: str, cited: str) -> Iterator[str]:
    """Whoever did it by the cited words ("promised by the US"), where the sentence says that another did."""
    for passive in _PASSIVE.finditer(cited):
        done = stem(passive["verb"])
        doing = next((w for w in words(sentence) if w.stem == done), None)
        agents = [w for w in words(passive["agent"]) if w.content]
        if doing is None or not agents or re.match(r"\s*by\b", sentence[doing.end :]):
            continue
        before = [w for n in names(sentence) if n.end <= doing.start for w in words(n.text)]
        if before and not any(_spelt(b.text, b.stem, [a.stem for a in agents]) for b in before):
            yield passive["agent"]


def _strange_owners(sentence: str, cited: str) -> Iterator[str]:
    """What is said to be of somebody ("the minister of Norway") and is not so, nor "Norway's minister", in the cited words."""
    found = words(cited)
    for phrase in _OF.finditer(sentence):
        thing, owner = stem(phrase["thing"]), words(phrase["owner"])[0]
        things = [i for i, w in enumerate(found) if w.stem == thing]
        owners = [i for i, w in enumerate(found) if _spelt(owner.text, owner.stem, [w.stem])]
        if things and owners and not any(0 < t - o <= 2 or 0 < o - t <= 3 for t in things for o in owners):
            yield phrase.group()


def _strange_words(sentence: str, backing: Sequence[Backing]) -> list[str]:
    """The sentence's words that its backing lacks, where these are too many."""
    named = {w.stem for n in names(sentence) for w in words(n.text)}
    own = {
        w.stem: w.text
        for w in words(sentence)
        if w.content and number(w.text) is None and w.stem not in named | SPEECH_VERBS | _OF_SOURCES
    }
    there = frozenset().union(*(_stems(_allowed(b)) for b in backing))
    new = [text for stem, text in own.items() if not _is_there(stem, there)]
    return new if len(new) > _MOST_NEW * len(own) else []


def _stems(text: str) -> frozenset[str]:
    return frozenset(w.stem for w in words(text))


def _is_there(stem: str, there: frozenset[str]) -> bool:
    if stem in there or SYNONYMS.get(stem, frozenset()) & there:
        return True
    return len(stem) >= _SHARED_START and any(t[:_SHARED_START] == stem[:_SHARED_START] for t in there)


def _other_speaker(sentence: str, backing: Sequence[Backing]) -> str | None:
    """Whoever says the cited words, where the sentence gives them to somebody else."""
    told = attribution(sentence, 0, len(sentence))
    if told is None or told.how != "named":
        return None
    given = [b.speaker.speaker for b in backing if b.speaker]
    if not given or any(_mentions(told.speaker, g) or _mentions(g, told.speaker) for g in given):
        return None
    return given[0]


def _mentions(text: str, person: str) -> bool:
    last = person.split()[-1]
    return any(same_name(w.text, last) for w in words(text))
