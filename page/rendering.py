"""Answers, evidence and sources as HTML. Document text, titles, file names and questions reach it only through `escape`.

What comes out is shown by Markdown components, so Markdown is escaped as HTML is.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Sequence

from qa.types import Account, Answer, Citation, IndexReport, Source, Usage

_MOST_SOURCES = 200
_REACH = 40_000  # characters shown on each side of the cited words
_VERDICTS = {
    "verbatim": "Verbatim: these words stand in the source, letter for letter",
    "close": "Close: the source says nearly these words",
    "misattributed": "Misattributed: these words stand in the source, but someone else says them",
    "not_found": "Not found: the source does not say this",
}

_REPLACED = (
    *range(9),
    11,
    *range(12, 32),
    *range(127, 160),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),
)
_HARMLESS = {ord(c): f"&#{ord(c)};" for c in "\t\n!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"} | dict.fromkeys(
    _REPLACED, "\ufffd"
)


def escape(text: str) -> str:
    """`text` as HTML on one line in which neither HTML nor Markdown nor LaTeX is left to act.

    All ASCII punctuation becomes numeric references, which a Markdown parser may not take for markup. Control
    characters, lone surrogates and those that reorder text (bidi) become U+FFFD, one for one.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_HARMLESS)


def question_html(question: str) -> str:
    """A question as it was asked."""
    return f'<div class="question" dir="auto">{escape(question)}</div>'


def draft_html(text: str) -> str:
    """The part of an answer that is there so far; its marks cannot be chosen yet."""
    return f'<div class="answer draft" dir="auto">{_lines(escape(text)) or "Looking …"}</div>'


def answer_html(answer: Answer, turn: int) -> str:
    """A finished answer; its marks lead to `#words-TURN-MARKER`, turns counted from 1."""
    kind = "abstained" if answer.abstained else "differing" if answer.disagreements else "answered"
    label = '<p class="label">Not in the documents</p>' if answer.abstained else ""
    understood = ""
    if answer.standalone_question.strip() != answer.question.strip():
        understood = f'<p class="understood">Understood as: {escape(answer.standalone_question)}</p>'
    notice = f'<p class="notice">{escape(answer.notice)}</p>' if answer.notice else ""
    lines = _lines(_marked(answer, turn))
    each = (
        f'<p class="more"><a class="each" href="#each-{turn}">What each source says</a></p>' if answer.passages else ""
    )
    return f'<div class="answer {kind}" dir="auto">{understood}{label}{lines}{notice}{_cost(answer.usage)}{each}</div>'


def _cost(usage: Usage) -> str:
    """What the answer cost, where a model wrote it."""
    if not usage.attempts:
        return ""
    return f'<p class="cost">{usage.tokens:,} tokens, {usage.seconds:.1f} s</p>'


def _lines(html: str) -> str:
    return "".join(f"<p>{line}</p>" for line in html.split("&#10;") if line.strip())


def _marked(answer: Answer, turn: int) -> str:
    """The answer's text with links for marks. Inside a statement, whose words are a document's, there are none."""
    marks = {c.marker: _mark_html(c, turn) for c in answer.citations}
    html, rest = "", answer.text
    for statement in answer.statements:
        before, found, after = rest.partition(statement.text)
        if found:
            words = escape(found)
            html += _with_marks(before, marks) + (
                words if statement.supported else f'<span class="unsupported">{words}</span>'
            )
            rest = after
    return html + _with_marks(rest, marks)


def _with_marks(text: str, marks: dict[int, str]) -> str:
    pieces = re.split(r"\[(\d{1,4})\]", text)
    html = escape(pieces[0])
    for number, following in zip(pieces[1::2], pieces[2::2], strict=True):
        html += marks.get(int(number), escape(f"[{number}]")) + escape(following)
    return html


def _mark_html(citation: Citation, turn: int) -> str:
    # Gradio's sanitiser drops aria-label, so the accessible name is text that is not drawn.
    where = escape(", ".join(x for x in (citation.outlet, _date(citation.published_at), citation.source) if x))
    return (
        f'<a class="mark {citation.verdict}" href="#{mark_name(turn, citation)}" title="{where}">'
        f'<span class="unseen">Citation </span>{citation.marker}<span class="unseen">&#58; {escape(citation.source)}</span></a>'
    )


def mark_name(turn: int, citation: Citation) -> str:
    """What a mark, the words it leads to and the server call a citation of a turn."""
    return f"words-{turn}-{citation.marker}"


def _date(published_at: str | None) -> str | None:
    return published_at[:10] if published_at else None


def evidence_html(citation: Citation, text: str, name: str) -> str:
    """The document `text` with the cited words highlighted under the name of the mark that leads to them, and what is
    known of it. Very long ones are cut around them."""
    start, end = citation.start_char_index, citation.end_char_index
    first, last = max(0, start - _REACH), min(len(text), end + _REACH)
    page = f"page {citation.page}" if citation.page else None
    about = " · ".join(escape(x) for x in (citation.outlet, _date(citation.published_at), page) if x)
    return (
        f'<article class="evidence"><header><h2 dir="auto">{escape(citation.title or citation.source)}</h2>'
        f'<p class="about">{about}</p><p class="place"><span class="file">{escape(citation.source)}</span> '
        f'<span>characters {start:,}–{end:,}</span> <span class="verdict {citation.verdict}">{_VERDICTS[citation.verdict]}</span></p>'
        f'</header><div class="document" role="region" tabindex="0" dir="auto">{_left_out(first)}{escape(text[first:start])}'
        f'<mark id="{name}">{escape(text[start:end])}</mark>{escape(text[end:last])}'
        f"{_left_out(len(text) - last)}</div></article>"
    )


def survey_html(answer: Answer, told: Sequence[Account], turn: int) -> str:
    """What each source says: where they differ on top, then a row per source, the words of each leading to its document."""
    sides = "".join(
        f'<p class="sides">The sources differ: {escape("; ".join(s.value for s in d.sides))}</p>'
        for d in answer.disagreements
    )
    rows = "".join(_account_html(t, turn, number) for number, t in enumerate(told, start=1))
    silent = sum(t.citation is None for t in told)
    count = f"{len(told) - silent:,} say something, {silent:,} do not" if silent else f"{len(told):,} say something"
    return (
        f'<section class="survey"><header><h2>What each source says</h2><p class="about">{escape(answer.standalone_question)}</p>'
        f'<p class="place">{count}</p></header><div class="document rows" role="region" tabindex="0">{sides}<ul>{rows}</ul></div></section>'
    )


def _account_html(told: Account, turn: int, number: int) -> str:
    name = escape(told.outlet or told.title or told.source)
    about = " · ".join(escape(x) for x in (_date(told.published_at), told.source) if x)
    value = f'<span class="value">{escape(told.value)}</span>' if told.value else ""
    if told.citation is None:
        said = '<p class="silent">does not say</p>'
    else:
        words = escape(" ".join(told.citation.cited_text.split()))
        said = f'<p class="said"><a class="mark said" href="#said-{turn}-{number}">{words}</a></p>'
    also = f'<p class="about">also in {escape(", ".join(told.also))}</p>' if told.also else ""
    return f'<li><p class="name" dir="auto">{name}{value}</p>{said}<p class="about">{about}</p>{also}</li>'


def _left_out(characters: int) -> str:
    return f'<span class="cut">{characters:,} more characters</span>' if characters else ""


def file_html(name: str, content: str) -> str:
    """A file for the page's script to save: its content in base64, and a number so that the same file is saved again."""
    packed = base64.b64encode(content.encode("utf-8", "replace")).decode()
    return f'<p class="file" title="{escape(name)}">{packed}</p><p>{time.monotonic_ns()}</p>'


def notice_html(text: str) -> str:
    """A short message in the place of an answer or of evidence."""
    return f'<div class="notice">{escape(text)}</div>'


def sources_html(sources: Sequence[Source], report: IndexReport) -> str:
    """The documents and what sync did with each, what went wrong first."""
    done = {s: k for k in ("added", "changed", "unchanged") for s in getattr(report, k)}
    order = ("added", "changed", "unchanged", "")
    rows = [_source_html(f.path, "failed", f.reason) for f in report.failed]
    for s in sorted(sources, key=lambda s: (order.index(done.get(s.source, "")), s.source)):
        about = " · ".join(x for x in (s.outlet, _date(s.published_at), s.source) if x)
        rows.append(_source_html(s.title or s.source, done.get(s.source, ""), about))
    if len(rows) > _MOST_SOURCES:
        rows[_MOST_SOURCES:] = [_source_html(f"and {len(rows) - _MOST_SOURCES:,} more", "", "")]
    count = f"{len(sources):,} document{'s' * (len(sources) != 1)}" + (
        f", {len(report.failed):,} not read" if report.failed else ""
    )
    return f"<details open><summary>Sources <span>{escape(count)}</span></summary><ul>{''.join(rows)}</ul></details>"


def _source_html(name: str, status: str, about: str) -> str:
    state = f'<span class="status {status}">{status}</span>' if status else ""
    return (
        f'<li><span class="name" dir="auto">{escape(name)}</span>{state}<span class="about">{escape(about)}</span></li>'
    )
