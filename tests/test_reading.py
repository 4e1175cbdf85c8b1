"""Files to text: nothing lost, nothing made up, and a reason for every refusal."""

from __future__ import annotations

import codecs
import os
import zipfile
from collections import Counter
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.decoding import decode
from qa.errors import ReadError
from qa.reading import READERS, read_file
from qa.webpages import parse_page

SHARED = Path(os.environ.get("QA_SHARED", Path(__file__).parents[1].parent / "shared"))
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pdf_bytes(pages: list[str], *, info: str = "", trailer: str = "") -> bytes:
    """A PDF with one line of text a page, its cross-reference table right."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 612 792]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {resources} /Contents {5 + 2 * number} 0 R >>")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    objects.append(f"<< {info} >>")
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n"
    tail += f"<< /Size {size} /Root 1 0 R /Info {size - 1} 0 R {trailer} >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + tail.encode()


# Plain text


@given(TEXT.filter(lambda text: not text.startswith("\ufeff") and bool(text.strip())))
def test_any_text_comes_back_exactly_from_utf_8_and_from_marked_utf_16(text: str) -> None:
    assert decode(text.encode()).text == text
    assert decode(codecs.BOM_UTF8 + text.encode()).text == text
    assert decode(codecs.BOM_UTF16_LE + text.encode("utf-16-le")).text == text
    assert decode(codecs.BOM_UTF16_BE + text.encode("utf-16-be")).text == text
    assert decode(codecs.BOM_UTF32_LE + text.encode("utf-32-le")).text == text


def test_line_ends_and_outer_space_of_a_text_file_are_kept(tmp_path: Path) -> None:
    read = read_file(write(tmp_path, "a.txt", " one\r\n\r\n two\r three\n\n"))
    assert read.text == " one\r\n\r\n two\r three\n\n"
    assert read.metadata["encoding"] == "utf-8"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "The café was closed – “we’ll reopen in June,” said Zoë."),
        ("cp1252", "El señor González habló ayer en Ginebra y añadió que mañana continuará."),
        ("cp1250", "Ministr zahraničí řekl, že jednání budou pokračovat příští týden v Ženevě."),
        (
            "cp1250",
            "Ministr spraw zagranicznych powiedział, że rozmowy będą kontynuowane za tydzień. Żaden kraj nie może zwiększać bezpieczeństwa kosztem innych.",
        ),
        ("cp1251", "Министр иностранных дел заявил, что Россия никогда не угрожала Украине."),
        ("koi8_r", "Министр иностранных дел заявил, что Россия никогда не угрожала Украине."),
        ("cp1253", "Ο υπουργός Εξωτερικών δήλωσε ότι οι συνομιλίες θα συνεχιστούν στη Γενεύη."),
        ("cp1254", "Dışişleri Bakanı görüşmelerin önümüzdeki hafta süreceğini söyledi."),
        ("cp1257", "Užsienio reikalų ministras sakė, kad derybos bus tęsiamos kitą savaitę. Šalys žada atsakymą."),
        ("cp932", "ロシアのラブロフ外相は木曜日、ウクライナを脅したことは一度もないと述べた。"),
        ("gb18030", "俄罗斯外长拉夫罗夫星期四表示，俄罗斯从未威胁过乌克兰。"),
        ("iso2022_jp", "ロシアのラブロフ外相は木曜日に述べた。"),
    ],
)
def test_an_undeclared_character_set_is_recognised(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.found) == (text, "guessed")


def test_a_declared_character_set_is_believed_where_it_fits() -> None:
    page = '<html><head><meta charset="{}"></head><body>Příští</body></html>'
    decoded = decode(page.format("windows-1250").encode("cp1250"))
    assert ("Příští" in decoded.text, decoded.found) == (True, "declared")
    assert "€5" in decode(b'<meta charset="iso-8859-1">\x805').text
    for no_character_set in ("unicode_escape", "utf-7", "zlib", "no such thing"):
        data = f'<meta charset="{no_character_set}">\\ud800 café'.encode("cp1252")
        assert decode(data).found == "guessed"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "holds no text"),
        (b" \r\n\t ", "holds no text"),
        (b"text\x00text", "NUL"),
        ("text".encode("utf-16-le"), "NUL"),
        (bytes(range(1, 256)) * 4, "binary"),
        (codecs.BOM_UTF16_LE + b"\x41", "damaged UTF-16-LE at byte 0"),
        ("naïve café, façade, ".encode() + b"\xe9t\xe9", "damaged bytes, the first at byte 23"),
        ("Zoë’s café".encode()[:-1], "damaged bytes"),
        (b"\xff\xc3\x28 \x81\x8d", "character set"),
        ("東京".encode("cp932"), "character set"),
    ],
)
def test_bytes_that_are_not_surely_text_are_refused_with_a_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read_file(write(tmp_path, "a.txt", data))


def test_eighty_real_files_in_legacy_character_sets_are_decoded_or_refused_never_wrong() -> None:
    folder = SHARED / "hostile" / "encodings"
    if not folder.is_dir():
        pytest.skip(f"no collection of legacy files in {folder}; set QA_SHARED")
    outcomes = Counter(_outcome(path) for path in folder.iterdir())
    assert outcomes["wrong"] == 0
    assert outcomes["equal"] >= 79


def _outcome(path: Path) -> str:
    data = path.read_bytes()
    try:
        return "equal" if decode(data).text == data.decode(path.name.split("__")[0]) else "wrong"
    except ReadError:
        return "refused"
    except LookupError:  # Python has no such codec, so nothing can be equal
        return "wrong"


# Markdown


def test_front_matter_of_markdown_gives_the_facts_and_stays_in_the_text(tmp_path: Path) -> None:
    text = "---\ntitle: The talks\ndate: 2022-01-21\nsource: Globe\nauthor: Jane Doe\n---\n# Another\n\nText.\n"
    read = read_file(write(tmp_path, "a.md", text))
    assert (read.text, read.title, read.outlet, read.published_at) == (text, "The talks", "Globe", "2022-01-21")
    assert read.metadata["author"] == "Jane Doe"


@pytest.mark.parametrize("front", ["", "---\n: [\n---\n", "---\ndate: 2022-13-45\n---\n", "---\n- a\n---\n", "---\n"])
def test_the_first_heading_is_the_title_of_markdown_without_usable_front_matter(tmp_path: Path, front: str) -> None:
    assert read_file(write(tmp_path, "a.md", front + "Before\n\n# The title #\r\n\nText.")).title == "The title"


# HTML

PAGE = """<!DOCTYPE html><html><head><title>Window title</title>
<meta property="og:site_name" content="The Globe"><meta property="article:published_time" content="2022-01-21T10:00Z">
<script>var hidden = "script";</script><style>p { color: red }</style></head>
<body><nav>Menu</nav><article><h1>Talks go on</h1>
<p>One <b>bold</b>
   caf&eacute;.<br>Second line.</p><p hidden>hidden</p><p style="display: none">hidden</p><i aria-hidden="true">hidden</i>
<ul><li>first</li><li>second <i>item</i></li></ul>
<table><tr><th>Day</th><th>Place</th></tr><tr><td>21</td><td>Geneva</td></tr></table>
</article><form>Your name <input></form><aside>Teaser</aside><footer>Imprint</footer></body></html>"""


def test_a_page_becomes_its_visible_paragraphs(tmp_path: Path) -> None:
    read = read_file(write(tmp_path, "a.HTML", PAGE))
    assert read.text == (
        "Talks go on\n\nOne bold café.\nSecond line.\n\nfirst\nsecond item\n\nDay | Place\n21 | Geneva"
    )
    assert (read.title, read.outlet, read.published_at) == ("Window title", "The Globe", "2022-01-21T10:00Z")


def test_linked_data_gives_outlet_and_date_and_may_be_broken() -> None:
    script = '<script type="application/ld+json">{}</script>'
    good = '{"@graph": [{"datePublished": "2022-01-21", "publisher": {"name": "Globe"}}]}'
    _, facts = parse_page(script.format("{broken") + script.format("[" * 5000) + script.format(good) + "<p>Text")
    assert (facts.outlet, facts.published_at) == ("Globe", "2022-01-21")


def test_a_page_whose_dates_differ_has_no_date() -> None:
    assert parse_page('<time datetime="2022-01-21"></time><time datetime="2022-01-22"></time>')[1].published_at is None


def test_a_form_around_the_whole_page_does_not_hide_it() -> None:
    assert parse_page("<form><h1>Title</h1><p>Text</p></form>")[0] == "Title\n\nText"


def test_a_layout_table_is_read_as_blocks_and_deep_nesting_is_survived() -> None:
    assert parse_page("<table><tr><td><p>left</p></td><td><p>right</p></td></tr></table>")[0] == "left\n\nright"
    assert parse_page("<div>" * 5000 + "deep")[0] == "deep"


def test_half_a_character_in_a_page_can_be_stored(tmp_path: Path) -> None:
    read = read_file(write(tmp_path, "a.html", '<meta property="og:title" content="&#xD800;"><p>&#xD800;x'))
    (read.text + (read.title or "")).encode()


def test_a_page_without_visible_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds no text"):
        read_file(write(tmp_path, "a.htm", "<script>text()</script>"))


# PDF


def test_the_pages_of_a_pdf_are_found_again_by_their_offsets(tmp_path: Path) -> None:
    info = "/Title (The talks) /Author (Jane Doe) /CreationDate (D:20220121103000Z)"
    read = read_file(write(tmp_path, "a.pdf", pdf_bytes(["First page.", "", "Third page."], info=info)))
    ends = [start - 2 for start in read.page_starts[1:]] + [len(read.text)]
    pages = [read.text[start:end] for start, end in zip(read.page_starts, ends, strict=True)]
    assert pages == ["First page.", "", "Third page."]
    assert (read.title, read.published_at) == ("The talks", "2022-01-21T10:30:00Z")
    assert read.metadata["author"] == "Jane Doe"


def test_a_pdf_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    key = "ab" * 32
    encrypted = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{key}> /U <{key}> >> /ID [<{key}> <{key}>]"
    for name, data, reason in (
        ("encrypted.pdf", pdf_bytes(["Text"], trailer=encrypted), "encrypted; save a copy without a password"),
        ("scan.pdf", pdf_bytes(["", ""]), "no text layer; run OCR first"),
        ("broken.pdf", b"%PDF-1.4 broken", "not a readable PDF"),
    ):
        with pytest.raises(ReadError, match=reason):
            read_file(write(tmp_path, name, data))


# Word


def word_file(path: Path) -> Path:
    document = docx.Document()
    document.add_heading("The talks", 1)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Day", "Place", "21", "Geneva"), strict=True):
        cell.text = text
    document.add_paragraph("After the\ttable.\nNext line.").paragraph_format.tab_stops.add_tab_stop(1000)
    document.core_properties.title, document.core_properties.author = "Report", "Jane Doe"
    document.save(str(path))
    return path


def test_paragraphs_and_tables_of_a_word_file_keep_their_order(tmp_path: Path) -> None:
    read = read_file(word_file(tmp_path / "a.docx"))
    assert read.text == "The talks\n\nDay | Place\n21 | Geneva\n\nAfter the\ttable.\nNext line."
    assert (read.title, read.metadata["author"]) == ("Report", "Jane Doe")
    assert read.published_at is None, "the date of python-docx's template is not the document's"


def test_inserted_text_and_content_controls_of_a_word_file_are_read(tmp_path: Path) -> None:
    source, target = word_file(tmp_path / "a.docx"), tmp_path / "b.docx"
    run = "<w:r><w:t>{}</w:t></w:r>"
    added = f"<w:sdt><w:sdtContent><w:p>{run.format('controlled')}</w:p></w:sdtContent></w:sdt>"
    added += (
        f"<w:p><w:ins>{run.format('inserted')}</w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p>"
    )
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<w:body>", b"<w:body>" + added.encode()))
    assert read_file(target).text.startswith("controlled\n\ninserted\n\nThe talks")


def test_a_word_file_that_unpacks_to_too_much_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = word_file(tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/zeros.bin", bytes(20_000_000))
    with pytest.raises(ReadError, match="unpacks to 21 MB"):
        read_file(path)


@pytest.mark.parametrize("data", [b"no zip at all", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_word_file_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ReadError, match="not a readable Word file"):
        read_file(write(tmp_path, "a.docx", data))


# Any file


def test_a_file_that_is_not_there_or_of_no_known_format_is_refused_with_a_remedy(tmp_path: Path) -> None:
    for suffix in READERS:
        with pytest.raises(ReadError, match="cannot be opened"):
            read_file(tmp_path / f"missing{suffix}")
    with pytest.raises(ReadError, match=r"\.xyz is no format read here; save it as one of \.txt"):
        read_file(write(tmp_path, "a.xyz", "text"))
