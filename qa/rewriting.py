"""Follow-up and history -> a question that stands alone, without a model.

Three moves cover what people do in a conversation: ask the last question about someone else ("and Reid?",
"no, I meant Reid", "and the other one?"), refer back with a pronoun ("what did he say then?"), and ask a
bare question word ("when?"). Anything else passes through untouched. What was said before then still
counts a little where passages are looked for (`background`), so that a conversation keeps to its topic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.attributing import bare_name
from qa.questions import SPEECH_ASKED, read_question
from qa.types import Turn
from qa.words import Name, content, fold, names, same_name, words

_LEAD = r"^\W*(?:and|but|so|ok|okay|no|sorry|well|then|also)?\b[\s,]*"
_ABOUT = re.compile(
    _LEAD
    + r"(?:what about|how about|what of|(?:(?:i )?meant?|i mean)(?: for| about| of)?|about|the same for|same for|for|of)?\s*(?P<topic>[^?]*?)\s*\??\s*$",
    re.IGNORECASE,
)
_CORRECTION = re.compile(r"\b(?:i meant?|what about|how about|what of|(?:the )?same for|^\W*and)\b", re.IGNORECASE)
# Without a word that corrects, a topic alone ("parking") is a new search; "parking?" or "and so parking" asks again.
_INSTEAD = re.compile(r"\?\s*$|^\W*(?:and|but|so|ok|okay|no|sorry|well|then|also|for|of|about)\b", re.IGNORECASE)
_OTHER = re.compile(r"\bthe other(?: one| man| woman| person| side| two)?\b|\banother one\b", re.IGNORECASE)
_PERSON = re.compile(r"\b(?P<subject>he|she)\b|\b(?P<possessive>his|hers?)\b|\b(?P<object>him)\b", re.IGNORECASE)
_THEY = re.compile(r"\b(?P<subject>they|them|both of them)\b|\b(?P<possessive>their)\b", re.IGNORECASE)
_IT = re.compile(r"\b(?:it|this|that|there|then|these|those|so)\b", re.IGNORECASE)
# A bare question word, with what may stand before it ("for how long") and behind it ("when was that", "which ones").
_BARE = re.compile(
    _LEAD + r"(?P<word>(?:(?:for|since|until|till|by|with|from|to|in|on|at|about|of)\s+)?(?:when|where|why|whom?|whose"
    r"|how(?: many| much| long| old| often| far)?|which(?: day| side)?|what(?: day| else| for| form| way| year| month)?)"
    r"|says who|who else|anyone else|anything else)"
    r"(?: ones?)?(?: exactly)?(?: (?:was|were|did|is|are)(?: (?:that|it|this|they|those))?)?\W*$",
    re.IGNORECASE,
)
_MARKER = re.compile(r"\s*\[\d+\]")

# Weights of a word said before against one of the question's own, chosen on MTRAG-UN (docs/measurements.md).
PREVIOUS_QUESTION, OLDER_QUESTIONS, LAST_ANSWER = 0.8, 0.4, 0.08
_ENOUGH = 4  # content words with which a question begins to speak for itself
_TOO_LITTLE = 2  # content words of its own, up to which a question that refers back is told the topic


def standalone(question: str, history: Sequence[Turn]) -> str:
    """`question` made readable without `history` ((question, answer) pairs, oldest first).

    A first turn, and a question that refers to nothing before it, is returned unchanged.
    """
    if not history or not question.strip():
        return question
    previous, answer = history[-1][0], _MARKER.sub("", history[-1][1])
    return (
        _other(question, previous, [_MARKER.sub("", a) for _, a in reversed(history)])
        or _bare(question, previous)
        or _substituted(question, previous)
        or _resolved(question, previous, answer, history)
        or question
    )


def background(question: str, history: Sequence[Turn]) -> tuple[tuple[str, float], ...]:
    """What was said before `question`, with the weight of its words against the question's own.

    The more a question says itself, the less counts what was said before it. A first turn has no background.
    """
    share = min(1.0, _ENOUGH / max(1, len(content(question))))
    older = " ".join(asked for asked, _ in history[:-1])
    said = [(q, PREVIOUS_QUESTION) for q, _ in history[-1:]] + [(older, OLDER_QUESTIONS)]
    said += [(_MARKER.sub("", answer), LAST_ANSWER) for _, answer in history[-1:]]
    return tuple((text, weight * share) for text, weight in said if text.strip())


def _substituted(question: str, previous: str) -> str | None:
    """ "and Reid?" after "How long is Whelan's sentence?": the last question about someone else."""
    match = _ABOUT.match(question)
    topic = match["topic"].strip(" ,.") if match else ""
    content = [w for w in words(topic) if w.content]
    if not content or len(words(topic)) > 4 or _PERSON.search(topic) or read_question(question).wanted:
        return None
    if not _CORRECTION.search(question) and (len(content) < len(words(topic)) or not _INSTEAD.search(question)):
        return None
    return _swap(previous, topic)


def _other(question: str, previous: str, answers: Sequence[str]) -> str | None:
    """ "and the other one?": whoever or whatever stands beside the name asked about in an answer, the last one first."""
    asked = names(previous)
    if not _OTHER.search(question) or len(words(question)) > 12 or not asked:
        return None
    other = next(filter(None, (_beside(answer, name) for name in reversed(asked) for answer in answers)), None)
    if other is None:
        return None
    if any(w.content for w in words(_OTHER.sub("", question))):
        return _OTHER.sub(other, question, count=1)
    return _swap(previous, other)


def _beside(answer: str, asked: Name) -> str | None:
    """The name of as many words as `asked`, or else any, that follows it in its sentence, or stands before it."""
    for sentence in re.split(r"(?<=[.!?])\s+", answer):
        found = names(sentence)
        at = next((i for i, n in enumerate(found) if _alike(n, asked)), None)
        if at is not None:
            others = [n for n in (*found[at + 1 :], *reversed(found[:at])) if not _alike(n, asked)]
            alike = [n for n in others if len(n.text.split()) == len(found[at].text.split())]
            if others:
                return (alike or others)[0].text
    found = names(answer)
    alike = [n for n in found if len(n.text.split()) == 2 and not _alike(n, asked)]
    return alike[0].text if alike and any(_alike(n, asked) for n in found) else None


def _swap(previous: str, topic: str) -> str | None:
    """`previous` with the name it is about replaced by `topic`: the speaker asked for, else its first name."""
    asked = read_question(previous)
    if not asked.names:
        return None
    target = next((n for n in asked.names if n.text == asked.speaker), None) or asked.names[0]
    return previous[: target.start] + topic + previous[target.end :]


def _bare(question: str, previous: str) -> str | None:
    """ "when?" after "Did they meet in Geneva?": the question word before what was asked."""
    match = _BARE.match(question)
    if match is None:
        return None
    body = re.sub(
        r"^\W*(?:who|what|when|where|why|how (?:many|much|long|old)|how|which)\b", "", previous, flags=re.IGNORECASE
    )
    body = re.sub(r"^(\s*)(?:did|does|do)\b", r"\1did", body, flags=re.IGNORECASE)
    word = match["word"]
    return f"{word[:1].upper()}{word[1:]} {body.strip(' ?')}?"


def _resolved(question: str, previous: str, answer: str, history: Sequence[Turn]) -> str | None:
    """Replaces a pronoun by the person last asked about, and names the topic where the rest is too little to search."""
    people = _people(previous, answer, history)
    text = question
    if _PERSON.search(text) and people:
        text = _PERSON.sub(lambda m: people[0] + ("'s" if m["possessive"] else ""), text, count=1)
    elif _THEY.search(text) and people:
        both = " and ".join(people[:2])
        text = _THEY.sub(lambda m: both + ("'s" if m["possessive"] else ""), text, count=1)
    elif not _IT.search(text) or names(text):
        return None
    new = [w for w in words(text) if w.content and w.stem not in SPEECH_ASKED and not any(w.text in p for p in people)]
    if new and text != question and not _IT.search(question):
        return text
    if len(new) > _TOO_LITTLE:
        return text
    topic = _topic(previous, text)
    return f"{text.rstrip(' ?.')} ({topic})?" if topic else text


def _people(previous: str, answer: str, history: Sequence[Turn]) -> list[str]:
    asked = read_question(previous)
    in_question = [n.text for n in asked.names if _could_be_person(n)]
    in_answer = [bare_name(n.text) for n in names(answer) if _could_be_person(n)]
    in_answer = [n for n in in_answer if len(n.split()) == 2]
    found = [asked.speaker] if asked.speaker else []
    found += in_answer + in_question if asked.wanted in ("person", "role") else in_question + in_answer
    for earlier, _ in reversed(history[:-1]):
        found += [n.text for n in read_question(earlier).names if _could_be_person(n)]
    distinct: list[str] = []
    for name in found:
        if not any(fold(name.split()[-1]) == fold(d.split()[-1]) for d in distinct):
            distinct.append(name)
    return distinct


def _could_be_person(name: Name) -> bool:
    return not name.text.isupper()


def _topic(previous: str, text: str) -> str:
    """What the previous question was about, beyond what `text` already says."""
    present = {w.stem for w in words(text)}
    return " ".join(w.text for w in words(previous) if w.content and w.stem not in present)


def _alike(one: Name, other: Name) -> bool:
    return same_name(one.text.split()[-1], other.text.split()[-1])
