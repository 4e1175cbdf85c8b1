"""Stand-ins for models in tests: an embedder, an answerer and a chat model that need no weights, no key and no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from qa.citing import cite
from qa.types import Answer, Citation, Completion, Evidence, Message, Statement, Usage, tokens
from qa.words import words
from vectorstore.vectors import unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class HashEmbedder:
    """Word overlap as vectors: the same text always gives the same one, on every machine.

    Stems and their character trigrams are hashed into `dimension` signed buckets (Weinberger et al. 2009, "Feature
    hashing", arXiv:0902.2206), so texts that share words, or spell them nearly alike, are near.
    """

    def __init__(self, dimension: int = 64) -> None:
        self.dimension = dimension
        self.name = f"hash-{dimension}"

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of `texts`, shape (len(texts), dimension), L2-normalised, never all zeros."""
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature, weight in _features(text):
                self._add(row, feature, weight)
            if not row.any():
                self._add(row, text, 1.0)
        return unit(rows)

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, shape (len(texts), dimension), L2-normalised: the same as documents'."""
        return self.embed_documents(texts)

    def _add(self, row: NDArray[np.float32], feature: str, weight: float) -> None:
        bits = crc32(feature.encode("utf-8", "surrogatepass"))
        row[(bits >> 1) % self.dimension] += weight if bits & 1 else -weight


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Each content word's stem at weight 1, and its trigrams at half of that together."""
    for word in words(text):
        if word.content:
            yield word.stem, 1.0
            padded = f"<{word.stem}>"
            trigrams = [padded[i : i + 3] for i in range(len(padded) - 2)]
            yield from ((trigram, 0.5 / len(trigrams)) for trigram in trigrams)


class ScriptedAnswerer:
    """Answers from a script: question -> one statement or several. Other questions it does not answer.

    Every statement cites the first sentence of the first passage found, at its real offsets. Questions are compared
    without regard to case and surrounding space, as asked or as understood.
    """

    name = "scripted"

    def __init__(self, replies: Mapping[str, str | Sequence[str]]) -> None:
        self.replies = {
            _key(question): (reply,) if isinstance(reply, str) else tuple(reply) for question, reply in replies.items()
        }

    def stream(self, evidence: Evidence) -> Iterator[str | Answer]:
        """Yields the answer word by word, then the finished Answer."""
        answer = self.answer(evidence)
        yield from re.findall(r"\s*\S+", answer.text)
        yield answer

    def answer(self, evidence: Evidence) -> Answer:
        """The scripted answer; without a reply for the question, an abstention that shows the nearest evidence."""
        asked = (evidence.question, evidence.standalone_question)
        reply = next((self.replies[q] for q in map(_key, asked) if q in self.replies), None)
        cited = _first_sentence(evidence)
        if reply is None:
            return _answer(evidence, "The script has no answer.", nearest=cited, abstained=True)
        marker = " [1]" if cited else ""
        return _answer(
            evidence, " ".join(text + marker for text in reply), statements=(Statement(text, cited) for text in reply)
        )


Reply = str | Completion | Exception


class ScriptedModel:
    """A chat model that gives `replies` one after the other, the last for ever, or what a function makes of the messages.

    An exception among them is raised. `asked` holds the messages of every call. Tokens are counted as four characters.
    """

    name = "scripted-model"

    def __init__(
        self, *replies: Reply, write: Callable[[Sequence[Message]], str] | None = None, schemas: bool = False,
        small: bool = False,
    ) -> None:  # fmt: skip
        self.replies = list(replies)
        self.write = write
        self.schemas = schemas
        self.small = small
        self.asked: list[Sequence[Message]] = []

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str | Completion]:
        """Yields the next reply word by word, then its Completion."""
        self.asked.append(messages)
        reply = self.write(messages) if self.write else self._next()
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, str):
            said = sum(len(m.content) for m in messages)
            reply = Completion(reply, Usage(input_tokens=tokens(said), output_tokens=tokens(len(reply)), attempts=1))
        yield from re.findall(r"\s*\S+", reply.text)
        yield reply

    def _next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def _key(question: str) -> str:
    return question.strip().casefold()


def _first_sentence(evidence: Evidence) -> tuple[Citation, ...]:
    if not evidence.passages:
        return ()
    passage = evidence.passages[0].passage
    first = passage.sentences[0] if passage.sentences else passage
    return (cite(1, passage, first.start_char_index, first.end_char_index),)


def _answer(
    evidence: Evidence,
    text: str,
    statements: Iterable[Statement] = (),
    nearest: tuple[Citation, ...] = (),
    abstained: bool = False,
) -> Answer:
    return Answer(
        question=evidence.question,
        standalone_question=evidence.standalone_question,
        text=text,
        statements=tuple(statements),
        nearest=nearest,
        abstained=abstained,
        passages=evidence.passages,
    )
