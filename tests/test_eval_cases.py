"""Suites are sound, and what is wrong with one is named with its line."""

import json
from pathlib import Path

import pytest
from eval_material import MET, YEARS, write_suite

from eval.cases import Case, Gate, Gold, digest_of, load_suite
from eval.evaluating import find_suite
from eval.linting import lint

GENEVA = Path(__file__).parents[1] / "eval" / "suites" / "geneva"


def test_the_house_suite_is_sound():
    assert lint(GENEVA) == []


def test_a_wrong_line_is_named(tmp_path):
    write_suite(tmp_path / "s")
    with (tmp_path / "s" / "cases.jsonl").open("a") as out:
        out.write('{"id": "2"}\n')
    with pytest.raises(ValueError, match=r"cases\.jsonl:5"):
        load_suite(tmp_path / "s")
    assert "turns" in str(lint(tmp_path / "s")[0])


def test_a_question_may_hold_separators_of_lines(tmp_path):
    odd = YEARS.model_copy(update={"turns": ("one\u2028two\x85?",)})
    assert write_suite(tmp_path / "s", (odd,)).cases == (odd,)


def test_defaults_lie_under_every_case(tmp_path):
    folder = write_suite(tmp_path / "s").folder
    (folder / "suite.yaml").write_text("name: s\nversion: 1\ncorpus: documents\ndefaults: {tags: [plain]}\n")
    assert {c.tags for c in load_suite(folder).cases} == {("conflict",), ("unanswerable",), ("plain",)}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (
            YEARS.model_copy(update={"evidence": (Gold(document="post.txt", quote="He got 17 years."),)}),
            "does not hold",
        ),
        (YEARS.model_copy(update={"evidence": (Gold(document="none.txt", quote="x"),)}), "no document 'none.txt'"),
        (YEARS.model_copy(update={"answers": (("17 years",),)}), "no evidence holds any of"),
        (Case(id="x", turns=("q",)), "nothing says what is right"),
        (Case(id="x", turns=("q",), documents=("none.txt",)), "no document 'none.txt'"),
        (MET, "there twice"),
    ],
)
def test_lint_points_at_the_line_that_is_wrong(tmp_path, case, message):
    folder = write_suite(tmp_path / "s", (MET, case)).folder
    problem = next(p for p in lint(folder) if message in str(p))
    assert str(problem).startswith(f"{folder / 'cases.jsonl'}:2: ")


def test_lint_knows_the_metrics_and_tags_of_gates(tmp_path):
    gates = (Gate(metric="speed", at_least=1), Gate(metric="right", at_least=1, tag="odd"))
    first, second = map(str, lint(write_suite(tmp_path / "s", gates=gates).folder))
    assert "no metric 'speed'" in first and "no case carries the tag 'odd'" in second


def test_a_locked_test_split_cannot_be_changed_unseen(tmp_path):
    suite = write_suite(tmp_path / "s", (MET, YEARS.model_copy(update={"split": "test"})))
    described = suite.folder / "suite.yaml"
    described.write_text(described.read_text() + f"locked: {digest_of(suite.split('test'))}\n")
    assert lint(suite.folder) == []
    path = suite.folder / "cases.jsonl"
    path.write_text(path.read_text().replace("How long is", "How short is"))
    assert "the test split was changed" in str(lint(suite.folder)[0])


@pytest.mark.parametrize(
    "wrong",
    [
        {"replies": ["one", "two"]},
        {"answerable": False, "answers": [["x"]]},
        {"sides": [{"value": "x", "documents": []}]},
        {"colour": "red"},
    ],
)
def test_a_case_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValueError):
        Case.model_validate({"id": "1", "turns": ["a", "b"], **wrong})


def test_a_gate_has_one_bound():
    with pytest.raises(ValueError, match="either"):
        Gate(metric="right")


def test_what_is_written_is_read_again(tmp_path):
    suite = write_suite(tmp_path / "s", gates=(Gate(metric="right", at_least=0.5, tag="conflict", target=0.9),))
    again = load_suite(suite.folder)
    assert (again.cases, again.gates, again.digest) == (suite.cases, suite.gates, suite.digest)
    rows = [json.loads(line) for line in (suite.folder / "cases.jsonl").read_text().splitlines()]
    assert "split" not in rows[0], "defaults are left out"


def test_a_suite_is_found_by_folder_or_by_name():
    assert find_suite("geneva").name == find_suite(GENEVA).name == "geneva"
    with pytest.raises(ValueError, match="geneva"):
        find_suite("nowhere")
