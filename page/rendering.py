"""Answers and evidence as HTML. Document text, titles, file names and questions reach it only through `escape`.

What comes out is shown by Markdown components, so Markdown is escaped as HTML is.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from urllib.parse import urlencode

from qa.types import Account, Answer, Citation, Usage

_REACH = 40_000  # characters shown on each side of the cited words
_CARD_CHARACTERS = 280  # of a quote, where its mark is pointed at
UPLOADS = "uploads"
"""The first part of the source of every upload; the second names its session."""
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
_INVISIBLE = (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF, *range(0xE0000, 0xE0080))
_HARMLESS = {ord(c): f"&#{ord(c)};" for c in "\t\n!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"} | dict.fromkeys(
    _REPLACED, "\ufffd"
)


def escape(text: str) -> str:
    """`text` as HTML on one line in which neither HTML nor Markdown nor LaTeX is left to act.

    All ASCII punctuation becomes numeric references, which a Markdown parser may not take for markup. Control
    characters, lone surrogates and those that reorder text (bidi) become U+FFFD, one for one.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_HARMLESS)


def plain(text: str) -> str:
    """`text` on one line for places that show text as it is, without characters that are not seen or reorder others."""
    visible = dict.fromkeys(_REPLACED, "\ufffd") | dict.fromkeys(_INVISIBLE, None)
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).translate({**visible, 10: "\n"})


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
    each = f'<p class="more"><a class="each" href="#each-{turn}">What each source says</a></p>'
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
    where = ", ".join(x for x in (citation.outlet, date_of(citation.published_at), shown_name(citation.source)) if x)
    quote = " ".join(citation.cited_text.split())
    quote = quote if len(quote) <= _CARD_CHARACTERS else quote[:_CARD_CHARACTERS].rstrip() + " …"
    card = escape(f"“{quote}” {where}. {_VERDICTS[citation.verdict].partition(':')[0]}.")
    return (
        f'<a class="mark {citation.verdict}" href="#{mark_name(turn, citation)}" title="{card}">'
        f'<span class="unseen">Citation </span>{citation.marker}<span class="unseen">&#58; {escape(shown_name(citation.source))}</span></a>'
    )


def mark_name(turn: int, citation: Citation) -> str:
    """What a mark, the words it leads to and the server call a citation of a turn."""
    return f"words-{turn}-{citation.marker}"


def shown_name(source: str) -> str:
    """A source as readers see it: an upload's without the name of the session it belongs to."""
    first, _, rest = source.partition("/")
    return rest.partition("/")[2] if first == UPLOADS and "/" in rest else source


def date_of(published_at: str | None) -> str | None:
    """The day of a time of publication."""
    return published_at[:10] if published_at else None


def evidence_html(citation: Citation, text: str, name: str) -> str:
    """The document `text` with the cited words highlighted under the name of the mark that leads to them, and what is
    known of it. Very long ones are cut around them."""
    start, end = citation.start_char_index, citation.end_char_index
    first, last = max(0, start - _REACH), min(len(text), end + _REACH)
    about = " · ".join(escape(x) for x in (citation.outlet, date_of(citation.published_at), citation.place) if x)
    file = escape(shown_name(citation.source))
    link = escape("?" + urlencode({"source": citation.source, "start": start, "end": end}))
    return (
        f'<article class="evidence"><header><h2 dir="auto">{escape(citation.title or shown_name(citation.source))}</h2>'
        f'<p class="about">{about}</p><p class="place"><span class="file">{file}</span> '
        f'<span>characters {start:,}–{end:,}</span> <a class="link" href="{link}">Link to these words</a></p>'
        f'<p class="place"><span class="verdict {citation.verdict}">{_VERDICTS[citation.verdict]}</span></p>'
        f'</header><div class="document" role="region" tabindex="0" dir="auto">{_left_out(first)}{escape(text[first:start])}'
        f'<mark id="{name}">{escape(text[start:end])}</mark>{escape(text[end:last])}'
        f"{_left_out(len(text) - last)}</div></article>"
    )


def survey_html(answer: Answer, told: Sequence[Account], turn: int) -> str:
    """What each source says: where they differ on top, then a row per source, the words of each leading to its document.

    Where sources of several days say something, the rows stand along a line of time.
    """
    sides = "".join(
        f'<p class="sides">The sources differ: {escape("; ".join(s.value for s in d.sides))}</p>'
        for d in answer.disagreements
    )
    rows = "".join(_days_html(told, turn))
    silent = sum(t.citation is None for t in told)
    count = f"{len(told) - silent:,} say something, {silent:,} do not" if silent else f"{len(told):,} say something"
    return (
        f'<section class="survey"><header><h2>What each source says</h2><p class="about">{escape(answer.standalone_question)}</p>'
        f'<p class="place">{count}</p></header><div class="document rows" role="region" tabindex="0">{sides}{rows}</div></section>'
    )


def _days_html(told: Sequence[Account], turn: int) -> Iterator[str]:
    """The rows in lists, one per day where there are several, then what has no day or says nothing."""
    days = {date_of(t.published_at) for t in told if t.citation and t.published_at}
    numbered = list(enumerate(told, start=1))
    for day, rows in groupby(numbered, key=lambda row: date_of(row[1].published_at) if row[1].citation else ""):
        items = "".join(_account_html(t, turn, number) for number, t in rows)
        if len(days) < 2:
            yield f"<ul>{items}</ul>"
        else:
            heading = f"<h3>{escape(day)}</h3>" if day else ""
            yield f'<div class="{"day" if day else "dateless"}">{heading}<ul>{items}</ul></div>'


def _account_html(told: Account, turn: int, number: int) -> str:
    name = escape(told.outlet or told.title or shown_name(told.source))
    about = " · ".join(escape(x) for x in (date_of(told.published_at), shown_name(told.source)) if x)
    value = f'<span class="value">{escape(told.value)}</span>' if told.value else ""
    if told.citation is None:
        said = '<p class="silent">does not say</p>'
    else:
        words = escape(" ".join(told.citation.cited_text.split()))
        said = f'<p class="said"><a class="mark said" href="#said-{turn}-{number}">{words}</a></p>'
    also = f'<p class="about">also in {escape(", ".join(map(shown_name, told.also)))}</p>' if told.also else ""
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


def rows_html(rows: Sequence[tuple[str, str]], kind: str) -> str:
    """Names and what is to be said of each, as a list of class `kind`; nothing of none."""
    items = "".join(f"<li><b>{escape(name)}</b> {escape(said)}</li>" for name, said in rows)
    return f'<ul class="{kind}">{items}</ul>' if items else ""


def lines_html(text: str, kind: str) -> str:
    """Lines of text as paragraphs of class `kind`; nothing of none."""
    return "".join(f'<p class="{kind}">{escape(line)}</p>' for line in text.splitlines())
