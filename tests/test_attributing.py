"""Who speaks, read from the sentence and from the text around it."""

import pytest

from qa.attributing import attribution


def speaker_of(text: str, sentence: str):
    start = text.index(sentence)
    return attribution(text, start, start + len(sentence))


@pytest.mark.parametrize(
    ("sentence", "speaker"),
    [
        ("Maria Keller said the plan was dead.", "Maria Keller"),
        ("“The plan is dead,” said Maria Keller.", "Maria Keller"),
        ("According to Maria Keller, the plan is dead.", "Maria Keller"),
        ("Maria Keller, the chief negotiator, said the plan was dead.", "Maria Keller"),
        ("Swiss Foreign Minister Maria Keller told reporters that the plan was dead.", "Maria Keller"),
        ("Keller then also warned that time was short.", "Keller"),
    ],
)
def test_a_speaker_named_in_the_sentence_is_found_without_office(sentence, speaker):
    found = speaker_of(sentence, sentence)
    assert (found.speaker, found.how) == (speaker, "named")


def test_a_pronoun_stands_for_whoever_spoke_last():
    text = "Maria Keller said the plan was dead.\n\n“There is nothing left of it,” she added."
    found = speaker_of(text, "“There is nothing left of it,” she added.")
    assert (found.speaker, found.how) == ("Maria Keller", "pronoun")
    assert text[: found.mention_end].endswith("she")


def test_a_pronoun_after_a_possessive_stands_for_that_person():
    text = "Anton Reuss said no. During Maria Keller’s visit, she stated that the talks were frank."
    assert speaker_of(text, text[21:]).speaker == "Maria Keller"


def test_a_quotation_without_attribution_goes_on_from_the_paragraph_before():
    text = "“We are ready,” Maria Keller told reporters.\n\n“The papers are on the table and the pens are full.”"
    found = speaker_of(text, "“The papers are on the table and the pens are full.”")
    assert (found.speaker, found.how) == ("Maria Keller", "quoted")


def test_a_dash_opens_a_quotation():
    text = "Maria Keller confirmed this.\n\n– Then we will see."
    assert speaker_of(text, "– Then we will see.").speaker == "Maria Keller"


def test_an_attribution_later_in_the_same_quotation_wins():
    text = "Anton Reuss said no.\n\n“It is over. Nobody will come back,” said Maria Keller."
    assert speaker_of(text, "“It is over.").speaker == "Maria Keller"


def test_an_office_is_resolved_by_whoever_holds_it_in_the_text():
    text = "Swiss Foreign Minister Maria Keller arrived. Anton Reuss said no. The Swiss minister said she was content."
    assert speaker_of(text, "The Swiss minister said she was content.").speaker == "Maria Keller"


def test_an_office_that_may_be_anyones_is_left_open():
    text = "Swiss Foreign Minister Maria Keller arrived. The minister said it was late."
    assert speaker_of(text, "The minister said it was late.") is None


@pytest.mark.parametrize(
    "sentence",
    ["The talks ended on Friday.", "Russia’s demands were not met.", "In the Baltic states nobody was surprised.", ""],
)
def test_narration_has_no_speaker(sentence):
    assert speaker_of(sentence, sentence) is None
