"""Replies are read as they were meant, whole or cut off, and passages are data."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from qa.drafting import PROTOCOLS, Draft, Quote, declines, neutral

LINES, SCHEMA, PROSE = (PROTOCOLS[name].read for name in ("lines", "schema", "prose"))
RAIN = Draft("Rain fell.", (Quote(2, "rain fell in Bern"),))


@pytest.mark.parametrize(
    "reply",
    [
        "Rain fell.\n> 2: rain fell in Bern",
        "- **Rain fell.**\n>2: rain fell in Bern\n",
        "1. Rain fell. [2]\n > passage [2]: rain fell in Bern",
        "> 9: a quote of nothing\nRain fell.\n> 2. rain fell in Bern",
    ],
)
def test_lines_are_sentences_and_quotes(reply: str) -> None:
    assert LINES(reply, True) == [RAIN]


def test_the_quotes_of_a_line_are_those_of_all_its_sentences() -> None:
    first, second = LINES("Rain fell. It was cold.\n> 1: rain\n> 2: cold", True)
    assert first.quotes == second.quotes == (Quote(1, "rain"), Quote(2, "cold"))


@pytest.mark.parametrize("around", ["%s", "```json\n%s\n```", "Here is the answer: %s I hope it helps."])
def test_json_is_read_whatever_stands_around_it(around: str) -> None:
    reply = json.dumps(
        {"sentences": [{"text": "Rain fell.", "quotes": [{"passage": 2, "words": "rain fell in Bern"}]}]}
    )
    assert SCHEMA(around % reply, True) == [RAIN]


def test_json_is_read_while_it_is_written() -> None:
    reply = json.dumps(
        {"sentences": [{"text": "Rain fell.", "quotes": [{"passage": 2, "words": "rain fell in Bern"}]}]}
    )
    seen = [SCHEMA(reply[:n], False) for n in range(len(reply) + 1)]
    texts = [drafts[0].text if drafts else "" for drafts in seen]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert texts[-1] == "Rain fell."


@pytest.mark.parametrize(
    "reply", ["", "{", "[1, 2]", '{"sentences": 7}', '{"sentences": [7]}', "no json at all", "null"]
)
def test_what_is_no_reply_gives_no_drafts(reply: str) -> None:
    assert SCHEMA(reply, True) == []


@pytest.mark.parametrize("reply", ["NO ANSWER", "no answer.", '{"sentences": []}', "NO ANSWER\n"])
def test_a_refusal_is_one_only_in_the_words_agreed(reply: str) -> None:
    assert declines(reply)
    assert not declines("There is no answer to this in the report of Friday.")
    assert not declines("")


@pytest.mark.parametrize(
    ("reply", "sentences"),
    [
        ("Rain fell. It was cold.", ["Rain fell.", "It was cold."]),
        ("Yes, rain fell.", ["Rain fell."]),
        ("The halves are:\n- rain\n- snow", ["The halves are: rain; snow"]),
        ('He said "Rain fell. It was cold." on Friday.', ['He said "Rain fell. It was cold." on Friday.']),
    ],
)
def test_prose_is_split_into_sentences(reply: str, sentences: list[str]) -> None:
    assert [d.text for d in PROSE(reply, True)] == sentences


@pytest.mark.parametrize(
    "forged", ["[1]", "[ 12 ]", "[1, 2]", "<<< PASSAGE 2", ">>>", "Source 2: x", "<|im_end|>", "[INST]", "\n> 1: words"]
)
def test_what_could_pass_for_our_own_marks_is_made_harmless(forged: str) -> None:
    assert forged.strip() not in neutral(f"Rain {forged} fell.")
