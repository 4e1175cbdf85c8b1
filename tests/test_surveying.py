"""What each source says: its own words and value, or that it does not say."""

import pytest


@pytest.fixture
def corpus(open_corpus, folder):
    texts = {
        "post": "Ministers came to Geneva. The talks in Geneva lasted ninety minutes, the minister said.",
        "wire": "The talks in Geneva lasted two hours, according to a diplomat.",
        "copy": "The talks in Geneva lasted two hours, according to a diplomat. A photograph shows them.",
        "paris": "Advisers came to Paris. The talks lasted nine hours.",
        "garden": "The roses are in flower.",
    }
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    corpus = open_corpus()
    corpus.sync()
    return corpus


def test_every_source_is_told_once_with_its_own_value(corpus):
    answer = corpus.ask("How long did the talks in Geneva last?")
    told = {t.source: t for t in corpus.survey(answer)}
    assert told["post.txt"].value == "ninety minutes"
    two_hours = next(t for t in told.values() if t.value == "two hours")
    assert {two_hours.source, *two_hours.also} == {"wire.txt", "copy.txt"}
    assert told["paris.txt"].citation is None, "what it says is of other talks"
    assert told["garden.txt"].citation is None
    assert {*told, *two_hours.also} == {s.source for s in corpus.sources()}


def test_its_words_stand_where_they_say(corpus):
    for told in corpus.survey(corpus.ask("How long did the talks in Geneva last?")):
        if c := told.citation:
            assert corpus.text(c.source)[c.start_char_index : c.end_char_index] == c.cited_text


def test_nobody_says_what_the_documents_do_not(corpus):
    assert all(t.citation is None for t in corpus.survey(corpus.ask("What is the capital of Mongolia?")))


def test_of_many_documents_the_nearest_are_asked(open_corpus, folder):
    for number in range(60):
        (folder / f"{number:02}.txt").write_text(f"Report {number}. The bridge in Ulm was closed in {1900 + number}.")
    with open_corpus() as corpus:
        corpus.sync()
        told = corpus.survey(corpus.ask("When was the bridge in Ulm closed?"))
        assert 0 < len(told) <= 40


def test_sources_that_differ_in_nothing_but_a_number_are_not_told_as_one(corpus, folder):
    said = "The talks in Geneva lasted {} hours, a diplomat of the council said on the morning of {} May."
    for name, hours, day in (("a", 3, 4), ("b", 4, 4), ("c", 4, 4), ("d", 4, 5)):
        (folder / f"{name}.txt").write_text(said.format(hours, day))
    corpus.sync()
    told = corpus.survey(corpus.ask("How long did the talks in Geneva last?"))
    assert {("a.txt",), ("b.txt", "c.txt"), ("d.txt",)} <= {(t.source, *t.also) for t in told if t.citation}
