"""What a model is asked and how its reply is read: passages as data, and one protocol for each kind of model.

PROTOCOLS: "schema" where the endpoint holds replies to a JSON schema, "lines" where it does not, "prose" for small local
models, which write well from a few quotes and cite badly: their sentences are matched with the quotes afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts import load
from qa.splitting import sentence_texts
from qa.types import Message, Passage


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words of a passage that a model gets to see: `passage.text` between two offsets of its document."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words."""
        first = self.passage.start_char_index
        return self.passage.text[self.start - first : self.end - first]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that a model says a sentence rests on. `excerpt` is the number it gives, from 1."""

    excerpt: int
    words: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence that a model wrote, not yet checked."""

    text: str
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a model is asked and how its reply is read.

    `read` takes the reply, whole or so far, and whether it is whole; of an unfinished one the last draft is unfinished.
    """

    name: str
    prompts: tuple[str, ...]
    question: str
    read: Callable[[str, bool], list[Draft]]
    show: Callable[[Sequence[Excerpt]], str]
    schema: Mapping[str, Any] | None = None

    @property
    def digest(self) -> str:
        """Identifies all prompts of the protocol in an answer's fingerprint."""
        return "-".join(load(name).digest[:6] for name in (*self.prompts, self.question))

    def messages(self, question: str, excerpts: Sequence[Excerpt]) -> list[Message]:
        """The prompt for a question: rules that never change first, so that a server can keep them read."""
        rules = "\n\n".join(load(name).fill() for name in self.prompts)
        asked = load(self.question).fill(passages=self.show(excerpts), question=" ".join(question.split()))
        return [Message("system", rules), Message("user", asked)]

    def repair(self, flaws: Sequence[tuple[str, Sequence[str]]]) -> Message:
        """Asks for the answer again: each sentence that failed with what is wrong with it."""
        listed = "\n".join(f"- “{text}”: {'; '.join(wrong)}." for text, wrong in flaws)
        return Message("user", load("repair").fill(flaws=listed))


def neutral(text: str) -> str:
    """A document's words with what could pass for our own marks, fences and numbering made harmless.

    Brackets become parentheses, so nothing of a document can forge a citation or end its passage.
    """
    for pattern, harmless in _FORGED.items():
        text = pattern.sub(harmless, text)
    return text


_FORGED = {
    re.compile(r"\[(\s*\^?\d+(?:\s*[,;–-]\s*\d+)*\s*)\]"): r"(\1)",
    re.compile(r"<{2,}"): "‹",
    re.compile(r">{2,}"): "›",
    re.compile(r"^(\s*)>", re.MULTILINE): r"\1›",
    re.compile(r"\b(passage|source|quote|document)\s+(\d+)\s*:", re.IGNORECASE): r"\1 \2 –",
    re.compile(r"<\|[^|<>]{1,40}\|>|</?s>|\[/?INST\]"): "",  # what separates turns in common chat templates
}


def _fenced(excerpts: Sequence[Excerpt]) -> str:
    blocks = []
    for number, excerpt in enumerate(excerpts, start=1):
        p = excerpt.passage
        known = ", ".join(_one_line(k) for k in (p.outlet, p.title, (p.published_at or "")[:10]) if k)
        blocks.append(f"<<< PASSAGE {number}{f' ({known})' if known else ''}\n{neutral(excerpt.text)}\n>>>")
    return "\n\n".join(blocks) or "(no passages)"


def _listed(excerpts: Sequence[Excerpt]) -> str:
    return "\n".join(f"- {_one_line(e.text, 600)}" for e in excerpts)


def _one_line(text: str, most: int = 100) -> str:
    return neutral(" ".join(text.split()))[:most]


def _read_json(reply: str, whole: bool) -> list[Draft]:
    """Drafts of a JSON reply; what is no such object gives none. Text around the object is passed over."""
    from pydantic import ValidationError
    from pydantic_core import from_json

    body = reply[reply.find("{") :] if "{" in reply else ""
    if whole and (end := body.rfind("}")) >= 0:
        body = body[: end + 1]
    try:
        found = _reply_model().model_validate(from_json(body, allow_partial="trailing-strings"))
    except (ValueError, ValidationError):
        return []
    drafts = [(s.text, tuple(Quote(q.passage, q.words) for q in s.quotes)) for s in found.sentences]
    return [Draft(" ".join(text.split()), quotes) for text, quotes in drafts if text.strip()]


def _reply_model() -> Any:
    from pydantic import BaseModel

    class Words(BaseModel):
        passage: int = 0
        words: str = ""

    class Sentence(BaseModel):
        text: str = ""
        quotes: list[Words] = []

    class Reply(BaseModel):
        sentences: list[Sentence] = []

    return Reply


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema of an object with just these properties, as strict endpoints want it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_SCHEMA = _object(
    sentences=_array(
        _object(text={"type": "string"}, quotes=_array(_object(passage={"type": "integer"}, words={"type": "string"})))
    )
)

_QUOTE_LINE = re.compile(r"^\s*>\s*(?:passage|quote)?\s*\[?(\d{1,3})\]?\s*[:.)–-]?\s*(.*)$", re.IGNORECASE)
_NOTHING = re.compile(r"^\W*no answer\W*$", re.IGNORECASE)
_EMPTY_LIST = re.compile(r"\"sentences\"\s*:\s*\[\s*\]")
_PARTICLE = re.compile(r"^\s*(?:yes|no)\s*[,.:;!–—-]\s*", re.IGNORECASE)
_CLOSED = re.compile(r"[.!?…][\"”’')\]]*$")
_OPEN = re.compile(r"[.!?:,;–—][\"”’']*$")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


def declines(reply: str) -> bool:
    """True when a reply says, as it was told to, that there is nothing to answer with."""
    return bool(_EMPTY_LIST.search(reply) or any(_NOTHING.match(line) for line in reply.splitlines()))


def _read_lines(reply: str, whole: bool) -> list[Draft]:
    """A line holds a sentence, or more; one that begins with `>` is a quote of those of the line before."""
    drafts: list[Draft] = []
    first = 0
    for line in reply.splitlines():
        if quote := _QUOTE_LINE.match(line):
            quoted = Quote(int(quote[1]), quote[2].strip())
            drafts[first:] = [Draft(d.text, (*d.quotes, quoted)) for d in drafts[first:]]
        elif not line.lstrip().startswith(">") and not _NOTHING.match(line) and (text := _unmarked(line)):
            first = len(drafts)
            drafts += [Draft(t) for t in sentence_texts(text)]
    if not whole and drafts:  # quotes of the last line may still come
        drafts[first:] = [Draft(" ".join(d.text for d in drafts[first:]))]
    return drafts


def _read_prose(reply: str, whole: bool) -> list[Draft]:
    """Every sentence is a draft without quotes; a list belongs to the sentence that leads to it, a
    quotation to the one it begins in.

    A small model's "yes" and "no" are left out: it says them to questions that its own next words deny.
    """
    texts: list[str] = []
    for line in (_unmarked(line) for line in reply.splitlines() if not _NOTHING.match(line)):
        for text in sentence_texts(line) if line else ():
            if texts and _goes_on(texts[-1]):
                texts[-1] += f" {text}" if _OPEN.search(texts[-1]) else f"; {text}"
            else:
                texts.append(text)
    bare = (_PARTICLE.sub("", text) for text in texts)
    return [Draft(text[:1].upper() + text[1:]) for text in bare if text]


def _goes_on(text: str) -> bool:
    """True when a sentence leads to a list, is part of one, or ends inside a quotation."""
    return not _CLOSED.search(text) or text.count('"') % 2 == 1 or text.count("“") > text.count("”")


def _unmarked(line: str) -> str:
    """A line without what models put around sentences: bullets, emphasis, marks of their own."""
    return " ".join(re.sub(r"\s*\[\d{1,3}\]|\*\*|__|`", "", _BULLET.sub("", line)).split())


PROTOCOLS: Mapping[str, Protocol] = {
    p.name: p
    for p in (
        Protocol("schema", ("answer", "schema"), "question", _read_json, _fenced, _SCHEMA),
        Protocol("lines", ("answer", "lines"), "question", _read_lines, _fenced),
        Protocol("prose", ("small",), "small_question", _read_prose, _listed),
    )
}
