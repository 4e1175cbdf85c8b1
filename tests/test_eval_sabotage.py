"""The harness against systems that are broken on purpose: each is caught by a named gate, the sound one by none."""

import random
from collections.abc import Callable

import pytest

from eval.baselines import Constant, Oracle, Silent
from eval.documents import Documents
from eval.evaluating import find_suite, run_suite
from eval.records import Found, Response, Run
from eval.scoring import EXIT, Scores, score
from eval.witness import Witness

SUITE = find_suite("geneva")
DOCUMENTS = Documents(SUITE.documents)
DROPPED = "04-nordfjord-dagblad.txt"


@pytest.fixture(scope="module")
def sound(geneva, tmp_path_factory) -> Run:
    from eval.records import read_run

    out = tmp_path_factory.mktemp("runs") / "run.jsonl"
    run_suite(SUITE, Witness(geneva), out=out)
    return read_run(out)


def sabotaged(run: Run, change: Callable[[Response], Response]) -> Scores:
    records = tuple(r.model_copy(update={"response": change(r.response)}) for r in run.records if r.response)
    return score(SUITE, run.model_copy(update={"records": records}))


def shifted(given: Response) -> Response:
    moved = tuple(c.model_copy(update={"start": c.start + 10, "end": c.end + 10}) for c in given.citations)
    return given.model_copy(update={"citations": moved})


def shifted_and_quoted_anew(given: Response) -> Response:
    """Ten sentences' worth off, but with the words that stand there: nothing but the gold can tell."""
    moved = []
    for c in given.citations:
        text = DOCUMENTS[c.source]
        start = (c.start + 900) % (len(text) - 50)
        end = start + c.end - c.start
        moved.append(c.model_copy(update={"start": start, "end": end, "text": text[start:end]}))
    return given.model_copy(update={"citations": tuple(moved)})


def swapped(given: Response) -> Response:
    """Every citation is said to stand in the next document."""
    sources = sorted(DOCUMENTS)
    after = dict(zip(sources, sources[1:] + sources[:1], strict=True))
    moved = tuple(c.model_copy(update={"source": after[c.source]}) for c in given.citations)
    return given.model_copy(update={"citations": moved})


def always_answers(given: Response) -> Response:
    return given.model_copy(update={"abstained": False})


def always_abstains(given: Response) -> Response:
    return given.model_copy(update={"abstained": True})


def random_passages(given: Response) -> Response:
    draw = random.Random(given.text)
    found = []
    for _ in range(10):
        source = draw.choice(sorted(DOCUMENTS))
        start = draw.randrange(len(DOCUMENTS[source]))
        found.append(Found(source=source, start=start, end=start + 300))
    return given.model_copy(update={"passages": tuple(found)})


def one_outlet_dropped(given: Response) -> Response:
    """As a system that has not indexed one of the documents."""
    kept = {i: c for i, c in enumerate(given.citations) if c.source != DROPPED}
    return given.model_copy(
        update={
            "citations": tuple(kept.values()),
            "statements": (),
            "passages": tuple(p for p in given.passages if p.source != DROPPED),
            "abstained": given.abstained or not kept,
        }
    )


def uncited(given: Response) -> Response:
    bare = tuple(s.model_copy(update={"citations": (), "supported": False}) for s in given.statements)
    return given.model_copy(update={"citations": (), "statements": bare})


@pytest.mark.parametrize(
    ("sabotage", "gates"),
    [
        (shifted, {"citations_resolve", "gold_quote"}),
        (shifted_and_quoted_anew, {"gold_quote"}),
        (swapped, {"citations_resolve", "gold_quote", "gold_document"}),
        (always_answers, {"abstention"}),
        (always_abstains, {"accuracy", "over_refusal"}),
        (random_passages, {"evidence_recall"}),
        (one_outlet_dropped, {"evidence_recall", "source_recall"}),
        (uncited, {"uncited", "gold_quote", "gold_document"}),
    ],
)
def test_every_sabotage_is_caught_by_its_gates(sound, sabotage, gates):
    scores = sabotaged(sound, sabotage)
    caught = {r.gate.metric for r in scores.results if r.status == "fail"}
    assert gates <= caught, scores.text
    assert EXIT[scores.status] == 1


def test_the_sound_system_passes(sound):
    scores = score(SUITE, sound)
    assert scores.status == "pass", scores.text
    assert EXIT[scores.status] == 0


def test_the_oracle_reaches_the_ceiling_and_the_floors_do_not():
    ceiling = run_suite(SUITE, Oracle(SUITE))
    assert [r.case.id for r in ceiling.rows if r.value("right") != 1.0] == []
    assert ceiling.summary("gold_quote").value == ceiling.summary("citation_recall").value == 1.0
    assert run_suite(SUITE, Constant()).summary("right").value < 0.1
    assert run_suite(SUITE, Silent()).summary("accuracy").value == 0.0


def test_words_alone_stand_between_floor_and_ceiling():
    scores = run_suite(SUITE, "lexical")
    assert 0.3 < scores.summary("accuracy").value < 0.8
    assert scores.summary("citations_resolve").value == 1.0
