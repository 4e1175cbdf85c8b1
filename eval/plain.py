"""The plain path to compare with: LlamaIndex's CitationQueryEngine as it comes, on the same documents, embedder and model.

    python -m eval.plain [SUITE] --llm local

It is given the text files whole and nothing of Witness but the embedder and the connection to the model.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.cases import Case, load_suite
from eval.metrics import folded
from qa import Settings
from qa.chatmodels import make_chat_model
from qa.embedding import make_embedder
from qa.llamaindex import as_embedding, as_llm

_REFUSALS = re.compile(
    r"\b(?:not (?:mention|provide|contain|specif|state|give|include|have)\w*|no (?:information|mention)|"
    r"(?:can|could)(?:no|n')t (?:answer|determine|find)|unknown|unclear|not (?:possible|available|clear))\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"\[(?:Source )?(\d+)\]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks every case and prints one JSON line each, then the figures."""
    parser = argparse.ArgumentParser(prog="python -m eval.plain", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("suite", nargs="?", type=Path, default=Path(__file__).parent / "suites" / "geneva")
    parser.add_argument("--llm", default="local", help="the model, as in QA_LLM (default: local)")
    parser.add_argument("--out", type=Path, help="file for one JSON line a case")
    options = parser.parse_args(arguments)
    suite = load_suite(options.suite)
    llm = as_llm(make_chat_model(options.llm, Settings()))
    engine = _engine(suite.documents, llm)
    rows = []
    for case in suite.cases:
        spent = llm.usage.tokens
        rows.append({**_row(engine, case), "tokens": 0})
        rows[-1]["tokens"] = llm.usage.tokens - spent
        if options.out:
            with options.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(rows[-1], ensure_ascii=False) + "\n")
    print(*figures(rows), sep="\n")
    return 0


def _engine(documents: Path, llm: Any) -> Any:
    from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
    from llama_index.core.query_engine import CitationQueryEngine

    settings = Settings()
    embedding = as_embedding(make_embedder(settings.embedder, settings))
    index = VectorStoreIndex.from_documents(SimpleDirectoryReader(str(documents)).load_data(), embed_model=embedding)
    return CitationQueryEngine.from_args(index, llm=llm)


def _row(engine: Any, case: Case) -> dict[str, Any]:
    """One case: only its last turn is asked, since the engine knows no conversation."""
    began = time.perf_counter()
    response = engine.query(case.turns[-1])
    text, seconds = str(response), time.perf_counter() - began
    said = folded(text)
    markers = {int(m) for m in _MARK.findall(text)}
    return {
        "id": case.id,
        "answerable": case.answerable,
        "right": all(any(folded(a) in said for a in group) for group in case.answers) if case.answerable else None,
        "abstained": bool(_REFUSALS.search(text)) or not text.strip(),
        "cited": bool(markers) and markers <= set(range(1, len(response.source_nodes) + 1)),
        "seconds": seconds,
        "text": text,
    }


def figures(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Accuracy, abstention, answers with markers that lead to a source, seconds and tokens."""
    answerable = [r for r in rows if r["answerable"]]
    others = [r for r in rows if not r["answerable"]]
    return [
        f"right, of answerable      {sum(r['right'] for r in answerable)}/{len(answerable)}",
        f"abstained, of the others  {sum(r['abstained'] for r in others)}/{len(others)}",
        f"answers with a citation   {sum(r['cited'] for r in rows)}/{len(rows)}",
        f"seconds an answer         {sum(r['seconds'] for r in rows) / max(1, len(rows)):.1f}",
        f"tokens an answer          {sum(r['tokens'] for r in rows) / max(1, len(rows)):.0f}",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
