"""What systems are held between: baselines with and without a model."""

import pytest
from eval_material import MOON, YEARS, write_suite

from eval.opening import open_system
from eval.systems import Options, request_of
from qa.testing import ScriptedModel


@pytest.fixture
def suite(tmp_path):
    return write_suite(tmp_path / "s")


def test_a_model_without_the_documents_cites_nothing_and_may_refuse(suite):
    model = ScriptedModel("He got 16 years.", "I do not know.")
    with open_system("closed-book", suite, Options(llm=model)) as system:
        knows, refuses = (system.respond(request_of(case)) for case in (YEARS, MOON))
    assert (knows.text, knows.abstained, knows.citations, knows.statements[0].supported) == (
        "He got 16 years.",
        False,
        (),
        False,
    )
    assert refuses.abstained and knows.tokens > 0
    assert all("Whelan got" not in m.content for asked in model.asked for m in asked)
    with pytest.raises(ValueError, match="--llm"), open_system("closed-book", suite):
        pass


def test_the_plain_path_cites_the_nodes_that_its_marks_name(suite, weights):
    model = ScriptedModel("Paul Whelan got 16 years [1]. And [7] so on.")
    with open_system("plain", suite, Options(llm=model)) as system:
        given = system.respond(request_of(YEARS))
    first, second = given.statements
    assert (first.supported, second.supported) == (True, False)
    (citation,) = given.citations
    text = (suite.documents / citation.source).read_text()
    assert text[citation.start : citation.end] == citation.text
    assert given.tokens > 0 and len(given.passages) == 2


def test_bm25_quotes_one_sentence_and_refuses_only_where_no_word_occurs(suite):
    with open_system("lexical", suite) as system:
        assert (
            system.respond(request_of(YEARS.model_copy(update={"turns": ("Whelan years?",)}))).text
            == "Paul Whelan got 16 years."
        )
        assert system.respond(request_of(MOON.model_copy(update={"turns": ("moon rockets",)}))).abstained
