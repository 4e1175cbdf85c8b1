"""What an endpoint can do wrong: how often it is asked, what the user sees, and that nothing of the conversation is lost."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from chat_server import KEY, ChatServer

import qa.endpoint
from qa import Corpus
from qa.endpoint import ChatEndpoint
from qa.errors import EndpointError, SchemaRefused
from qa.types import Completion, Message

ASKED = [Message("user", "When did they meet?")]
TEXT = "The two ministers met in Geneva on Friday. They spoke for 90 minutes about the letters."


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa.endpoint, "_LONGEST_WAIT", 0.3)


def serve(*faults: str) -> ChatServer:
    return ChatServer(faults=faults)


def chat(server: ChatServer, seconds: float = 10.0, silence: float = 0.5) -> ChatEndpoint:
    return ChatEndpoint("tiny", client=server.client, schemas=False, seconds=seconds, silence=silence)


def completion(model: ChatEndpoint, messages: Sequence[Message] = ASKED) -> Completion:
    *deltas, done = model.stream(messages, max_tokens=50)
    assert isinstance(done, Completion)
    assert "".join(str(d) for d in deltas) == done.text
    return done


def test_a_whole_reply_has_no_problem_and_the_endpoints_count_of_tokens() -> None:
    with serve() as server:
        done = completion(chat(server))
    assert (done.text, done.problem) == (server.reply, "")
    assert (done.usage.input_tokens, done.usage.output_tokens, done.usage.attempts) == (50, 9, 1)
    assert server.requests[0]["max_tokens"] == 50


@pytest.mark.parametrize(
    "fault", ["429", "429 with retry-after", "429 with a day's retry-after", "500", "hang", "malformed", "page"]
)
def test_what_may_pass_is_tried_again(fault: str) -> None:
    with serve(fault) as server:
        done = completion(chat(server))
    assert (done.text, done.problem, done.usage.attempts) == (server.reply, "", 2)


def test_three_tries_are_all() -> None:
    with serve(*["500"] * 9) as server, pytest.raises(EndpointError, match="500"):
        completion(chat(server))
    assert len(server.requests) == 3


@pytest.mark.parametrize(("fault", "remedy"), [("quota", "quota is spent"), ("401", "OPENAI_API_KEY")])
def test_what_will_not_pass_is_asked_once(fault: str, remedy: str) -> None:
    with serve(*[fault] * 9) as server, pytest.raises(EndpointError, match=remedy):
        completion(chat(server))
    assert len(server.requests) == 1


def test_a_long_wait_that_the_endpoint_asks_for_is_capped() -> None:
    began = time.monotonic()
    with serve("429 with a day's retry-after", "429 with a day's retry-after") as server:
        completion(chat(server))
    assert time.monotonic() - began < 5


def test_all_tries_together_have_a_deadline() -> None:
    began = time.monotonic()
    with serve(*["hang"] * 9) as server, pytest.raises(EndpointError):
        completion(chat(server, seconds=0.8, silence=0.5))
    assert time.monotonic() - began < 4
    assert len(server.requests) < 3


@pytest.mark.parametrize(
    ("fault", "problem"),
    [("no finish", "broke off"), ("length", "longer than the limit"), ("dropped", "127.0.0.1 says")],
)
def test_a_reply_that_is_not_whole_says_so_and_is_kept(fault: str, problem: str) -> None:
    with serve(fault) as server:
        done = completion(chat(server))
    assert problem in done.problem
    assert done.text
    assert len(server.requests) == 1


def test_a_refused_schema_is_its_own_error() -> None:
    with serve("no schema") as server, pytest.raises(SchemaRefused):
        list(ChatEndpoint("tiny", client=server.client).stream(ASKED, max_tokens=50, schema={"type": "object"}))
    assert server.requests[0]["response_format"]["type"] == "json_schema"


@pytest.fixture
def corpus(folder: Path, open_corpus: Callable[..., Corpus]) -> Iterator[Callable[[ChatServer], Corpus]]:
    (folder / "post.txt").write_text(TEXT)

    def over(server: ChatServer) -> Corpus:
        made = open_corpus(answerer=chat(server))
        made.sync()
        return made

    return over


FAULTS = {
    "429": (3, ""), "429 with retry-after": (3, ""), "429 with a day's retry-after": (3, ""), "500": (3, ""),
    "hang": (3, ""), "malformed": (3, ""), "page": (3, ""), "dropped": (1, "127.0.0.1 says"),
    "no finish": (1, "broke off"), "length": (1, "longer than the limit"), "quota": (1, "quota is spent"),
    "401": (1, "key is refused"), "empty": (1, "could not be read"),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "attempts", "notice"), [(fault, *rest) for fault, rest in FAULTS.items()])
def test_whatever_fails_there_is_an_answer_and_the_conversation_goes_on(
    fault: str, attempts: int, notice: str, corpus: Callable[[ChatServer], Corpus], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serve(fault, fault) as server:
        conversation = corpus(server).chat()
        answer = conversation.ask("When did the two ministers meet in Geneva?")
        assert "Friday" in answer.text
        assert all(s.supported for s in answer.statements)
        assert notice in answer.notice
        assert bool(notice) == bool(answer.notice)
        assert answer.usage.attempts == len(server.requests) == attempts
        server.faults = [fault]  # the rewriting of the follow-up takes it
        after = conversation.ask("And where did they meet?")
        assert after.citations
        assert len(conversation.history) == 2
        assert conversation.usage.attempts == len(server.requests)
    shown = [repr(a) + json.dumps(asdict(a), default=str) for a in (answer, after)]
    assert KEY not in "".join([*shown, caplog.text, repr(conversation._corpus.answerer), repr(conversation.history)])


def test_an_endpoint_without_schemas_is_asked_for_lines(folder: Path, open_corpus: Callable[..., Corpus]) -> None:
    (folder / "post.txt").write_text(TEXT)
    with ChatServer(faults=["no schema"] * 9) as server:
        corpus = open_corpus(answerer=ChatEndpoint("tiny", client=server.client))
        corpus.sync()
        answer = corpus.ask("When did the ministers meet?")
        corpus.ask("Where did the ministers meet?")
    assert answer.statements[0].text == "They met on Friday."
    assert answer.citations[0].cited_text == "met in Geneva on Friday"
    assert ["response_format" in r for r in server.requests] == [True, False, False]
