"""The words Witness speaks: frozen dataclasses, no behaviour beyond derived properties.

All offsets are 0-based character indices into `corpus.text(source)`; ends are exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

from vectorstore.records import Document, Pages, Passage, PassageSpan, Sentence, Source, VerifyReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Account",
    "Answer",
    "Answerer",
    "AskOptions",
    "ChatModel",
    "Citation",
    "Completion",
    "Disagreement",
    "Document",
    "Embedder",
    "Evidence",
    "Failure",
    "IndexReport",
    "Message",
    "Pages",
    "Passage",
    "PassageSpan",
    "Progress",
    "ScoredPassage",
    "Sentence",
    "Side",
    "Source",
    "Statement",
    "Step",
    "Turn",
    "Usage",
    "Verdict",
    "VerifyReport",
]

Verdict = Literal["verbatim", "close", "misattributed", "not_found"]
Turn = tuple[str, str]
"""One earlier turn of a conversation: (question, answer text)."""

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); stages are "read" and "embed"."""


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and why it was found. Ranks are 1-based; None where that search did not find it.

    `score` is the fused score by which results are ordered, higher is better, comparable within one
    result only. `similarity` is the cosine between the question and the passage's best sentence.
    `sentence_similarities` holds the same for each of `passage.sentences`.
    """

    passage: Passage
    score: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    similarity: float = 0.0
    sentence_similarities: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words of a source that a statement rests on.

    `marker` is the number shown in the answer, from 1. `page` is 1-based, None without pages. `part` names the page, or
    what the format has in its place: "page 3", "slide 2", "sheet Costs, row 7"; None for a document in one piece.
    """

    marker: int
    source: str
    title: str | None
    page: int | None
    start_char_index: int
    end_char_index: int
    cited_text: str
    verdict: Verdict
    outlet: str | None = None
    published_at: str | None = None
    part: str | None = None

    @property
    def place(self) -> str | None:
        """What to say of where in the file the words stand: the part, else the page."""
        return self.part or (f"page {self.page}" if self.page else None)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer with the citations it rests on."""

    text: str
    citations: tuple[Citation, ...] = ()

    @property
    def supported(self) -> bool:
        """True when at least one citation was found in its source, word for word or nearly so."""
        return any(c.verdict in ("verbatim", "close") for c in self.citations)


@dataclass(frozen=True, slots=True)
class Side:
    """One value in a disagreement and where it is given."""

    value: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Sources give different values for the same thing. `about` is what is asked, e.g. "day"."""

    about: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What one stage did for an answer, in words; `stage` is the setting that switches it off, where there is one."""

    stage: str
    note: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer, or a conversation, cost. Tokens are the model's, all 0 for quoted answers; `attempts` are its
    calls, failed ones included."""

    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    attempts: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, f) + getattr(other, f) for f in self.__slots__))

    @property
    def tokens(self) -> int:
        """Tokens in and out together."""
        return self.input_tokens + self.output_tokens


CHARACTERS_A_TOKEN = 4  # of English text, about


def tokens(characters: int) -> int:
    """About how many tokens a text of so many characters has, where no model has counted them."""
    return -(-characters // CHARACTERS_A_TOKEN)


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a chat model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat model's reply. `problem` says in one line why it is not whole; empty when it is."""

    text: str
    usage: Usage = field(default_factory=Usage)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer from the documents alone.

    `text` carries the markers ("... [1]"). `abstained` is true when the documents do not answer; then
    `text` says what is missing and `nearest` holds the closest evidence there is, not an answer.
    `standalone_question` is the question as understood, equal to `question` on a first turn.
    `steps` tells what each stage did, `notice` in one line what went wrong on the way, if anything. `confidence`, from 0
    to 1, is how sure it is that the documents answer; None where nothing was weighed. `fingerprint` identifies settings,
    embedder and answerer that made the answer.
    """

    question: str
    standalone_question: str
    text: str
    statements: tuple[Statement, ...] = ()
    abstained: bool = False
    nearest: tuple[Citation, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    passages: tuple[ScoredPassage, ...] = ()
    steps: tuple[Step, ...] = ()
    usage: Usage = field(default_factory=Usage)
    notice: str = ""
    confidence: float | None = None
    fingerprint: str = ""

    @property
    def turn(self) -> Turn:
        """What a conversation remembers: the question as understood, so that "and then?" after "and Reid?" still knows
        what was asked, and the text behind the words it cites, which may name whom a fluent sentence leaves out."""
        said = " ".join(re.sub(r"\s*\[[^\]]*\]", "", self.text).split())
        cited = (" ".join(c.cited_text.split()) for c in self.citations)
        return self.standalone_question, "\n".join([*(c for c in dict.fromkeys(cited) if c not in said), self.text])

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every citation of the answer in reading order, each once."""
        shown = (c for s in self.statements for c in s.citations)
        return tuple(dict.fromkeys((*shown, *self.nearest)))


@dataclass(frozen=True, slots=True)
class Account:
    """What one source says to a question: its own words and, where a value is asked for, its value.

    `citation` is None where it does not say; its marker is 0. `also` are sources that say it in nearly the same words.
    """

    source: str
    title: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    citation: Citation | None = None
    value: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A path of the folder that could not be read, and why."""

    path: str
    reason: str

    def __iter__(self) -> Iterator[str]:
        """Unpacks as (path, reason)."""
        return iter((self.path, self.reason))


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What `sync` did: every path of the folder is in exactly one of the first five, `removed` aside.

    `seconds` is wall-clock time.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answerer works from: the question as understood and what was found for it.

    `asked` is the standalone question without the names of sources, `named_sources` the sources it names, to
    which the answer is then limited; empty when it names none.

    `steps` tells how they were found. `text_of` returns the whole text of a source, `mentions` how many of the
    corpus's `passage_count` passages hold each term.

    `usage` is what understanding the question cost, `tokens_left` what may still be spent on it; None is no limit.
    """

    question: str
    standalone_question: str
    asked: str
    named_sources: frozenset[str]
    passages: tuple[ScoredPassage, ...]
    text_of: Callable[[str], str]
    mentions: Callable[[Sequence[str]], dict[str, int]]
    passage_count: int
    steps: tuple[Step, ...] = ()
    usage: Usage = field(default_factory=Usage)
    tokens_left: int | None = None


class AskOptions(TypedDict, total=False):
    """How one question is asked.

    `history` holds (question, answer text) pairs, oldest first. `tokens_left` is the most that a model may spend; without
    it, or where it is None, there is only the limit for one answer. `sources` are the only documents asked, all others stay
    unseen; None is all of them. `answerer` writes the answer instead of the corpus's own.
    """

    history: Sequence[Turn]
    tokens_left: int | None
    sources: Collection[str] | None
    answerer: Answerer | None


class Embedder(Protocol):
    """Turns text into unit vectors."""

    @property
    def name(self) -> str:
        """Identifies model and version to a store."""
        ...

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of `texts`, shape (len(texts), dimension), L2-normalised."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, shape (len(texts), dimension), L2-normalised."""
        ...


class ChatModel(Protocol):
    """Writes replies. One with a true attribute `small` follows few rules, and is asked only to put quotes into words."""

    @property
    def name(self) -> str:
        """Identifies the model in an answer's fingerprint."""
        ...

    @property
    def schemas(self) -> bool:
        """True when `stream` takes a schema."""
        ...

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str | Completion]:
        """Yields the reply as it is written, then its Completion, exactly once, last.

        Raises SchemaRefused for a schema it does not take, WitnessError when nothing can be had.
        """
        ...


class Answerer(Protocol):
    """Turns evidence into an answer."""

    @property
    def name(self) -> str:
        """Identifies the answerer in an answer's fingerprint."""
        ...

    def stream(self, evidence: Evidence) -> Iterator[str | Step | Answer]:
        """Yields text as it is written, if it likes a Step where a stage begins, and last the finished Answer, once."""
        ...
