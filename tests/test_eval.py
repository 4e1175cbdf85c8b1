"""The harness: suites are sound, and scoring tells right from wrong."""

from pathlib import Path

import pytest

from eval.cases import Case, load_suite
from eval.metrics import folded, is_right
from eval.public import clapnq, ramdocs
from qa.types import Answer, Disagreement, Side

GENEVA = Path(__file__).parents[1] / "eval" / "suites" / "geneva"


def answer(text: str, **more) -> Answer:
    return Answer("q", "q", text, **more)


def test_the_geneva_suite_is_sound():
    suite = load_suite(GENEVA)
    assert len(suite.cases) >= 60
    assert len({c.id for c in suite.cases}) == len(suite.cases)
    assert sum(not c.answerable for c in suite.cases) >= len(suite.cases) / 4
    for case in suite.cases:
        for gold in case.evidence:
            assert gold.quote in (suite.documents / gold.document).read_text("utf-8"), case.id
        for group in case.answers:
            assert any(folded(a) in folded(g.quote) for a in group for g in case.evidence), case.id


def test_an_answer_is_right_when_it_holds_one_alias_of_every_group():
    case = Case(id="1", kind="list", turns=("q",), answers=(("Whelan",), ("Reed", "Reid")))
    assert is_right(case, answer("Paul “Whelan” and Trevor REID."))
    assert not is_right(case, answer("Paul Whelan."))
    assert not is_right(case, answer("Whelan, Reed", abstained=True))


def test_a_conflict_is_right_only_when_the_disagreement_is_shown():
    case = Case(
        id="1", kind="conflict", turns=("q",),
        sides=({"value": "Friday", "documents": ("a",)}, {"value": "Thursday", "documents": ("b",)}),
    )  # fmt: skip
    assert not is_right(case, answer("Friday, or Thursday."))
    shown = Disagreement("day", (Side("Friday", ()), Side("Thursday", ())))
    assert is_right(case, answer("They differ.", disagreements=(shown,)))


def test_a_wrong_line_is_named(tmp_path):
    (tmp_path / "suite.yaml").write_text("name: s\nversion: 1\ncorpus: documents\n")
    (tmp_path / "cases.jsonl").write_text('{"id": "1", "kind": "factoid", "turns": ["q"]}\n{"id": "2"}\n')
    with pytest.raises(ValueError, match=r"cases\.jsonl:2"):
        load_suite(tmp_path)


def test_public_sets_are_read_where_they_are(shared):
    texts, probes = clapnq(shared / "eval")
    assert texts and any(p.gold for p in probes) and any(not p.gold for p in probes)
    assert ramdocs(shared / "eval")[1]
