"""Follow-ups become questions that stand alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.rewriting import LAST_ANSWER, OLDER_QUESTIONS, PREVIOUS_QUESTION, background, standalone

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


@pytest.mark.parametrize(
    ("question", "understood"),
    [
        ("for how long?", "For how long did Keller and Reuss talk in Bern?"),
        ("in what form?", "In what form did Keller and Reuss talk in Bern?"),
        ("when was that?", "When did Keller and Reuss talk in Bern?"),
        ("And how often exactly?", "How often did Keller and Reuss talk in Bern?"),
    ],
)
def test_a_bare_question_word_asks_it_of_what_was_asked_before(question, understood):
    assert standalone(question, [("Did Keller and Reuss talk in Bern?", "Yes. [1]")]) == understood


def test_which_ones_asks_for_what_was_counted():
    assert standalone("Which ones?", [("How many towns voted?", "Three. [1]")]) == "Which towns voted?"


@pytest.mark.parametrize("question", ["How many soldiers are at the border?", "Who is Tom Reed?", "Where is Bern?"])
def test_a_question_that_stands_alone_passes_through(question):
    assert standalone(question, [SAID]) == question


@given(st.text(max_size=100))
def test_a_first_turn_passes_through(question):
    assert standalone(question, []) == question


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=120))
def test_any_history_can_be_read(question, previous, answer):
    assert isinstance(standalone(question, [(previous, answer)]), str)


@pytest.mark.parametrize("question", ["Library parking", "Tell me whether this border treaty ends the winter war."])
def test_a_new_search_and_a_question_that_says_enough_are_not_given_an_old_topic(question):
    assert standalone(question, [("How do I get a licence from Bern?", "By post. [1]")]) == question


def test_a_correction_that_begins_with_for_is_understood():
    assert standalone("I meant for Reed?", [SENTENCE]) == "How long is Reed's sentence?"


def test_what_was_said_before_is_background_the_newest_question_first():
    talk = [("Where is the mill?", "In Bern. [1]"), ("Who owns it?", "Nobody. [2]")]
    assert background("And since when?", talk) == (
        ("Who owns it?", PREVIOUS_QUESTION), ("Where is the mill?", OLDER_QUESTIONS), ("Nobody.", LAST_ANSWER),
    )  # fmt: skip


def test_a_first_turn_has_no_background():
    assert background("Where is the mill?", ()) == ()


def test_the_more_a_question_says_the_less_its_background_counts():
    long = "Which members of the regional parliament signed the border treaty with Norway last winter?"
    weights = [weight for _, weight in background(long, [SAID])]
    assert 0 < max(weights) < PREVIOUS_QUESTION / 2


def test_a_conversation_keeps_to_its_topic_where_passages_are_found(open_corpus, folder):
    (folder / "mill.txt").write_text("The mill was sold. Parking is free on Sundays at the mill.")
    (folder / "museum.txt").write_text("The museum was closed. Parking is free on Sundays at the museum.")
    corpus = open_corpus()
    corpus.sync()
    for place in ("mill", "museum"):
        found = corpus.retrieve("Is parking free on Sundays?", history=[(f"Tell me about the {place}.", "It stands.")])
        assert found[0].passage.source == f"{place}.txt"
