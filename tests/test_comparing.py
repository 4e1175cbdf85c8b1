"""Disagreement: different values for the same thing from different sources, and only then."""

from qa.comparing import Claim, attached, sides
from qa.values import values


def claim(key: int, source: str, text: str) -> Claim:
    return Claim(key, source, values("date", text)[0])


def test_sources_with_different_days_are_opposed_the_larger_side_first():
    found = sides([claim(0, "a", "Thursday"), claim(1, "b", "Friday"), claim(2, "c", "Friday")])
    assert [(value, [c.source for c in group]) for value, group in found] == [
        ("Friday", ["b", "c"]),
        ("Thursday", ["a"]),
    ]


def test_a_date_sides_with_its_weekday():
    found = sides([claim(0, "a", "Thursday"), claim(1, "b", "Friday"), claim(2, "c", "January 21, 2022")])
    assert [len(group) for _, group in found] == [2, 1]


def test_agreement_is_no_disagreement():
    assert sides([claim(0, "a", "Friday"), claim(1, "b", "Friday")]) == []


def test_one_source_alone_does_not_disagree_with_itself():
    assert sides([claim(0, "a", "Friday"), claim(1, "a", "Thursday")]) == []


def test_of_two_days_in_a_sentence_the_one_beside_what_is_asked_counts():
    text = "Keller said Wednesday that the talks with Reuss in Bern last Friday were useful."
    found = values("date", text)
    assert attached(found, text, ["talk", "reuss", "bern"]).text == "Friday"
    assert attached([], text, ["talk"]) is None
