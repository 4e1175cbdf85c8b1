"""Is a suite sound? Every quote stands in its document, every alias can be told from the evidence, nothing is there twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eval.cases import Case, Suite, digest_of, load_suite
from eval.correctness import in_digits
from eval.documents import Documents
from eval.metrics import METRICS
from eval.texts import folded, json_lines


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where: `line` is 1-based, 0 where the file as a whole is meant."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


def lint(folder: Path) -> list[Problem]:
    """Everything that is wrong with the suite in `folder`; nothing when it is sound."""
    try:
        suite = load_suite(folder)
    except ValueError as error:
        return [Problem(folder, 0, str(error))]
    path = folder / suite.cases_file
    lines = _lines(path)
    found = [Problem(folder / "suite.yaml", 0, message) for message in _of_suite(suite)]
    documents = Documents(suite.documents)
    known: set[str] = set()
    for case in suite.cases:
        if case.id in known:
            found.append(Problem(path, lines[case.id], f"{case.id} is there twice"))
        known.add(case.id)
        found += [Problem(path, lines[case.id], f"{case.id}: {message}") for message in _of_case(case, documents)]
    return found


def _lines(path: Path) -> dict[str, int]:
    """The last line of every id."""
    return {json.loads(line)["id"]: number for number, line in json_lines(path)}


def _of_suite(suite: Suite) -> Iterator[str]:
    if not suite.documents.is_dir():
        yield f"there is no folder {suite.documents}"
    if not suite.cases:
        yield "there are no cases"
    for document in suite.outlets:
        if not (suite.documents / document).is_file():
            yield f"outlets: there is no document {document!r}"
    tags = {tag for case in suite.cases for tag in case.tags}
    for gate in suite.gates:
        if gate.metric not in METRICS:
            yield f"gate {gate.name}: there is no metric {gate.metric!r}; there are {', '.join(METRICS)}"
        if gate.tag is not None and gate.tag not in tags:
            yield f"gate {gate.name}: no case carries the tag {gate.tag!r}"
    if suite.locked is not None and suite.locked != (now := digest_of(suite.split("test"))):
        yield f"the test split was changed: its digest is {now}, locked is {suite.locked}"


def _of_case(case: Case, documents: Documents) -> Iterator[str]:
    told = case.answers or case.sides or case.attributions or case.evidence or case.documents
    if case.answerable and not told:
        yield "answerable, but nothing says what is right"
    for document in case.documents:
        if document not in documents:
            yield f"there is no document {document!r}"
    for gold in case.evidence:
        if gold.document not in documents:
            yield f"there is no document {gold.document!r}"
        elif not documents.places(gold.document, gold.quote):
            yield f"{gold.document} does not hold “{gold.quote}”"
    quoted = in_digits(" ".join(gold.quote for gold in case.evidence))
    for group in case.answers if case.evidence else ():
        if not any(in_digits(alias) in quoted or folded(alias) in ("yes", "no") for alias in group):
            yield f"no evidence holds any of {list(group)}"
    for document in {d for s in case.sides for d in s.documents} | {d for a in case.attributions for d in a.documents}:
        if document not in documents:
            yield f"there is no document {document!r}"
