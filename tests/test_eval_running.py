"""A run loses nothing: killed, stopped or run again, it goes on where it was."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from eval_material import write_suite
from eval_systems import Slow

from eval.__main__ import main
from eval.cases import Case
from eval.opening import open_system
from eval.records import Response, read_run
from eval.running import Plan, SpentError, run
from eval.systems import Request, request_of

TESTS = Path(__file__).parent


class Counting:
    """Counts what it is asked, and raises for some of it."""

    name = "counting"
    fingerprint = "1"

    def __init__(self, tokens: int = 0, fails: str = "") -> None:
        self.asked: list[str] = []
        self.tokens, self.fails = tokens, fails
        self.at_once = self.most = 0
        self.lock = threading.Lock()

    def respond(self, request: Request) -> Response:
        with self.lock:
            self.asked.append(request.id)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.005)
        with self.lock:
            self.at_once -= 1
        if request.id == self.fails:
            raise TimeoutError("too slow")
        return Response(text=request.turns[-1], input_tokens=self.tokens)


def cases(number: int) -> list[Case]:
    return [Case(id=f"c{i}", turns=(f"question {i}?",), answers=((f"question {i}",),)) for i in range(number)]


def test_a_run_that_was_killed_goes_on_and_asks_nothing_twice(tmp_path):
    suite = write_suite(tmp_path / "s", cases(40))
    out = tmp_path / "run.jsonl"
    command = [*(sys.executable, "-m", "eval", "run", str(suite.folder), "--system", "eval_systems:make_slow")]
    command += ["--out", str(out), "--no-cache"]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    environment = {**os.environ, "PYTHONPATH": paths, "KILL_AT": "c25"}
    killed = subprocess.run(command, env=environment, capture_output=True, cwd=tmp_path, check=False)
    assert killed.returncode == -9
    kept = read_run(out).records
    assert [r.id for r in kept] == [f"c{i}" for i in range(25)], "what was finished is there, all but the one in flight"
    again = subprocess.run(command, env=environment | {"KILL_AT": ""}, capture_output=True, cwd=tmp_path, check=False)
    assert again.returncode == 0, again.stderr
    records = read_run(out).records
    assert sorted(r.id for r in records) == sorted(c.id for c in suite.cases)
    assert records[:25] == kept


def test_a_line_that_was_cut_off_is_asked_again(tmp_path):
    suite, out, system = write_suite(tmp_path / "s", cases(3)), tmp_path / "run.jsonl", Counting()
    run(suite, system, out)
    out.write_bytes(out.read_bytes()[:-20])
    assert len(read_run(out).records) == 2
    assert len(run(suite, system, out).records) == 3
    assert system.asked == ["c0", "c1", "c2", "c2"]


@pytest.mark.parametrize("cut", ["newline", "character"])
def test_a_line_cut_anywhere_is_asked_again_whatever_its_answer_holds(tmp_path, cut):
    class Foreign(Counting):
        def respond(self, request: Request) -> Response:
            super().respond(request)
            return Response(text="é\u2028\x85é" * 30)  # ends of lines for str.splitlines, not for JSON

    suite, out, system = write_suite(tmp_path / "s", cases(2)), tmp_path / "run.jsonl", Foreign()
    run(suite, system, out)
    content = out.read_bytes()
    out.write_bytes(content[:-1] if cut == "newline" else content[: content.rindex("é".encode()) + 1])
    assert [r.id for r in read_run(out).records] == ["c0"]
    assert [r.id for r in run(suite, system, out).records] == ["c0", "c1"]
    assert system.asked == ["c0", "c1", "c1"]


def test_a_damaged_line_in_the_middle_is_named(tmp_path):
    suite, out = write_suite(tmp_path / "s", cases(3)), tmp_path / "run.jsonl"
    run(suite, Counting(), out)
    lines = out.read_text().splitlines()
    out.write_text("\n".join([*lines[:2], lines[2][:-9], lines[3], ""]))
    with pytest.raises(ValueError, match=r"run\.jsonl:3"):
        read_run(out)


def test_another_run_is_not_continued(tmp_path):
    suite, out = write_suite(tmp_path / "s", cases(2)), tmp_path / "run.jsonl"
    run(suite, Counting(), out)
    other = Counting()
    other.fingerprint = "2"
    with pytest.raises(ValueError, match="other fingerprint"):
        run(suite, other, out)
    with pytest.raises(ValueError, match="is not a run"):
        read_run(suite.folder / "suite.yaml")


def test_a_file_that_is_no_run_is_left_as_it_is(tmp_path):
    suite, notes = write_suite(tmp_path / "s", cases(1)), tmp_path / "notes.txt"
    notes.write_text("first line\nsecond, without an end")
    with pytest.raises(ValueError, match="is not a run"):
        run(suite, Counting(), notes)
    assert main(["run", str(suite.folder), "--system", "silent", "--fresh", "--out", str(notes)]) == 2
    assert notes.read_text() == "first line\nsecond, without an end"


def test_an_error_is_a_result_and_stops_nothing(tmp_path):
    kept = run(write_suite(tmp_path / "s", cases(3)), Counting(fails="c1"), tmp_path / "run.jsonl")
    assert [r.error for r in kept.records] == ["", "TimeoutError: too slow", ""]


def test_what_was_asked_before_comes_from_the_cache_unless_the_repeat_is_another(tmp_path):
    suite, system = write_suite(tmp_path / "s", cases(2)), Counting()
    plan = Plan(cache=tmp_path / "cache")
    run(suite, system, tmp_path / "one.jsonl", plan)
    again = run(suite, system, tmp_path / "two.jsonl", plan)
    assert len(system.asked) == 2 and all(r.cached for r in again.records)
    run(suite, system, tmp_path / "three.jsonl", Plan(cache=tmp_path / "cache", repeats=2))
    assert len(system.asked) == 4


def test_a_spend_limit_stops_the_run_and_more_goes_on(tmp_path):
    suite, system, out = write_suite(tmp_path / "s", cases(5)), Counting(tokens=10), tmp_path / "run.jsonl"
    with pytest.raises(SpentError, match="2 of 5"):
        run(suite, system, out, Plan(tokens=20))
    assert len(run(suite, system, out, Plan(tokens=100)).records) == 5
    assert len(system.asked) == 5


def test_no_more_cases_are_asked_at_once_than_there_are_workers(tmp_path):
    system = Counting()
    kept = run(write_suite(tmp_path / "s", cases(12)), system, tmp_path / "run.jsonl", Plan(workers=3))
    assert 1 < system.most <= 3
    assert len(kept.records) == 12


def test_gold_history_takes_the_place_of_earlier_turns():
    case = Case(id="1", turns=("who?", "and he?"), replies=("Reed.",))
    assert request_of(case).turns == ("who?", "and he?")
    gold = request_of(case, "gold")
    assert (gold.turns, gold.history) == (("and he?",), (("who?", "Reed."),))


def test_a_system_of_ones_own_is_plugged_in_by_name(tmp_path):
    suite = write_suite(tmp_path / "s", cases(1))
    with open_system("eval_systems:make_echo", suite) as system:
        assert system.respond(request_of(suite.cases[0])).text == "question 0?"
    with open_system("eval_systems:make_slow", suite) as system:
        assert isinstance(system.made, Slow) and system.respond(request_of(suite.cases[0])).input_tokens == 5
    with pytest.raises(ValueError, match="witness"), open_system("nothing", suite):
        pass


def test_the_command_line_says_what_it_wants(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    suite = write_suite(tmp_path / "s", cases(3))
    command = ["run", str(suite.folder), "--system", "eval_systems:make_echo", "--no-cache", "--out", "run.jsonl"]
    assert main([*command, "--tokens", "10"]) == 3
    assert "1 of 3" in capsys.readouterr().out
    assert main(command) == 0
    assert main(["score", "run.jsonl", "--tags"]) == 0
    assert main(["score", "suite.yaml"]) == 2
    assert main(["estimate", str(suite.folder), "--run", "run.jsonl"]) == 0
    assert "smallest difference" in capsys.readouterr().out
    assert main(["lint", str(suite.folder)]) == 0
    assert main(["run", str(suite.folder), "--system", "nothing"]) == 2
    assert "module:function" in capsys.readouterr().err
