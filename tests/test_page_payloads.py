"""Hostile text in documents, titles, outlets, file names and questions: nothing runs, nothing is fetched, nothing moves.

Every payload would set `window.hacked`, ask example.invalid for something, or put an element where there should be none.
"""

import re

import pytest
from page_server import served
from test_page_browser import BOX, _ask, _open, browser  # noqa: F401

PAYLOADS = {
    "script": "<script>window.hacked=1</script>",
    "onerror": "<img src=x onerror=window.hacked=1>",
    "svg": "<svg onload=window.hacked=1><animate onbegin=window.hacked=1 attributeName=x dur=1s></svg>",
    "javascript link": "<a href=javascript:window.hacked=1>here</a> [here](javascript:window.hacked=1)",
    "css url": "<style>*{background:url(http://example.invalid/c)}</style><p style='background:url(//example.invalid/d)'>",
    "meta refresh": "<meta http-equiv=refresh content='0;url=http://example.invalid/m'><base href=http://example.invalid>",
    "form": "<form action=http://example.invalid/f><button autofocus onfocus=window.hacked=1>go</button></form>",
    "iframe": "<iframe src=http://example.invalid/i srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "markdown image": "![seen](http://example.invalid/p.png)",
    "reference image": "![seen][r] <http://example.invalid/auto>\n\n[r]: http://example.invalid/r.png",
    "data url": "<object data='data:text/html,<script>window.hacked=1</script>'></object> [x](data:text/html,x)",
    "bidi": "\u202egnp.exe\u202c \u2066turned\u2069 \u200fmark",
    "zero width": "Ot\u200bto\u200d Bra\u2060ndt\ufeff \U000e0041\U000e0042",
    "fake mark": "[1] [2] <a class=mark href=#words-1-1>[1]</a> <mark id=words-9-9>this</mark>",
    "closing tags": "</div></article></main><h1 id=chosen style=position:fixed;inset:0>\"'`</textarea></script>",
    "latex and code": "$$\\href{javascript:window.hacked=1}{x}$$ ```html\n<img src=x onerror=window.hacked=1>\n``` {{7*7}} ${7*7}",
}
ELEMENTS = (
    "script, style, img, svg, iframe, object, embed, form, meta, base, input, textarea, [onerror], [onload], [style]"
)
THINGS = (
    "lantern kettle mirror piano ladder saddle anvil candle basket violin hammer carpet window bottle engine barrel"
)
THING = dict(zip(PAYLOADS, THINGS.split(), strict=True))
PANES = "#chat .message-content, #evidence .prose, #news .prose, #failures .prose, #count .prose, #card"
pytestmark = pytest.mark.browser


def _file_name(name: str, payload: str) -> str:
    shown = re.sub(r"[/\n]", "", payload)[:80]
    return f"{name} {shown}.md"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page over a document for each payload, which stands in its name, title, outlet and text."""
    made = tmp_path_factory.mktemp("hostile")
    (made / "documents").mkdir()
    for name, payload in PAYLOADS.items():
        one_line = payload.replace("\n", " ").replace('"', "'")
        head = f'---\ntitle: "Report {name} {one_line}"\nauthor: "{one_line}"\nsource: "Outlet {one_line}"\n---\n\n'
        said = f"The {THING[name]} was repaired by Otto Brandt {payload} on Tuesday.\n"
        (made / "documents" / _file_name(name, payload)).write_text(head.replace("\\", "") + said, "utf-8")
    (made / "documents" / "<img src=x onerror=window.hacked=1>.bin").write_bytes(b"\0")
    with served(made / "documents", made / "store") as address:
        yield address


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_shown_as_text_wherever_it_stands(page, browser, name):  # noqa: F811
    asked: list[str] = []
    tab = _open(browser, page, asked)
    tab.locator("#ticked label", has_text=f"Report {name} ").click()
    tab.locator("#count", has_text="1 of 16 documents").wait_for()
    question = f"Who repaired the {THING[name]}?"
    _ask(tab, f"{question} {PAYLOADS[name]}".replace("\n", " "))
    tab.locator(".answer:not(.draft)").wait_for()
    _ask(tab, question)
    mark = tab.locator("a.mark[href^='#words-2-']").first
    mark.wait_for()
    tab.locator("a.each").last.click()
    tab.locator(".survey").wait_for()
    mark.click()
    tab.locator("#evidence mark[id^='words-2-']").wait_for()
    assert f"The {THING[name]} was repaired" in tab.locator("#evidence .document").inner_text()
    tab.mouse.move(0, 0)
    mark.hover()
    tab.locator("#card").wait_for()
    assert tab.evaluate("window.hacked") is None
    for pane in PANES.split(", "):
        assert tab.locator(pane).locator(ELEMENTS).count() == 0, pane
    assert tab.locator("#evidence mark").count() == 1
    assert tab.evaluate("[...document.links].every(link => link.origin === location.origin)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1280
    assert tab.locator("#ask").bounding_box()["y"] < 720
    assert [url for url in asked if not url.startswith((page, "data:", "blob:"))] == []


def test_a_conversation_of_that_name_and_an_upload_of_that_name_stay_text(page, browser, tmp_path):  # noqa: F811
    upload = tmp_path / _file_name("mine", PAYLOADS["onerror"])
    upload.write_text("The mill was sold by Ada Weiss.", "utf-8")
    tab = _open(browser, page)
    tab.locator("#drop input[type=file]").set_input_files(upload)
    tab.locator("#news", has_text="1 document added.").wait_for()
    _ask(tab, "Who sold the mill? " + PAYLOADS["onerror"])
    tab.locator("#listed", has_text="<img src=x").wait_for()
    assert tab.evaluate("window.hacked") is None
    assert tab.locator("#library img, #library script, #library svg:not([class]), #library iframe").count() == 0
    assert "<img src=x onerror=window.hacked=1>.bin" in tab.locator("#failures").inner_text()
