"""What a system gave and what a run keeps of it: one JSON line per case, behind one line that says what was run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from eval.cases import Strict
from qa.types import Answer, Citation, Passage

FORMAT = 1


class Cited(Strict):
    """Words that an answer points at: `text` is what the system says stands at `start`:`end` of the source."""

    source: str
    start: int
    end: int
    text: str
    verdict: str = "verbatim"


class Said(Strict):
    """One sentence of an answer; `citations` are indices into the response's. `supported` is the system's own word."""

    text: str
    citations: tuple[int, ...] = ()
    supported: bool = True


class Given(Strict):
    """One side of a disagreement that was shown, and the sources it was given to."""

    value: str
    sources: tuple[str, ...] = ()


class Found(Strict):
    """A passage that was found, best first; `in_context` when the answer could be made of it."""

    source: str
    start: int
    end: int
    in_context: bool = True


class Response(Strict):
    """What a system answered. Only `text` is needed; what a system does not tell is not held against it, but not scored.

    `confidence` is how sure the system is that the documents answer, higher is surer, on a scale of its own. `seconds` is
    what a turn took, where the system knows better than the clock around it.
    """

    text: str
    abstained: bool = False
    statements: tuple[Said, ...] = ()
    citations: tuple[Cited, ...] = ()
    disagreements: tuple[tuple[Given, ...], ...] = ()
    passages: tuple[Found, ...] = ()
    confidence: float | None = None
    understood: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float | None = None
    notice: str = ""

    @property
    def tokens(self) -> int:
        """Tokens in and out together."""
        return self.input_tokens + self.output_tokens


class Record(Strict):
    """One case asked once: what came, or the error that was raised instead. `seconds` is wall clock, per turn."""

    id: str
    repeat: int = 0
    response: Response | None = None
    error: str = ""
    seconds: float = 0.0
    cached: bool = False


class Header(Strict):
    """What was run on what: the first line of a run. `sources` are the documents that the system has indexed."""

    format: int = FORMAT
    suite: str
    version: str
    folder: str
    split: str | None = None
    suite_digest: str
    corpus_digest: str
    system: str
    fingerprint: str
    history: str = "own"
    repeats: int = 1
    made: str = ""
    sources: tuple[str, ...] = ()

    def same_run(self, other: Header) -> bool:
        """True when lines of one may stand behind the other."""
        return self.model_copy(update={"made": other.made, "folder": other.folder}) == other


class Run(Strict):
    """A run as it was kept."""

    header: Header
    records: tuple[Record, ...]


def response_of(answer: Answer, deeper: tuple[Found, ...] = (), seconds: float | None = None) -> Response:
    """What Witness answered, with passages that were found but did not come to the answerer behind the others."""
    citations = tuple(dict.fromkeys(answer.citations))
    at = {c: i for i, c in enumerate(citations)}
    return Response(
        text=answer.text,
        abstained=answer.abstained,
        statements=tuple(
            Said(text=s.text, citations=tuple(at[c] for c in s.citations), supported=s.supported)
            for s in answer.statements
        ),
        citations=tuple(map(_cited, citations)),
        disagreements=tuple(
            tuple(Given(value=s.value, sources=tuple(dict.fromkeys(c.source for c in s.citations))) for s in d.sides)
            for d in answer.disagreements
        ),
        passages=(*(found(p.passage) for p in answer.passages), *deeper),
        confidence=answer.confidence,
        understood=answer.standalone_question,
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        seconds=seconds,
        notice=answer.notice,
    )


def _cited(citation: Citation) -> Cited:
    c = citation
    return Cited(source=c.source, start=c.start_char_index, end=c.end_char_index, text=c.cited_text, verdict=c.verdict)


def found(passage: Passage, in_context: bool = True) -> Found:
    """A passage of Witness as a run keeps it."""
    start, end = passage.start_char_index, passage.end_char_index
    return Found(source=passage.source, start=start, end=end, in_context=in_context)


def begin(path: Path, header: Header) -> None:
    """Starts a run's file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header.model_dump_json() + "\n", "utf-8")


def append(path: Path, record: Record) -> None:
    """Adds a line that survives a kill the moment this returns."""
    with path.open("a", encoding="utf-8") as out:
        out.write(record.model_dump_json(exclude_defaults=True) + "\n")
        out.flush()
        os.fsync(out.fileno())


def read_run(path: Path) -> Run:
    """A run as it was kept; a last line that a kill cut short is left out. Raises ValueError for another file."""
    try:
        lines = _whole(path.read_bytes()).decode("utf-8").split("\n")
        header = Header.model_validate_json(lines[0])
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ValueError(f"{path} is not a run of `python -m eval run`: {error}") from error
    return Run(header=header, records=tuple(_records(path, lines[1:-1])))


def _records(path: Path, lines: list[str]) -> Iterator[Record]:
    for number, line in enumerate(lines, start=2):
        try:
            yield Record.model_validate_json(line)
        except ValidationError as error:
            raise ValueError(f"{path}:{number}: {error}") from error


def mend(path: Path) -> None:
    """Takes off a last line that a kill cut short, so that the next one does not run into it."""
    content = path.read_bytes()
    if len(_whole(content)) < len(content):
        path.write_bytes(_whole(content))


def _whole(content: bytes) -> bytes:
    """Everything up to the last end of a line. A line is ended by nothing else: answers hold other separators."""
    return content[: content.rfind(b"\n") + 1]
