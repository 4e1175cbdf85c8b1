"""`python -m eval.retrieval [N]`: how well passages are found, on MultiHop-RAG (Tang and Yang 2024), as the field scores it.

Null queries are dropped. A passage is relevant when it holds a gold fact, spaces and line breaks aside. MRR@10 looks
at the first relevant passage, Hits@k asks for one among the first k, evidence recall is the share of a query's facts found.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.public import Text, shared
from qa import Corpus, Settings

_TOP = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures over N queries drawn evenly (default: all)."""
    given = sys.argv[1:] if arguments is None else arguments
    folder = shared() / "multihop_rag"
    queries = [q for q in json.loads((folder / "queries.json").read_text("utf-8")) if q["evidence_list"]]
    wanted = int(given[0]) if given else len(queries)
    queries = queries[:: max(1, len(queries) // wanted)]
    with Corpus(store=Settings().cache / "eval" / "multihop_rag") as corpus:
        if not corpus.sources():
            corpus.add(articles(folder))
        scored = [score(q, corpus) for q in queries]
    print(len(scored), {name: round(statistics.fmean(s[name] for s in scored), 3) for name in scored[0]})
    return 0


def articles(folder: Path) -> list[Text]:
    """The 609 articles with title, outlet and date."""
    rows = json.loads((folder / "corpus.json").read_text("utf-8"))
    keys = ("title", "source", "published_at")
    return [Text(row["url"], row["body"], {k: row[k] for k in keys}) for row in rows]


def score(query: dict[str, Any], corpus: Corpus) -> dict[str, float]:
    """MRR@10, Hits@4, Hits@10 and evidence recall@10 of one query."""
    facts = {_bare(e["fact"]) for e in query["evidence_list"]}
    found = [_bare(p.passage.text) for p in corpus.retrieve(query["query"], k=_TOP)]
    ranks = [rank for rank, text in enumerate(found, start=1) if any(f in text for f in facts)]
    return {
        "MRR@10": 1 / ranks[0] if ranks else 0.0,
        "Hits@4": float(bool(ranks) and ranks[0] <= 4),
        "Hits@10": float(bool(ranks)),
        "recall@10": sum(any(f in text for text in found) for f in facts) / len(facts),
    }


def _bare(text: str) -> str:
    return "".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
