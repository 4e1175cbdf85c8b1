"""Readers of public data sets, kept beside the checkout or where QA_SHARED points; nothing of them is shipped.

ClapNQ (IBM, Apache-2.0) and RAMDocs (Wang et al. 2025, MIT) become `Probe`s: questions about one corpus, each with
the words that answer it, or none where the corpus does not answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.metrics import folded


@dataclass(frozen=True, slots=True)
class Text:
    """A document as `Corpus.add` takes it."""

    doc_id: str
    text: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """A question and how to tell a sentence that answers it; `gold` is empty when the corpus does not answer.

    A sentence answers when it comes from one of `sources` and shares its words with one of `gold`, whichever
    is the longer.
    """

    question: str
    gold: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()

    def answered_by(self, source: str, sentence: str) -> bool:
        """True when `sentence` of `source` holds a gold text, or stands inside one."""
        said = folded(sentence)
        return source in self.sources and any(g in said or said in g for g in map(folded, self.gold))


def shared() -> Path:
    """The folder of public data. Raises FileNotFoundError that says where it is looked for."""
    folder = Path(os.environ.get("QA_SHARED") or Path(__file__).resolve().parents[1].parent / "shared") / "eval"
    if not folder.is_dir():
        raise FileNotFoundError(f"public data is looked for in {folder}; set QA_SHARED to the folder above eval/")
    return folder


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text("utf-8").splitlines())


def clapnq(folder: Path) -> tuple[list[Text], list[Probe]]:
    """All passages as one corpus; gold are the sentences that annotators selected."""
    texts, probes = [], []
    for name in ("answerable", "unanswerable"):
        for row in _lines(folder / "clapnq" / f"{name}.jsonl"):
            passage = row["passages"][0]
            texts.append(Text(row["id"], passage["text"], {"title": passage["title"]}))
            gold = tuple(row["output"][0]["selected_sentences"]) if name == "answerable" else ()
            probes.append(Probe(row["input"], gold, frozenset({row["id"]})))
    return texts, probes


def ramdocs(folder: Path) -> tuple[list[Text], list[Probe]]:
    """The documents of every other question as one corpus; the questions between them are not answered by it."""
    texts, probes = [], []
    for number, row in enumerate(_lines(folder / "ramdocs" / "questions.jsonl")):
        if number % 2:
            probes.append(Probe(row["question"]))
            continue
        found = [Text(f"{number}-{i}", d["text"]) for i, d in enumerate(row["documents"])]
        values = {d["answer"] for d in row["documents"] if d["answer"] and d["answer"] != "unknown"}
        texts += found
        probes.append(Probe(row["question"], tuple(sorted(values)), frozenset(t.doc_id for t in found)))
    return texts, probes
