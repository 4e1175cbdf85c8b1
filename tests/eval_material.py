"""A small suite of known answers, worked out by hand, and responses to its cases."""

from pathlib import Path

from eval.cases import Case, Gate, Gold, Side, Suite, load_suite, save_suite
from eval.documents import Documents
from eval.metrics import METRICS, Observed, Value, measured
from eval.records import Cited, Found, Record, Response, Said

POST = "The Post. The ministers met on Friday in Geneva. Paul Whelan got 16 years. Lavrov said that nobody is afraid."
WIRE = "The Wire. The ministers met on Thursday. The talks lasted nine hours."

MET = Case(
    id="met",
    turns=("When did they meet?",),
    answers=(("Friday",), ("Thursday",)),
    sides=(Side(value="Friday", documents=("post.txt",)), Side(value="Thursday", documents=("wire.txt",))),
    evidence=(
        Gold(document="post.txt", quote="met on Friday in Geneva"),
        Gold(document="wire.txt", quote="met on Thursday"),
    ),
    tags=("conflict",),
)
YEARS = Case(
    id="years",
    turns=("How long is his sentence?",),
    answer_type="number",
    answers=(("16 years",),),
    evidence=(Gold(document="post.txt", quote="Paul Whelan got 16 years."),),
)
AFRAID = Case(
    id="afraid",
    turns=("Who said so?",),
    answers=(("nobody is afraid",),),
    evidence=(Gold(document="post.txt", quote="Lavrov said that nobody is afraid."),),
    attributions=({"speaker": "Lavrov", "documents": ("post.txt",)},),
)
MOON = Case(id="moon", turns=("How far is the moon?",), answerable=False, tags=("unanswerable",))


def write_suite(folder: Path, cases=(MET, YEARS, AFRAID, MOON), gates: tuple[Gate, ...] = ()) -> Suite:
    (folder / "documents").mkdir(parents=True)
    (folder / "documents" / "post.txt").write_text(POST)
    (folder / "documents" / "wire.txt").write_text(WIRE)
    save_suite(Suite(name="small", version="1", corpus="documents", gates=gates, rows=tuple(cases)), folder)
    return load_suite(folder)


def cited(source: str, words: str, verdict: str = "verbatim") -> Cited:
    start = {"post.txt": POST, "wire.txt": WIRE}[source].index(words)
    return Cited(source=source, start=start, end=start + len(words), text=words, verdict=verdict)


def found(source: str, words: str, in_context: bool = True) -> Found:
    c = cited(source, words)
    return Found(source=source, start=c.start, end=c.end, in_context=in_context)


def response(text: str, *citations: Cited, **more: object) -> Response:
    said = Said(text=text, citations=tuple(range(len(citations))), supported=bool(citations))
    return Response(**{"text": text, "statements": (said,), "citations": citations} | more)


def observed(case: Case, given: Response | None, suite: Suite, **more: object) -> Observed:
    return Observed(case, Record(id=case.id, response=given, **more), Documents(suite.documents))


def value(metric: str, seen: Observed) -> float | str:
    """The metric's number, or its status where it has none."""
    got: Value = measured(METRICS[metric], seen)
    return got.value if got.status == "ok" else got.status
