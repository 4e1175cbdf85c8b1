"""What a question names: outlets, titles, files, days, and the clauses it is made of."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.clauses import clauses
from qa.dating import periods
from qa.routing import Route, directory, route
from qa.types import Source

NEWEST = date(2023, 12, 25)


def source(name: str, outlet: str | None = None, day: str | None = None, title: str | None = None) -> Source:
    return Source(name, "0" * 32, title, outlet, day, "folder", 1, 1, 1, 1)


SOURCES = (
    source("001_story.txt", "The Harbour Post | News from the Coast", "2023-10-04T08:00:00+00:00"),
    source("002_story.txt", "The Age", "2023-10-09"),
    source("003_story.txt", "Inland Wire", "2023-12-20", "How the bridge at Melk was lost"),
    source("harbour-plan.pdf"),
)
KNOWN = directory(SOURCES)


def lanes(found: Route) -> dict[str, list[str]]:
    return {lane.name: sorted(lane.sources) for lane in found.lanes}


def days(question: str) -> list[tuple[str, str]]:
    return [(p.first.isoformat(), p.last.isoformat()) for p in periods(question, NEWEST)]


def test_an_outlet_is_named_in_full_or_by_its_first_part():
    for question in (
        "What does the Harbour Post say of the bridge?",
        "Did 'The Harbour Post | News from the Coast' say so?",
    ):
        assert list(lanes(route(question, KNOWN)).values()) == [["001_story.txt"]]


def test_titles_and_file_names_name_a_source_too():
    assert lanes(route("Who is quoted in “How the bridge at Melk was lost”?", KNOWN)) == {
        "how the bridge at melk was lost": ["003_story.txt"]
    }
    assert list(lanes(route("What does harbour-plan.pdf cost?", KNOWN)).values()) == [["harbour-plan.pdf"]]


def test_an_ordinary_word_names_no_outlet():
    assert not route("At what age did the mayor of Melk retire?", KNOWN).lanes
    assert route("According to the age, who retired?", KNOWN).lanes


def test_the_names_of_sources_are_not_searched_for_in_the_documents():
    found = route("Why was the bridge closed, according to Inland Wire?", KNOWN)
    assert found.question == "Why was the bridge closed?"
    assert [c.text for c in found.clauses] == ["Why was the bridge closed?"]


def test_each_clause_knows_the_outlets_it_names():
    question = (
        "Does Inland Wire claim that the old bridge collapsed in heavy rain, while The Age reports that engineers blamed "
        "rusty bolts?"
    )
    first, second = route(question, KNOWN).clauses
    assert [lane.name for lane in first.lanes] == ["inland wire"]
    assert [lane.name for lane in second.lanes] == ["age"]
    assert "rain" in first.text and "bolts" in second.text


def test_documents_of_the_day_asked_about_are_found():
    assert route("What was said of the bridge on 4 October 2023?", KNOWN).dated == {"001_story.txt"}
    assert route("What happened last week?", KNOWN).dated == {"003_story.txt"}
    assert not route("What was said in 2023?", KNOWN).dated


def test_the_day_of_a_named_report_is_not_searched_for_in_its_text():
    found = route("What did Inland Wire's report published on December 20, 2023 say of the bridge?", KNOWN)
    assert "December" in found.question
    assert "December" not in found.clauses[0].text
    assert "December" in route("What did Inland Wire say of December 1, 2021?", KNOWN).clauses[0].text


def test_every_stage_can_be_switched_off():
    question = "Did Inland Wire say on October 4, 2023 that the old bridge collapsed in heavy rain, or did engineers close it for rusty bolts?"
    on = route(question, KNOWN)
    off = route(question, KNOWN, lanes=False, split=False, dates=False)
    assert on.lanes and len(on.clauses) == 2 and on.dated
    assert not off.lanes and [c.text for c in off.clauses] == [question] and not off.dated


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("on October 4, 2023", [("2023-10-04", "2023-10-04")]),
        ("in October 2023", [("2023-10-01", "2023-10-31")]),
        ("between 4 and 7 October", [("2023-10-04", "2023-10-07")]),
        ("from October 4 to October 7, 2022", [("2022-10-04", "2022-10-07")]),
        ("between October 30 and November 2, 2023", [("2023-10-30", "2023-11-02")]),
        ("on May 4, 2023 and on May 7, 2023", [("2023-05-04", "2023-05-04"), ("2023-05-07", "2023-05-07")]),
        ("since 2023-11-30", [("2023-11-30", "9999-12-31")]),
        ("before 30 November 2023", [("0001-01-01", "2023-11-30")]),
        ("this week", [("2023-12-18", "2023-12-25")]),
        ("on April 31, 2023", []),
        ("on Friday", []),
    ],
)
def test_days_and_ranges_are_read_as_people_write_them(question, expected):
    assert days(question) == expected


def test_two_names_joined_by_and_are_one_clause():
    question = "On which day did Keller and Reuss meet in Bern?"
    assert clauses(question) == [(0, len(question))]


@given(st.text(alphabet="abc ,;:?-–andorwhile\n", max_size=200))
def test_clauses_lose_nothing_of_the_question(question):
    found = clauses(question)
    assert "".join(question[a:b] for a, b in found) == question


@given(st.text(max_size=80))
def test_any_text_has_a_route(question):
    found = route(question, KNOWN)
    assert len(found.clauses) >= 1
    assert all(p.first <= p.last and question[p.start : p.end] for p in periods(question, NEWEST))


def test_a_question_that_is_nothing_but_a_name_is_searched_for_as_it_is():
    found = route("How the bridge at Melk was lost", KNOWN)
    assert found.question == found.clauses[0].text == "How the bridge at Melk was lost"


def test_what_only_names_sources_is_no_clause_of_its_own():
    question = "Which bridge near Melk collapsed in heavy rain, as reported by both Inland Wire and The Age, and why was it weak?"
    assert len(route(question, KNOWN).clauses) == 1


def test_a_title_may_be_the_topic_so_it_stays_in_the_question_and_shuts_no_source_out():
    found = route("Who paid for how the bridge at Melk was lost, according to Inland Wire?", KNOWN)
    assert "bridge at Melk" in found.question
    assert [lane.title for lane in found.lanes] == [True, False]
    alone = route("Who wrote How the bridge at Melk was lost?", KNOWN)
    assert alone.sources == {"003_story.txt"} and not alone.asked_of
