"""What word processors and presentation programs write, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.archives import first_text, opened, xml
from qa.describing import iso_date
from qa.errors import ReadError
from qa.readtext import GAP, ReadText, joined, without_blanks

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

# The days on which the templates of python-docx and python-pptx were made, not the document.
TEMPLATES_CREATED = ("2013-12-23", "2013-01-27")
_NOTES = ("footnotes", "endnotes")
_REMOVED = ("tracked-changes", "annotation")


def read_docx(path: Path) -> ReadText:
    """Paragraphs and tables of a Word file in the order of the document, then its notes; page headers are not read."""
    import docx
    from docx.opc.exceptions import OpcError

    with opened(path, "Word file"):
        try:
            document: WordDocument = docx.Document(str(path))
        except OpcError as error:
            raise ValueError(error) from error
        blocks = [*_word_blocks(document.element.body), *_word_notes(document)]
        text = GAP.join(block for block in blocks if block.strip())
        return _described(text, document.core_properties)


def _described(text: str, properties: Any) -> ReadText:
    """The text with what the file's properties say."""
    created = properties.created.isoformat() if properties.created else ""
    created = "" if created.startswith(TEMPLATES_CREATED) else created
    return ReadText(
        text=text,
        title=properties.title or None,
        published_at=created or None,
        metadata=without_blanks({"author": properties.author, "created": created}),
    )


def _word_notes(document: WordDocument) -> Iterator[str]:
    """Footnotes and endnotes, which python-docx leaves aside."""
    for relation in document.part.rels.values():
        if relation.reltype.rsplit("/", 1)[-1] in _NOTES and not relation.is_external:
            yield from _word_blocks(note for note in xml(relation.target_part.blob))


def _word_blocks(parents: Any) -> Iterator[str]:
    """Paragraphs, and tables with a line for each row, also inside content controls and notes."""
    from docx.oxml.ns import qn

    within = {qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:footnote"), qn("w:endnote")}
    for child in parents:
        if child.tag == qn("w:p"):
            yield _word_paragraph(child)
        elif child.tag == qn("w:tbl"):
            rows = child.iterchildren(qn("w:tr"))
            yield "\n".join(" | ".join(_word_cell(cell) for cell in row.iter(qn("w:tc"))) for row in rows)
        elif child.tag in within:
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


def read_pptx(path: Path) -> ReadText:
    """The text of each slide, its tables and its speaker's notes."""
    import pptx
    from pptx.exc import PythonPptxError

    with opened(path, "PowerPoint file"):
        try:
            presentation = pptx.Presentation(str(path))
        except PythonPptxError as error:
            raise ValueError(error) from error
        texts = [GAP.join(_slide_blocks(slide)) for slide in presentation.slides]
        text, starts = joined(texts)
        names = tuple(f"slide {number}" for number in range(1, len(texts) + 1))
        return replace(_described(text, presentation.core_properties), page_starts=starts, page_names=names)


def _slide_blocks(slide: Any) -> Iterator[str]:
    blocks = list(_shape_blocks(slide.shapes))
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        blocks.append(slide.notes_slide.notes_text_frame.text)
    yield from (block.replace("\v", "\n").strip() for block in blocks if block.strip())


def _shape_blocks(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _shape_blocks(shape.shapes)
        elif shape.has_text_frame:
            yield from (paragraph.text for paragraph in shape.text_frame.paragraphs)
        elif getattr(shape, "has_table", False):
            rows = ([" ".join(cell.text.split()) for cell in row.cells] for row in shape.table.rows)
            yield "\n".join(" | ".join(row) for row in rows)


def read_odt(path: Path) -> ReadText:
    """Paragraphs, headings and tables of an OpenDocument text in the order of the document."""
    with opened(path, "OpenDocument text") as archive:
        body = next(xml(archive.read("content.xml")).iter("{*}text"))
        text = GAP.join(block for block in _open_blocks(body) if block.strip())
        about = xml(archive.read("meta.xml")) if "meta.xml" in archive.namelist() else None
    if about is None:
        return ReadText(text)
    created = iso_date(first_text(about, "creation-date", "date") or "")
    author = first_text(about, "initial-creator", "creator")
    details = without_blanks({"author": author, "created": created})
    return ReadText(text, title=first_text(about, "title"), published_at=created, metadata=details)


def _open_blocks(parent: Any) -> Iterator[str]:
    for child in parent:
        kind = _local(child)
        if kind in ("p", "h"):
            yield _open_text(child).strip()
        elif kind == "table":
            rows = child.iter("{*}table-row")
            yield "\n".join(" | ".join(" ".join(" ".join(_open_blocks(c)).split()) for c in row) for row in rows)
        elif kind not in _REMOVED:
            yield from _open_blocks(child)


def _open_text(node: Any) -> str:
    """The words of a paragraph; notes stand where their mark is, comments are left out."""
    kind = _local(node)
    if kind in _REMOVED:
        return ""
    if kind == "s":
        return " " * int(next((v for k, v in node.attrib.items() if k.endswith("}c")), 1))
    if kind in ("tab", "line-break"):
        return "\t" if kind == "tab" else "\n"
    return (node.text or "") + "".join(_open_text(child) + (child.tail or "") for child in node)


def _local(node: Any) -> str:
    """An element's name without its namespace; "" for a comment."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def read_rtf(path: Path) -> ReadText:
    """The paragraphs of an RTF file."""
    from striprtf.striprtf import rtf_to_text

    source = path.read_bytes().decode("latin-1")  # the format is ASCII and names every other character
    if not source.lstrip().startswith("{\\rtf"):
        raise ReadError("is not RTF; save it in the format that its name says")
    try:
        text = str(rtf_to_text(source, errors="strict"))
    except (UnicodeError, ValueError, IndexError) as error:
        raise ReadError("is not readable RTF; open it in a word processor and save it again") from error
    return ReadText(GAP.join(line.strip() for line in text.splitlines() if line.strip()))
