"""Passages for a question, and the record of how they were found."""

import pytest

from qa import Settings
from qa.settings import STAGES

RAIN = "The old bridge at Melk collapsed in heavy rain. The river had risen for days."
BOLTS = "Engineers blamed rusty bolts for the disaster. Nobody had checked them since spring."
CONCERT = "The choir sang in the town hall. Tickets had sold out in hours."


def write(folder, name, text, outlet, day):
    (folder / f"{name}.md").write_text(f"---\nsource: {outlet}\npublished_at: {day}\n---\n{text}\n", "utf-8")


@pytest.fixture
def reports(folder):
    write(folder, "one", RAIN, "Harbour Post", "2023-10-04")
    write(folder, "two", BOLTS, "Inland Wire", "2023-10-09")
    for number in range(4):
        write(folder, f"other{number}", CONCERT.replace("hours", f"{number + 2} hours"), "Coast Weekly", "2023-12-20")
    return folder


BOTH = "Does Harbour Post claim that the bridge collapsed in heavy rain, while Inland Wire says engineers blamed rusty bolts?"


def test_a_comparison_finds_a_passage_for_each_of_its_clauses(reports, open_corpus):
    corpus = open_corpus()
    corpus.sync()
    assert {p.passage.source for p in corpus.retrieve(BOTH, k=2)} == {"one.md", "two.md"}


def test_a_report_of_the_day_asked_about_comes_first(folder, open_corpus):
    for number, day in enumerate(("2023-10-04", "2023-10-09", "2023-10-11")):
        write(folder, f"r{number}", "The mayor spoke about the harbour.", f"Paper {'ABC'[number]}", day)
    corpus = open_corpus()
    corpus.sync()
    found = corpus.retrieve("What did the mayor say about the harbour on 9 October 2023?", k=3)
    assert found[0].passage.source == "r1.md"


def test_an_answer_tells_what_each_stage_did(reports, open_corpus):
    corpus = open_corpus()
    corpus.sync()
    steps = {}
    for step in corpus.ask(BOTH).steps:
        steps.setdefault(step.stage, []).append(step.note)
    assert steps["lanes"] == ["harbour post: 1 document", "inland wire: 1 document"]
    assert "rusty bolts" in steps["clauses"][0]
    assert "candidates" in steps["search"][0]
    assert "passages" in steps["spread"][0]


def test_the_second_look_prefers_what_the_first_passages_share(folder, open_corpus):
    for number, text in enumerate(
        (
            "Court papers say that Acme paid for the patents of rivals.",
            "A class action says that Acme harmed the shops of publishers.",
            "The company paid for rivals, said nobody.",
            "Last year the harvest at Acme was lost.",
        )
    ):
        (folder / f"{number}.txt").write_text(text, "utf-8")
    corpus = open_corpus()
    corpus.sync()
    question = "Which company paid for patents of its rivals, and harmed the shops of many publishers?"
    evidence = corpus.evidence(question)
    assert [s.note for s in evidence.steps if s.stage == "second_look"] == ["Acme"]
    with_it = [p.passage.source for p in evidence.passages]
    corpus.close()
    without = [p.passage.source for p in open_corpus(settings=Settings(second_look=False)).evidence(question).passages]
    assert with_it.index("3.txt") <= without.index("3.txt")


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_be_switched_off(reports, open_corpus, stage):
    corpus = open_corpus(settings=Settings(**{stage: False}))
    corpus.sync()
    answer = corpus.ask(BOTH)
    assert answer.passages
    assert stage not in {s.stage for s in answer.steps} - {"spread"}


def test_a_question_of_no_words_finds_nothing(reports, open_corpus):
    corpus = open_corpus()
    corpus.sync()
    assert corpus.retrieve("   ") == ()


def test_other_spellings_of_a_name_are_searched_for_and_told(folder, open_corpus):
    (folder / "a.txt").write_text("Anthony Blinkin met the press. He said little.", "utf-8")
    corpus = open_corpus()
    corpus.sync()
    answer = corpus.ask("Whom did Blinken meet?")
    assert [s.note for s in answer.steps if s.stage == "spellings"] == ["blinkin"]
    assert answer.passages[0].lexical_rank == 1


def test_words_said_before_are_told(reports, open_corpus):
    corpus = open_corpus()
    corpus.sync()
    chat = corpus.chat()
    chat.ask("Why did the bridge at Melk collapse?")
    assert "background" in {s.stage for s in chat.ask("Who had checked the bolts?").steps}
