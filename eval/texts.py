"""Texts as they are compared: folded, without markers, in words; and whether one is a refusal."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_QUOTES = str.maketrans(dict.fromkeys("“”„\"«»‘’'`", "") | dict.fromkeys("–—‑", "-"))
_ARTICLES = frozenset(("a", "an", "the"))
_REFUSALS = re.compile(
    r"\b(?:not (?:mention|provide|contain|specif|state|give|include|have|know)\w*|no (?:information|mention)|"
    r"(?:can|could|do|does)(?:no|n')?t (?:know|answer|determine|find|say)|unknown|unclear|not (?:possible|available|clear))\b",
    re.IGNORECASE,
)


def folded(text: str) -> str:
    """Case, quotation marks, dashes, thousands separators and white space folded, for comparing answers."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    return " ".join(re.sub(r"(?<=\d),(?=\d{3})", "", text).split())


def bare(text: str) -> str:
    """Without any white space, as MultiHop-RAG compares facts."""
    return "".join(text.split())


def plain(text: str) -> str:
    """An answer's text without citation markers."""
    return re.sub(r"\s*\[\d+\]", "", text)


def holds(text: str, phrase: str) -> bool:
    """True when the folded `text` holds the folded `phrase` from the beginning of a word, and no number in part."""
    wanted = folded(phrase)
    ending = r"(?!\d)" if wanted[-1:].isdigit() else ""
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}{ending}", folded(text)) is not None


def refuses(text: str) -> bool:
    """True when a text says that it does not know, or says nothing. For systems that do not tell by themselves."""
    return not text.strip() or _REFUSALS.search(text) is not None


def tokens(text: str) -> list[str]:
    """Folded words without articles and punctuation, as SQuAD compares answers (Rajpurkar et al. 2016)."""
    return [w for w in re.findall(r"\w+", folded(text)) if w not in _ARTICLES]


def token_f1(given: str, gold: str) -> float:
    """The harmonic mean of precision and recall of words, each counted as often as it stands; from 0 to 1."""
    said, wanted = tokens(given), tokens(gold)
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


def digest(*parts: str) -> str:
    """Twelve hex digits of `parts`."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def json_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a JSON Lines file that hold something, with their numbers from 1.

    Not `str.splitlines`, which also splits at separators that JSON leaves inside a string, such as U+2028.
    """
    with path.open(encoding="utf-8") as lines:
        yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
