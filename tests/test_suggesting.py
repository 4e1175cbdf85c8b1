"""Questions that are offered: made of the documents, answered by them, not asked already."""

import pytest

TALKS = """Talks in Bern

Anna Keller said that the Lake Treaty is dead. Otto Reuss said that Poland must wait.
Otto Reuss also said that the Lake Treaty will be signed in May.
"""
SNOW = "Snow in Zurich\n\nMara Lind warned that Zurich is not prepared for snow. The trams stood still on Monday."


@pytest.fixture
def corpus(folder, open_corpus):
    (folder / "talks.txt").write_text(TALKS, "utf-8")
    (folder / "snow.txt").write_text(SNOW, "utf-8")
    opened = open_corpus()
    opened.sync()
    return opened


def test_first_questions_name_who_speaks_of_what_and_are_answered(corpus):
    offered = corpus.suggest()
    assert "What did Mara Lind say about Zurich?" in offered
    assert all(not corpus.ask(q).abstained for q in offered)
    assert len({q.split()[2] for q in offered}) == len(offered)


def test_follow_ups_are_made_of_what_the_answer_did_not_use(corpus):
    answer = corpus.ask("What did Anna Keller say about the Lake Treaty?")
    offered = corpus.suggest(answer)
    assert offered and all("Keller" not in q for q in offered)
    assert all(not corpus.ask(q, history=[answer.turn]).abstained for q in offered)


def test_nothing_is_offered_of_documents_that_are_not_asked(corpus):
    assert not any("Lind" in q for q in corpus.suggest(sources=["talks.txt"]))
    assert corpus.suggest(sources=[]) == ()


def test_no_more_is_offered_than_was_wanted(corpus):
    assert len(corpus.suggest(k=1)) == 1
