"""What a question asks, and the values that can answer it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.questions import read_question
from qa.values import number, values
from qa.wanted import new_values


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("On which day did they meet?", "date"),
        ("When was the treaty signed?", "date"),
        ("How many soldiers are at the border?", "number"),
        ("How old is the minister?", "age"),
        ("How long is his sentence?", "duration"),
        ("Who is the spokesman?", "person"),
        ("Where did they meet?", "place"),
        ("Why did she resign?", "reason"),
        ("What did Keller say about the plan?", None),
    ],
)
def test_the_kind_of_answer_wanted_is_read_from_the_question(question, wanted):
    assert read_question(question).wanted == wanted


def test_a_question_after_somebodys_words_names_the_speaker():
    assert read_question("What did Maria Keller say about Reuss?").speaker == "Maria Keller"
    assert read_question("According to Keller, who left?").speaker == "Keller"
    assert read_question("Where did Keller and Reuss meet?").speaker is None


def test_words_that_only_name_the_kind_of_answer_are_no_terms():
    assert read_question("On which day did Keller and Reuss meet in Bern?").terms == ("keller", "reuss", "meet", "bern")


@given(st.text(max_size=200))
def test_any_text_can_be_read_as_a_question(text):
    read_question(text)


@pytest.mark.parametrize(
    ("written", "amount"),
    [("100,000", 100_000), ("two million", 2e6), ("twenty-five", 25), ("a hundred", 100), ("x", None)],
)
def test_numbers_in_digits_and_words(written, amount):
    assert number(written) == amount


def only(kind, text, published_at=None):
    (found,) = values(kind, text, published_at)
    return found


def test_dates_contradict_when_a_part_both_give_differs():
    friday, thursday = only("date", "on Friday"), only("date", "on Thursday")
    january = only("date", "on January 21, 2022")
    assert friday.contradicts(thursday)
    assert not friday.contradicts(january)
    assert thursday.contradicts(january)
    assert not only("date", "in 2022").contradicts(january)


def test_the_date_of_the_report_supplies_a_missing_year():
    assert only("date", "on January 21", "2022-01-26T10:00:00Z").contradicts(only("date", "on Thursday"))


def test_quantities_contradict_only_when_they_count_the_same_thing():
    assert only("number", "100,000 soldiers").contradicts(only("number", "120,000 soldiers"))
    assert not only("number", "100,000 soldiers").contradicts(only("number", "30 tanks"))
    assert only("duration", "a 9-year sentence").contradicts(only("duration", "16 years in prison"))
    assert not only("age", "aged 45").contradicts(only("age", "a 45-year-old man"))


@given(st.sampled_from(["date", "number", "duration", "age", "money", "percent"]), st.text(max_size=200))
def test_values_are_found_where_they_say(kind, text):
    for value in values(kind, text):
        assert text[value.start : value.end] == value.text


def test_the_day_of_an_event_is_no_deadline():
    from qa.wanted import new_values

    by_when = read_question("By when will Nora Feld reply?")
    assert new_values(by_when, "date", "They spoke on Monday.") == []
    assert [v.text for v in new_values(by_when, "date", "She will reply before Friday.")] == ["Friday"]


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("about 12 cars", "12 cars", False),
        ("a dozen cars", "12 cars", False),
        ("at least 10 cars", "12 cars", False),
        ("at least 13 cars", "12 cars", True),
        ("up to 20 cars", "12 cars", False),
        ("nearly 100 cars", "95 cars", False),
        ("about 12 cars", "20 cars", True),
        ("around 100 cars", "some 120 cars", True),
        ("around 100 cars", "some 105 cars", False),
    ],
)
def test_a_number_that_leaves_room_for_another_does_not_contradict_it(one, other, differ):
    (a,), (b,) = values("number", one), values("number", other)
    assert a.contradicts(b) is b.contradicts(a) is differ


def test_a_day_of_a_month_is_no_number():
    assert [v.text for v in values("number", "On 29 January seven ships came.")] == ["seven"]


@pytest.mark.parametrize(
    ("question", "kind", "text", "found"),
    [
        ("How many ships come?", "number", "Five ships, 240 kilometres off the coast.", ["Five"]),
        ("How many hours did it last?", "duration", "Nine hours, and again in two weeks.", ["Nine hours"]),
        ("How long did it last?", "duration", "Nine hours, and again in two weeks.", ["Nine hours", "two weeks"]),
        ("How many came?", "number", "Sixty are ready.", ["Sixty"]),
    ],
)
def test_what_is_counted_is_not_answered_by_a_measure_of_something_else(question, kind, text, found):
    assert [v.text for v in new_values(read_question(question), kind, text)] == found


@pytest.mark.parametrize(
    ("question", "wanted"),
    [("length of the talks", "duration"), ("size of the force", "number"), ("How soon is the next round?", "duration")],
)
def test_keywords_want_an_answer_of_a_kind_too(question, wanted):
    assert read_question(question).wanted == wanted


def test_the_day_of_the_week_is_a_weekday_and_no_week():
    assert read_question("On which day of the week did they meet?").terms == ("meet",)
