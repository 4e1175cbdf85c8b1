"""What the page keeps of each browser: nobody else's, within limits, and not for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page import sessions
from page.sessions import LimitReached, Limits, Session, Sessions, is_token, new_token
from qa.types import Answer, Usage

ANN, BEN = new_token(), new_token()


def answer(question: str, text: str = "Because.") -> Answer:
    return Answer(question, question, text, usage=Usage(seconds=1.0, input_tokens=10))


def test_a_cookie_finds_its_own_session_and_no_other():
    kept = Sessions()
    told = kept.of(ANN).add("", answer("Why?"))
    assert kept.of(ANN).latest() == told
    assert kept.of(BEN).latest().turns == ()
    assert kept.of(ANN, user="someone").latest().turns == ()


@given(st.text(max_size=60))
def test_what_is_no_cookie_of_ours_finds_nothing_that_was_kept(token):
    kept = Sessions()
    if not is_token(token):
        kept.of(token).add("", answer("Why?"))
        assert kept.of(token).latest().turns == ()


def test_a_session_that_was_idle_for_a_day_is_forgotten_with_its_uploads(monkeypatch):
    ended: list[Session] = []
    kept = Sessions(ended.append)
    old = kept.of(ANN)
    old.seen -= sessions._IDLE_SECONDS + 1
    kept.of(BEN)
    assert ended == [old]
    assert kept.of(ANN) is not old


def test_the_longest_unseen_session_makes_room(monkeypatch):
    monkeypatch.setattr(sessions, "_MOST_SESSIONS", 2)
    ended: list[Session] = []
    kept = Sessions(ended.append)
    first, second = kept.of(ANN), kept.of(BEN)
    assert kept.of(ANN) is first
    kept.of(new_token())
    assert ended == [second]


def test_a_conversation_is_named_by_its_first_question_until_it_is_renamed():
    session = Session()
    told = session.add("", answer("Why\n is it?"))
    session.add(told.name, answer("And then?"))
    assert session.latest().title == "Why is it?" and len(session.latest().turns) == 2
    session.rename(told.name, "  ")
    assert session.latest().title == "Why is it?"
    session.rename(told.name, "Reasons " * 30)
    assert session.latest().title.startswith("Reasons") and len(session.latest().title) <= 80


def test_conversations_are_found_by_all_words_in_any_case_latest_first():
    session = Session()
    session.add("", answer("Who opened the vault?", "Keller did."))
    session.add("", answer("Who found the KEY?", "Lind did."))
    assert [d.title for d in session.found("who DID")] == ["Who found the KEY?", "Who opened the vault?"]
    assert [d.title for d in session.found("keller vault")] == ["Who opened the vault?"]
    assert session.found("keller key") == []
    session.delete(session.latest().name)
    assert [d.title for d in session.found("")] == ["Who opened the vault?"]


def test_only_so_many_questions_a_minute_are_taken(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(sessions.time, "monotonic", lambda: now[0])
    session, limits = Session(), Limits(questions_a_minute=2)
    session.count_question(limits)
    now[0] += 20
    session.count_question(limits)
    with pytest.raises(LimitReached, match="2 questions a minute may be asked; the next one in 40 s"):
        session.count_question(limits)
    now[0] += 41
    session.count_question(limits)
    for _ in range(9):
        session.count_question(Limits(questions_a_minute=0))


def test_only_so_many_files_and_megabytes_are_taken():
    session, limits = Session(), Limits(files=2, megabytes=3)
    session.count_files({"a": 1_000_000}, limits)
    with pytest.raises(LimitReached, match="3 MB"):
        session.count_files({"b": 2_500_000}, limits)
    with pytest.raises(LimitReached, match="2 files may be added; there are 1"):
        session.count_files({"b": 1, "c": 1}, limits)
    session.count_files({"a": 2_900_000}, limits)  # in place of the old one
    session.forget_files(["a"])
    session.count_files({"b": 2_500_000}, limits)


def test_what_answers_cost_is_added_up():
    session = Session()
    session.add("", answer("Why?"))
    session.add("", answer("Why not?"))
    assert (session.usage.seconds, session.usage.tokens, session.last_usage.tokens) == (2.0, 20, 10)
