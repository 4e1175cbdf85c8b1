"""A conversation as a file: readable, whole, and with nothing in it that acts."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.exporting import FORMATS, as_json, markdown, web_page
from qa.types import Answer, Citation, Disagreement, Side, Statement

WORDS = "They met on Friday."
CITED = Citation(
    1, "a/b.txt", "A <b>title</b>", 3, 5, 5 + len(WORDS), WORDS, "verbatim", "The Post", "2022-01-26T10:00"
)
TURN = Answer("When?", "When did they meet?", f"{WORDS} [1]", (Statement(WORDS, (CITED,)),))


def test_markdown_holds_question_answer_and_place():
    text = markdown([TURN, TURN])
    assert text.count("## When?") == 2
    assert "They met on Friday. [1]" in text
    assert (
        "1. “They met on Friday.” — The Post, A \\<b\\>title\\</b\\>, 2022-01-26, a/b.txt page 3, characters 5–24"
        in text
    )


def test_json_holds_offsets_and_sides():
    side = Side("Friday", (CITED,))
    (turn,) = json.loads(
        as_json([Answer("q", "q", "x", (Statement("x", (CITED,)),), disagreements=(Disagreement("day", (side,)),))])
    )
    assert (turn["citations"][0]["start_char_index"], turn["citations"][0]["source"]) == (5, "a/b.txt")
    assert turn["disagreements"] == [{"about": "day", "sides": [{"value": "Friday", "markers": [1]}]}]


@given(st.text(), st.text(min_size=1))
def test_nothing_said_or_asked_acts_in_the_file(question, words):
    cited = Citation(1, "a.txt", words, None, 0, len(words), words, "verbatim", words)
    turn = Answer(question, question, f"{words} [1]", (Statement(words, (cited,)),))
    page = web_page([turn])
    assert set(re.findall(r"<\s*/?\s*([a-z0-9]+)", page)) <= set("html head meta title style body h2 p ol li".split())
    written = re.sub(r"\[\d+\]", "", markdown([turn]))
    assert not re.search(r"(?<!\\)(?:\\\\)*[<`\[\]*_]", written)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written(form):
    name, write = FORMATS[form]
    assert WORDS in write([TURN]) and name.startswith("conversation.")
