"""Who said it, according to whom: the same words given to different speakers are shown as a disagreement."""

import pytest

CEASEFIRE = "Who said that the ceasefire must be kept without conditions?"


@pytest.fixture
def ask(open_corpus, folder):
    def asked(question: str, **texts: str):
        for name, text in texts.items():
            (folder / f"{name}.txt").write_text(text)
        with open_corpus() as corpus:
            corpus.sync()
            return corpus.ask(question)

    return asked


def sides(answer) -> dict[str, set[str]]:
    return {s.value: {c.source for c in s.citations} for d in answer.disagreements for s in d.sides}


def test_the_same_words_by_two_speakers_are_two_sides(ask):
    answer = ask(
        CEASEFIRE,
        post='"The ceasefire has to be kept without any conditions," Kozak told reporters.',
        wire='"The ceasefire must be kept without conditions," Yermak told the agencies.',
    )
    assert sides(answer) == {"Kozak": {"post.txt"}, "Yermak": {"wire.txt"}}
    assert answer.disagreements[0].about == "speaker"


@pytest.mark.parametrize(
    ("speaker", "other"),
    [
        ("Andriy Yermak", '"The ceasefire must be kept without conditions," Yermack told the agencies.'),
        ("Kozak", '"We will speak about conditions in Berlin," Yermak told the agencies.'),
    ],
)
def test_one_speaker_in_two_spellings_or_of_other_words_is_no_disagreement(ask, speaker, other):
    post = f'"The ceasefire has to be kept without any conditions," {speaker} told reporters.'
    answer = ask(CEASEFIRE, post=post, wire=other)
    assert not answer.disagreements and speaker in answer.text


def test_a_source_that_does_not_name_the_place_takes_no_side(ask):
    answer = ask(
        "How long did the talks in Geneva last?",
        post="Ministers came to Geneva. The talks in Geneva lasted ninety minutes.",
        wire="Advisers came to Paris. The talks lasted nine hours.",
    )
    assert not answer.disagreements and "ninety minutes" in answer.text
