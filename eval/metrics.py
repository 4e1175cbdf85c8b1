"""What is measured about one answer, without a model: a table of pure functions, each of a case and what came for it.

A metric gives a number, says that it does not apply (None), or raises; it never gives NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from eval.cases import Case
from eval.correctness import f1, is_right, sides_shown, sides_sourced
from eval.documents import Documents, Span
from eval.records import Cited, Found, Record, Response
from eval.texts import holds, plain

K, BUDGET_CHARACTERS = 10, 8192  # passages, and about 2,048 tokens
_HALF = 0.5


@dataclass(frozen=True)
class Observed:
    """One case and what came for it: all that a metric sees. `judged` is a judge's word on its sentences, where asked."""

    case: Case
    record: Record
    documents: Documents
    judged: float | None = None

    @property
    def response(self) -> Response:
        """The response. Raises ValueError when there is none."""
        if self.record.response is None:
            raise ValueError(self.record.error or "no response")
        return self.record.response

    @cached_property
    def gold(self) -> tuple[tuple[str, tuple[Span, ...]], ...]:
        """Per distinct piece of evidence its document and the places where its quote stands."""
        pieces = dict.fromkeys((g.document, g.quote) for g in self.case.evidence)
        return tuple((document, self.documents.places(document, quote)) for document, quote in pieces)

    @cached_property
    def gold_documents(self) -> frozenset[str]:
        """The documents of the evidence and of the sides, and those marked as a whole."""
        sides = (d for side in self.case.sides for d in side.documents)
        return frozenset([*(d for d, _ in self.gold), *sides, *self.case.documents])

    @property
    def answered(self) -> bool:
        """True for an answer that is no abstention."""
        return not self.response.abstained


Measure = Callable[[Observed], float | None]
Kind = Literal["rate", "mean"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure, what it says in words, and whether it is a rate of yes and no (Wilson) or a mean (bootstrap)."""

    measure: Measure
    about: str
    kind: Kind = "rate"
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A metric's value for one case: `ok` with a number, `not applicable`, or an `error` with its reason."""

    status: Literal["ok", "not applicable", "error"]
    value: float = 0.0
    note: str = ""


def measured(metric: Metric, observed: Observed) -> Value:
    """The value of one metric for one case."""
    try:
        value = metric.measure(observed)
    except Exception as error:  # whatever is wrong with one case must not lose the others
        return Value("error", note=f"{type(error).__name__}: {error}")
    if value is None:
        return Value("not applicable")
    if not math.isfinite(value):
        return Value("error", note=f"the metric gave {value}")
    return Value("ok", float(value))


def _right(o: Observed) -> float:
    """A case that says nothing of the answer is right when the evidence, or a document marked as a whole, is cited."""
    told = o.case.answers or o.case.sides or o.case.attributions
    if told or not o.case.answerable:
        return is_right(o.case, o.response)
    return o.answered and bool(_gold_quote(o) if o.gold else _gold_document(o))


def _accuracy(o: Observed) -> float | None:
    return _right(o) if o.case.answerable else None


def _f1(o: Observed) -> float | None:
    return f1(o.case, o.response) if o.case.answers else None


def _abstention(o: Observed) -> float | None:
    return None if o.case.answerable else o.response.abstained


def _over_refusal(o: Observed) -> float | None:
    return o.response.abstained if o.case.answerable else None


def covers(spans: Sequence[tuple[str, int, int]], source: str, places: Sequence[Span], share: float = 1.0) -> bool:
    """True when `spans` (source, start, end) together hold at least `share` of one of the places."""
    own = [(start, end) for s, start, end in spans if s == source]
    for start, end in places:
        held = {i for a, b in own for i in range(max(a, start), min(b, end))}
        if len(held) >= share * (end - start):
            return True
    return False


def _spans(found: Sequence[Found | Cited]) -> list[tuple[str, int, int]]:
    return [(f.source, f.start, f.end) for f in found]


def _evidence_share(o: Observed, passages: Sequence[Found]) -> float | None:
    if not o.gold or not o.response.passages:
        return None
    spans = _spans(passages)
    return sum(covers(spans, source, places) for source, places in o.gold) / len(o.gold)


def _evidence_recall(o: Observed) -> float | None:
    return _evidence_share(o, o.response.passages[:K])


def _evidence_in_budget(o: Observed) -> float | None:
    taken, used = [], 0
    for passage in o.response.passages:
        used += passage.end - passage.start
        if used > BUDGET_CHARACTERS:
            break
        taken.append(passage)
    return _evidence_share(o, taken)


def _all_evidence(o: Observed) -> float | None:
    share = _evidence_recall(o)
    return None if share is None else share == 1.0


def _source_recall(o: Observed) -> float | None:
    if not o.gold_documents or not o.response.passages:
        return None
    return len(o.gold_documents & {p.source for p in o.response.passages[:K]}) / len(o.gold_documents)


def relevant(o: Observed, passage: Found) -> bool:
    """True when a passage holds at least half of a piece of evidence."""
    return any(covers(_spans([passage]), source, places, _HALF) for source, places in o.gold)


def _reciprocal_rank(o: Observed) -> float | None:
    if not o.gold or not o.response.passages:
        return None
    from eval.ranking import ranked

    ids = [str(i) for i in range(len(o.response.passages))]
    wanted = [i for i, p in zip(ids, o.response.passages, strict=True) if relevant(o, p)]
    return ranked(("MRR@10",), {o.case.id: wanted}, {o.case.id: ids})["MRR@10"][o.case.id]


def resolves(citation: Cited, documents: Documents) -> bool:
    """True when the cited words stand at their offsets in their source."""
    text = documents.get(citation.source)
    return (
        text is not None and citation.end > citation.start >= 0 and text[citation.start : citation.end] == citation.text
    )


def _citations_resolve(o: Observed) -> float | None:
    cited = o.response.citations
    return all(resolves(c, o.documents) for c in cited) if cited else None


def _verbatim(o: Observed) -> float | None:
    cited = o.response.citations
    return sum(c.verdict == "verbatim" and resolves(c, o.documents) for c in cited) / len(cited) if cited else None


def _uncited(o: Observed) -> float | None:
    said = o.response.statements
    return sum(not s.citations or not s.supported for s in said) / len(said) if said and o.answered else None


def _scored_citations(o: Observed) -> Sequence[Cited] | None:
    """The citations that are held against gold: those of an answer to a case that has evidence."""
    return o.response.citations if o.answered and o.gold else None


def _gold_document(o: Observed) -> float | None:
    if not o.answered or not o.gold_documents:
        return None
    return any(c.source in o.gold_documents for c in o.response.citations)


def hits(o: Observed, citation: Cited) -> bool:
    """True when a citation that resolves shares at least half of the shorter of the two with a piece of evidence."""
    if not resolves(citation, o.documents):
        return False
    return any(
        min(citation.end, end) - max(citation.start, start) >= _HALF * min(citation.end - citation.start, end - start)
        for source, places in o.gold
        for start, end in places
        if source == citation.source
    )


def _gold_quote(o: Observed) -> float | None:
    cited = _scored_citations(o)
    return None if cited is None else any(hits(o, c) for c in cited)


def _citation_precision(o: Observed) -> float | None:
    cited = _scored_citations(o)
    return sum(hits(o, c) for c in cited) / len(cited) if cited else None


def _citation_recall(o: Observed) -> float | None:
    cited = _scored_citations(o)
    if cited is None:
        return None
    good = _spans([c for c in cited if hits(o, c)])
    return sum(covers(good, source, places, _HALF) for source, places in o.gold) / len(o.gold)


def _cited_right(o: Observed) -> float | None:
    """Right and nothing to object to: every sentence cited, every citation resolves, and one hits the gold."""
    if not o.case.answerable:
        return None
    sound = _citations_resolve(o) == 1.0 and not _uncited(o)
    return bool(_right(o)) and sound and (not o.gold or _gold_quote(o) == 1.0)


def _both_sides(o: Observed) -> float | None:
    return sides_shown(o.case, o.response) == len(o.case.sides) if o.case.sides else None


def _right_sources(o: Observed) -> float | None:
    return sides_sourced(o.case, o.response) / len(o.case.sides) if o.case.sides else None


def _false_alarm(o: Observed) -> float | None:
    return None if o.case.sides else bool(o.response.disagreements)


def _speaker(o: Observed) -> float | None:
    if not o.case.attributions:
        return None
    return o.answered and all(holds(plain(o.response.text), a.speaker) for a in o.case.attributions)


def _outlet(o: Observed) -> float | None:
    told = [a for a in o.case.attributions if a.documents]
    if not told:
        return None
    cited = {c.source for c in o.response.citations if resolves(c, o.documents)}
    return o.answered and all(cited & set(a.documents) for a in told)


def _words(o: Observed) -> float | None:
    return float(len(plain(o.response.text).split())) if o.answered else None


METRICS: Mapping[str, Metric] = {
    "right": Metric(_right, "answered rightly, or abstained where it must"),
    "accuracy": Metric(_accuracy, "answered rightly, of answerable cases"),
    "token_f1": Metric(_f1, "words shared with the gold answer", "mean"),
    "cited_right": Metric(_cited_right, "right, every sentence cited, the gold words among the citations"),
    "abstention": Metric(_abstention, "abstained, of unanswerable cases"),
    "over_refusal": Metric(_over_refusal, "abstained, of answerable cases", lower_is_better=True),
    "evidence_recall": Metric(_evidence_recall, f"share of the evidence in the first {K} passages", "mean"),
    "evidence_in_budget": Metric(_evidence_in_budget, "the same in about 2,048 tokens", "mean"),
    "all_evidence": Metric(_all_evidence, f"all evidence in the first {K} passages"),
    "source_recall": Metric(_source_recall, f"share of the gold documents in the first {K} passages", "mean"),
    "mrr": Metric(_reciprocal_rank, f"1 / rank of the first passage with evidence, of {K}", "mean"),
    "citations_resolve": Metric(_citations_resolve, "every citation stands at its offsets, word for word"),
    "verbatim": Metric(_verbatim, "share of citations that are verbatim", "mean"),
    "uncited": Metric(_uncited, "share of sentences without support", "mean", lower_is_better=True),
    "gold_document": Metric(_gold_document, "a citation leads to a gold document"),
    "gold_quote": Metric(_gold_quote, "a citation leads to the gold words"),
    "citation_precision": Metric(_citation_precision, "share of citations that lead to gold words", "mean"),
    "citation_recall": Metric(_citation_recall, "share of gold words that are cited", "mean"),
    "both_sides": Metric(_both_sides, "every side shown, where sources differ"),
    "right_sources": Metric(_right_sources, "share of sides shown with their own sources only", "mean"),
    "false_alarm": Metric(_false_alarm, "a disagreement shown where there is none", lower_is_better=True),
    "speaker": Metric(_speaker, "the speaker is named"),
    "outlet": Metric(_outlet, "a document that reports it is cited"),
    "judged_support": Metric(lambda o: o.judged, "share of sentences that the judge finds borne out", "mean"),
    "words": Metric(_words, "words of an answer", "mean", lower_is_better=True),
    "seconds": Metric(lambda o: o.record.seconds, "seconds a turn", "mean", lower_is_better=True),
    "tokens": Metric(lambda o: float(o.response.tokens), "tokens of a model an answer", "mean", lower_is_better=True),
}
