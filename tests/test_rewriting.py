"""Follow-ups become questions that stand alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.rewriting import standalone

SENTENCE = (
    "How long is Paul Weber's sentence?",
    "One, Paul Weber, was given 16 years; while Tom Reed is serving a 9-year sentence. [1]",
)
SAID = ("What did Keller say about NATO?", "“NATO is at the door,” Keller said. [1]")


@pytest.mark.parametrize(
    ("question", "turn", "understood"),
    [
        ("and the other one?", SENTENCE, "How long is Tom Reed's sentence?"),
        ("What about Tom Reed?", SENTENCE, "How long is Tom Reed's sentence?"),
        ("no, I meant Reed", SENTENCE, "How long is Reed's sentence?"),
        ("and Reuss?", SAID, "What did Reuss say about NATO?"),
        ("What did he say then?", SAID, "What did Keller say then (NATO)?"),
        ("Did she sign the treaty in Vienna last week?", SAID, "Did Keller sign the treaty in Vienna last week?"),
    ],
)
def test_a_follow_up_is_understood_from_the_turn_before(question, turn, understood):
    assert standalone(question, [turn]) == understood


def test_a_bare_question_word_asks_about_what_was_asked_before():
    assert (
        standalone("When?", [("Where did Keller and Reuss meet?", "In Bern. [1]")]) == "When did Keller and Reuss meet?"
    )


@pytest.mark.parametrize("question", ["How many soldiers are at the border?", "Who is Tom Reed?", "Where is Bern?"])
def test_a_question_that_stands_alone_passes_through(question):
    assert standalone(question, [SAID]) == question


@given(st.text(max_size=100))
def test_a_first_turn_passes_through(question):
    assert standalone(question, []) == question


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=120))
def test_any_history_can_be_read(question, previous, answer):
    assert isinstance(standalone(question, [(previous, answer)]), str)
