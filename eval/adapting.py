"""Public sets as suites: `python -m eval adapt multihop_rag FOLDER`, from the shared data or the user's own download.

Nothing of them is shipped. MultiHop-RAG (Tang and Yang 2024, ODC-BY), RAMDocs (Wang et al. 2025, MIT), ClapNQ (IBM,
Apache-2.0), MTRAG-UN (IBM, Apache-2.0).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from eval.cases import Case, Gold, Side, Suite, save_suite
from eval.texts import bare, json_lines, tokens

Row = Mapping[str, Any]
Texts = dict[str, str]  # by file name
CONSTANT_ANSWER = "yes no insufficient information"
_NULL = "Insufficient information"


def adapt(name: str, data: Path, out: Path) -> Suite:
    """Writes the set of that name, read from `data`, as a suite below `out`.

    Raises ValueError for an unknown name and FileNotFoundError where the data is not.
    """
    if name not in ADAPTERS:
        raise ValueError(f"no set {name!r}; there are {', '.join(ADAPTERS)}")
    texts, cases = ADAPTERS[name](data)
    documents = out / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        (documents / file).write_text(text, "utf-8", newline="")
    suite = Suite(name=name, version="1", corpus="documents", rows=tuple(cases), folder=out)
    save_suite(suite, out)
    return suite


def _lines(path: Path) -> Iterator[Row]:
    return (json.loads(line) for _, line in json_lines(path))


def _named(text: str, **described: str) -> tuple[str, str]:
    """A file name by content, and the text behind what describes it as front matter."""
    front = {key: value for key, value in described.items() if value}
    text = text.lstrip("\ufeff")  # a mark of order at the beginning is no part of a file's text
    name = hashlib.sha256(f"{front}{text}".encode()).hexdigest()[:16] + ".md"
    return name, f"---\n{yaml.safe_dump(front, allow_unicode=True)}---\n\n{text}" if front else text


def _slice(text: str, fact: str) -> str | None:
    """The words of `text` that are `fact`, white space aside."""
    pattern = r"\s*".join(map(re.escape, bare(fact)))
    found = re.search(pattern, text)
    return found.group() if found else None


def _cluster(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(set(parts))).encode()).hexdigest()[:12]


def _golds(pairs: Iterable[tuple[str, str | None]]) -> tuple[Gold, ...]:
    return tuple(dict.fromkeys(Gold(document=name, quote=quote) for name, quote in pairs if quote))


def _multihop(data: Path) -> tuple[Texts, list[Case]]:
    rows = json.loads((data / "corpus.json").read_text("utf-8"))
    files = {
        r["url"]: _named(r["body"], title=r["title"], source=r["source"], published_at=r["published_at"]) for r in rows
    }
    cases = []
    for number, q in enumerate(json.loads((data / "queries.json").read_text("utf-8"))):
        pairs = [(files[e["url"]], e["fact"]) for e in q["evidence_list"] if e["url"] in files]
        answerable = q["question_type"] != "null_query"
        yes_no = q["answer"].lower() in ("yes", "no")
        cases.append(
            Case(
                id=f"multihop-{number:04}",
                turns=(q["query"],),
                answer_type="yes_no" if answerable and yes_no else "span",
                answerable=answerable,
                answers=((q["answer"],),) if answerable else (),
                evidence=_golds((name, _slice(text, fact)) for (name, text), fact in pairs),
                tags=(q["question_type"],),
                cluster=_cluster(e["url"] for e in q["evidence_list"]) if answerable else f"null-{number}",
            )
        )
    return dict(files.values()), cases


def _ramdocs(data: Path) -> tuple[Texts, list[Case]]:
    texts: Texts = {}
    cases = []
    for number, row in enumerate(_lines(data / "questions.jsonl")):
        given: dict[str, list[str]] = {}
        for document in row["documents"]:
            name, text = _named(document["text"], title="")
            texts[name] = text
            if document["answer"] != "unknown":
                given.setdefault(document["answer"], []).append(name)
        sides = [Side(value=value, documents=tuple(names)) for value, names in given.items()]
        cases.append(
            Case(
                id=f"ramdocs-{number:04}",
                turns=(row["question"],),
                answerable=bool(given),
                answers=tuple((value,) for value in given),
                evidence=_golds((name, _sentence(texts[name], v)) for v, names in given.items() for name in names),
                documents=tuple(name for names in given.values() for name in names),
                sides=tuple(sides) if len(sides) > 1 else (),
                tags=("conflict",) if len(sides) > 1 else (),
            )
        )
    return texts, cases


def _sentence(text: str, value: str) -> str | None:
    """The line or sentence around the first place where `value` stands."""
    at = text.casefold().find(value.casefold())
    if at < 0:
        return None
    start = max(text.rfind(". ", 0, at) + 2 if ". " in text[:at] else 0, text.rfind("\n", 0, at) + 1)
    ends = [e for e in (text.find(". ", at + len(value)), text.find("\n", at + len(value))) if e >= 0]
    return text[start : min(ends, default=len(text))].strip()


def _clapnq(data: Path) -> tuple[Texts, list[Case]]:
    texts: Texts = {}
    cases = []
    for kind in ("answerable", "unanswerable"):
        for row in _lines(data / f"{kind}.jsonl"):
            passage = row["passages"][0]
            name, text = _named(passage["text"], title=passage["title"])
            texts[name] = text
            selected = [_slice(text, s) for s in row["output"][0]["selected_sentences"]] if kind == "answerable" else []
            if any(selected) or kind == "unanswerable":
                cases.append(
                    Case(
                        id=f"clapnq{row['id']}",
                        turns=(row["input"],),
                        answerable=kind == "answerable",
                        evidence=_golds((name, quote) for quote in selected),
                        tags=(kind,),
                        cluster=_cluster([passage["title"]]),
                    )
                )
    return texts, cases


_ANSWERABLE = {"ANSWERABLE": True, "PARTIAL": True, "UNANSWERABLE": False}


def _mtrag(data: Path) -> tuple[Texts, list[Case]]:
    texts: Texts = {}
    cases = []
    for row in _lines(data / "tasks.jsonl"):
        files = [_named(c["text"], title=c.get("title") or "") for c in row["contexts"]]
        texts |= dict(files)
        said = [turn["text"] for turn in row["input"]]
        answerable = _ANSWERABLE.get(row["answerability"][0])
        if answerable is None or (answerable and not files):
            continue  # an underspecified question has neither a right answer nor a right refusal
        cases.append(
            Case(
                id=f"mtrag-{row['task_id'].replace('<::>', '-')}",
                turns=tuple(said[::2]),
                replies=tuple(said[1::2]),
                answerable=answerable,
                documents=tuple(name for name, _ in files) if answerable else (),
                tags=(row["answerability"][0].lower(), *(["multi-turn"] if len(said) > 1 else [])),
                cluster=row["conversation_id"],
            )
        )
    return texts, cases


ADAPTERS: Mapping[str, Callable[[Path], tuple[Texts, list[Case]]]] = {
    "multihop_rag": _multihop,
    "ramdocs": _ramdocs,
    "clapnq": _clapnq,
    "mtrag_un": _mtrag,
}


def official_constant(suite: Suite) -> float:
    """What MultiHop-RAG's own scorer, which asks for any word in common with the gold answer, gives to one constant
    string whatever is asked. An accuracy on this set says little without it."""
    given = set(CONSTANT_ANSWER.split())
    gold = [case.answers[0][0] if case.answerable else _NULL for case in suite.cases]
    return sum(bool(given & set(tokens(answer))) for answer in gold) / len(gold) if gold else 0.0
