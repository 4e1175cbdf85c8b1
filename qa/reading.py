"""One file to text: READERS says how, by suffix. A file is read whole or refused with a reason."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.decoding import Decoded, decode
from qa.describing import Facts, front_matter_facts, iso_date, text_facts
from qa.errors import ReadError
from qa.webpages import parse_page

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from pypdfium2 import PdfDocument

MAX_UNPACKED_BYTES = 100_000_000
MAX_UNPACKED_RATIO = 100  # Word's own files unpack to 5 to 20 times their size
SMALL_UNPACKED_BYTES = 10_000_000  # below this no ratio is suspicious
FRONT_MATTER_CHARACTERS = 20_000
TEMPLATE_CREATED = "2013-12-23"  # python-docx's own template: the day it was made, not the document

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)", re.S)
_HEADING = re.compile(r"^# +(.+?)[ \t#]*\r?$", re.M)
_SURROGATES = re.compile("[\ud800-\udfff]")

# PDFium marks a hyphen at the end of a line by these; the page shows a hyphen.
_PDF_CHARACTERS = {0x02: "-", 0xFFFE: "-", 0x00: None}


@dataclass(frozen=True, slots=True)
class ReadText:
    """The text of one file and what the file says of itself.

    `page_starts` holds the offset at which each page begins, empty for formats without pages.
    `published_at` is an ISO 8601 date or date and time. `metadata` names what else is known, such as
    "encoding" (and "encoding_found": mark, utf-8, declared or guessed), "author" and "created".
    """

    text: str
    page_starts: tuple[int, ...] = ()
    title: str | None = None
    outlet: str | None = None
    published_at: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


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
    return _storable(read)


def _storable(read: ReadText) -> ReadText:
    """Halves of characters, which HTML and PDF can name, fit into no file: one replacement character each."""

    def clean(value: str | None) -> str | None:
        return value and _SURROGATES.sub("\ufffd", value)

    return replace(
        read,
        text=clean(read.text) or "",
        title=clean(read.title),
        outlet=clean(read.outlet),
        metadata={key: clean(value) or "" for key, value in read.metadata.items()},
    )


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


def read_pdf(path: Path) -> ReadText:
    """The text layer of a PDF, its pages joined by a blank line.

    A page that PDFium cannot load is left empty and named in `metadata["unreadable_pages"]`.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path.read_bytes())
    except pypdfium2.PdfiumError as error:
        raise ReadError(_pdf_reason(error)) from error
    pages = [_page_text(document, index) for index in range(len(document))]
    texts = [page or "" for page in pages]
    if not "".join(texts).strip():
        raise ReadError("holds no text layer; run OCR first (for example ocrmypdf)")
    starts, offset = [], 0
    for text in texts:
        starts.append(offset)
        offset += len(text) + 2
    unreadable = ", ".join(str(number) for number, page in enumerate(pages, 1) if page is None)
    known = {key: document.get_metadata_value(key).strip() for key in ("Title", "Author", "CreationDate")}
    created = iso_date(known["CreationDate"])
    details = {"author": known["Author"], "created": created, "unreadable_pages": unreadable}
    return ReadText(
        text="\n\n".join(texts),
        page_starts=tuple(starts),
        title=known["Title"] or None,
        published_at=created,
        metadata=_without_blanks(details),
    )


def _pdf_reason(error: Exception) -> str:
    import pypdfium2.raw

    if getattr(error, "err_code", None) in (pypdfium2.raw.FPDF_ERR_PASSWORD, pypdfium2.raw.FPDF_ERR_SECURITY):
        return "is encrypted; save a copy without a password"
    return "is not a readable PDF; open it in a PDF program and save it again"


def _page_text(document: PdfDocument, index: int) -> str | None:
    """The text of one page, line ends as \\n; None where the page is damaged."""
    import pypdfium2

    try:
        text: str = document[index].get_textpage().get_text_range(errors="replace")
    except pypdfium2.PdfiumError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_PDF_CHARACTERS)


def read_docx(path: Path) -> ReadText:
    """Paragraphs and tables of a Word file in the order of the document; headers and notes are not read."""
    import docx
    from docx.opc.exceptions import OpcError

    try:
        _refuse_bomb(path)
        document: WordDocument = docx.Document(str(path))
        text = "\n\n".join(block for block in _word_blocks(document.element.body) if block.strip())
        properties = document.core_properties
    except (zipfile.BadZipFile, OpcError, SyntaxError, KeyError, ValueError) as error:  # SyntaxError: of its XML
        raise ReadError("is not a readable Word file; open it in a word processor and save it again") from error
    created = properties.created.isoformat() if properties.created else ""
    created = "" if created.startswith(TEMPLATE_CREATED) else created
    return ReadText(
        text=text,
        title=properties.title or None,
        published_at=created or None,
        metadata=_without_blanks({"author": properties.author, "created": created}),
    )


def _refuse_bomb(path: Path) -> None:
    """A small archive can unpack to more than the memory there is; the sizes it states are enforced on unpacking."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    suspicious = unpacked > SMALL_UNPACKED_BYTES and unpacked > MAX_UNPACKED_RATIO * path.stat().st_size
    if unpacked > MAX_UNPACKED_BYTES or suspicious:
        raise ReadError(f"unpacks to {unpacked / 1e6:,.0f} MB; save its text as a smaller file")


def _word_blocks(parent: Any) -> Iterator[str]:
    """Paragraphs, and tables with a line for each row, also inside content controls."""
    from docx.oxml.ns import qn

    for child in parent.iterchildren(qn("w:p"), qn("w:tbl"), qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml")):
        if child.tag == qn("w:p"):
            yield _word_paragraph(child)
        elif child.tag == qn("w:tbl"):
            yield "\n".join(" | ".join(_word_cell(cell) for cell in row.iter(qn("w:tc"))) for row in child.tr_lst)
        else:
            yield from _word_blocks(child)


def _word_cell(cell: Any) -> str:
    return " ".join(" ".join(_word_blocks(cell)).split())


def _word_paragraph(paragraph: Any) -> str:
    """Text of a paragraph as last edited: insertions, links and text boxes too, which `Paragraph.text` leaves out."""
    from docx.oxml.ns import qn

    fallback = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
    marks = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-", qn("w:p"): "\n"}
    pieces = []
    for node in paragraph.iterdescendants(qn("w:t"), *marks):
        in_run = node.getparent().tag == qn("w:r") or node.tag == qn("w:p")  # a tab stop is a tab element too
        if in_run and next(node.iterancestors(fallback), None) is None:
            pieces.append(marks.get(node.tag, node.text or ""))
    return "".join(pieces).strip("\n")


def _without_blanks(details: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in details.items() if value}


READERS: dict[str, Reader] = {
    ".txt": read_plain,
    ".text": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
