"""Where a case went wrong: the first stage on the way from document to citation that lost it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from eval.metrics import Observed, covers, hits, resolves
from eval.scoring import Row, Scores

Stage = str


def _gold_lost(o: Observed, in_context: bool) -> bool:
    """True when the passages that were found (or came to the answerer) hold half of no piece of evidence."""
    spans = [(p.source, p.start, p.end) for p in o.response.passages if p.in_context or not in_context]
    return bool(o.gold) and bool(o.response.passages) and not any(covers(spans, s, places, 0.5) for s, places in o.gold)


def _no_gold_cited(o: Observed) -> bool:
    return bool(o.gold) and not any(hits(o, c) for c in o.response.citations)


# In the order in which a case passes them; each says whether an answerable case that is not right stopped there.
STAGES: Mapping[Stage, tuple[str, Callable[[Row], bool]]] = {
    "error": ("the system raised an error", lambda r: bool(r.record.error)),
    "answered": ("answered what the documents do not", lambda r: not r.case.answerable),
    "not retrieved": ("the evidence is in no passage that was found", lambda r: _gold_lost(r.observed, False)),
    "not in context": ("found, but too late for the answerer", lambda r: _gold_lost(r.observed, True)),
    "refused": ("abstained with the evidence at hand", lambda r: r.observed.response.abstained),
    "not used": ("answered from other words than the evidence", lambda r: _no_gold_cited(r.observed)),
    "one side": ("the evidence cited, the disagreement not shown", lambda r: r.value("both_sides") == 0.0),
    "wrong": ("the evidence cited, the answer wrong", lambda r: True),
}
# The same for cases that are right.
FLAWS: Mapping[Stage, tuple[str, Callable[[Row], bool]]] = {
    "uncited": ("right, with a sentence that has no support", lambda r: bool(r.value("uncited"))),
    "mis-cited": (
        "right, with a citation that does not stand at its place, or none that leads to the evidence",
        lambda r: (
            not all(resolves(c, r.observed.documents) for c in r.observed.response.citations)
            or (r.observed.answered and r.case.answerable and _no_gold_cited(r.observed))
        ),
    ),
}
NOT_INDEXED = "not indexed"
ABOUT: Mapping[Stage, str] = {
    NOT_INDEXED: "the system has no document of the evidence",
    **{stage: about for table in (STAGES, FLAWS) for stage, (about, _) in table.items()},
}


def diagnose(row: Row, indexed: frozenset[str]) -> Stage | None:
    """The stage that lost the case; None when it is right and soundly cited. `indexed` is empty when it is not known."""
    gold = row.observed.gold_documents
    if row.value("right") != 1.0:
        if not row.record.error and row.case.answerable and indexed and gold and not gold & indexed:
            return NOT_INDEXED
        return next(stage for stage, (_, stopped) in STAGES.items() if stopped(row))
    return next((stage for stage, (_, found) in FLAWS.items() if found(row)), None)


def tree(scores: Scores) -> dict[Stage, list[Row]]:
    """The rows that are not as they should be, by stage, in the order of the way."""
    indexed = frozenset(scores.header.sources)
    found: dict[Stage, list[Row]] = {}
    for row in scores.rows:
        if (stage := diagnose(row, indexed)) is not None:
            found.setdefault(stage, []).append(row)
    return {stage: found[stage] for stage in ABOUT if stage in found}
