"""The command line: what it prints, as text and JSON, and its exit codes."""

import io
import json

import pytest

from qa.cli import main


@pytest.fixture(autouse=True)
def _hash_embedder(monkeypatch):
    from qa import embedding
    from qa.testing import HashEmbedder

    monkeypatch.setattr(embedding, "EMBEDDERS", {"local": lambda model, settings: HashEmbedder()})


@pytest.fixture
def run(folder, tmp_path, capsys):
    (folder / "a.txt").write_text("Keller and Reuss met in Bern on Friday. The talks lasted two hours.")

    def run_it(command: str, *arguments: str) -> tuple[int, str, str]:
        code = main([command, *arguments, str(folder), "--store", str(tmp_path / "store")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_it


def test_ask_needs_no_earlier_step_and_names_the_source(run):
    code, out, err = run("ask", "On which day did Keller and Reuss meet in Bern?")
    assert code == 0
    assert out.splitlines()[0] == "Keller and Reuss met in Bern on Friday. [1]"
    assert out.splitlines()[1].startswith("[1] a.txt 0-39")
    assert err == ""


def test_an_abstention_exits_with_1(run):
    code, out, _ = run("ask", "Who won the French election?")
    assert code == 1
    assert out.startswith("The documents do not answer")


def test_every_printing_command_prints_json(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("When did Keller meet Reuss in Bern?\nand Reuss?\n"))
    assert json.loads(run("sync", "--json")[1])["added"] == ["a.txt"]
    answer = json.loads(run("ask", "When did Keller meet Reuss in Bern?", "--json")[1])
    assert answer["citations"][0]["cited_text"] == "Keller and Reuss met in Bern on Friday."
    assert [s["source"] for s in json.loads(run("sources", "--json")[1])] == ["a.txt"]
    assert json.loads(run("verify", "--json")[1])["problems"] == []
    assert json.loads(run("rebuild", "--json")[1])["documents"] == 1
    assert len(run("chat", "--json")[1].splitlines()) == 2


def test_sync_says_what_it_did_and_exits_with_1_when_a_file_could_not_be_read(run, folder):
    (folder / "b.bin").write_bytes(b"\0")
    code, out, _ = run("sync")
    assert code == 1
    assert out.startswith("1 added, 0 changed, 0 removed, 0 unchanged, 1 failed")
    assert "not read: b.bin: no reader for .bin" in out


def test_an_error_is_one_line_that_names_the_remedy(capsys, tmp_path):
    assert main(["sync", str(tmp_path / "none"), "--store", str(tmp_path / "s")]) == 3
    assert "give the folder that holds the documents" in capsys.readouterr().err
    assert main(["verify"]) == 3
    assert "give a documents folder or a store folder" in capsys.readouterr().err


def test_wrong_usage_exits_with_2():
    with pytest.raises(SystemExit) as stopped:
        main(["frobnicate"])
    assert stopped.value.code == 2


def test_a_model_is_named_on_the_command_line_and_an_unknown_one_lists_those_there_are(run):
    code, out, err = run("ask", "On which day did Keller and Reuss meet in Bern?", "--llm", "clever")
    assert code == 3
    assert '"openai:MODEL"' in err
    assert out == ""


def test_without_a_key_the_quotes_answer_and_the_reason_is_said(run, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    code, out, _ = run("ask", "On which day did Keller and Reuss meet in Bern?", "--llm", "openai:any")
    assert code == 0
    assert out.startswith("Keller and Reuss met in Bern on Friday. [1]")
    assert "OPENAI_API_KEY" in out
