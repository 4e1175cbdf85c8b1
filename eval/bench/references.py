"""What the figures of the public sets are held against: where things stood, and what is to be reached.

`before` of MultiHop-RAG is a prototype over 700 queries; `published` the best of large models with a reranker. `before`
of ClapNQ is the embedder alone: the best sentence is gold, its score separates; that of RAMDocs the best passage alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """Figures known beforehand, None where there is none. `at_most`: lower is better, `reach` is a ceiling."""

    before: float | None = None
    reach: float | None = None
    published: float | None = None
    at_most: bool = False

    def met(self, value: float) -> bool | None:
        """Whether `value` reaches what is to be reached; None when nothing is."""
        if self.reach is None:
            return None
        return value <= self.reach if self.at_most else value >= self.reach


REFERENCES: Mapping[tuple[str, str], Reference] = {
    ("multihop_rag", "MRR@10"): Reference(0.70, 0.77, 0.68),
    ("multihop_rag", "Hits@4"): Reference(0.88, 0.93, 0.79),
    ("multihop_rag", "Hits@10"): Reference(0.96, 0.98, 0.90),
    ("multihop_rag", "evidence recall@10"): Reference(0.73, 0.81),
    ("multihop_rag", "evidence recall, 2,048 tokens"): Reference(0.69, 0.76),
    ("multihop_rag", "retrieve p50, ms"): Reference(reach=40, at_most=True),
    ("multihop_rag", "retrieve p95, ms"): Reference(reach=120, at_most=True),
    ("clapnq", "gold sentence quoted, of answerable"): Reference(0.77, 0.88),
    ("clapnq", "balanced accuracy"): Reference(reach=0.82),
    ("clapnq", "AUROC of the best score"): Reference(0.84),
    ("ramdocs", "values given"): Reference(0.50, 0.80),
    ("ramdocs", "disagreement flagged, where sources differ"): Reference(reach=0.80),
    ("ramdocs", "disagreement flagged, where none"): Reference(reach=0.10, at_most=True),
    ("ramdocs", "ceiling: values in the texts"): Reference(0.95),
    ("mtrag_un", "R@5 ratio, all tasks"): Reference(reach=1.20),
    ("mtrag_un", "R@5 ratio, later turns"): Reference(reach=1.20),
}
NONE = Reference()
