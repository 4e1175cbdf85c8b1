"""The first users' folder: five scraped, partly machine-translated reports on one event."""

import pytest
from answers import broken_citations

from qa import Corpus

QUESTIONS = (
    "Who is in prison in Russia, and for what?",
    "How many soldiers are at the border?",
    "What did Lavrov say about NATO?",
    "What does Peskov expect?",
    "Where could Russia build military infrastructure?",
    "What did Biden say about an invasion?",
)


@pytest.fixture
def seeds(shared, weights, tmp_path):
    with Corpus(shared / "seeds", store=tmp_path / "store") as corpus:
        assert corpus.sync().failed == ()
        yield corpus


def test_the_folder_is_answered_from_exactly(seeds):
    answer = seeds.ask("On which day did Lavrov and Blinken meet in Geneva?")
    sides = {side.value for d in answer.disagreements for side in d.sides}
    assert sides == {"Friday", "Thursday"}
    for question in ("How old is Sergey Lavrov?", "Who won the French election?"):
        assert seeds.ask(question).abstained
    for question in QUESTIONS:
        answer = seeds.ask(question)
        assert not answer.abstained
        assert "Errol Spence" not in answer.text + "".join(p.passage.text for p in answer.passages)
        assert broken_citations(answer, seeds.text) == 0
    assert seeds.sync().seconds < 0.5
    assert seeds.verify().ok
