"""The README is true: its example prints what it says, its tables are the code's."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

from qa import Settings
from qa.cli import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_library_example_prints_what_the_readme_shows(geneva, monkeypatch, tmp_path):
    # The fixture's presence means that the weights are there; the example opens a corpus of its own.
    monkeypatch.chdir(ROOT)
    code = blocks("python")[0].replace('documents") as', f'documents", store={str(tmp_path / "store")!r}) as')
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == blocks("text")[0]


def test_every_setting_stands_in_the_table_with_its_default_and_meaning():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", README, re.MULTILINE))
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default, _, meaning = rows[name].partition(" | ")
        assert meaning == field.description
        assert field.default_factory or default.strip("`") == str(field.default)


def test_every_command_stands_in_the_table():
    assert set(re.findall(r"^\| `witness (\w+)", README, re.MULTILINE)) == set(COMMANDS)


def test_every_make_target_named_is_there():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"\bmake (\w+)", README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")))
    assert named <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


def test_every_file_linked_is_there():
    for target in re.findall(r"\]\(([\w./-]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_command_and_metric_of_the_harness_stands_in_its_tables():
    from eval.__main__ import COMMANDS as MEASURING
    from eval.metrics import METRICS

    text = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", text, re.MULTILINE))
    assert set(rows) == {*MEASURING, *METRICS}
    assert all(rows[name] == about for name, (about, _, _) in MEASURING.items())
    assert all(rows[name].startswith(metric.about) for name, metric in METRICS.items())


def test_the_case_in_the_documentation_is_one():
    from eval.cases import Case

    text = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    assert Case.model_validate_json(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0]).sides


def test_every_option_of_the_page_and_every_payload_stands_in_its_tables():
    from test_page_payloads import PAYLOADS

    page = (ROOT / "docs" / "page.md").read_text("utf-8")
    shown = subprocess.run([sys.executable, "-m", "app", "--help"], capture_output=True, text=True, cwd=ROOT).stdout
    options = set(re.findall(r"(--[a-z-]+)", shown)) - {"--help"}
    assert set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE)) == options
    assert re.findall(r"^\| ([\w ]+) \| no \| no \| no \| no \|$", page, re.MULTILINE) == list(PAYLOADS)
