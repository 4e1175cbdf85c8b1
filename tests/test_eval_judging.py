"""A judge is blind, asked twice at most, never counted where it cannot be read, and believed only as far as it agrees."""

from pathlib import Path

import pytest
from eval_material import MET, YEARS, cited, response, write_suite

from eval.judging import Judge, Labelled, calibrate, judged, perturbed_claims, read_verdict
from eval.records import Header, Record, Run
from qa.testing import ScriptedModel

SIXTEEN = cited("post.txt", "Paul Whelan got 16 years.")
YES, NO = '{"verdict": "supported"}', '{"verdict": "unsupported"}'


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [(YES, "supported"), (NO, "unsupported"), ("It is UNSUPPORTED.", "unsupported"), ("supported or unsupported", None),
     ("maybe", None), ("[]", None)],
)  # fmt: skip
def test_a_verdict_is_read_or_it_is_none(reply, verdict):
    assert read_verdict(reply) == verdict


def test_an_unreadable_reply_is_asked_for_once_more_and_then_unscored():
    mended = ScriptedModel("hm", YES)
    assert Judge(mended).verdict("a", "b") == "supported" and len(mended.asked) == 2
    lost = ScriptedModel("hm")
    assert Judge(lost).verdict("a", "b") == "unscored" and len(lost.asked) == 2


def test_a_verdict_is_kept_but_not_an_unreadable_one(tmp_path: Path):
    model = ScriptedModel("hm", "hm", NO)
    judge = Judge(model, tmp_path)
    assert [judge.verdict("a", "b") for _ in range(3)] == ["unscored", "unsupported", "unsupported"]
    assert len(model.asked) == 3


def test_the_judge_sees_claim_and_evidence_and_no_system():
    model = ScriptedModel(YES)
    answer = response("It is 16 years. [1]", SIXTEEN)
    header = Header(suite="s", version="1", folder="", suite_digest="", corpus_digest="", system="secret-system", fingerprint="f")  # fmt: skip
    found = judged(Judge(model), Run(header=header, records=(Record(id="years", response=answer),)))
    assert found == {("years", 0): 1.0}
    asked = model.asked[0][0].content
    assert "It is 16 years." in asked and "[1]" not in asked and "Paul Whelan got" in asked and "secret" not in asked


def test_an_answer_none_of_whose_sentences_could_be_judged_has_no_score():
    assert Judge(ScriptedModel("hm")).support(response("It is so.", SIXTEEN)) is None


PAIRS = [Labelled(f"claim {i} {'x' * i}", "evidence", i % 2 == 0) for i in range(20)]


def test_agreement_beyond_chance_makes_a_judge_believed():
    def honest(messages) -> str:
        number = int(messages[0].content.split("claim ")[1].split()[0])
        return YES if number % 2 == 0 else NO

    good = calibrate(Judge(ScriptedModel(write=honest)), PAIRS)
    assert (good.kappa, good.bias, good.believed, good.scored) == (1.0, 0.0, True, 20)
    kind = calibrate(Judge(ScriptedModel(YES)), PAIRS)
    assert (kind.kappa, kind.bias, kind.believed) == (0.0, 0.5, False)
    assert (kind.of_supported, kind.of_unsupported) == (1.0, 0.0)
    assert "no headline" in kind.text
    assert calibrate(Judge(ScriptedModel("hm")), PAIRS).unscored == 20


def test_pairs_are_made_by_giving_a_case_the_answer_of_another(tmp_path):
    others = [
        YEARS.model_copy(
            update={"id": f"o{i}", "cluster": f"o{i}", "answers": ((f"{i}00 years",),), "evidence": MET.evidence[:1]}
        )
        for i in range(2, 6)
    ]
    pairs = perturbed_claims(write_suite(tmp_path / "s", (YEARS, *others)))
    assert {p.supported for p in pairs} == {True, False}
    assert all(("16 years" in p.claim) == p.supported for p in pairs if p.evidence == YEARS.evidence[0].quote)
    assert pairs == perturbed_claims(write_suite(tmp_path / "again", (YEARS, *others)))
