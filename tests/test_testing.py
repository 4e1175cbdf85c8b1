"""The stand-ins that users' tests rest on."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from qa.citing import resolves
from qa.testing import HashEmbedder, ScriptedAnswerer
from qa.types import Answer, Evidence, Passage, ScoredPassage, Sentence

TEXT = "Preface. The ministers met on Friday. They parted friends."
PASSAGE = Passage(
    id=1,
    source="a.txt",
    text=TEXT[9:],
    start_char_index=9,
    end_char_index=len(TEXT),
    sentences=(Sentence(9, 37, "x"), Sentence(38, len(TEXT), "y")),
)


def evidence(question: str, *passages: Passage) -> Evidence:
    return Evidence(
        question=question,
        standalone_question=question,
        asked=question,
        named_sources=frozenset(),
        passages=tuple(ScoredPassage(p, score=1.0) for p in passages),
        text_of=lambda source: {"a.txt": TEXT}[source],
        mentions=lambda terms: dict.fromkeys(terms, 0),
        passage_count=len(passages),
    )


def test_hash_vectors_are_the_same_in_every_process() -> None:
    code = "from qa.testing import HashEmbedder; print(HashEmbedder(16).embed_queries(['met in Geneva'])[0].tobytes().hex())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == HashEmbedder(16).embed_queries(["met in Geneva"])[0].tobytes().hex()


def test_hash_vectors_of_like_texts_are_near() -> None:
    question, near, far = HashEmbedder(256).embed_documents(
        ["When did the ministers meet?", "The minister met them on Friday.", "Football scores of the week."]
    )
    assert question @ near > question @ far + 0.3


@pytest.mark.parametrize("text", ["", " ", "the", "…", "日本", "\ud800"])
def test_hash_vectors_are_never_zero(text: str) -> None:
    assert np.linalg.norm(HashEmbedder(8).embed_queries([text])[0]) == pytest.approx(1)


def test_a_scripted_question_gets_its_statements_with_real_offsets() -> None:
    answerer = ScriptedAnswerer({"When did they meet?": ["They met on Friday.", "They parted friends."]})
    *words, answer = answerer.stream(evidence(" when did they MEET? ", PASSAGE))
    assert isinstance(answer, Answer)
    assert "".join(map(str, words)) == answer.text == "They met on Friday. [1] They parted friends. [1]"
    assert [s.supported for s in answer.statements] == [True, True]
    (citation,) = answer.citations
    assert resolves(citation, lambda source: TEXT)
    assert citation.cited_text == "The ministers met on Friday."


def test_an_unscripted_question_is_not_answered_and_shows_what_is_near() -> None:
    *_, answer = ScriptedAnswerer({}).stream(evidence("Who won?", PASSAGE))
    assert isinstance(answer, Answer)
    assert answer.abstained
    assert answer.statements == ()
    assert answer.nearest[0].cited_text == "The ministers met on Friday."


def test_without_passages_statements_are_unsupported() -> None:
    *_, answer = ScriptedAnswerer({"Who won?": "They did."}).stream(evidence("Who won?"))
    assert isinstance(answer, Answer)
    assert answer.text == "They did."
    assert not answer.statements[0].supported
