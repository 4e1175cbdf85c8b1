"""Quoted answers on the sample documents, with the real embedder."""

import pytest
from answers import broken_citations


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many soldiers has Russia put on the Ukrainian border?", ["100,000"]),
        ("Who is Dmitry Peskov?", ["Kremlin spokesman"]),
        ("Where is Belarus holding exercises with Russia, and in what month?", ["February"]),
        ("Which two Americans are held in Russian prisons?", ["Whelan", "Reed"]),
        ("What did Ryabkov say about Cuba and Venezuela?", ["neither confirm nor rule out"]),
    ],
)
def test_the_sentence_that_answers_is_quoted(geneva, question, words):
    answer = geneva.ask(question)
    assert not answer.abstained
    assert all(word in answer.text for word in words)
    assert broken_citations(answer, geneva.text) == 0


def test_sources_that_differ_on_the_day_are_shown_side_by_side(geneva):
    answer = geneva.ask("On which day did Lavrov and Blinken meet in Geneva?")
    (disagreement,) = answer.disagreements
    sides = {side.value: {c.source for c in side.citations} for side in disagreement.sides}
    assert sides["Thursday"] == {"01-the-harbour-post.txt"}
    assert "01-the-harbour-post.txt" not in sides["Friday"]
    assert answer.text.startswith("The sources differ")


@pytest.mark.parametrize(
    "question",
    [
        "How old is Sergey Lavrov?",
        "Who won the French election?",
        "What is the capital of Mongolia?",
        "Who scored for Rovers?",
    ],
)
def test_what_the_documents_do_not_say_is_not_answered(geneva, question):
    answer = geneva.ask(question)
    assert answer.abstained
    assert answer.text.startswith("The documents do not answer")


def test_page_furniture_is_in_no_answer_and_no_passage(geneva):
    for question in ("Who won the boxing match?", "What did Lavrov say?", "Where can I leave a comment?"):
        answer = geneva.ask(question)
        shown = answer.text.split("”.")[-1] + " ".join(p.passage.text for p in answer.passages)
        assert not any(word in shown for word in ("Spence", "Pereira", "cookies", "LEAVE A COMMENT"))


def test_a_speaker_whom_the_sentence_does_not_name_is_added_in_brackets_and_the_quotation_stays_exact(geneva):
    answer = geneva.ask("Who sees few grounds for optimism?")
    statement = next(s for s in answer.statements if "grounds for optimism" in s.text)
    assert statement.text == '"That leaves few grounds for optimism," he [Peskov] said.'
    assert statement.citations[0].cited_text == '"That leaves few grounds for optimism," he said.'


def test_answers_stay_short(geneva):
    lengths = sorted(
        len(geneva.ask(q).text.split())
        for q in (
            "Who is Paul Whelan?",
            "What does NATO reject?",
            "What did Biden say?",
            "What is in the Minsk agreement?",
        )
    )
    assert lengths[len(lengths) // 2] <= 75


def test_of_two_sides_the_later_report_is_marked_as_such(folder, open_corpus):
    for name, day, said in (("a", "2024-03-02", "Friday"), ("b", "2024-03-09", "Thursday")):
        text = f"---\npublished_at: {day}\n---\nKeller and Reuss met in Bern on {said}. The talks lasted two hours.\n"
        (folder / f"{name}.md").write_text(text, "utf-8")
    corpus = open_corpus()
    corpus.sync()
    answer = corpus.ask("On which day did Keller and Reuss meet in Bern?")
    assert "Friday (earlier report, 2024-03-02): " in answer.text
    assert "Thursday (later report, 2024-03-09): " in answer.text
    assert {side.value for d in answer.disagreements for side in d.sides} == {"Friday", "Thursday"}
