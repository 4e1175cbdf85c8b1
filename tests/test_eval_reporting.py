"""Reports show what was scored, escape all of it, and ask nobody for anything."""

import re
from xml.etree import ElementTree

import pytest
from eval_material import AFRAID, MET, MOON, YEARS, cited, found, response, write_suite

from eval.__main__ import main
from eval.cases import Case, Gate
from eval.diagnosing import tree
from eval.records import Header, Record, Response, Run, append, begin
from eval.reporting import Report
from eval.scoring import score

SIXTEEN = cited("post.txt", "Paul Whelan got 16 years.")
ASIDE = cited("wire.txt", "The talks lasted nine hours.")
HOSTILE = '<script>alert(1)</script><img src="http://evil.example/x"> [x](javascript:alert(1))'


def header(suite, **more: object) -> Header:
    told = {"suite": suite.name, "version": "1", "folder": str(suite.folder), "system": "x", "fingerprint": "1"}
    return Header(**told | {"suite_digest": suite.digest, "corpus_digest": suite.corpus_digest} | more)


def scored(suite, *records: Record, **more: object):
    return score(suite, Run(header=header(suite, **more), records=records))


def test_a_report_escapes_everything_and_asks_nobody(tmp_path):
    case = Case(id="h", turns=(HOSTILE,), answers=((HOSTILE,),), tags=(HOSTILE,))
    suite = write_suite(tmp_path / "s", (case,))
    given = response(HOSTILE, SIXTEEN.model_copy(update={"text": HOSTILE, "source": HOSTILE}), understood=HOSTILE + "?")
    page = Report(suite, scored(suite, Record(id="h", response=given), system=HOSTILE)).html()
    assert "<script" not in page and "<img" not in page
    assert re.findall(r"(?:src|href)=\"(?!#)", page) == []
    assert "default-src 'none'" in page and "&lt;script&gt;" in page


def test_a_report_shows_gates_floor_ceiling_and_the_difference(tmp_path):
    suite = write_suite(tmp_path / "s", (YEARS, MOON), (Gate(metric="accuracy", at_least=1, target=1),))
    before = scored(suite, Record(id="years", response=response("17 years.", SIXTEEN, confidence=0.4)), system="old")
    after = scored(suite, Record(id="years", response=response("16 years.", SIXTEEN, confidence=0.9)))
    page = Report(suite, after, before, notes=("Judge x: kappa 0.70.",)).html()
    for part in (
        "oracle",
        "constant",
        "silent",
        "accuracy",
        "Newly right: years",
        "Before: 17 years.",
        "polyline",
        "kappa 0.70",
    ):
        assert part in page, part


def test_markdown_and_junit_say_the_same(tmp_path):
    suite = write_suite(tmp_path / "s", (YEARS, MOON), (Gate(metric="accuracy", at_least=1),))
    records = (Record(id="years", response=response("17 years.", SIXTEEN)), Record(id="moon", error="<boom>"))
    report = Report(suite, scored(suite, *records))
    assert "| accuracy | 0.000 |" in report.markdown() and "small 1 · x: fail" in report.markdown()
    gates, cases = ElementTree.fromstring(report.junit().partition("\n")[2])
    assert (gates.get("failures"), cases.get("tests"), cases.get("failures")) == ("2", "2", "2")
    assert [c.find("failure").get("message") for c in cases] == ["wrong", "error"]


@pytest.mark.parametrize(
    ("case", "given", "stage"),
    [
        (YEARS, None, "error"),
        (MOON, response("Far.", SIXTEEN), "answered"),
        (YEARS, response("17", ASIDE, passages=(found("wire.txt", "The talks"),)), "not retrieved"),
        (YEARS, response("17", ASIDE, passages=(found("post.txt", "Paul Whelan got 16 years.", False),)), "not in context"),
        (YEARS, Response(text="-", abstained=True, passages=(found("post.txt", "Paul Whelan got 16 years."),)), "refused"),
        (YEARS, response("17", ASIDE), "not used"),
        (YEARS, response("17", SIXTEEN), "wrong"),
        (MET, response("Friday, Thursday", cited("wire.txt", "met on Thursday")), "one side"),
        (YEARS, Response(text="16 years", statements=({"text": "16 years"},), citations=(SIXTEEN,)), "uncited"),
        (YEARS, response("16 years", ASIDE), "mis-cited"),
        (AFRAID, response("Lavrov: nobody is afraid", cited("post.txt", "Lavrov said that nobody is afraid.")), None),
    ],
)  # fmt: skip
def test_the_error_tree_names_the_stage_that_lost_a_case(tmp_path, case, given, stage):
    suite = write_suite(tmp_path / "s", (case,))
    error = "" if given else "boom"
    assert list(tree(scored(suite, Record(id=case.id, response=given, error=error)))) == ([stage] if stage else [])


def test_a_document_that_was_never_indexed_is_told_from_one_that_was_not_found(tmp_path):
    suite = write_suite(tmp_path / "s", (YEARS,))
    row = Record(id="years", response=response("17", ASIDE, passages=(found("wire.txt", "The talks"),)))
    assert list(tree(scored(suite, row, sources=("wire.txt",)))) == ["not indexed"]


def test_the_command_writes_all_three(tmp_path, capsys):
    suite = write_suite(tmp_path / "s", (YEARS,), (Gate(metric="accuracy", at_least=1),))
    run = tmp_path / "run.jsonl"
    begin(run, header(suite))
    append(run, Record(id="years", response=response("16 years.", SIXTEEN)))
    assert main(["report", str(run), "--against", str(run), "--beside", str(run)]) == 0
    assert [p.name for p in sorted(tmp_path.glob("run.*"))] == ["run.html", "run.jsonl", "run.md", "run.xml"]
    assert main(["compare", str(run), str(run)]) == 0
    assert capsys.readouterr().out.endswith("pass\n")
    other = tmp_path / "other.jsonl"
    begin(other, header(suite, history="gold"))
    append(other, Record(id="years", response=response("16 years.", SIXTEEN)))
    assert main(["report", str(run), "--against", str(other)]) == 2, "runs that are not alike are not compared"
    assert main(["report", str(run), "--against", str(other), "--anyway"]) == 0
