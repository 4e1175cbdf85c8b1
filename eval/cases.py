"""Suites of questions: a folder with `suite.yaml` and `cases.jsonl`, checked as they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Kind = Literal["factoid", "attribution", "list", "conflict", "yes_no", "unanswerable", "follow_up"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Gold(_Strict):
    """Words of a document that support the answer. `quote` stands in it verbatim."""

    document: str
    quote: str


class Side(_Strict):
    """One value of a disagreement and the documents that give it."""

    value: str
    documents: tuple[str, ...]


class Case(_Strict):
    """One question, or one conversation whose last turn is scored.

    `answers` is a list of groups of aliases: an answer is right when it holds one alias of every group.
    """

    id: str
    kind: Kind
    turns: tuple[str, ...] = Field(min_length=1)
    answerable: bool = True
    answers: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[Gold, ...] = ()
    speaker: str | None = None
    sides: tuple[Side, ...] = ()
    tags: tuple[str, ...] = ()
    cluster: str | None = None


class Suite(BaseModel):
    """A named set of cases about one folder of documents. `gates` are the figures a run has to reach."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    version: str
    description: str = ""
    corpus: str
    gates: dict[str, float] = {}
    folder: Path = Path()
    cases: tuple[Case, ...] = ()

    @property
    def documents(self) -> Path:
        """The folder of documents the cases ask about."""
        return self.folder / self.corpus


def load_suite(folder: Path) -> Suite:
    """Reads and checks a suite. Raises ValueError that names the file and line that is wrong."""
    described = yaml.safe_load((folder / "suite.yaml").read_text("utf-8"))
    cases = []
    for number, line in enumerate((folder / "cases.jsonl").read_text("utf-8").splitlines(), start=1):
        if line.strip():
            try:
                cases.append(Case.model_validate_json(line))
            except ValidationError as error:
                raise ValueError(f"{folder / 'cases.jsonl'}:{number}: {error}") from error
    return Suite(**described | {"version": str(described["version"]), "folder": folder, "cases": tuple(cases)})
