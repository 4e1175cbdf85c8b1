"""The sources pane: what a session sees, ticks, adds and takes away."""

import time
from dataclasses import replace

import pytest

from page.library import Library, shown_name
from page.sessions import Limits, Session
from qa.types import Failure, IndexReport, Source

KEY = "The key was found in the garden by Mara Lind."


@pytest.fixture
def corpus(folder, open_corpus):
    (folder / "key.txt").write_text(f"What was seen\n\n{KEY}", "utf-8")
    (folder / "vault.txt").write_text("A vault\n\nThe vault opened on Friday.", "utf-8")
    opened = open_corpus()
    opened.sync()
    return opened


@pytest.fixture
def library(corpus):
    return Library(corpus, IndexReport(added=("key.txt",), unchanged=("vault.txt",)), Limits())


def put(tmp_path, name: str, text: str) -> str:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return str(path)


def test_an_upload_is_seen_and_asked_by_its_session_alone(library, tmp_path):
    ann, ben = Session(), Session()
    *_, news = library.upload([put(tmp_path, "note.txt", "The lantern was repaired by Otto Brandt.")], ann)
    assert news == "1 document added."
    assert not (tmp_path / "note.txt").exists()
    assert len(library.seen_by(ann)) == 3 and len(library.seen_by(ben)) == 2
    assert library.asked_of(ann) is None
    assert library.asked_of(ben) == {"key.txt", "vault.txt"}
    (own,) = {s.source for s in library.seen_by(ann)} - library.asked_of(ben)
    assert library.asked_of(ben, [own]) == {"key.txt", "vault.txt"}
    assert library.asked_of(ann, [own, "key.txt"]) == {own, "key.txt"}
    assert shown_name(own) == "note.txt"
    assert own not in dict(map(reversed, library.choices(ben, "", [own])))


def test_only_own_uploads_are_removed_and_the_rest_is_told(library, tmp_path):
    ann, ben = Session(), Session()
    list(library.upload([put(tmp_path, "note.txt", "The lantern was repaired.")], ann))
    own = ann.prefix + "note.txt"
    library.remove([own], ben)
    assert own in {s.source for s in library.seen_by(ann)}
    assert library.remove([own, "key.txt"], ann).startswith("1 document removed. 1 document")
    assert len(library.seen_by(ann)) == 2 and ann.uploaded == {}
    assert "Tick" in library.remove([], ann)


def test_what_a_session_uploaded_goes_when_it_ends_or_the_page_starts_again(library, tmp_path):
    ann, ben = Session(), Session()
    for session in (ann, ben):
        list(library.upload([put(tmp_path, "note.txt", "The lantern was repaired.")], session))
    library.forget(ann)
    assert len(library.seen_by(ann)) == 2 and len(library.seen_by(ben)) == 3
    library.forget_leftovers()
    assert [s.source for s in library.corpus.sources()] == ["key.txt", "vault.txt"]


def test_files_beyond_the_limits_or_unreadable_are_refused_with_words(corpus, tmp_path):
    library, session = Library(corpus, IndexReport(), Limits(files=1)), Session()
    paths = [put(tmp_path, n, "The lantern was repaired.") for n in ("a.txt", "b.txt")]
    assert list(library.upload(paths, session)) == ["1 files may be added; there are 0; remove some first"]
    assert not (tmp_path / "a.txt").exists()
    *_, news = library.upload([put(tmp_path, "a.exe", "MZ")], session)
    assert news.startswith("No document added.\nNot read: a.exe: no reader for .exe")
    assert session.uploaded == {}


def test_a_folder_is_added_only_below_the_one_that_is_allowed(corpus, tmp_path):
    root = tmp_path / "shelf"
    (root / "more" / "deep").mkdir(parents=True)
    (root / "more" / "deep" / "a.txt").write_text("The lantern was repaired by Otto.", "utf-8")
    (root / "more" / ".hidden").write_text("x", "utf-8")
    (root / "more" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "secret.txt").write_text("The code is 4711.", "utf-8")
    session = Session()
    library = Library(corpus, IndexReport(), Limits(), root)
    assert library.folders() == [".", "more"]
    for outside in ("..", "/etc", "../documents", "nothing"):
        assert list(library.add_folder(outside, session)) == ["There is no such folder among those that may be added."]
    *_, news = library.add_folder("more", session)
    assert news == "1 document added."
    assert session.prefix + "deep/a.txt" in {s.source for s in library.seen_by(session)}
    closed = Library(corpus, IndexReport(), Limits())
    assert closed.folders() == []
    assert list(closed.add_folder(".", session)) == ["There is no such folder among those that may be added."]


def test_rows_tell_title_status_length_and_file(library):
    rows = dict(map(reversed, library.choices(Session(), "", [])))
    assert rows["key.txt"] == f"What was seen\nnew · {15 + len(KEY):,} characters · key.txt"
    assert "indexed" in rows["vault.txt"]
    assert "of 2 documents" in library.count(Session(), ["key.txt"])


def test_what_hides_or_turns_text_is_not_shown_in_a_row(library, folder):
    (folder / "x.txt").write_text("A \u202egpj.exe\u200b title\n\nNothing happened on Monday.", "utf-8")
    library.corpus.sync()
    (label,) = (x for x, source in library.choices(Session(), "title", []) if source == "x.txt")
    assert not set(label) & set("\u202e\u200b")


def test_failures_are_told_with_their_reasons_but_not_by_the_thousand(corpus):
    report = IndexReport(failed=tuple(Failure(f"{n}.bin", "no reader") for n in range(1_000)))
    told = Library(corpus, report, Limits()).failures()
    assert told[0] == ("0.bin", "no reader") and told[-1] == ("and 950 more", "")


def test_a_filter_over_ten_thousand_sources_answers_a_key_stroke_in_under_50_ms(library, monkeypatch):
    one = library.corpus.sources()[0]
    many = tuple(replace(one, source=f"{n:05}.txt", title=f"Report number {n}") for n in range(10_000))
    monkeypatch.setattr(library.corpus, "sources", lambda: many)
    session = Session()
    library.choices(session, "", [])
    began = time.perf_counter()
    found = library.choices(session, "NUMBER 999", ["00005.txt"])
    took = time.perf_counter() - began
    assert [source for _, source in found][:2] == ["00005.txt", "00999.txt"] and len(found) == 20
    assert took < 0.05
    assert len(library.choices(session, "report", [])) == 200


def test_progress_tells_how_far_and_how_long_still(corpus, tmp_path, monkeypatch):
    library, told = Library(corpus, IndexReport(), Limits()), []
    paths = [put(tmp_path, f"{n}.txt", f"Report {n} came on Monday.") for n in range(3)]
    monkeypatch.setattr("page.library._TOLD_SECONDS", 0)
    told = list(library.upload(paths, Session()))
    assert any("of 3 documents read" in line for line in told[:-1])
    assert told[-1] == "3 documents added."


def test_sources_of_the_catalogue_that_only_look_like_uploads_stay(folder, open_corpus):
    (folder / "uploads" / "ab").mkdir(parents=True)
    (folder / "uploads" / "ab" / "a.txt").write_text("The lantern was repaired.", "utf-8")
    corpus = open_corpus()
    corpus.sync()
    library = Library(corpus, IndexReport(), Limits())
    library.forget_leftovers()
    assert [type(s) for s in library.seen_by(Session())] == [Source]
