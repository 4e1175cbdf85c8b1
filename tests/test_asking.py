"""Which value of what a question asks for, and which questions ask for none."""

import pytest

from qa.asking import read_asked
from qa.questions import read_question


def asked(text):
    return read_asked(read_question(text))


@pytest.mark.parametrize(
    ("question", "kind", "about", "subject"),
    [
        ("When was the Orlen Mill built?", "date", "date", ("orlen", "mill")),
        ("What is the population of Vastrup?", "number", "population", ("vastrup",)),
        ("What sport does Ira Kellner play?", "class", "sport", ("ira", "kellner")),
        ("Who is the composer of the opera “The Salt Road”?", "person", "composer", ("the", "salt", "road")),
        ("What is Ira Kellner's profession?", "class", "profession", ("ira", "kellner")),
        ("Where is Orlen Mill located?", "place", "place", ("orlen", "mill")),
        ("What is the mascot of Orlen College?", "noun", "mascot", ("orlen", "colleg")),
    ],
)
def test_the_kind_of_value_and_the_thing_it_is_asked_of_are_read(question, kind, about, subject):
    found = asked(question)
    assert (found.kind, found.about, found.subject) == (kind, about, subject)


def test_words_that_stand_beside_the_same_value_count_as_the_questions_own():
    relation = asked("When was Orlen College established?").relation
    assert {"establish", "found", "open"} <= relation


@pytest.mark.parametrize(
    "question",
    [
        "What will Kellner do next?",
        "Who said Orlen is safe?",
        "Which towns does Orlen border?",
        "When did Kellner and Vastrup meet?",
        "Where are the Russian tanks?",
        "How are you?",
    ],
)
def test_what_is_no_property_of_one_named_thing_is_not_read_as_one(question):
    assert asked(question) is None
