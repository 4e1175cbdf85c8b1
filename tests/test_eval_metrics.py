"""Every metric against figures worked out by hand, and laws that hold whatever the answers are."""

import pytest
from eval_material import AFRAID, MET, MOON, YEARS, cited, found, observed, response, value, write_suite
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import Case
from eval.correctness import in_digits, is_right
from eval.documents import Documents
from eval.metrics import METRICS, Metric, measured, resolves
from eval.ranking import ranked
from eval.records import Cited, Given, Response
from eval.texts import folded, holds, refuses, token_f1

NA = "not applicable"
SIXTEEN = cited("post.txt", "Paul Whelan got 16 years.")
ASIDE = cited("wire.txt", "The talks lasted nine hours.")
REFUSED = Response(text="The documents do not answer.", abstained=True)


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return write_suite(tmp_path_factory.mktemp("suite") / "small")


def right(case: Case, text: str, **more: object) -> bool:
    return is_right(case, Response(text=text, **more))


def typed(answer_type: str, *aliases: str) -> Case:
    return Case(id="1", turns=("q",), answer_type=answer_type, answers=(aliases,))


@pytest.mark.parametrize(
    ("case", "text", "wanted"),
    [
        (typed("span", "Belarus"), "In “BELARUS”, they say.", True),
        (typed("span", "art"), "The start.", False),
        (typed("number", "16 years"), "He got sixteen years. [1]", True),
        (typed("number", "16"), "It was 160.", False),
        (typed("number", "100000"), "About 100,000 soldiers.", True),
        (typed("date", "January 21"), "On 21 January 2022.", True),
        (typed("date", "January 21"), "On 22 January.", False),
        (typed("yes_no", "yes"), "Yes, it does.", True),
        (typed("yes_no", "no", "has not read"), "Yes, he has not read it.", False),
        (typed("yes_no", "no", "has not read"), "He has not read it.", True),
    ],
)
def test_an_answer_is_right_by_its_type(case, text, wanted):
    assert right(case, text) is wanted


def test_a_list_is_right_when_it_holds_one_alias_of_every_group():
    case = Case(id="1", turns=("q",), answer_type="list", answers=(("Whelan",), ("Reed", "Reid")))
    assert right(case, "Paul “Whelan” and Trevor REID.")
    assert not right(case, "Paul Whelan.")
    assert not right(case, "Whelan, Reed", abstained=True)


def test_a_conflict_is_right_only_when_the_disagreement_is_shown():
    assert not right(MET, "Friday, or Thursday.")
    sides = (Given(value="Friday", sources=("post.txt",)), Given(value="Thursday", sources=("wire.txt",)))
    assert right(MET, "Friday; Thursday.", disagreements=(sides,))


def test_an_unanswerable_case_wants_an_abstention(suite):
    assert value("right", observed(MOON, REFUSED, suite)) == 1
    assert value("abstention", observed(MOON, response("Far."), suite)) == 0
    assert value("abstention", observed(YEARS, REFUSED, suite)) == NA
    assert value("over_refusal", observed(YEARS, REFUSED, suite)) == 1
    assert value("accuracy", observed(MOON, REFUSED, suite)) == NA


def test_a_case_without_an_answer_is_right_when_it_cites_the_evidence(suite):
    case = YEARS.model_copy(update={"answers": ()})
    assert value("right", observed(case, response("See there.", SIXTEEN), suite)) == 1
    assert value("right", observed(case, response("See there.", ASIDE), suite)) == 0
    whole = Case(id="w", turns=("q",), documents=("wire.txt",))
    assert value("right", observed(whole, response("See there.", ASIDE), suite)) == 1


def test_token_f1_counts_words_without_articles():
    assert token_f1("The cat sat", "a cat sat down") == pytest.approx(0.8)  # 2 of 2 and 2 of 3
    assert token_f1("dog", "cat") == 0.0


def test_citations_are_held_against_their_source_and_the_gold(suite):
    seen = observed(YEARS, response("16 years.", SIXTEEN, ASIDE), suite)
    assert value("citations_resolve", seen) == 1
    assert value("citation_precision", seen) == 0.5
    assert value("citation_recall", seen) == 1
    assert (value("gold_document", seen), value("gold_quote", seen), value("cited_right", seen)) == (1, 1, 1)
    shifted = SIXTEEN.model_copy(update={"start": SIXTEEN.start + 10, "end": SIXTEEN.end + 10})
    moved = observed(YEARS, response("16 years.", shifted), suite)
    assert (value("citations_resolve", moved), value("gold_quote", moved), value("verbatim", moved)) == (0, 0, 0)
    assert value("right", moved) == 1 and value("cited_right", moved) == 0
    elsewhere = observed(YEARS, response("16 years.", ASIDE), suite)
    assert (value("gold_document", elsewhere), value("citation_precision", elsewhere)) == (0, 0)
    assert value("citation_recall", elsewhere) == 0


def test_a_close_quote_is_not_verbatim(suite):
    close = cited("post.txt", "Paul Whelan got 16 years.", "close")
    assert value("verbatim", observed(YEARS, response("16 years.", close, SIXTEEN), suite)) == 0.5


def test_sentences_without_support_are_counted(suite):
    bare = Response(text="16 years. So it is.", statements=({"text": "16 years."}, {"text": "So it is."}))
    assert value("uncited", observed(YEARS, bare, suite)) == 1
    assert value("uncited", observed(YEARS, response("16 years.", SIXTEEN), suite)) == 0
    assert value("uncited", observed(YEARS, REFUSED, suite)) == NA


def test_retrieval_is_measured_by_characters_of_the_evidence(suite):
    passages = (found("wire.txt", "The talks lasted nine hours."), found("post.txt", "met on Friday in Geneva."))
    seen = observed(MET, response("?", passages=passages), suite)
    assert value("evidence_recall", seen) == 0.5
    assert value("all_evidence", seen) == 0
    assert value("source_recall", seen) == 1
    assert value("mrr", seen) == 0.5
    halves = (
        found("post.txt", "met on Fri"),
        found("post.txt", "day in Geneva"),
        found("wire.txt", "met on Thursday."),
    )
    assert value("evidence_recall", observed(MET, response("?", passages=halves), suite)) == 1
    assert value("evidence_recall", observed(MET, response("?"), suite)) == NA


def test_evidence_past_the_budget_does_not_count(suite):
    long = found("wire.txt", "The talks").model_copy(update={"start": 0, "end": 9000})
    seen = observed(YEARS, response("?", passages=(long, found("post.txt", "Paul Whelan got 16 years."))), suite)
    assert (value("evidence_recall", seen), value("evidence_in_budget", seen)) == (1, 0)


def test_sides_count_with_their_own_sources_only(suite):
    def shown(*sides: Given) -> object:
        return observed(MET, response("x", disagreements=(sides,)), suite)

    friday, thursday = Given(value="Friday", sources=("post.txt",)), Given(value="Thursday", sources=("post.txt",))
    assert (value("both_sides", shown(friday, thursday)), value("right_sources", shown(friday, thursday))) == (1, 0.5)
    assert value("both_sides", shown(friday)) == 0
    assert value("false_alarm", shown(friday, thursday)) == NA
    assert value("false_alarm", observed(YEARS, response("x", disagreements=((friday, thursday),)), suite)) == 1


def test_who_said_it_and_where_are_told_apart(suite):
    said = cited("post.txt", "Lavrov said that nobody is afraid.")
    assert value("speaker", observed(AFRAID, response("Lavrov: nobody is afraid.", said), suite)) == 1
    assert value("outlet", observed(AFRAID, response("Lavrov: nobody is afraid.", said), suite)) == 1
    unnamed = observed(AFRAID, response("Nobody is afraid.", ASIDE), suite)
    assert (value("speaker", unnamed), value("outlet", unnamed), value("right", unnamed)) == (0, 0, 0)


def test_cost_and_length_are_as_recorded(suite):
    seen = observed(
        YEARS, response("It is 16 years. [1]", SIXTEEN, input_tokens=7, output_tokens=3), suite, seconds=2.5
    )
    assert (value("seconds", seen), value("tokens", seen), value("words", seen)) == (2.5, 10, 4)


def test_a_metric_never_gives_nan_and_an_error_is_said(suite):
    failed = observed(YEARS, None, suite, error="TimeoutError: too slow")
    assert value("accuracy", failed) == "error"
    assert "too slow" in measured(METRICS["accuracy"], failed).note
    odd = measured(Metric(lambda _: float("nan"), ""), failed)
    assert odd.status == "error" and "nan" in odd.note


def test_a_judges_word_counts_only_where_it_was_asked(suite):
    assert value("judged_support", observed(YEARS, response("x"), suite)) == NA


def test_rank_metrics_are_trec_evals():
    scored = ranked(("MRR@10", "Hits@4", "R@5"), {"a": {"x", "y"}, "b": {"z"}}, {"a": ["n", "x", "y"], "b": ["n"]})
    assert scored["MRR@10"] == {"a": 0.5, "b": 0.0}
    assert scored["Hits@4"] == {"a": 1.0, "b": 0.0}
    assert scored["R@5"] == {"a": 1.0, "b": 0.0}


@given(st.integers(0, 60), st.integers(1, 40))
def test_a_wrong_citation_never_raises_precision_and_never_lowers_recall(suite, start, length):
    text = Documents(suite.documents)["wire.txt"]
    wrong = Cited(source="wire.txt", start=start, end=start + length, text=text[start : start + length])
    before, after = (observed(YEARS, response("16", *c), suite) for c in ((SIXTEEN,), (SIXTEEN, wrong)))
    assert value("citation_precision", after) <= value("citation_precision", before)
    assert value("citation_recall", after) == value("citation_recall", before)


@given(st.integers(-200, 200), st.integers(-200, 200))
def test_a_citation_resolves_only_where_its_words_stand(suite, start, end):
    documents = Documents(suite.documents)
    given_words = SIXTEEN.model_copy(update={"start": start, "end": end})
    assert resolves(given_words, documents) == ((start, end) == (SIXTEEN.start, SIXTEEN.end))


def test_texts_are_compared_folded():
    assert folded(" “It’s”  100,000 – so") == "its 100000 - so"
    assert holds("In Venezuela's capital", "venezuela") and not holds("unfair", "fair")
    assert in_digits("Nine years and 3,000 men") == "9 years and 3000 men"
    assert refuses("The sources do not mention it.") and refuses(" ") and not refuses("It is known.")
