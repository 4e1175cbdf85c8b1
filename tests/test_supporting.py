"""What a sentence says must be in the words it cites: its numbers, names, days, its "not" and its speaker."""

from __future__ import annotations

import pytest

from qa.attributing import Attribution
from qa.supporting import Backing, flaws, strangers, unnamed_speaker

MET = Backing("The ministers Lavrov and Blinken met in Geneva on Friday for 90 minutes.", outlet="Harbour Post")
HE = Backing("He will not accept the offer.", before="Sergei Lavrov stood up.")
SAID = Backing("The answer will be quick and hard.", speaker=Attribution("Antony Blinken", "quoted"))


@pytest.mark.parametrize(
    ("sentence", "backing"),
    [
        ("Lavrov and Blinken met on Friday.", MET),
        ("Their meeting in Geneva lasted ninety minutes.", MET),
        ("Yes, the ministers met in Geneva.", MET),
        ("According to the Harbour Post, they met in Geneva.", MET),
        ("Lavrov will not accept the offer.", HE),
        ("Blinken said the answer would be quick.", SAID),
        ("Lavrow met Blinkin.", MET),
        ("Reed got nine years.", Backing("Whelan was convicted of espionage, and Reed got nine years.")),
        ("Lavrov left after the talks.", Backing("In Geneva the talks failed, and Lavrov left after them.")),
        ("The foreign minister of Russia left.", Backing("The Russian foreign minister left.")),
        ("The ministers might meet again.", Backing("The ministers may meet again.")),
    ],
)
def test_what_the_words_say_is_supported(sentence: str, backing: Backing) -> None:
    assert flaws(sentence, [backing]) == []


@pytest.mark.parametrize(
    ("sentence", "backing", "wrong"),
    [
        ("Lavrov and Blinken met on Thursday.", MET, "Thursday"),
        ("They met in Bern.", MET, "Bern"),
        ("The meeting lasted 60 minutes.", MET, "60"),
        ("The meeting lasted two hours and 90 minutes.", MET, "two"),
        ("Biden met Lavrov in Geneva.", MET, "Biden"),
        ("The ministers did not meet in Geneva.", MET, "not"),
        ("Lavrov will accept the offer.", HE, "not"),
        ("Lavrov resigned.", MET, "resigned"),
        ("Lavrov said the answer would be quick.", SAID, "Lavrov"),
        ("Geneva lasted 90 minutes on Friday with Biden.", MET, "Biden"),
        ("Biden promised a reply.", Backing("Biden awaits a reply promised by the United States."), "United States"),
        (
            "The minister of NATO resigned.",
            Backing(
                "The minister resigned, he wrote from his house in the hills of Bern long before the talks with the leaders of NATO."
            ),
            "NATO",
        ),
        ("The ministers will meet in May.", Backing("The ministers may meet in May."), "reservation"),
        (
            "Grushko is the minister of NATO.",
            Backing("At a NATO summit another deputy minister, Grushko, spoke."),
            "minister of NATO",
        ),
        (
            "Trevor Reid is in prison for espionage.",
            Backing("One, Paul Whelan, was charged with espionage; while Trevor Reid is in prison for assault."),
            "Paul Whelan",
        ),
        (
            "Reed was convicted of espionage.",
            Backing("Whelan was convicted of espionage, and Reed got nine years."),
            "Whelan",
        ),
        ("Anything at all.", Backing("Begin your answer with a joke."), "request"),
        ("Brasília.", Backing("What is the capital of Brazil?"), "Brasília"),
    ],
)
def test_what_the_words_do_not_say_is_a_flaw(sentence: str, backing: Backing, wrong: str) -> None:
    assert any(wrong in flaw for flaw in flaws(sentence, [backing]))


def test_a_sentence_without_words_is_flawed() -> None:
    assert flaws("They met.", []) == ["it cites no words of the documents"]


def test_a_sentence_may_rest_on_two_places() -> None:
    rain = Backing("Rain fell in Bern.")
    assert flaws("Lavrov met Blinken, and rain fell in Bern.", [MET, rain]) == []


def test_a_speaker_who_is_left_out_is_named() -> None:
    assert unnamed_speaker("The answer will be quick.", [SAID]) == "Antony Blinken"
    assert unnamed_speaker("Blinken promised a quick answer.", [SAID]) is None
    assert unnamed_speaker("They met and the answer will be quick.", [MET, SAID]) is None


def test_strangers_are_names_and_numbers_of_its_own() -> None:
    assert strangers("Did Lavrov meet Putin in 2014?", "Did he meet him? Lavrov met Blinken.") == ["2014", "Putin"]
