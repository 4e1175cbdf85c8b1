"""Prompts hold what they declare, and filling one is no template."""

from pathlib import Path

import pytest

import prompts
from prompts import PromptError, load

FOLDER = Path(prompts.__file__).parent


def write(folder: Path, text: str) -> Path:
    (folder / "p.md").write_text(text)
    return folder


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda p: p.stem)
def test_every_prompt_loads(path: Path) -> None:
    prompt = load(path.stem)
    filled = prompt.fill(**dict.fromkeys(prompt.variables, "filled in"))
    assert filled.count("filled in") >= len(prompt.variables)


def test_what_is_filled_in_is_not_read_as_a_template(tmp_path: Path) -> None:
    prompt = load("p", write(tmp_path, "<!-- variables: words -->\nSay $words for $$5"))
    assert prompt.fill(words="$words ${other} $$") == "Say $words ${other} $$ for $5"


@pytest.mark.parametrize(
    "text",
    ["Say $words", "<!-- variables: -->\nSay $words", "<!-- variables: words, more -->\nSay $words",
     "<!-- variables: words -->\nSay $words $ 5"],
    ids=["no declaration", "undeclared", "unused", "broken"],
)  # fmt: skip
def test_a_prompt_that_does_not_hold_what_it_declares_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PromptError, match=r"p\.md"):
        load("p", write(tmp_path, text))


def test_filling_needs_just_the_declared_variables(tmp_path: Path) -> None:
    prompt = load("p", write(tmp_path, "<!-- variables: words -->\nSay $words"))
    with pytest.raises(PromptError, match="others"):
        prompt.fill(words="a", others="b")


def test_the_digest_changes_with_the_text(tmp_path: Path) -> None:
    one = load("p", write(tmp_path, "<!-- variables: -->\nOne")).digest
    load.cache_clear()
    assert load("p", write(tmp_path, "<!-- variables: -->\nTwo")).digest != one
