"""Quoted words are found where they stand, whatever the model did to their marks and spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.citing import find_quote
from qa.types import Passage

TEXT = "Earlier news. The ministers met  in Geneva\non Friday, for “90 minutes” – no more. Later they left."


def passage(text: str = TEXT, number: int = 1, at: int = 100) -> Passage:
    return Passage(number, f"{number}.txt", text, at, at + len(text), ())


def words_of(found, among: Passage) -> str:
    return among.text[found.start - among.start_char_index : found.end - among.start_char_index]


@pytest.mark.parametrize(
    ("quote", "verdict", "words"),
    [
        ("met in Geneva on Friday", "verbatim", "met  in Geneva\non Friday"),
        ('for "90 minutes" - no more', "verbatim", "for “90 minutes” – no more"),
        ("MINISTERS MET", "verbatim", "ministers met"),
        ("“The ministers met in Geneva.”", "verbatim", "The ministers met  in Geneva"),
        ("The ministers met ... for “90 minutes”", "close", "The ministers met  in Geneva\non Friday, for “90 minutes"),
        ("The ministers has met in Geneva on Friday", "close", "The ministers met  in Geneva\non Friday"),
    ],
)
def test_words_are_found_with_their_exact_place(quote: str, verdict: str, words: str) -> None:
    among = passage()
    found = find_quote(quote, among, [among])
    assert found is not None
    assert (found.verdict, words_of(found, among).strip("”")) == (verdict, words)


@pytest.mark.parametrize("quote", ["", "...", "rain", "the ministers fled to Paris on a Monday", "minister me"])
def test_words_that_stand_nowhere_are_not_found(quote: str) -> None:
    assert find_quote(quote, passage(), [passage()]) is None


def test_words_of_another_passage_are_misattributed_and_point_there() -> None:
    first, second = passage(), passage("Rain fell all day in Bern.", 2, 7)
    found = find_quote("Rain fell all day", first, [first, second])
    assert found is not None
    assert (found.passage, found.verdict, words_of(found, second)) == (second, "verbatim", "Rain fell all day")
    assert found.misattributed


@given(st.text(min_size=1, max_size=80), st.data())
def test_any_words_of_a_text_are_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    among = passage(text)
    found = find_quote(quote, among, [among])
    if found is not None:
        assert 100 <= found.start < found.end <= 100 + len(text)
