"""Values that are names and nouns: who made it, where it is, of what kind it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qa.asking import Asked
from qa.beside import OPENING, Found, closeness, definitions, mentions, within_sentence
from qa.kinds import CLASSES
from qa.values import Value
from qa.words import STOPWORDS, fold, stem, words

_CAPITAL = r"(?:[A-Z]\.(?:[A-Z]\.?)*|[^\W\d_a-z](?:[\w’'&/-]|\.(?=\w))*)"
_JOIN = r"(?:of|the|and|&|van|von|der|den|de|del|della|di|da|la|le|du|y|al|bin|ibn|with|like|a|to)"
_NAME = re.compile(rf"(?:[Tt]he )?{_CAPITAL}(?: (?:{_JOIN} ){{0,2}}{_CAPITAL}){{0,5}}")
_REACH = 60  # characters looked at before or behind a word
_BY_REACH = 40
_LONGEST = 90

_BY = re.compile(r"\bby\s+")
_BY_END = re.compile(
    r"[.,;:()\[\]\"“”^`\n]|\s(?:in|on|for|at|with|that|which|who|from|featuring|as|is|was|and (?=[a-z])|[a-z]+ed)\b"
)
_NATIONAL = re.compile(
    r"(?:.* )?(?:[A-Z][a-z-]+(?:an|ish|ese|born|i|ch)|Welsh|Dutch|Greek|Czech|Thai|South|North|New|US|UK|U\.S\.?)(?:-[a-z]+)?"
)
_LABELS = re.compile(r" (?:[A-Z][a-z]+ed|Written|Born|Genre|Length|Label|Producer|Studio|Film|Album|Songs?|By)\b.*")
_TAIL = re.compile(r"['’]s?$|[.,]$")
_DESCRIBES = re.compile(r"(?: [a-z][\w-]*)+,? [A-Z]")
_OF_WORKS = re.compile(r"\(([^()]{2,50}?) (?:album|song|single|EP|film|novel|book|soundtrack|video|series|play)\)")


def people(asked: Asked, text: str) -> Iterator[Found]:
    """Names beside the role asked for: "directed by X", "the (X album)", "her husband, X", "X's third album"."""
    for m in _OF_WORKS.finditer(text):
        if _NAME.fullmatch(m[1]) and not _NATIONAL.fullmatch(m[1]):
            yield _name("person", m[1], m.start(1), 0.95)
    for match in _BY.finditer(text):
        before = text[max(0, match.start() - _BY_REACH) : match.start()]
        near = closeness(before, len(before), len(before), asked.relation.union(asked.subject))
        if near and (maker := _maker(text, match.end())):
            yield _person(maker, 0.95 * near)
    for run in _NAME.finditer(text):
        behind = text[run.end() : run.end() + _REACH]
        if _DESCRIBES.match(behind) and (_NATIONAL.fullmatch(run.group()) or run.group().lower().startswith("the ")):
            continue  # "the Pallava chief, Karunakara", "Irish band The Lamps": the name comes behind
        weight = 0.75 * closeness(text, run.start(), run.end(), asked.relation) ** 2
        if run.group().endswith(("'s", "’s")) or re.match(r"['’]s?\s", behind):
            weight = max(weight, 0.7 * closeness(behind, 0, 0, asked.relation))
        yield _person(run, weight)


def _maker(text: str, start: int) -> re.Match[str] | None:
    """The name behind "by": of "American rock band The Lamps" the last, since "American" only says what it is."""
    end = _BY_END.search(text, start)
    runs = list(_NAME.finditer(text, start, min(end.start() if end else len(text), start + _LONGEST)))
    while len(runs) > 1 and (
        _NATIONAL.fullmatch(runs[0].group()) or re.match(r" [a-z]", text[runs[0].end() : runs[1].start()])
    ):
        del runs[0]
    if runs and runs[0].group().startswith("the ") and _DESCRIBES.match(text, runs[0].end()):
        return _NAME.search(text, runs[0].end())  # "by the Pallava chief, Karunakara"
    return runs[0] if runs else None


def _person(run: re.Match[str], weight: float) -> Found:
    return _name("person", _TAIL.sub("", _LABELS.sub("", run.group())), run.start(), weight)


def _name(part: str, text: str, start: int, weight: float) -> Found:
    return Found(Value("name", text, start, start + len(text), {part: fold(text)}), weight)


_PLACE_NAME = rf"{_CAPITAL}(?: (?:(?:of|the|de|del|la|upon) )?{_CAPITAL}){{0,3}}"
_PLACES = re.compile(
    r"\b(?:[Ii]n|[Aa]t|near|outside|country|state|city|location|region|Country|Location)\b[:\s]+(?:the )?"
    r"(?:(?:city|town|village|state|province|region|county) of )?"
    rf"(?P<place>{_PLACE_NAME}(?:\s?, {_PLACE_NAME}){{0,3}})"
)
_QUALIFIED = re.compile(
    rf"\W{{0,2}}(?:\((?P<a>{_PLACE_NAME}(?:, {_PLACE_NAME})?)\)|, (?P<b>{_PLACE_NAME}(?:, {_PLACE_NAME})?)(?! and)\b)"
)


def places(asked: Asked, text: str) -> Iterator[Found]:
    """Places beside what is asked: "built in X", "a school in X", "the X region", "Fort Hale, X"."""
    defined = list(definitions(text))
    for match in _PLACES.finditer(text):
        start, end = match.span("place")
        in_definition = any(a <= match.start() <= b for a, b in defined)
        yield _place(match["place"], start, max(closeness(text, start, end, asked.relation), 0.6 * in_definition))
    qualified = 0.2 if stem("born") in asked.relation else 0.85
    for word in words(text):
        first = max(0, word.start - _REACH)
        if word.stem == asked.head and (m := re.search(rf"{_PLACE_NAME}(?= $)", text[first : word.start])):
            yield _place(m.group(), first + m.start(), 0.8)
        if word.stem == asked.subject[-1] and (m := _QUALIFIED.match(text, word.end)):
            group = "a" if m["a"] else "b"
            yield _place(m[group], m.start(group), qualified)


def _place(text: str, start: int, weight: float) -> Found:
    return _name("place", text.rstrip("."), start, weight)


_BRACKETS = re.compile(r"\([^()]*\)")
_NEAR_SUBJECT = 8  # words


def members(asked: Asked, text: str) -> Iterator[Found]:
    """Members of the closed class asked for, and where none is surely meant, what the subject is said to be."""
    kind = CLASSES[asked.head]
    matches = [(m, kind.values(m.group())) for m in kind.pattern.finditer(text)]
    said = [meaning for _, meaning in matches]
    about = [(m.start(), m.end()) for m in _BRACKETS.finditer(text[:OPENING])]
    defined = list(definitions(text))
    named = mentions(asked.subject, text, whole=asked.titled)
    surest = 0.0
    for m, meaning in matches:
        at = m.start()
        reasons = [
            0.35 + 0.08 * min(5, said.count(meaning) - 1),
            0.95 * closeness(text, at, m.end(), frozenset({asked.head})),
            0.6 * any(text[min(s, at) : max(s, at)].count(" ") <= _NEAR_SUBJECT for s in named),
            0.9 * any(a <= at < b for a, b in about),
            0.95 * any(a <= at < b for a, b in defined),
        ]
        surest = max(surest, *reasons)
        yield Found(Value("name", m.group(), at, m.end(), {"class": "|".join(sorted(meaning))}), max(reasons))
    if surest < 0.9:
        yield from nouns(asked, text)


_COPULA = re.compile(
    r"(?:\s?\(\s?s\s?\))?\s*(?P<is>(?:[a-z]+ ){0,2}(?:is|was|are|were)\b|:|of|-|–|named|called|known as|became)?\s*(?:an?\s|the\s|as\s)?"
)
_PHRASE = re.compile(r"[\w’'/&-]+(?: [\w’'/&-]+){0,3}")
_ARTICLE = re.compile(r"\b(?:an?|the|its|his|her|with) ((?:[\w/&-]+ ){1,4})$")
_CAPITALS = re.compile(rf"(?:{_CAPITAL} )+$")


def nouns(asked: Asked, text: str) -> Iterator[Found]:
    """Phrases beside the noun that names the kind: "the Second Barons' War", "Mascot: owl", "a talk radio format"."""
    yield from _defined(asked, text)
    for word in words(text):
        if word.stem != asked.head:
            continue
        first = max(0, word.start - _REACH)
        if word.capitalised and (m := _CAPITALS.search(text[first : word.start])):
            yield _name("noun", text[first + m.start() : word.end], first + m.start(), 0.8)
        copula = _COPULA.match(text, word.end)
        if copula and (m := _PHRASE.match(text, copula.end())) and (phrase := _until_stopword(m.group())):
            yield _name("noun", phrase, m.start(), 0.75 if copula["is"] else 0.5)
        if m := _ARTICLE.search(text[first : word.start]):
            yield _name("noun", m[1].strip(), first + m.start(1), 0.6)


def _until_stopword(text: str) -> str:
    kept: list[str] = []
    for word in text.split():
        if fold(word) in STOPWORDS:
            break
        kept.append(word)
    return " ".join(kept)


_WHAT_IT_IS = frozenset(
    stem(w)
    for w in """type kind sort genre format medium form rank position title profession occupation job career function
    style""".split()
)
_BEFORE_COPULA = 120  # characters in which the subject is named


def _defined(asked: Asked, text: str) -> Iterator[Found]:
    """What the subject is said to be, for a question that asks just that in some respect."""
    named = mentions(asked.subject, text, whole=asked.titled) if {asked.head, *asked.relation} & _WHAT_IT_IS else []
    for start, end in definitions(text):
        phrase = text[start:end].rstrip(" ,")
        if phrase and any(start - _BEFORE_COPULA <= s < start and within_sentence(text[s:start]) for s in named):
            part, said = ("class", phrase.split()[-1]) if asked.kind == "class" else ("noun", phrase)
            yield Found(Value("name", phrase, start, start + len(phrase), {part: fold(said)}), 0.6)
