"""Office files, tables, mail and books to text: nothing lost, every part named, and a reason for every refusal."""

from __future__ import annotations

import json
import zipfile
from datetime import date, time
from email.message import EmailMessage
from pathlib import Path

import docx
import pptx
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from pptx.util import Inches

from qa import Corpus
from qa.errors import ReadError
from qa.reading import READERS, read_file
from qa.readtext import ReadText
from qa.splitting import split
from qa.testing import HashEmbedder

OPEN = (
    '<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b"><office:body><office:text>'
    "<text:tracked-changes><text:p>Removed</text:p></text:tracked-changes>"
    '<text:h>The talks</text:h><text:p>One<text:s text:c="2"/>two<text:note><text:p>A note.</text:p></text:note></text:p>'
    "<table:table><table:table-row><table:table-cell><text:p>Day</text:p></table:table-cell><table:table-cell>"
    "<text:p>Friday</text:p></table:table-cell></table:table-row></table:table><text:section><text:p>Last."
    "</text:p></text:section></office:text></office:body></office:document-content>"
)
META = '<m xmlns:dc="d"><dc:title>Minutes</dc:title><dc:creator>Ann Weiss</dc:creator><dc:date>2022-01-21</dc:date></m>'
CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
PACKAGE = (
    '<package xmlns:dc="d"><dc:title>A book</dc:title><dc:creator>Jane Doe</dc:creator><dc:publisher>Press</dc:publisher>'
    '<manifest><item id="b" href="two%20.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="a" href="../one.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/></spine></package>'
)


def parts(read: ReadText) -> dict[str, str]:
    """The text of each part by its name."""
    ends = [start - 2 for start in read.page_starts[1:]] + [len(read.text)]
    spans = zip(read.page_names, read.page_starts, ends, strict=True)
    return {name: read.text[start:end] for name, start, end in spans}


def archive(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def write(path: Path, content: str) -> Path:
    path.write_text(content, "utf-8")
    return path


def test_slides_their_tables_and_notes_are_read_by_slide(tmp_path: Path) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "Budget", "It rose.\nIt fell."
    slide.notes_slide.notes_text_frame.text = "Say why."
    table = made.slides.add_slide(made.slide_layouts[6]).shapes.add_table(1, 2, 0, 0, Inches(1), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Day", "Friday"
    made.core_properties.title = "Figures"
    made.save(str(tmp_path / "a.pptx"))
    read = read_file(tmp_path / "a.pptx")
    assert parts(read) == {"slide 1": "Budget\n\nIt rose.\n\nIt fell.\n\nSay why.", "slide 2": "Day | Friday"}
    assert (read.title, read.published_at) == ("Figures", None)


def test_rows_of_every_sheet_say_what_their_cells_mean(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet, other = book.add_worksheet("Costs"), book.add_worksheet("Notes")
        sheet.write_row(1, 1, ["City", "Cost", "Day"])
        sheet.write_row(2, 1, ["Geneva", 1200])
        sheet.write_datetime(2, 3, date(2022, 1, 21), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_row(4, 1, ["Bern", 0.5])
        sheet.write_datetime(4, 3, time(10, 30), book.add_format({"num_format": "hh:mm"}))
        other.write(0, 0, "Nothing was paid.")
    assert parts(read_file(tmp_path / "a.xlsx")) == {
        "sheet Costs, row 2": "City; Cost; Day",
        "sheet Costs, row 3": "City: Geneva; Cost: 1200; Day: 2022-01-21",
        "sheet Costs, row 5": "City: Bern; Cost: 0.5; Day: 10:30:00",
        "sheet Notes, row 1": "Nothing was paid.",
    }


@pytest.mark.parametrize(("delimiter", "suffix"), [(",", "csv"), (";", "csv"), ("\t", "tsv")])
def test_rows_of_a_table_in_text_are_named_by_their_number(tmp_path: Path, delimiter: str, suffix: str) -> None:
    rows = [["Name", "Age", "Said"], ["Ann", "41", '"I left, and ""he"" came."'], [], ["Ben", "7", ""]]
    path = write(tmp_path / f"a.{suffix}", "\n".join(delimiter.join(row) for row in rows))
    assert parts(read_file(path)) == {
        "row 1": "Name; Age; Said",
        "row 2": 'Name: Ann; Age: 41; Said: I left, and "he" came.',
        "row 4": "Name: Ben; Age: 7",
    }


def test_a_table_without_names_keeps_its_first_row(tmp_path: Path) -> None:
    assert read_file(write(tmp_path / "a.csv", "1,2\n3,4\n")).text == "1; 2\n\n3; 4"
    assert read_file(write(tmp_path / "b.csv", "only,names\n")).text == "only; names"


CELLS = st.text(st.characters(categories=["L", "N", "P"]), max_size=9)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_no_cell_of_a_table_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    import csv

    path = tmp_path_factory.mktemp("table") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    wanted = [cell for row in rows for cell in row if cell]
    if not wanted:
        return
    text = read_file(path).text
    assert all(cell in text for cell in wanted)


def test_json_is_read_by_record_with_numbers_as_written(tmp_path: Path) -> None:
    records = '[{"id": 1.50, "by": {"name": "Ann"}, "tags": ["a", "b"], "open": true, "id": 7}, {"text": "%s"}]'
    long = "A long account of what was said. " * 5
    read = read_file(write(tmp_path / "a.json", records % long))
    assert parts(read) == {
        "record 1": "id: 1.50; by.name: Ann; tags: a, b; open: yes; id (2): 7",
        "record 2": long,
    }
    lines = write(tmp_path / "a.jsonl", '{"a": 1}\n\n{"b": [{"c": 2}, {"c": 3}]}\n')
    assert parts(read_file(lines)) == {"line 1": "a: 1", "line 3": "b.c: 2; b.c: 3"}


def test_a_report_in_json_says_where_and_when_it_appeared(tmp_path: Path) -> None:
    report = {"title": "Talks", "source": "Globe", "date": "2022-01-21", "text": "First.\n\nSecond."}
    read = read_file(write(tmp_path / "a.json", json.dumps(report)))
    assert (read.title, read.outlet, read.published_at, read.page_names) == ("Talks", "Globe", "2022-01-21", ())
    assert read.text.endswith("First.\n\nSecond.")


def test_a_message_and_those_attached_to_it_are_read(tmp_path: Path) -> None:
    inner = EmailMessage()
    inner["Subject"], inner["From"] = "Before", "Ben <ben@example.org>"
    inner.set_content("It was earlier.")
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Grüße", "Ann <ann@example.org>", "me@example.org"
    message["Date"] = "Fri, 21 Jan 2022 10:30:00 +0100"
    message.set_content("Der Zug kam spät.", charset="iso-8859-1")
    message.add_alternative("<p>Der Zug</p>", subtype="html")
    message.add_attachment(b"\0", maintype="application", subtype="pdf", filename="plan.pdf")
    message.add_attachment("Listed in text.", filename="list.txt")
    message.add_attachment(inner)
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    read = read_file(tmp_path / "a.eml")
    found = parts(read)
    assert "Subject: Grüße\n\nDer Zug kam spät.\n\nListed in text." in found["message"]
    assert found["message"].endswith("Attachment, not read: plan.pdf") and "<p>" not in read.text
    assert found["attached message 1"] == "From: Ben <ben@example.org>\nSubject: Before\n\nIt was earlier."
    assert (read.title, read.published_at) == ("Grüße", "2022-01-21T10:30:00+01:00")
    assert read.metadata == {"author": "Ann <ann@example.org>", "attachments": "plan.pdf"}


def test_a_message_in_html_or_with_a_wrong_character_set_is_read(tmp_path: Path) -> None:
    head = b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/%s; charset=%s\n\n"
    (tmp_path / "a.eml").write_bytes(head % (b"html", b"utf-8") + "<p>Café</p><script>x()</script>".encode())
    (tmp_path / "b.eml").write_bytes(head % (b"plain", b"no-such-set") + "Der Zug kam spät.".encode())
    assert read_file(tmp_path / "a.eml").text == "Subject: x\n\nCafé"
    assert read_file(tmp_path / "b.eml").text == "Subject: x\n\nDer Zug kam spät."


def test_the_sections_of_a_book_come_in_the_order_of_its_spine(tmp_path: Path) -> None:
    members = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": PACKAGE}
    members |= {"one.xhtml": "<p>It began.</p>", "OEBPS/two .xhtml": "<h1>Two</h1><p>It ended.</p>"}
    read = read_file(archive(tmp_path / "a.epub", **members))
    assert parts(read) == {"section 1": "It began.", "section 2": "Two\n\nIt ended."}
    assert (read.title, read.outlet, read.metadata) == ("A book", "Press", {"author": "Jane Doe"})


def test_an_open_document_keeps_its_order_and_leaves_out_what_was_removed(tmp_path: Path) -> None:
    read = read_file(archive(tmp_path / "a.odt", **{"content.xml": OPEN, "meta.xml": META}))
    assert read.text == "The talks\n\nOne  twoA note.\n\nDay | Friday\n\nLast."
    assert (read.title, read.published_at, read.metadata["author"]) == ("Minutes", "2022-01-21", "Ann Weiss")


def test_rich_text_becomes_its_paragraphs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.rtf", r"{\rtf1\ansi\ansicpg1252 {\b The talks}\par Caf\'e9 \u8220?open\u8221?.\par}")
    assert read_file(path).text == "The talks\n\nCafé “open”."


def test_footnotes_of_a_word_file_follow_its_text(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("The text.")
    document.save(str(tmp_path / "plain.docx"))
    word = "http://schemas.openxmlformats.org"
    note = f'<w:footnotes xmlns:w="{word}/wordprocessingml/2006/main"><w:footnote><w:p><w:r><w:t>The note.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    relation = (
        f'<Relationship Id="rId99" Type="{word}/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/>'
    )
    with zipfile.ZipFile(tmp_path / "plain.docx") as old, zipfile.ZipFile(tmp_path / "a.docx", "w") as new:
        for name in old.namelist():
            content = old.read(name).decode("latin-1")
            new.writestr(
                name,
                content.replace("</Relationships>", relation + "</Relationships>")
                if name.endswith("document.xml.rels")
                else old.read(name),
            )
        new.writestr("word/footnotes.xml", note)
    assert read_file(tmp_path / "a.docx").text == "The text.\n\nThe note."


@pytest.mark.parametrize(
    "suffix", [".docx", ".pptx", ".xlsx", ".xls", ".ods", ".odt", ".epub", ".rtf", ".json", ".jsonl"]
)
@pytest.mark.parametrize("content", [b"neither", b"PK\x03\x04 broken", b"{\\rtf1 {\\'zz \\u"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    if suffix == ".rtf" and content.startswith(b"{"):
        return
    with pytest.raises(ReadError):
        read_file(path)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx", ".ods", ".odt", ".epub"])
def test_an_archive_that_unpacks_to_too_much_is_refused_unopened(tmp_path: Path, suffix: str) -> None:
    with zipfile.ZipFile(tmp_path / f"a{suffix}", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("content.xml", b" " * 20_000_000)
    with pytest.raises(ReadError, match="unpacks to 20 MB"):
        read_file(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("kind", ["content.xml", "META-INF/container.xml"])
def test_entities_of_xml_are_not_expanded(tmp_path: Path, kind: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    content = bomb + OPEN.replace("Last.", "Last &b; &c;")
    suffix = ".odt" if kind == "content.xml" else ".epub"
    path = archive(tmp_path / f"a{suffix}", **{kind: content})
    try:
        assert "root:" not in (text := read_file(path).text) and "haha" not in text
    except ReadError:
        assert suffix == ".epub"


def test_every_format_says_why_it_cannot_be_opened(tmp_path: Path) -> None:
    for suffix in READERS:
        with pytest.raises(ReadError, match=r"cannot be opened|not a readable"):
            read_file(tmp_path / f"missing{suffix}")


def test_rows_that_look_like_page_furniture_are_still_passages() -> None:
    text = "Read more: Costs\n\nPosted: Friday"
    assert not split(text, {}, 256)
    assert (
        "".join(text[s.start_char_index : s.end_char_index] for s in split(text, {"content": "records"}, 256)) == text
    )


def test_a_citation_names_the_row_on_which_its_words_stand(tmp_path: Path) -> None:
    rows = ["City,Mayor,Since", *(f"Town{n},Mayor{n} Muster,{1900 + n}" for n in range(40))]
    (tmp_path / "documents").mkdir()
    write(tmp_path / "documents" / "towns.csv", "\n".join(rows))
    with Corpus(tmp_path / "documents", store=tmp_path / "store", embedder=HashEmbedder()) as corpus:
        corpus.sync()
        citation = corpus.ask("Who is the mayor of Town17?").citations[0]
        assert "Town17" in citation.cited_text
        assert (citation.part, citation.page) == ("row 19", None)
        corpus.rebuild()
        assert corpus.ask("Who is the mayor of Town17?").citations[0].part == "row 19"
