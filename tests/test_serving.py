"""A model file in a process of its own: ready, on loopback, behind a key, and gone when it should be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import qa.serving
from qa import Corpus, Settings
from qa.chatmodels import LocalChat, make_chat_model
from qa.drafting import PROTOCOLS
from qa.endpoint import ChatEndpoint, connect
from qa.errors import ModelUnavailable
from qa.models import fetch
from qa.serving import ModelServer
from qa.types import Completion, Message
from qa.weights import WEIGHTS

pytest.importorskip("xllamacpp", reason="local models need the extra `local`")


@pytest.fixture(scope="session")
def model() -> Path:
    """The smallest model, which is never fetched by a test."""
    cache = Settings().cache
    (file,) = WEIGHTS["smollm2-135m"].files
    if not (cache / "weights" / "smollm2-135m" / file.name).is_file():
        pytest.skip("the test model's weights are not in the cache; `make test` fetches them")
    return fetch("smollm2-135m", cache)[file.name]


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[ModelServer]:
    running = ModelServer(model, context=1024)
    yield running
    running.close()


@pytest.fixture(scope="module")
def tiny(model: Path) -> Iterator[LocalChat]:
    chat = make_chat_model(str(model), Settings())
    assert isinstance(chat, LocalChat)
    yield chat
    chat.close()


def models(server: ModelServer, key: str) -> int:
    request = urllib.request.Request(f"{server.address}/models", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return int(response.status)


def chat_status(server: ModelServer, key: str) -> int:
    request = urllib.request.Request(
        f"{server.address}/chat/completions", b"{}", {"Authorization": f"Bearer {key}"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_it_listens_on_loopback_and_wants_its_key(server: ModelServer) -> None:
    assert server.address.startswith("http://127.0.0.1:")
    assert models(server, server.key) == 200
    assert chat_status(server, "another") == 401
    assert server.key not in repr(server)


def test_a_reply_streams_with_the_models_own_count_of_tokens(tiny: LocalChat) -> None:
    *deltas, done = tiny.stream([Message("user", "Name a colour.")], max_tokens=12)
    assert isinstance(done, Completion)
    assert "".join(map(str, deltas)) == done.text != ""
    assert 0 < done.usage.output_tokens <= 12
    assert done.usage.input_tokens > 5


def test_a_server_that_takes_schemas_is_held_to_ours(server: ModelServer) -> None:
    protocol = PROTOCOLS["schema"]
    model = ChatEndpoint("tiny", client=lambda: connect(server.key, server.address), silence=120)
    messages = [Message("user", "Say in two sentences that rain fell in Bern. Quote passage 1: 'rain fell'.")]
    *_, done = model.stream(messages, max_tokens=80, schema=protocol.schema)
    assert isinstance(done, Completion)
    assert done.text.lstrip().startswith("{")
    assert protocol.read(done.text, True)


def test_a_reply_that_needs_more_room_says_so(tiny: LocalChat) -> None:
    *_, done = tiny.stream([Message("user", "Count from one to a hundred.")], max_tokens=3)
    assert isinstance(done, Completion)
    assert "limit" in done.problem


def test_the_smallest_model_never_makes_an_answer_worse(
    folder: Path, open_corpus: Callable[..., Corpus], tiny: LocalChat
) -> None:
    (folder / "post.txt").write_text("Ministers Lavrov and Blinken met in Geneva on Friday for 90 minutes.")
    corpus = open_corpus(answerer=tiny)
    corpus.sync()
    answer = corpus.ask("On which day did Lavrov and Blinken meet in Geneva?")
    assert answer.usage.attempts == 1
    assert "Friday" in answer.text
    assert all(s.supported for s in answer.statements)
    assert corpus.ask("How tall is Angela Merkel?").abstained


def test_closing_ends_the_process_and_the_next_question_starts_another(tiny: LocalChat, server: ModelServer) -> None:
    first = server.address
    process = server._process
    assert process is not None
    server.close()
    assert process.poll() is not None
    assert server.address != ""
    assert server._process is not process
    assert first.startswith("http://127.0.0.1:")
    tiny.close()
    *_, done = tiny.stream([Message("user", "Hello")], max_tokens=3)
    assert isinstance(done, Completion)


def test_it_does_not_outlive_a_program_that_is_killed(model: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom qa.serving import ModelServer\n"
        "s = ModelServer(Path(sys.argv[1]), context=256); s.address\nprint(s._process.pid, flush=True); time.sleep(60)"
    )
    program = subprocess.Popen([sys.executable, "-c", code, str(model)], stdout=subprocess.PIPE, text=True)
    assert program.stdout
    child = int(program.stdout.readline())
    program.send_signal(signal.SIGKILL)
    program.wait()
    for _ in range(200):
        if not alive(child):
            return
        time.sleep(0.1)
    pytest.fail("the model's process lives on")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


def test_a_file_that_is_no_model_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "not.gguf"
    path.write_text("words")
    with pytest.raises(ModelUnavailable, match=r"not\.gguf cannot be served"):
        _ = ModelServer(path).address
    with pytest.raises(ModelUnavailable, match="no model file"):
        _ = ModelServer(tmp_path / "absent.gguf").address


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(qa.serving, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match=r"witness-qa\[local\]"):
        _ = ModelServer(tmp_path / "any.gguf").address
