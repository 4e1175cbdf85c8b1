"""Readers of public data sets, kept beside the checkout or where QA_SHARED points; nothing of them is shipped.

Each gives the documents of one corpus and the questions about it: MultiHop-RAG (Tang and Yang 2024, ODC-BY),
ClapNQ (IBM, Apache-2.0), RAMDocs (Wang et al. 2025, MIT) and MTRAG-UN (IBM, Apache-2.0). `cluster` names the evidence
that a question shares with others.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.texts import folded, json_lines
from qa.types import Turn


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
    id: str = ""
    cluster: str = ""

    def answered_by(self, source: str, sentence: str) -> bool:
        """True when `sentence` of `source` holds a gold text, or stands inside one."""
        said = folded(sentence)
        return source in self.sources and any(g in said or said in g for g in map(folded, self.gold))


@dataclass(frozen=True, slots=True)
class FactQuery:
    """A question of MultiHop-RAG and the facts, as they stand in articles, that answer it."""

    id: str
    question: str
    facts: tuple[str, ...]
    cluster: str


@dataclass(frozen=True, slots=True)
class ValueQuestion:
    """A question of RAMDocs: the distinct values its own documents (`sources`) give, and which document gives which."""

    id: str
    question: str
    values: tuple[str, ...]
    labels: Mapping[str, str]
    sources: tuple[str, ...]

    @property
    def cluster(self) -> str:
        """No two questions share documents."""
        return self.id


@dataclass(frozen=True, slots=True)
class DialogueTask:
    """The last turn of a conversation of MTRAG-UN, the turns before it, and the documents that answer it."""

    id: str
    question: str
    history: tuple[Turn, ...]
    gold: frozenset[str]
    cluster: str


def shared() -> Path:
    """The folder of public data. Raises FileNotFoundError that says where it is looked for."""
    folder = Path(os.environ.get("QA_SHARED") or Path(__file__).resolve().parents[1].parent / "shared") / "eval"
    if not folder.is_dir():
        raise FileNotFoundError(f"public data is looked for in {folder}; set QA_SHARED to the folder above eval/")
    return folder


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for _, line in json_lines(path))


def multihop(folder: Path) -> tuple[list[Text], list[FactQuery]]:
    """The 609 articles with title, outlet and date, and the questions that have evidence."""
    folder = folder / "multihop_rag"
    keys = ("title", "source", "published_at")
    rows = json.loads((folder / "corpus.json").read_text("utf-8"))
    queries = [
        FactQuery(str(n), q["query"], tuple(dict.fromkeys(e["fact"] for e in q["evidence_list"])), _cluster(q))
        for n, q in enumerate(json.loads((folder / "queries.json").read_text("utf-8")))
        if q["evidence_list"]
    ]
    return [Text(row["url"], row["body"], {k: row[k] for k in keys}) for row in rows], queries


def _cluster(query: Mapping[str, Any]) -> str:
    return _digest(e["url"] for e in query["evidence_list"])


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(set(parts))).encode()).hexdigest()[:12]


def clapnq(folder: Path) -> tuple[list[Text], list[Probe]]:
    """All passages as one corpus; gold are the sentences that the first annotator selected.

    An answerable question for which none was selected is left out, its passage is not.
    """
    texts, probes = [], []
    rows = [
        (name, row) for name in ("answerable", "unanswerable") for row in _lines(folder / "clapnq" / f"{name}.jsonl")
    ]
    same: dict[str, set[str]] = {}
    for _, row in rows:
        same.setdefault(row["passages"][0]["text"], set()).add(row["id"])
    for name, row in rows:
        passage = row["passages"][0]
        texts.append(Text(row["id"], passage["text"], {"title": passage["title"]}))
        gold = tuple(row["output"][0]["selected_sentences"])
        if gold or name == "unanswerable":
            sources = frozenset(same[passage["text"]])
            probes.append(Probe(row["input"], gold, sources, row["id"], _digest([passage["title"]])))
    return texts, probes


def ramdocs(folder: Path) -> tuple[list[Text], list[Probe]]:
    """The documents of every other question as one corpus; the questions between them are not answered by it."""
    texts, probes = [], []
    for number, (found, asked) in enumerate(_ramdocs(folder)):
        if number % 2:
            probes.append(Probe(asked.question))
            continue
        texts += found
        probes.append(Probe(asked.question, tuple(sorted(asked.values)), frozenset(t.doc_id for t in found)))
    return texts, probes


def ramdocs_values(folder: Path) -> tuple[list[Text], list[ValueQuestion]]:
    """The documents of all questions as one corpus, and every question with the values its own documents give."""
    rows = list(_ramdocs(folder))
    return [t for texts, _ in rows for t in texts], [asked for _, asked in rows]


def _ramdocs(folder: Path) -> Iterator[tuple[list[Text], ValueQuestion]]:
    for number, row in enumerate(_lines(folder / "ramdocs" / "questions.jsonl")):
        texts = [Text(f"{number}-{i}", d["text"]) for i, d in enumerate(row["documents"])]
        given = [d["answer"] if d["answer"] != "unknown" else "" for d in row["documents"]]
        labels = {t.doc_id: answer for t, answer in zip(texts, given, strict=True) if answer}
        values, sources = tuple(dict.fromkeys(labels.values())), tuple(t.doc_id for t in texts)
        yield texts, ValueQuestion(str(number), row["question"], values, labels, sources)


def mtrag(folder: Path) -> tuple[list[Text], list[DialogueTask]]:
    """Every context of every task as one corpus, and the tasks that have contexts."""
    texts: dict[str, Text] = {}
    tasks = []
    for row in _lines(folder / "mtrag_un" / "tasks.jsonl"):
        for context in row["contexts"]:
            title = {"title": context["title"]} if context.get("title") else {}
            texts.setdefault(context["document_id"], Text(context["document_id"], context["text"], title))
        said = [turn["text"] for turn in row["input"]]
        history = tuple(zip(said[:-1:2], said[1::2], strict=True))
        gold = frozenset(c["document_id"] for c in row["contexts"])
        if gold:
            tasks.append(DialogueTask(row["task_id"], said[-1], history, gold, row["conversation_id"]))
    return list(texts.values()), tasks
