"""A conversation as a file: Markdown, a web page or JSON, with readable citations and no path of the server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from html import escape

from page.rendering import shown_name
from qa.types import Answer, Citation

Turns = Sequence[Answer]
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def markdown(turns: Turns) -> str:
    """Questions as headings, answers, and below each what its marks stand for. What documents say stays text."""
    return "\n\n".join(_markdown_turn(answer) for answer in turns) + "\n"


def _markdown_turn(answer: Answer) -> str:
    lines = [f"## {_plain(answer.question)}", *(_plain(line) for line in answer.text.splitlines())]
    cited = [f"{c.marker}. “{_plain(_words(c))}” — {_plain(_place(c))}" for c in answer.citations]
    return "\n\n".join([*lines, "\n".join(cited)] if cited else lines)


def _plain(text: str) -> str:
    """Text in which no character is Markdown's, marks of citations aside."""
    return re.sub(r"\\\[(\d+)\\\]", r"[\1]", _MARKDOWN.sub(r"\\\1", " ".join(text.split())))


def web_page(turns: Turns) -> str:
    """One HTML file without scripts and without anything to fetch."""
    body = "".join(_html_turn(answer) for answer in turns)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<title>Witness</title><style>body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1rem/1.6 serif}"
        f"h2{{font-size:1.1rem}}li{{margin:.4rem 0}}</style></head><body>{body}</body></html>\n"
    )


def _html_turn(answer: Answer) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in answer.text.splitlines() if line.strip())
    cited = "".join(
        f'<li value="{c.marker}">“{escape(_words(c))}” — {escape(_place(c))}</li>' for c in answer.citations
    )
    return f"<h2>{escape(answer.question)}</h2>{lines}<ol>{cited}</ol>"


def as_json(turns: Turns) -> str:
    """Every turn with its question as understood, statements, citations and their offsets, and what it cost."""
    return json.dumps([_json_turn(answer) for answer in turns], ensure_ascii=False, indent=1) + "\n"


def _json_turn(answer: Answer) -> dict[str, object]:
    return {
        "question": answer.question,
        "understood": answer.standalone_question,
        "answer": answer.text,
        "abstained": answer.abstained,
        "statements": [{"text": s.text, "supported": s.supported, "markers": _markers(s.citations)} for s in answer.statements],
        "disagreements": [
            {"about": d.about, "sides": [{"value": s.value, "markers": _markers(s.citations)} for s in d.sides]}
            for d in answer.disagreements
        ],
        "citations": [asdict(c) | {"source": shown_name(c.source)} for c in answer.citations],
        "usage": asdict(answer.usage),
        "fingerprint": answer.fingerprint,
    }  # fmt: skip


def _markers(citations: Iterable[Citation]) -> list[int]:
    return [c.marker for c in citations]


def _words(citation: Citation) -> str:
    return " ".join(citation.cited_text.split())


def _place(citation: Citation) -> str:
    return ", ".join(_named(citation))


def _named(citation: Citation) -> Iterator[str]:
    yield from (x for x in (citation.outlet, citation.title, (citation.published_at or "")[:10]) if x)
    yield shown_name(citation.source) + (f" {citation.place}" if citation.place else "")
    yield f"characters {citation.start_char_index}–{citation.end_char_index}"


FORMATS: Mapping[str, tuple[str, Callable[[Turns], str]]] = {
    "Markdown": ("conversation.md", markdown),
    "HTML": ("conversation.html", web_page),
    "JSON": ("conversation.json", as_json),
}
"""The formats by the name that the page shows: the file's name and what writes it."""
