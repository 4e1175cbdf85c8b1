"""Prompts: Markdown files whose first line declares their variables, checked when they are loaded.

    <!-- variables: question, passages -->
    Answer **$question** from these passages ...

A `$name` stands for a variable, `$$` for a dollar sign (`string.Template`). What is filled in is never read as a template.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template

_DECLARED = re.compile(r"<!-- variables: ?(?P<names>[a-z_, ]*?) ?-->\n")


class PromptError(ValueError):
    """A prompt file that does not hold what it declares, or was filled with something else."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's text and the names it needs. `digest` is twelve hex digits that change with the text."""

    name: str
    text: str
    variables: frozenset[str]

    @property
    def digest(self) -> str:
        """Identifies the prompt in an answer's fingerprint."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    def fill(self, **values: str) -> str:
        """The text with `values` in the places of its variables. Raises PromptError for one too many or too few."""
        if values.keys() != self.variables:
            odd = ", ".join(sorted(values.keys() ^ self.variables))
            raise PromptError(f"prompt {self.name}: filled with other variables than it declares: {odd}")
        return Template(self.text).substitute(values)


@lru_cache(maxsize=32)
def load(name: str, folder: Path = Path(__file__).parent) -> Prompt:
    """The prompt in `folder`/`name`.md. Raises PromptError when it uses other variables than it declares."""
    path = folder / f"{name}.md"
    try:
        content = path.read_text("utf-8")
    except OSError as error:
        raise PromptError(f"there is no prompt {path}") from error
    declared = _DECLARED.match(content)
    if declared is None:
        raise PromptError(f"{path}:1: begin with a line like <!-- variables: question, passages -->")
    text = content[declared.end() :].strip()
    variables = frozenset(n.strip() for n in declared["names"].split(",") if n.strip())
    if not Template(text).is_valid() or set(Template(text).get_identifiers()) != variables:
        used = ", ".join(sorted(Template(text).get_identifiers())) or "none"
        raise PromptError(f"{path}: declares {', '.join(sorted(variables)) or 'none'} but uses {used}")
    return Prompt(name, text, variables)
