"""Clips are exact slices, hold the value, and stay as short as asked."""

import random

import pytest

from qa.clipping import clip, shares
from qa.types import Passage, Sentence
from qa.words import stem

WORDS = "The old mill, built in 1871 (of brick); was sold. Ada Brask’s painting – “Low Tide” – hung there: until May, 1930 !".split()


def made(text="The mill that Ada Brask painted was built by her uncle in 1871 and sold, after long talks, in 1930."):
    end = 40 + len(text)
    return Passage(1, "mill.txt", text, 40, end, (Sentence(40, end, ""),))


@pytest.mark.parametrize("seed", range(200))
def test_any_clip_is_a_slice_of_its_passage_that_holds_the_value_and_keeps_to_its_length(seed):
    chance = random.Random(seed)
    text = "".join(
        chance.choice(WORDS) + chance.choice([" ", "  ", "\n"]) for _ in range(chance.randint(1, 60))
    ).strip()
    whole = made(text)
    start = chance.choice([i for i, c in enumerate(text) if not c.isspace()])
    end = min(len(text), start + chance.randint(1, 12))
    most = chance.randint(1, 20)
    part = clip(whole, start, end, {stem("mill"), stem("built")}, most)
    cut = text[part.start - 40 : part.end - 40]
    assert text[start:end].strip() in cut
    assert cut == cut.strip()
    assert len(cut.split()) <= max(most, len(text[start:end].split()) + 1)
    assert part.cut_before == (part.start > 40)
    assert part.cut_behind == (part.end < 40 + len(text))


def test_the_window_holds_the_words_asked_for():
    whole = made()
    at = whole.text.index("1871")
    part = clip(whole, at, at + 4, {stem("built"), stem("mill")}, 7)
    assert whole.text[part.start - 40 : part.end - 40] == "built by her uncle in 1871"


def test_a_sentence_that_fits_is_not_cut():
    whole = made()
    part = clip(whole, 0, 3, set(), 30)
    assert (part.start, part.end, part.cut_before, part.cut_behind) == (40, 40 + len(whole.text), False, False)


def test_what_short_texts_leave_long_ones_get():
    assert shares([5, 40, 40], 65) == [5, 30, 30]
    assert shares([5, 6], 65) == [5, 6]
    assert shares([], 10) == []
