"""Suites of questions: a folder with `suite.yaml` and `cases.jsonl`, checked as they are loaded."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from eval.texts import json_lines

AnswerType = Literal["span", "number", "date", "yes_no", "list"]
Split = Literal["dev", "test"]


class Strict(BaseModel):
    """A checked, frozen row of a file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Gold(Strict):
    """Words of a document that support the answer. `quote` stands in it verbatim."""

    document: str
    quote: str = Field(min_length=1)


class Side(Strict):
    """One value of a disagreement and the documents that give it."""

    value: str
    documents: tuple[str, ...]


class Attribution(Strict):
    """Who said what is asked about, and the documents that report it."""

    speaker: str
    documents: tuple[str, ...] = ()


class Case(Strict):
    """One question, or one conversation whose last turn is scored.

    `answers` is a list of groups of aliases: an answer is right when it holds one alias of every group; without any, when
    it cites the evidence. `documents` answer too, where nobody marked the words. `replies` are gold answers to the turns
    before the last. Cases of one `cluster` are about the same fact, right or wrong together.
    """

    id: str
    turns: tuple[str, ...] = Field(min_length=1)
    replies: tuple[str, ...] = ()
    answer_type: AnswerType = "span"
    answerable: bool = True
    answers: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[Gold, ...] = ()
    documents: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    tags: tuple[str, ...] = ()
    cluster: str = ""
    split: Split = "dev"

    @model_validator(mode="after")
    def _whole(self) -> Case:
        if self.replies and len(self.replies) != len(self.turns) - 1:
            raise ValueError("`replies` holds one gold answer for every turn but the last")
        if not self.answerable and (self.answers or self.sides):
            raise ValueError("an unanswerable case has neither `answers` nor `sides`")
        if len(self.sides) == 1:
            raise ValueError("a disagreement has two `sides` or more")
        return self


class Gate(Strict):
    """A figure that a run has to reach, over the cases that carry `tag` (all without one).

    Fewer than `minimum_cases` decide nothing. `target` is where the figure is wanted in the end; it fails no run.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    target: float | None = None
    tag: str | None = None
    minimum_cases: int = 1

    @model_validator(mode="after")
    def _one_bound(self) -> Gate:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a gate has either `at_least` or `at_most`")
        return self

    @property
    def name(self) -> str:
        """The metric, and the tag it is limited to."""
        return f"{self.metric} [{self.tag}]" if self.tag else self.metric

    def met(self, value: float) -> bool:
        """True when `value` keeps the bound."""
        return value >= self.at_least if self.at_least is not None else value <= (self.at_most or 0.0)


class Suite(Strict):
    """A named set of cases about one folder of documents.

    `defaults` are laid under every case, `outlets` names who published which document, `gates` are the figures a run has
    to reach, `locked` is the digest of the test split, so that a change to it shows.
    """

    name: str
    version: str
    corpus: str
    description: str = ""
    cases_file: str = Field("cases.jsonl", alias="cases")
    defaults: dict[str, Any] = {}
    outlets: dict[str, str] = {}
    gates: tuple[Gate, ...] = ()
    locked: str | None = None
    folder: Path = Field(Path(), exclude=True)
    rows: tuple[Case, ...] = Field((), exclude=True)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The cases, in the order of the file."""
        return self.rows

    @property
    def documents(self) -> Path:
        """The folder of documents the cases ask about."""
        return self.folder / self.corpus

    def part(self, split: Split | None) -> Suite:
        """The suite with the cases of one split; all of them for None."""
        return self if split is None else self.model_copy(update={"rows": self.split(split)})

    def split(self, split: Split) -> tuple[Case, ...]:
        """The cases of one split."""
        return tuple(c for c in self.rows if c.split == split)

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with any case."""
        return digest_of(self.rows)

    @functools.cached_property
    def corpus_digest(self) -> str:
        """Twelve hex digits that change with any document."""
        found = hashlib.sha256()
        for path in sorted(p for p in self.documents.rglob("*") if p.is_file()):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"{path.relative_to(self.documents).as_posix()}\n{content}\n".encode())
        return found.hexdigest()[:12]


def digest_of(cases: tuple[Case, ...]) -> str:
    """Twelve hex digits that change with any of `cases`."""
    return hashlib.sha256("\n".join(c.model_dump_json() for c in cases).encode()).hexdigest()[:12]


def load_suite(folder: Path) -> Suite:
    """Reads and checks a suite. Raises ValueError that names the file and line that is wrong."""
    described = folder / "suite.yaml"
    try:
        content = yaml.safe_load(described.read_text("utf-8"))
        suite = Suite(**content | {"version": str(content["version"]), "folder": folder})
    except (OSError, yaml.YAMLError, TypeError, KeyError, ValidationError) as error:
        raise ValueError(f"{described}: {error}") from error
    path = folder / suite.cases_file
    rows = []
    for number, line in json_lines(path):
        try:
            rows.append(_case(line, suite.defaults))
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from error
    return suite.model_copy(update={"rows": tuple(rows)})


def _case(line: str, defaults: dict[str, Any]) -> Case:
    row = json.loads(line)
    return Case.model_validate({**defaults, **row} if isinstance(row, dict) else row)


def save_suite(suite: Suite, folder: Path) -> None:
    """Writes `suite.yaml` and the cases below `folder`; documents are the caller's."""
    folder.mkdir(parents=True, exist_ok=True)
    described = suite.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    (folder / "suite.yaml").write_text(yaml.safe_dump(described, sort_keys=False, allow_unicode=True), "utf-8")
    lines = (case.model_dump_json(exclude_defaults=True) for case in suite.cases)
    (folder / suite.cases_file).write_text("".join(f"{line}\n" for line in lines), "utf-8")
