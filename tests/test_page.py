"""The chat page: escaped, guarded, and in a real browser the citation leads to the highlighted words."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.rendering import answer_html, escape, evidence_html, sources_html, survey_html
from qa.types import Account, Answer, Citation, Failure, IndexReport, Statement, Usage

ROOT = Path(__file__).parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
TRAP = (
    "The vault opened on Friday, <script>window.hacked=1</script><img src=http://example.invalid/x "
    "onerror=window.hacked=1> ![x](http://example.invalid/y.png) [a](javascript:window.hacked=1) $$x^2$$, said Keller."
)
KEY = "The key was found in the garden by Mara Lind."


def citation(text: str, start: int, end: int, **more) -> Citation:
    return Citation(1, "a.txt", more.get("title"), None, start, end, text[start:end], "verbatim")


@given(st.text())
def test_escaped_text_has_no_tag_no_markdown_and_no_control_character(text):
    escaped = escape(text)
    assert not set(escaped) & set("<>\"'`*_[]()!$|~\\\u202e\u2066\x00")
    assert re.sub(r"&#\d+;", "", escaped).count("&") == 0


@given(st.text(), st.text(min_size=1), st.text())
def test_nothing_in_a_document_becomes_markup(before, words, after):
    text = before + words + after
    html = evidence_html(citation(text, len(before), len(before) + len(words), title=words), text, "words-1-1")
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9]+)", html))
    assert tags <= {"article", "header", "h2", "p", "span", "div", "mark"}


def test_a_mark_inside_a_quotation_is_text_and_the_answers_own_is_a_link():
    text = "They said [1] and left."
    statement = Statement(text, (citation(text, 0, len(text)),))
    html = answer_html(Answer("q", "q", f"{text} [1]", (statement,)), 3)
    assert html.count("<a ") == 1
    assert 'href="#words-3-1"' in html


def test_a_rewritten_question_and_an_abstention_are_shown_as_such():
    html = answer_html(Answer("and he?", "And Keller?", "The documents do not answer.", abstained=True), 1)
    assert "Understood as: And Keller" in html
    assert "Not in the documents" in html


def test_what_went_wrong_and_what_it_cost_stand_below_the_answer():
    usage = Usage(seconds=2.04, input_tokens=1200, output_tokens=34, attempts=1)
    html = answer_html(Answer("q", "q", "They met.", usage=usage, notice="the <b>reply</b> broke off"), 1)
    assert "1,234 tokens, 2.0 s" in html
    assert "broke off" in html
    assert "<b>" not in html
    assert "tokens" not in answer_html(Answer("q", "q", "They met."), 1)


def test_what_each_source_says_is_escaped_and_leads_to_its_words():
    text = "<b>They</b> met on Friday [1]."
    told = Account("<i>.txt", "<u>", None, "2022-01-26", citation(text, 0, len(text)), "<s>Friday</s>", ("b.txt",))
    html = survey_html(Answer("q", "<em>when</em>?", "x"), (told, Account("c.txt")), 2)
    assert set(re.findall(r"<\s*/?\s*([a-z0-9]+)", html)) <= {
        "section",
        "header",
        "h2",
        "p",
        "div",
        "ul",
        "li",
        "a",
        "span",
    }
    assert 'href="#said-2-1"' in html and "does not say" in html and "1 say something, 1 do not" in html
    assert "also in b&#46;txt" in html and "2022&#45;01&#45;26" in html


def test_what_sync_did_is_listed_failures_first():
    report = IndexReport(failed=(Failure("<b>.pdf", "it is <i>encrypted</i>"),))
    html = sources_html((), report)
    assert "<b>" not in html and "<i>" not in html
    assert "encrypted" in html


@pytest.fixture
def page(tmp_path):
    """The page over a small folder with a trap in it, served as `make run` does, with the embedder for tests."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "trap.txt").write_text(f"A report on a vault\n\n{TRAP}\n\nNobody else was there.", "utf-8")
    (documents / "key.txt").write_text(f"What was seen on Monday\n\n{KEY}", "utf-8")
    code = """
import sys, time
from qa import embedding
from qa.quoting import QuoteAnswerer
from qa.testing import HashEmbedder
embedding.EMBEDDERS = {"local": lambda model, settings: HashEmbedder()}
quoted = QuoteAnswerer.stream
def stream(self, evidence):
    for _ in range(200 if "slowly" in evidence.question else 0):
        yield "word "
        time.sleep(0.1)
    yield from quoted(self, evidence)
QuoteAnswerer.stream = stream
import app
sys.exit(app.main(sys.argv[1:]))
"""
    arguments = [str(documents), "--store", str(tmp_path / "store"), "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    printed = []
    for line in process.stdout:
        printed.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            yield found.group()
            break
    else:
        pytest.fail("".join(printed))
    process.terminate()
    process.wait(10)


def test_every_response_carries_a_policy_without_inline_or_evaluated_scripts(page):
    for path in ("/", "/page.css", "/gradio_api/info", "/nothing"):
        headers = httpx.get(page + path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'" and policy["connect-src"] == "'self'"
        assert "unsafe" not in policy["script-src"]
        assert headers["x-content-type-options"] == "nosniff"


def test_another_sites_name_and_gradios_file_routes_get_nothing(page):
    assert httpx.get(page, headers={"host": "evil.example"}).status_code == 400
    for route in ("file=/etc/passwd", "upload", "proxy=http://example.invalid"):
        assert httpx.get(f"{page}/gradio_api/{route}").status_code == 404


def _ask(tab, question):
    box = tab.locator("#question textarea, #question input").first
    box.fill(question)
    box.press("Enter")


def _shown(tab, name):
    """The highlighted words, once they are those of the mark `name` and in view."""
    words = tab.locator(f"#evidence mark#{name}")
    words.wait_for()
    assert words.is_visible()
    return words.inner_text()


@pytest.fixture
def browser(socket_enabled):
    """A Chromium without a window."""
    if CHROMIUM is None:
        if os.environ.get("WITNESS_REQUIRE_BROWSER"):
            pytest.fail("no Chromium found, and WITNESS_REQUIRE_BROWSER is set")
        pytest.skip("no Chromium found; install it to run the browser test")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.mark.browser
def test_choosing_a_citation_highlights_its_words_and_nothing_leaves_this_machine(page, browser):
    asked: list[str] = []
    with browser.new_page() as tab:
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page)
        _ask(tab, "When did the vault open?")
        assert _shown(tab, "words-1-1") == TRAP
        _ask(tab, "Where was the key found?")
        assert _shown(tab, "words-2-1") == KEY
        tab.locator("a.mark[href='#words-1-1']").click()
        assert _shown(tab, "words-1-1") == TRAP
        assert tab.locator("a.mark[aria-current]").all_inner_texts() == tab.locator("a.mark").first.all_inner_texts()
        tab.locator("a.mark[href='#words-2-1']").press("Enter")
        assert _shown(tab, "words-2-1") == KEY
        tab.locator("a.mark[href='#words-1-1']").click()
        assert _shown(tab, "words-1-1") == TRAP
        assert tab.get_by_role("link", name=re.compile(r"Citation 1\s*: trap\.txt")).count() == 1
        tab.locator("a.each[href='#each-2']").click()
        tab.locator(".survey").wait_for()
        assert tab.locator(".survey li").count() == 2 and "does not say" in tab.locator(".survey").inner_text()
        tab.locator("a.said").first.click()
        assert _shown(tab, "said-2-1") == KEY
        assert tab.evaluate("window.hacked") is None
        assert tab.locator(".document img, .document script, .answer img, .answer a:not(.mark, .each)").count() == 0
    assert asked and all(url.startswith((page, "data:", "blob:")) for url in asked)


@pytest.mark.browser
def test_a_conversation_is_saved_as_a_file_and_a_slow_answer_can_be_stopped(page, browser, tmp_path):
    with browser.new_page() as tab:
        tab.goto(page)
        _ask(tab, "Where was the key found?")
        _shown(tab, "words-1-1")
        for form, suffix in (("Markdown", "md"), ("JSON", "json"), ("Markdown", "md")):
            with tab.expect_download() as download:
                tab.get_by_role("button", name=f"Save as {form}").click()
            assert download.value.suggested_filename == f"conversation.{suffix}"
            assert KEY in Path(download.value.path()).read_text("utf-8")
        _ask(tab, "When did the vault open, slowly?")
        tab.locator(".draft", has_text="word word").wait_for()
        box = tab.locator("#question textarea, #question input").first
        box.fill("typed meanwhile")
        tab.wait_for_timeout(500)
        assert box.input_value() == "typed meanwhile"
        with tab.expect_response(lambda response: response.url.endswith("/reset")):
            tab.get_by_role("button", name="Stop").click()
        tab.locator(".draft").wait_for(state="detached")
        assert tab.locator(".question").count() == 1
        _ask(tab, "Who found the key in the garden?")
        assert _shown(tab, "words-2-1") == KEY


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_nothing_stands_in_the_way_of_a_keyboard_or_a_screen_reader(page, browser, width, scheme):
    """axe-core's rules, at the start, with an answer, and with what each source says."""
    from axe_playwright_python.sync_playwright import Axe

    found: list[object] = []
    with browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme) as tab:

        def examine() -> None:
            tab.wait_for_timeout(400)  # colours fade in
            found.extend((v["id"], v["nodes"][0]["html"]) for v in Axe().run(tab).response["violations"])

        tab.goto(page)
        tab.locator("#question textarea, #question input").first.wait_for()
        examine()
        _ask(tab, "Where was the key found?")
        _shown(tab, "words-1-1")
        examine()
        tab.locator("a.each").click()
        tab.locator(".survey").wait_for()
        examine()
    assert found == []


def test_programs_can_ask_find_and_list(page):
    from gradio_client import Client

    client = Client(page, verbose=False)
    assert client.predict("Where was the key found?", api_name="/ask")["citations"][0]["cited_text"] == KEY
    assert client.predict("key", 1, api_name="/retrieve")[0]["source"] == "key.txt"
    assert [s["source"] for s in client.predict(api_name="/sources")] == ["key.txt", "trap.txt"]
