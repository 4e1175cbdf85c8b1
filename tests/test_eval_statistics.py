"""Intervals, tests and corrections against known figures; two runs are better, worse, or not to be told apart."""

import pytest
from eval_material import AFRAID, MOON, YEARS, cited, response, write_suite

from eval.cases import Case, Gate
from eval.comparing import compare, table
from eval.estimating import estimate
from eval.records import Header, Record, Response, Run
from eval.scoring import score
from eval.significance import cases_needed, holm, kappa, mcnemar, permutation, smallest_difference, wilson

SIXTEEN = cited("post.txt", "Paul Whelan got 16 years.")


def test_wilson_intervals_are_those_of_the_book():
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_mcnemar_counts_the_cases_that_changed():
    assert mcnemar([0] * 6 + [1] * 4, [1] * 6 + [1] * 4) == pytest.approx(2 * 0.5**6)
    assert mcnemar([1, 0], [1, 0]) == 1.0


def test_permutation_tells_a_clear_difference_from_none():
    assert permutation([0.1, 0.2, 0.3, 0.2, 0.1, 0.3, 0.2, 0.1], [0.9, 0.8, 0.7, 0.8, 0.9, 0.9, 0.7, 0.8]) < 0.01
    assert permutation([0.1, 0.9, 0.5], [0.9, 0.1, 0.5]) > 0.5
    assert permutation([0.5], [0.5]) == 1.0


def test_holm_corrects_the_smallest_most():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_kappa_is_agreement_beyond_chance():
    one, other = ["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert kappa(one, other) == pytest.approx(0.4)
    assert kappa(["y"], ["y"]) == 1.0 and kappa([], []) == 0.0


def test_more_cases_show_smaller_differences():
    assert smallest_difference(0.15, 150) == pytest.approx(0.0886, abs=1e-3)
    assert cases_needed(0.15, smallest_difference(0.15, 150)) == pytest.approx(150, abs=1)


def many(number: int) -> list[Case]:
    return [YEARS.model_copy(update={"id": f"y{i}", "cluster": f"f{i}"}) for i in range(number)]


def scores(suite, right: int, **header: object):
    records = tuple(
        Record(id=c.id, response=response("16 years." if i < right else "17 years.", SIXTEEN))
        for i, c in enumerate(suite.cases)
    )
    told = {"suite": "s", "version": "1", "folder": "", "system": "x", "fingerprint": "1"}
    told |= {"suite_digest": suite.digest, "corpus_digest": suite.corpus_digest}
    return score(suite, Run(header=Header(**told | header), records=records))


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s") / "s"
    return write_suite(folder, many(60), (Gate(metric="accuracy", at_least=0.5),))


@pytest.mark.parametrize(("before", "after", "status"), [(20, 50, "pass"), (50, 20, "fail"), (40, 40, "pass"), (40, 39, "inconclusive")])  # fmt: skip
def test_a_change_is_better_worse_or_not_to_be_told(suite, before, after, status):
    found = compare(scores(suite, before), scores(suite, after))
    assert found.status == status
    (gated,) = (d for d in found.differences if d.gated)
    assert (gated.before, gated.after, gated.pairs) == (pytest.approx(before / 60), pytest.approx(after / 60), 60)
    assert gated.interval[0] <= gated.change <= gated.interval[1]
    assert len(found.gained) == max(0, after - before) and len(found.lost) == max(0, before - after)
    if status == "inconclusive":
        assert f"{gated.needed} cases would tell" in table(found) and gated.needed > 60


def test_runs_about_other_things_are_not_compared_unless_asked(suite):
    other = scores(suite, 40)
    object.__setattr__(other, "header", other.header.model_copy(update={"corpus_digest": "else", "history": "gold"}))
    with pytest.raises(ValueError, match="other documents and other histories"):
        compare(scores(suite, 40), other)
    assert compare(scores(suite, 40), other, anyway=True).status == "pass"


def test_a_run_of_another_suite_is_not_scored_unless_asked(suite):
    with pytest.raises(ValueError, match="suite and the corpus changed"):
        scores(suite, 1, suite_digest="x", corpus_digest="y")


def test_shuffling_changes_nothing_and_doubling_keeps_the_means(suite):
    one = scores(suite, 40)
    shuffled = type(one)(one.header, tuple(reversed(one.rows)), one.gates)
    doubled = type(one)(one.header, one.rows * 2, one.gates)
    for name in ("accuracy", "token_f1", "citation_precision", "gold_quote"):
        alone, again, twice = (s.summary(name) for s in (one, shuffled, doubled))
        assert (again.value, again.cases) == (pytest.approx(alone.value), alone.cases)
        assert (twice.value, twice.cases) == (pytest.approx(alone.value), 2 * alone.cases)
    assert one.summary("accuracy").interval == shuffled.summary("accuracy").interval


def test_gates_pass_fail_or_decide_nothing(tmp_path):
    gates = (
        Gate(metric="accuracy", at_least=0.5, target=0.9),
        Gate(metric="accuracy", at_least=0.9),
        Gate(metric="uncited", at_most=0.1, minimum_cases=9),
        Gate(metric="abstention", at_least=0.5, tag="unanswerable"),
    )
    suite = write_suite(tmp_path / "s", (YEARS, AFRAID, MOON), gates)
    records = (
        Record(id="years", response=response("16 years.", SIXTEEN)),
        Record(id="afraid", response=response("No.", SIXTEEN)),
        Record(id="moon", response=Response(text="-", abstained=True)),
    )
    header = Header(suite="s", version="1", folder="", system="x", fingerprint="", suite_digest=suite.digest, corpus_digest=suite.corpus_digest)  # fmt: skip
    found = score(suite, Run(header=header, records=records))
    assert [r.status for r in found.results] == ["pass", "pass", "fail", "inconclusive", "pass"]
    assert "below target 0.9" in found.results[1].text
    assert found.status == "fail"
    assert found.confusion["answerable", "answered"] == 2 and found.confusion["unanswerable", "abstained"] == 1
    lost = score(suite, Run(header=header, records=(*records[:2], Record(id="moon", error="boom"))))
    assert lost.results[0].status == "fail" and lost.errors == 1, "errors above 2 % fail whatever else is met"


def test_coverage_and_risk_go_from_the_surest_answer_to_all(suite):
    one = scores(suite, 2)
    sure = [row.record.response.model_copy(update={"confidence": 1 - i / 60}) for i, row in enumerate(one.rows)]
    records = tuple(Record(id=f"y{i}", response=r) for i, r in enumerate(sure[:4]))
    curve = score(suite, Run(header=one.header, records=records)).coverage_risk
    assert curve == ((0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5))


def test_an_estimate_counts_calls_and_says_what_can_be_shown(suite):
    told = estimate(suite, repeats=2)
    assert told.calls == 120 and told.tokens is None and "not known" in told.text
    assert 0.05 < told.half_width < 0.15 and told.smallest == pytest.approx(smallest_difference(0.15, 60))
