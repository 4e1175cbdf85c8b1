"""One file to text: READERS says how, by suffix. A file is read whole or refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qa.books import read_epub
from qa.decoding import Decoded, decode
from qa.describing import Facts, front_matter_facts, text_facts
from qa.errors import ReadError
from qa.mail import read_eml
from qa.office import read_docx, read_odt, read_pptx, read_rtf
from qa.pdfs import read_pdf
from qa.readtext import ReadText, storable
from qa.tables import read_csv, read_json, read_jsonl, read_spreadsheet
from qa.webpages import parse_page

FRONT_MATTER_CHARACTERS = 20_000

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.S)
_HEADING = re.compile(r"^# +(.+?)[ \t#]*\r?$", re.M)


Reader = Callable[[Path], ReadText]


def read_file(path: Path) -> ReadText:
    """Read a file by its suffix.

    Raises ReadError with the reason, and what to do, where the file cannot be opened, is of no known
    format, is damaged, encrypted or holds no text.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ReadError(f"{path.suffix or 'no suffix'} is no format read here; save it as one of {', '.join(READERS)}")
    try:
        read = reader(path)
    except OSError as error:
        raise ReadError(f"cannot be opened ({error.strerror or error}); check that it is there and readable") from error
    if not read.text.strip():
        raise ReadError("holds no text; remove it, or fill it")
    return storable(read)


def read_plain(path: Path) -> ReadText:
    """Plain text, exactly as decoded: offsets into it are offsets into the file's own characters."""
    decoded = decode(path.read_bytes())
    return _described(decoded, decoded.text, text_facts(decoded.text))


def read_markdown(path: Path) -> ReadText:
    """Markdown as it stands, front matter included, which gives title, outlet and date where it has them."""
    decoded = decode(path.read_bytes())
    front = _front_matter(decoded.text)
    facts = front_matter_facts(front)
    first_heading = _HEADING.search(decoded.text)
    read = _described(decoded, decoded.text, replace(facts, title=facts.title or (first_heading and first_heading[1])))
    author = front.get("author")
    return replace(read, metadata={**read.metadata, "author": author}) if isinstance(author, str) else read


def read_html(path: Path) -> ReadText:
    """The visible text of a web page, its paragraphs a blank line apart."""
    decoded = decode(path.read_bytes())
    text, facts = parse_page(decoded.text)
    return _described(decoded, text, facts)


def _described(decoded: Decoded, text: str, facts: Facts) -> ReadText:
    return ReadText(
        text=text,
        title=facts.title,
        outlet=facts.outlet,
        published_at=facts.published_at,
        metadata={"encoding": decoded.encoding, "encoding_found": decoded.found},
    )


def _front_matter(text: str) -> dict[object, object]:
    """The YAML mapping at the head of a Markdown file; empty where there is none or it does not parse."""
    import yaml

    match = _FRONT_MATTER.match(text[:FRONT_MATTER_CHARACTERS])
    try:
        front = yaml.safe_load(match[1]) if match else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return front if isinstance(front, dict) else {}


READERS: dict[str, Reader] = {
    ".txt": read_plain,
    ".text": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".odt": read_odt,
    ".rtf": read_rtf,
    ".pptx": read_pptx,
    ".xlsx": read_spreadsheet,
    ".xls": read_spreadsheet,
    ".ods": read_spreadsheet,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".eml": read_eml,
    ".epub": read_epub,
}
