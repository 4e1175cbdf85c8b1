"""The library as a program uses it: a folder goes in, answers with exact citations come out."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa import Answer, Corpus, Settings, SourceNotFound, StoreLocked, StoreMismatch
from qa.testing import HashEmbedder

FRIDAY = "Keller and Reuss met in Bern on Friday. The talks lasted two hours."
THURSDAY = "Keller and Reuss met in Bern on Thursday. Nobody signed anything."


@dataclass
class Text:
    """Looks like a LlamaIndex document."""

    doc_id: str
    text: str
    metadata: dict = field(default_factory=dict)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")


def broken(corpus: Corpus, answer: Answer) -> list:
    sides = [c for d in answer.disagreements for s in d.sides for c in s.citations]
    cited = [*answer.citations, *sides]
    return [c for c in cited if corpus.text(c.source)[c.start_char_index : c.end_char_index] != c.cited_text]


def test_every_path_is_in_exactly_one_list_of_the_report(folder, open_corpus):
    write(folder, a=FRIDAY, b=THURSDAY)
    (folder / "c.bin").write_bytes(b"\0\1")
    (folder / "d.txt").write_bytes(b"")
    (folder / "sub").mkdir()
    (folder / "sub" / "e.md").write_text("# Title\n\nThe mayor resigned on Monday.")
    report = open_corpus().sync()
    assert report.added == ("a.txt", "b.txt", "sub/e.md")
    assert [path for path, _ in report.failed] == ["c.bin", "d.txt"]
    assert all(reason for _, reason in report.failed)
    assert report.unchanged == report.changed == report.removed == ()


def test_what_did_not_change_is_not_read_again(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    os.utime(folder / "a.txt")
    assert corpus.sync().unchanged == ("a.txt",)


def test_the_old_text_of_an_edited_file_is_gone_from_answers_and_indexes(folder, open_corpus):
    write(folder, a="The zebra crossed the border on Friday. It was tired.")
    corpus = open_corpus()
    corpus.sync()
    assert "zebra" in corpus.ask("When did the zebra cross the border?").text
    write(folder, a="The giraffe crossed the border on Monday. It was tired.")
    assert corpus.sync().changed == ("a.txt",)
    answer = corpus.ask("When did the zebra cross the border?")
    assert all("zebra" not in p.passage.text for p in answer.passages)
    assert not any("zebra" in c.cited_text for c in answer.citations)
    assert corpus.verify().ok


def test_a_deleted_file_is_forgotten(folder, open_corpus):
    write(folder, a=FRIDAY, b="The zebra sleeps.")
    corpus = open_corpus()
    corpus.sync()
    (folder / "b.txt").unlink()
    assert corpus.sync().removed == ("b.txt",)
    assert [s.source for s in corpus.sources()] == ["a.txt"]
    assert all(p.passage.source == "a.txt" for p in corpus.retrieve("Where does the zebra sleep?"))
    with pytest.raises(SourceNotFound, match=r"b\.txt"):
        corpus.text("b.txt")


def test_a_file_that_can_no_longer_be_read_loses_its_old_text(folder, open_corpus):
    write(folder, a=FRIDAY, b=THURSDAY)
    corpus = open_corpus()
    corpus.sync()
    (folder / "b.txt").write_bytes(b"\0\0\0\0")
    report = corpus.sync()
    assert ([f.path for f in report.failed], report.removed) == (["b.txt"], ())
    assert [s.source for s in corpus.sources()] == ["a.txt"]


def test_links_out_of_the_folder_are_refused(folder, open_corpus, tmp_path):
    (tmp_path / "secret.txt").write_text("The password is swordfish.")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "inside").symlink_to(tmp_path, target_is_directory=True)
    report = open_corpus().sync()
    assert [path for path, _ in report.failed] == ["inside", "link.txt"]


def test_a_pipe_in_the_folder_does_not_hang_the_sync(folder, open_corpus):
    os.mkfifo(folder / "pipe.txt")
    assert [path for path, _ in open_corpus().sync().failed] == ["pipe.txt"]


def test_a_store_inside_the_folder_is_not_read_as_documents(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus(store=folder / "index")
    corpus.sync()
    assert corpus.sync().unchanged == ("a.txt",)
    assert corpus.sync().failed == ()


def test_added_documents_are_asked_like_files_and_sync_leaves_them_alone(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    metadata = {"title": "A walk", "source": "The Gazette", "published_at": "2022-01-26"}
    assert corpus.add([Text("note-1", "The mayor planted an oak on Sunday.", metadata)]) == ("note-1",)
    assert corpus.sync().removed == ()
    citation = corpus.ask("When did the mayor plant an oak?").citations[0]
    assert (citation.source, citation.title, citation.outlet) == ("note-1", "A walk", "The Gazette")
    corpus.add([Text("note-1", "The mayor planted an elm on Monday.", metadata)])
    assert "oak" not in corpus.text("note-1")
    corpus.remove("note-1")
    assert [s.source for s in corpus.sources()] == ["a.txt"]


def test_a_llama_index_document_can_be_added(open_corpus):
    from llama_index.core import Document

    corpus = open_corpus()
    corpus.add([Document(text=FRIDAY, doc_id="d1", metadata={"title": "T"})])
    assert corpus.text("d1") == FRIDAY


def test_disagreement_shows_each_side_with_its_source(folder, open_corpus):
    write(folder, a=FRIDAY, b=THURSDAY)
    corpus = open_corpus()
    corpus.sync()
    answer = corpus.ask("On which day did Keller and Reuss meet in Bern?")
    (disagreement,) = answer.disagreements
    assert {(s.value, s.citations[0].source) for s in disagreement.sides} == {
        ("Friday", "a.txt"),
        ("Thursday", "b.txt"),
    }
    assert "Friday" in answer.text and "Thursday" in answer.text
    assert all(s.supported for s in answer.statements)


def test_silence_is_admitted_with_what_is_missing_and_the_nearest_words(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    answer = corpus.ask("Who won the French election?")
    assert answer.abstained and answer.statements == ()
    assert "“French”" in answer.text
    assert answer.nearest and broken(corpus, answer) == []


@pytest.mark.parametrize("question", ["", "   ", "hello", "Hi there!", "thanks", "???", "who are you?"])
def test_greetings_and_empty_questions_get_a_helpful_sentence(folder, open_corpus, question):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    answer = corpus.ask(question)
    assert answer.abstained and "plain words" in answer.text


def test_an_empty_corpus_abstains(open_corpus):
    assert open_corpus().ask("When did they meet?").abstained


def test_a_stream_ends_with_the_answer_whose_text_it_spelled_out(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    *deltas, answer = corpus.stream("On which day did Keller and Reuss meet in Bern?")
    assert isinstance(answer, Answer)
    assert "".join(deltas) == answer.text


def test_the_async_twins_answer_alike(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    question = "On which day did Keller and Reuss meet in Bern?"

    async def ask() -> tuple[Answer, list]:
        return await corpus.aask(question), [event async for event in corpus.astream(question)]

    answer, events = asyncio.run(ask())
    assert answer.text == events[-1].text == corpus.ask(question).text


def test_a_conversation_understands_follow_ups_and_shows_how(folder, open_corpus):
    write(folder, a="Paul Weber was given 16 years in prison. Tom Reed is serving 9 years in prison.")
    corpus = open_corpus()
    corpus.sync()
    chat = corpus.chat(
        history=[("How long is Paul Weber's prison sentence?", "Paul Weber was given 16 years in prison. [1]")]
    )
    answer = chat.ask("and Tom Reed?")
    assert answer.standalone_question == "How long is Tom Reed's prison sentence?"
    assert "9 years" in answer.text
    assert len(chat.history) == 2


def test_a_question_may_name_the_report_it_wants_to_hear(folder, open_corpus):
    write(folder, **{"morning-post": FRIDAY, "evening-star": THURSDAY})
    corpus = open_corpus()
    corpus.sync()
    answer = corpus.ask("On which day did Keller and Reuss meet, according to the Evening Star?")
    assert {c.source for c in answer.citations} == {"evening-star.txt"}


def test_each_passage_says_why_it_was_found(folder, open_corpus):
    write(folder, a=FRIDAY, b=THURSDAY)
    corpus = open_corpus()
    corpus.sync()
    found = corpus.retrieve("Keller met Reuss in Bern", k=2)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert all(p.dense_rank or p.lexical_rank for p in found)
    for p in found:
        assert corpus.text(p.passage.source)[p.passage.start_char_index : p.passage.end_char_index] == p.passage.text


def test_a_second_process_is_told_who_owns_the_store(folder, open_corpus, tmp_path):
    open_corpus()
    code = f"""
from qa import Corpus, StoreLocked
from qa.testing import HashEmbedder
try:
    Corpus({str(folder)!r}, store={str(tmp_path / "store")!r}, embedder=HashEmbedder())
except StoreLocked as error:
    print(error.pid)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(printed) == os.getpid()
    with pytest.raises(StoreLocked):
        open_corpus()


def test_another_chunking_is_refused_until_rebuilt_without_one_new_embedding(folder, open_corpus):
    write(folder, a=FRIDAY, b=THURSDAY)
    with open_corpus() as corpus:
        corpus.sync()
    other = Settings(passage_tokens=64)
    with pytest.raises(StoreMismatch, match="witness rebuild"):
        open_corpus(settings=other)

    class Refusing(HashEmbedder):
        def embed_documents(self, texts):
            raise AssertionError("embedded again")

    with open_corpus(settings=other, embedder=Refusing(), rebuild=True) as corpus:
        assert corpus.verify().ok
        assert len(corpus.sources()) == 2


def test_a_corpus_needs_a_folder_to_sync_and_one_to_live_in(tmp_path):
    with pytest.raises(ValueError, match="documents folder or a store"):
        Corpus(embedder=HashEmbedder())
    with (
        Corpus(store=tmp_path / "s", embedder=HashEmbedder()) as corpus,
        pytest.raises(ValueError, match="no documents"),
    ):
        corpus.sync()
    with (
        Corpus(tmp_path / "none", store=tmp_path / "t", embedder=HashEmbedder()) as corpus,
        pytest.raises(FileNotFoundError),
    ):
        corpus.sync()


def test_it_fits_into_llama_index(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    nodes = corpus.as_retriever(k=1).retrieve("When did Keller meet Reuss in Bern?")
    assert nodes[0].node.metadata["source"] == "a.txt"
    assert FRIDAY[nodes[0].node.start_char_idx : nodes[0].node.end_char_idx] == nodes[0].node.text
    engine = corpus.as_chat_engine()
    response = engine.chat("On which day did Keller and Reuss meet in Bern?")
    assert "Friday" in response.response and response.source_nodes
    assert "Friday" in "".join(engine.stream_chat("On which day did Keller and Reuss meet in Bern?").response_gen)
    assert len(engine.chat_history) == 4
    engine.reset()
    assert engine.chat_history == []


PIECES = st.sampled_from(
    [
        FRIDAY,
        THURSDAY,
        "Leave a Reply",
        "\n\n",
        "\n",
        "“We know,” she said. ",
        "See also  Cup final tonight",
        "\r\n",
        "– Ja, sagte er.\n",
    ]
)
FILES = st.lists(
    st.lists(st.one_of(PIECES, st.text(max_size=40)), min_size=1, max_size=8).map("".join), min_size=1, max_size=3
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    FILES, st.sampled_from(["On which day did Keller and Reuss meet?", "Who said so?", "cup final", "What is a zebra?"])
)
def test_whatever_the_documents_every_citation_resolves(tmp_path_factory, files, question):
    folder = tmp_path_factory.mktemp("documents")
    for number, text in enumerate(files):
        (folder / f"{number}.txt").write_bytes(text.encode("utf-8", "replace"))
    with Corpus(folder, store=tmp_path_factory.mktemp("store"), embedder=HashEmbedder()) as corpus:
        corpus.sync()
        assert broken(corpus, corpus.ask(question)) == []
        for source in corpus.sources():
            assert corpus.text(source.source) == (folder / source.source).read_bytes().decode("utf-8")


def test_a_question_limited_to_some_sources_sees_no_other(folder, open_corpus):
    write(folder, a=FRIDAY, b=THURSDAY, c="The vault opened at noon, said Mara Lind.")
    corpus = open_corpus()
    corpus.sync()
    asked = "On which day did Keller and Reuss meet in Bern?"
    assert corpus.ask(asked).disagreements
    answer = corpus.ask(asked, sources=["b.txt"])
    assert "Thursday" in answer.text and not answer.disagreements
    assert {p.passage.source for p in answer.passages} == {"b.txt"}
    assert corpus.ask("What does a.txt say of Keller?", sources=["c.txt"]).abstained
    assert {p.passage.source for p in corpus.retrieve("Keller", sources=["a.txt"])} == {"a.txt"}
    assert [t.source for t in corpus.survey(answer, ["b.txt", "c.txt"])] == ["b.txt", "c.txt"]
    chat = corpus.chat()
    assert "Friday" in chat.ask(asked, sources=["a.txt"]).text
    assert "Thursday" in chat.ask("And according to b.txt?").text


def test_what_only_other_sources_mention_is_told_as_unmentioned(folder, open_corpus):
    write(folder, a=FRIDAY, b="Zorblax was seen in Bern on Monday.")
    corpus = open_corpus()
    corpus.sync()
    told = corpus.ask("Who is Zorblax?", sources=["a.txt"]).text
    assert "Nothing in them mentions “Zorblax”" in told and "Zorblax" not in corpus.ask("Who is Keller?").text
    (folder / "b.txt").unlink()
    corpus.sync()
    assert corpus.ask("Who is Zorblax?").text == told


def test_no_source_left_to_ask_is_an_abstention(folder, open_corpus):
    write(folder, a=FRIDAY)
    corpus = open_corpus()
    corpus.sync()
    assert corpus.ask("When did Keller and Reuss meet?", sources=[]).abstained
    assert corpus.retrieve("Keller", sources=["gone.txt"]) == ()


def test_files_from_elsewhere_are_read_under_the_names_they_are_given(folder, open_corpus, tmp_path):
    write(folder, a=FRIDAY)
    outside = tmp_path / "outside"
    outside.mkdir()
    write(outside, b=THURSDAY)
    (outside / "c.bin").write_bytes(b"\0\1")
    corpus = open_corpus()
    corpus.sync()
    files = {f"mine/{p.name}": p for p in outside.iterdir()}
    report = corpus.add_files(files)
    assert report.added == ("mine/b.txt",) and [f.path for f in report.failed] == ["mine/c.bin"]
    assert corpus.add_files(files).unchanged == ("mine/b.txt",)
    assert corpus.sync().removed == ()
    assert corpus.text("mine/b.txt") == THURSDAY
    corpus.remove("mine/b.txt")
    assert [s.source for s in corpus.sources()] == ["a.txt"]
