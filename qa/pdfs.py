"""PDF to text, page by page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qa.describing import iso_date
from qa.errors import ReadError
from qa.readtext import ReadText, joined, without_blanks

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

# PDFium marks a hyphen at the end of a line by these; the page shows a hyphen.
_CHARACTERS = {0x02: "-", 0xFFFE: "-", 0x00: None}


def read_pdf(path: Path) -> ReadText:
    """The text layer of a PDF, its pages joined by a blank line.

    A page that PDFium cannot load is left empty and named in `metadata["unreadable_pages"]`.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path.read_bytes())
    except pypdfium2.PdfiumError as error:
        raise ReadError(_reason(error)) from error
    pages = [_page_text(document, index) for index in range(len(document))]
    text, starts = joined(page or "" for page in pages)
    if not text.strip():
        raise ReadError("holds no text layer; run OCR first (for example ocrmypdf)")
    unreadable = ", ".join(str(number) for number, page in enumerate(pages, 1) if page is None)
    known = {key: document.get_metadata_value(key).strip() for key in ("Title", "Author", "CreationDate")}
    created = iso_date(known["CreationDate"])
    details = {"author": known["Author"], "created": created, "unreadable_pages": unreadable}
    return ReadText(text, starts, known["Title"] or None, published_at=created, metadata=without_blanks(details))


def _reason(error: Exception) -> str:
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
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CHARACTERS)
