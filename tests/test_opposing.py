"""Sources that give different values for one thing are shown side by side, from end to end."""

import pytest
from answers import broken_citations

from eval.texts import plain
from qa.comparing import agree
from qa.values import Value

CAREERS = {
    "a.txt": "Ira Kellner (rower)\n\nIra Kellner is a Danish rower who won the Skarn regatta in 1990.",
    "b.txt": "Ira Kellner (judge)\n\nIra Kellner is a Danish judge at the court of Vastrup. He is also fond of rowing.",
    "c.txt": "Kellner in court\n\nIra Kellner is a retired Danish judge who lives in Vastrup.",
}


@pytest.fixture
def ask(open_corpus, folder):
    """Answers a question from documents given by name."""

    def ask_it(documents, question, **arguments):
        for name, text in documents.items():
            (folder / name).write_text(text, "utf-8")
        corpus = open_corpus(**arguments)
        corpus.sync()
        answer = corpus.ask(question)
        assert broken_citations(answer, corpus.text) == 0
        return answer

    return ask_it


def sides(answer):
    return {side.value: {c.source for c in side.citations} for d in answer.disagreements for side in d.sides}


def test_nouns_that_differ_are_sides_with_their_sources(ask):
    answer = ask(CAREERS, "What is the profession of Ira Kellner?")
    assert {frozenset(s) for s in sides(answer).values()} == {frozenset({"b.txt", "c.txt"}), frozenset({"a.txt"})}
    assert "judge" in sides(answer)
    assert answer.disagreements[0].about == "profession"
    assert answer.text.startswith("The sources differ")


def test_sources_that_say_the_same_in_other_words_do_not_differ(ask):
    documents = {
        "a.txt": "Ira Kellner\n\nIra Kellner (9 February 1936 – 2 May 1999) was a Danish judge.",
        "b.txt": "On Ira Kellner\n\nIra Kellner was born on Feb 9, 1936 in Vastrup and went to school there.",
        "c.txt": "Short lives\n\nThe judge Ira Kellner was born in 1936 and never left Denmark.",
    }
    answer = ask(documents, "When was Ira Kellner born?")
    assert not answer.disagreements
    assert not answer.abstained


def test_works_of_one_name_are_sides(ask):
    documents = {
        "a.txt": "Low Tide (Nora Feld album)\n\nLow Tide is the second album by Danish singer Nora Feld.",
        "b.txt": "Low Tide (The Lamps album)\n\nLow Tide is an album by Irish rock band The Lamps, made in 1990.",
    }
    answer = ask(documents, "Who is the artist of the album “Low Tide”?")
    assert sides(answer) == {"Nora Feld": {"a.txt"}, "The Lamps": {"b.txt"}}


def test_long_sentences_are_clipped_so_that_all_sides_fit_and_every_clip_is_exact(ask):
    filler = "among orchards and hedges that the guild of Skarn had planted along the river for its many bees and its few cows"
    documents = {
        f"{year}.txt": f"Orlen Mill\n\nOrlen Mill, which stands {filler}, was built in {year}, {filler}, by hand."
        for year in (1801, 1822, 1843, 1864, 1885)
    }
    answer = ask(documents, "When was Orlen Mill built?")
    assert len(plain(answer.text).split()) <= 80
    assert set(sides(answer)) == {"1801", "1822", "1843", "1864", "1885"}
    for statement in answer.statements:
        (citation,) = statement.citations
        assert f"built in {citation.source.removesuffix('.txt')}" in citation.cited_text
        assert citation.cited_text in statement.text
        assert "…" in statement.text


def test_a_setting_gives_the_length_of_an_answer_with_sides(ask):
    from qa import Settings

    short = ask(CAREERS, "What is the profession of Ira Kellner?", settings=Settings(sides_words=20))
    assert len(plain(short.text).split()) <= 20
    assert short.disagreements


def test_a_value_that_only_one_source_gives_is_quoted_and_no_side(ask):
    answer = ask({"a.txt": CAREERS["a.txt"]}, "What sport does Ira Kellner play?")
    assert not answer.disagreements
    assert "rower" in answer.text


def test_two_words_of_one_phrase_are_one_value(ask):
    documents = {
        "a.txt": "Low Tide\n\nLow Tide is a Danish comedy-drama film made in 1990.",
        "b.txt": "Low Tide\n\nLow Tide is a horror film made by a studio in Vastrup.",
    }
    answer = ask(documents, "What is the genre of the film “Low Tide”?")
    assert sorted(map(sorted, sides(answer).values())) == [["a.txt"], ["b.txt"]]


def test_documents_that_give_no_such_value_are_still_no_answer(ask):
    answer = ask(CAREERS, "When was Ada Brask born?")
    assert answer.abstained


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"class": "football"}, {"class": "american football|football"}, True),
        ({"class": "football"}, {"class": "tennis"}, False),
        ({"place": "bern"}, {"place": "bern, switzerland"}, True),
        ({"place": "paris, texas"}, {"place": "paris, ontario"}, False),
    ],
)
def test_a_fuller_value_agrees_with_a_shorter(one, other, expected):
    assert agree(Value("name", "x", 0, 1, one), Value("name", "y", 0, 1, other)) is expected


def test_names_agree_when_one_is_part_of_the_other_or_spelled_almost_alike():
    def name(text):
        return Value("name", text, 0, len(text), {"person": text.lower()})

    assert agree(name("Kellner"), name("Ira Kellner"))
    assert agree(name("Sergei Lavrov"), name("Sergey Lawrow"))
    assert not agree(name("Ira Kellner"), name("Ada Brask"))
