"""A folder that is followed: what changes in it is read at once, and nothing else is."""

import threading
from queue import Queue

import pytest

from qa import Corpus


@pytest.fixture
def followed(folder, open_corpus):
    """A corpus that follows its folder, and its reports as they come."""
    (folder / "a.txt").write_text("The mayor of Altdorf resigned on Monday.")
    corpus, stop, reports = open_corpus(), threading.Event(), Queue()

    def follow() -> None:
        for report in corpus.follow(stop):
            reports.put(report)

    thread = threading.Thread(target=follow)
    thread.start()
    yield corpus, reports
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_new_changed_and_deleted_files_are_noticed(folder, followed):
    corpus, reports = followed
    assert reports.get(timeout=20).added == ("a.txt",)
    (folder / "sub").mkdir()
    (folder / "sub" / "b.txt").write_text("The lantern was repaired by Otto Brandt.")
    assert reports.get(timeout=20).added == ("sub/b.txt",)
    (folder / "a.txt").write_text("The mayor of Altdorf resigned on Tuesday.")
    assert reports.get(timeout=20).changed == ("a.txt",)
    assert "Tuesday" in corpus.ask("When did the mayor of Altdorf resign?").text
    (folder / "a.txt").unlink()
    assert reports.get(timeout=20).removed == ("a.txt",)


def test_hidden_files_and_times_that_change_alone_are_no_news(folder, followed):
    _, reports = followed
    reports.get(timeout=20)
    (folder / ".hidden.txt").write_text("Nothing.")
    (folder / "a.txt").touch()
    (folder / "c.bin").write_bytes(b"\0")
    report = reports.get(timeout=20)
    assert [f.path for f in report.failed] == ["c.bin"] and report.unchanged == ("a.txt",)
    assert reports.empty()


def test_a_store_inside_the_folder_does_not_set_itself_off(folder, open_corpus):
    (folder / "a.txt").write_text("The mayor of Altdorf resigned on Monday.")
    corpus, stop, synced = open_corpus(store=folder / "index"), threading.Event(), []
    sync = corpus.sync
    corpus.sync = lambda progress=None: synced.append(1) or sync(progress)
    threading.Timer(4, stop.set).start()
    assert [r.added for r in corpus.follow(stop)] == [("a.txt",)]
    assert len(synced) == 1


def test_a_corpus_without_a_folder_cannot_be_followed(tmp_path, open_corpus):
    from qa.testing import HashEmbedder

    with (
        Corpus(store=tmp_path / "s", embedder=HashEmbedder()) as corpus,
        pytest.raises(ValueError, match="no documents folder"),
    ):
        next(corpus.follow())
