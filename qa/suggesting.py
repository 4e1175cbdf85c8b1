"""Questions that the documents can answer: to begin with, and such as follow an answer.

They are made of who says something about what, and of outlets that an answer left out. Each is asked once, of the source
that it was made from, before it is offered, so that none ends in an abstention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest

from qa.attributing import INSTITUTIONS, attribution, bare_name, names_person
from qa.types import Answer, Passage, Source
from qa.words import content, fold, names

_MOST_TRIED = 8  # questions that are asked before they are offered
_NAME_LETTERS = 40  # what is longer is no name
_NO_TOPIC = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October"
    r"|November|December|I|We|It|He|She|They|The|Mr|Mrs|Foreign|Prime|Minister|President|Secretar[a-z]+|General)\b"
    r"|[A-Z]\w+(?:ans?|ish|ese|ern)$"  # "Russian": of a country, not a topic
)

Ask = Callable[[str, str], Answer]
Proposed = tuple[str, str]  # a question and a source that tells of it
TextOf = Callable[[str], str]


def first_questions(passages: Iterable[Passage], text_of: TextOf, ask: Ask, k: int) -> tuple[str, ...]:
    """Up to `k` questions about who said what, those that most sources tell of first."""
    return _answered(_about_speakers(passages, text_of, None), ask, k)


def follow_ups(
    answer: Answer, passages: Sequence[Passage], sources: Iterable[Source], text_of: TextOf, ask: Ask, k: int
) -> tuple[str, ...]:
    """Up to `k` questions made of what `passages` hold and `answer` did not use; `sources` says whose they are."""
    unused = _about_speakers(passages, text_of, answer)
    outlets = [] if answer.abstained else _outlets_left_out(answer, passages, sources)
    mixed = chain.from_iterable(zip_longest(unused, outlets))
    return _answered((proposed for proposed in mixed if proposed), ask, k)


def _answered(proposed: Iterable[Proposed], ask: Ask, k: int) -> tuple[str, ...]:
    tried = islice(proposed, _MOST_TRIED)
    return tuple(islice((question for question, source in tried if not ask(question, source).abstained), k))


def _about_speakers(passages: Iterable[Passage], text_of: TextOf, answer: Answer | None) -> Iterator[Proposed]:
    """ "What did X say about Y?", each speaker and each topic once, what most sources tell of first."""
    found = dict.fromkeys((*pair, p.source) for p in passages for pair in _said(p, text_of(p.source), answer))
    told = Counter((speaker, topic) for speaker, topic, _ in found)
    source_of = {(speaker, topic): source for speaker, topic, source in reversed(found)}
    common = Counter(topic for _, topic in told.elements())
    used = content(f"{answer.question} {answer.standalone_question}") if answer else frozenset()
    seen: set[str] = set()
    # A topic that everybody speaks of tells less than one of which a single speaker says much.
    for speaker, topic in sorted(told, key=lambda pair: -told[pair] / common[pair[1]] ** 0.5):
        own = {fold(speaker).split()[-1], fold(topic)}
        if not seen & own and not content(topic) <= used:
            seen |= own
            yield f"What did {speaker} say about {topic}?", source_of[speaker, topic]


def _said(passage: Passage, text: str, answer: Answer | None) -> Iterator[tuple[str, str]]:
    """(speaker, name that they speak of) of every sentence that the answer does not cite."""
    cited = (
        [(c.start_char_index, c.end_char_index) for c in answer.citations if c.source == passage.source]
        if answer
        else []
    )
    for sentence in passage.sentences:
        start, end = sentence.start_char_index, sentence.end_char_index
        if any(first < end and start < last for first, last in cited):
            continue
        who = attribution(text, start, end)
        if who is None or who.how != "named" or not _is_plain_name(who.speaker) or not names_person(who.speaker, text):
            continue
        for name in names(text[start:end]):
            topic = bare_name(name.text)
            if _is_topic(topic) and not content(topic) & content(who.speaker):
                yield who.speaker, topic


def _is_topic(name: str) -> bool:
    return _is_plain_name(name) and fold(name) not in INSTITUTIONS


def _is_plain_name(name: str) -> bool:
    shouted = name.isupper() and " " in name
    return 2 < len(name) <= _NAME_LETTERS and "\n" not in name and not shouted and not _NO_TOPIC.match(name)


def _outlets_left_out(answer: Answer, passages: Sequence[Passage], sources: Iterable[Source]) -> Iterator[Proposed]:
    cited = {c.source for c in answer.citations}
    outlet_of = {s.source: s.outlet for s in sources}
    named = {outlet_of.get(source) for source in cited}
    for source in dict.fromkeys(p.source for p in passages):
        outlet = outlet_of.get(source)
        if source not in cited and outlet and outlet not in named:
            named.add(outlet)
            yield f"And according to {outlet}?", source
