"""Paragraphs, page furniture, sentences and passages: every offset points into the text as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.cleaning import furniture
from qa.paragraphs import paragraphs
from qa.splitting import content_hash, passages

FURNITURE_LINES = [
    "Leave a Reply",
    "Your email address will not be published. Required fields are marked *",
    "Related Articles",
    "See also  Local club wins the cup in extra time",
    "Share this on Facebook",
    "Advertisement",
    "We use cookies to improve your visit.",
    "Back to top button",
    "© 2022 The Paper. All rights reserved.",
    "Who has the larger army? 1:54",
    "Sign up for our newsletter",
    "Please enter your comment!",
    "2022-01-26T10:57:36.890Z",
]
PROSE = [
    "The minister left the talks in Geneva on Friday without an agreement.",
    "Readers shared the story widely, and the ministry had to reply.",
    "“We will leave a reply on the table,” he said, “and wait for an answer.”",
    "She subscribed to the theory that related articles of the treaty are void.",
    "Russia has sent 100,000 soldiers to the border.",
]


def kinds(text: str) -> list[str | None]:
    return furniture(text, paragraphs(text))


@pytest.mark.parametrize("line", FURNITURE_LINES)
def test_page_furniture_is_recognised(line):
    assert kinds(f"{PROSE[0]}\n\n{line}\n\n{PROSE[1]}")[1] is not None


@pytest.mark.parametrize("line", PROSE)
def test_prose_is_not_taken_for_furniture(line):
    assert kinds(line) == [None]


def test_a_heading_followed_by_a_duration_is_a_video():
    assert kinds("What does the country want?\n\n2:07\n\n" + PROSE[0]) == ["video", "video", None]


def test_short_lines_after_the_end_of_the_article_are_furniture_until_prose_resumes():
    text = "\n\n".join([PROSE[0], "You may like", "Five cakes to bake", PROSE[1] + " It took the night."])
    assert kinds(text) == [None, "other articles", "trailing", None]


def test_front_matter_is_not_quoted():
    assert kinds("---\ntitle: A\ndate: 2022-01-21\n---\n\n" + PROSE[0])[-1] is None
    assert None not in kinds("---\ntitle: A\ndate: 2022-01-21\n---\n")


def test_furniture_is_in_no_passage_and_moves_no_offset():
    text = "\n\n".join([PROSE[0], FURNITURE_LINES[3], PROSE[4], *FURNITURE_LINES[:2]])
    spans = passages(text, 256)
    assert [text[s.start_char_index : s.end_char_index] for s in spans] == [PROSE[0], PROSE[4]]


def test_hard_wrapped_lines_are_one_paragraph_and_list_items_are_not():
    wrapped = "The talks in Geneva ended on Friday afternoon with\nno agreement, but both sides said that they would go\non talking."
    assert len(paragraphs(wrapped)) == 1
    assert len(paragraphs("- first point of the list\n- second point of the list")) == 2


def test_windows_line_ends_do_not_split_a_wrapped_paragraph():
    wrapped = "The talks in Geneva ended on Friday afternoon with\r\nno agreement, but both sides said they would meet."
    assert len(paragraphs(wrapped)) == 1


def sentences(text: str) -> list[str]:
    return [text[s.start_char_index : s.end_char_index] for p in passages(text, 256) for s in p.sentences]


def test_abbreviations_do_not_end_a_sentence():
    text = "U.S. Secretary of State Antony J. Blinken met Mr. Lavrov on Jan. 21. They shook hands."
    assert sentences(text) == [text[:-18], "They shook hands."]


def test_a_space_lost_after_a_full_stop_still_ends_the_sentence():
    assert sentences("They will send it next week.Lavrov noted the offer.") == [
        "They will send it next week.",
        "Lavrov noted the offer.",
    ]


def test_a_long_quotation_is_split_into_its_sentences():
    text = "“" + " ".join(["We have said this before and we say it again, plainly and to everyone."] * 5) + "”"
    assert len(sentences(text)) == 5


def test_passages_stay_within_the_limit_unless_one_sentence_is_longer():
    text = " ".join(f"Sentence number {n} says a few plain words." for n in range(200))
    assert all(len(p.sentences) > 1 for p in passages(text, 64)[:-1])
    assert max(p.end_char_index - p.start_char_index for p in passages(text, 64)) < 64 * 8


def test_text_without_any_full_stop_is_still_split():
    text = "word " * 3000
    assert max(len(s) for s in sentences(text)) <= 1000


def test_the_same_words_in_other_spacing_have_the_same_hash():
    assert content_hash("a  b\nc") == content_hash("a b c") != content_hash("a b d")


PIECES = st.sampled_from([*FURNITURE_LINES, *PROSE, "\n", "\n\n", "\r\n", " ", "“", "”", '"', "– ", "…", "1:23"])
TEXTS = st.one_of(st.text(max_size=400), st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=20).map("".join))


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(min_value=1, max_value=80))
def test_whatever_the_text_offsets_are_ordered_inside_it_and_name_the_sentence(text, limit):
    position = 0
    for span in passages(text, limit):
        assert span.start_char_index == span.sentences[0].start_char_index
        assert span.end_char_index == span.sentences[-1].end_char_index
        for s in span.sentences:
            assert position <= s.start_char_index < s.end_char_index <= len(text)
            words = text[s.start_char_index : s.end_char_index]
            assert words == words.strip()
            assert s.content_hash == content_hash(words)
            position = s.end_char_index


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_paragraphs_hold_every_character_that_is_not_white_space(text):
    found = paragraphs(text)
    held = sum(len("".join(text[p.start : p.end].split())) for p in found)
    assert held == len("".join(text.split()))
