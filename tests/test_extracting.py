"""Values are found by the words beside them, and by the subject near them."""

import pytest

from qa.asking import read_asked
from qa.extracting import found_values, nearness
from qa.questions import read_question


def surest(question, text):
    found = found_values(read_asked(read_question(question)), text)
    return found[0].value.text if found else None


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("When was Orlen Mill built?", "Orlen Mill was erected in 1871 and sold in 1930.", "1871"),
        ("When was Ada Brask born?", "Ada Brask (3 May 1901 – 9 June 1977) was a painter.", "3 May 1901"),
        ("When did Ada Brask die?", "Ada Brask (3 May 1901 – 9 June 1977) was a painter.", "9 June 1977"),
        ("What is the population of Vastrup?", "Vastrup has 31 streets. Its population was 4,120 in 2011.", "4,120"),
        ("What is the population of Vastrup?", "In 2011 there were 4,120 people in 1,700 households.", "4,120 people"),
        ("How many bridges are in Vastrup?", "Vastrup has 3 mills and 14 stone bridges.", "14"),
        ("What sport does Ira Kellner play?", "Ira Kellner is a retired Danish cricketer.", "cricketer"),
        ("What is the profession of Ira Kellner?", "Kellner, Ira Kellner (judge) sat from 1990.", "judge"),
        (
            "Who is the artist of the album “Low Tide”?",
            "Low Tide is an album by Irish rock band The Lamps.",
            "The Lamps",
        ),
        ("Who is the artist of the album “Low Tide”?", "Low Tide (Nora Feld album) came out in May.", "Nora Feld"),
        ("Who directed the film “Low Tide”?", "Low Tide is a drama directed by Jon Aas in 1990.", "Jon Aas"),
        ("Who led the raid on Vastrup?", "The raid was led by the Skarn chief, Emil Storm.", "Emil Storm"),
        ("Who is the husband of Ada Brask?", "Her husband, Emil Storm, was a baker.", "Emil Storm"),
        ("Where is Orlen Mill located?", "Orlen Mill is located in Vastrup, Denmark.", "Vastrup, Denmark"),
        ("What river does the Orl flow into?", "The Orl joins the Black Skarn River at Vastrup.", "Black Skarn River"),
        ("What is the mascot of Orlen College?", "Colors: blue. Mascot: Owl", "Owl"),
        ("What is the median age in Vastrup?", "The median age was 41.5 years. 21.9 % were under 18.", "41.5 years"),
        ("What is the size of Skarn Island?", "Skarn Island is 12 square miles in size.", "12 square miles"),
        ("What type of aircraft was Flight 12?", "The aircraft involved was a Norden 7 of 1950.", "Norden 7"),
        ("What is the population of Vastrup?", "Vastrup had a population of 12,000. Males were 51%.", "12,000"),
        ("What is the rank of Ira Kellner?", "Ira Kellner is a retired navy commodore.", "commodore"),
    ],
)
def test_the_value_beside_what_is_asked_is_the_surest(question, text, value):
    assert surest(question, text) == value


def test_the_day_on_which_a_page_was_looked_up_is_no_value():
    assert surest("When was Orlen Mill built?", "Orlen Mill, built of brick, retrieved on 4 May 2015") is None


def test_a_name_that_only_repeats_the_question_and_a_month_are_no_values():
    found = found_values(
        read_asked(read_question("Who is the owner of Orlen Mill?")), "Orlen Mill has an owner. Owner: June"
    )
    assert found == []


def test_a_text_that_has_half_of_the_name_is_less_near_than_one_that_has_all():
    asked = read_asked(read_question("When was Orlen Mill built?"))
    rarity = {"orlen": 3.0, "mill": 1.0}
    whole = nearness(asked, "Orlen Mill was built in 1871.", "", rarity, 24)
    half = nearness(asked, "The mill was built in 1871.", "", rarity, 22)
    assert whole == 1.0
    assert half < 0.2
    assert half < nearness(asked, "The mill was built in 1871.", "Orlen Mill", rarity, 22) < whole


def test_the_words_of_a_title_out_of_order_are_not_the_title():
    asked = read_asked(read_question("Who is the artist of the album “Low Tide”?"))
    rarity = {"low": 1.0, "tide": 1.0}
    title = nearness(asked, "Low Tide is an album by Nora Feld.", "", rarity, 24)
    other = nearness(asked, "Tide Is Low is an album by Nora Feld.", "", rarity, 27)
    assert title == 1.0
    assert other < 0.4


def test_a_thing_of_another_number_is_another_thing():
    asked = read_asked(read_question("Who is the composer of Symphony No. 1?"))
    rarity = {"symphoni": 2.0, "1": 2.0}
    assert nearness(asked, "Symphony No. 2 is by Nora Feld.", "", rarity, 21) < 0.35
