"""The page in a real browser: the journey of a reader, keyboard and phone included, and nothing leaves this machine."""

import os
import re
import shutil
from pathlib import Path

import pytest
from page_server import KEY, TRAP, served, write_documents

from page.accounts import add

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
BOX = "#question textarea, #question input"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page over a small folder with a trap in it."""
    made = tmp_path_factory.mktemp("page")
    write_documents(made / "documents")
    with served(made / "documents", made / "store") as address:
        yield address


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
        opened.new_context().set_default_timeout(10_000)
        yield opened
        opened.close()


def _open(browser, address, asked=None, **options):
    """A browser session of its own on the page, once it can be used. The addresses it asks for go into `asked`."""
    tab = browser.new_context(**options).new_page()
    tab.on("request", lambda request: (asked if asked is not None else []).append(request.url))
    tab.set_default_timeout(15_000)
    tab.goto(address)
    tab.locator(BOX).first.wait_for()
    tab.locator("#count .count").wait_for(state="attached")
    return tab


def _ask(tab, question):
    """Asks, and waits until the page has taken the question: then the box is empty for the next."""
    _enter(tab, question)
    from playwright.sync_api import expect

    expect(tab.locator(BOX).first).to_have_value("", timeout=15_000)


def _enter(tab, question):
    tab.locator(BOX).first.fill(question)
    tab.locator(BOX).first.press("Enter")


def _shown(tab, name):
    """The highlighted words, once they are those of the mark `name` and in view."""
    words = tab.locator(f"#evidence mark#{name}")
    words.wait_for()
    return words.inner_text()


def test_choosing_a_citation_highlights_its_words_and_nothing_leaves_this_machine(page, browser):
    asked: list[str] = []
    tab = _open(browser, page, asked)
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
    assert tab.evaluate("window.hacked") is None
    assert tab.locator(".document img, .document script, .answer img, .answer a:not(.mark, .each)").count() == 0
    assert asked and all(url.startswith((page, "data:", "blob:")) for url in asked)


def test_the_whole_journey_of_a_reader(browser, tmp_path):
    documents = tmp_path / "documents"
    write_documents(documents)
    for day in ("Monday", "Friday"):
        (documents / f"{day}.txt").write_text(
            f"A bridge\n\nThe bridge of Altdorf was opened on {day} by Ada Weiss.", "utf-8"
        )
    (tmp_path / "note.txt").write_text("The bridge of Altdorf was painted green by Otto Brandt.", "utf-8")
    with served(documents, tmp_path / "store") as address:
        tab = _open(browser, address)
        tab.locator("#suggested button").first.click()
        tab.locator("a.mark[href='#words-1-1']").first.click()
        tab.locator("#evidence mark#words-1-1").wait_for()
        _ask(tab, "On which day was the bridge of Altdorf opened?")
        differing = tab.locator(".answer.differing")
        differing.wait_for()
        assert "Monday" in differing.inner_text() and "Friday" in differing.inner_text()
        tab.locator("a.each").last.click()
        sides = tab.locator(".survey .sides").inner_text()
        assert "Monday" in sides and "Friday" in sides
        _ask(tab, "And who opened it?")
        understood = tab.locator(".understood")
        understood.wait_for()
        assert "bridge" in understood.inner_text()
        tab.locator("#drop input[type=file]").set_input_files(tmp_path / "note.txt")
        tab.locator("#news", has_text="1 document added.").wait_for()
        _ask(tab, "Who painted the bridge of Altdorf green?")
        assert "Otto Brandt" in _shown(tab, "words-4-1")
        tab.get_by_role("button", name="Rename, delete or save").click()
        with tab.expect_download() as download:
            tab.get_by_role("button", name="Save as HTML").click()
        saved = Path(download.value.path()).read_text("utf-8")
        assert "Otto Brandt" in saved and "note.txt" in saved and "uploads/" not in saved and str(tmp_path) not in saved
        before = tab.locator("#chat .answer").all_inner_texts()
        tab.reload()
        tab.locator("#chat .answer").nth(3).wait_for()
        assert tab.locator("#chat .answer").all_inner_texts() == before


def test_with_a_login_the_page_works_and_keeps_users_apart(browser, tmp_path):
    for name in ("ann", "ben"):
        add(tmp_path / "users", name, f"password of {name}")
    write_documents(tmp_path / "documents")
    with served(tmp_path / "documents", tmp_path / "store", "--auth-file", str(tmp_path / "users")) as address:
        context = browser.new_context(http_credentials={"username": "ann", "password": "password of ann"})
        tab = context.new_page()
        tab.goto(address)
        _ask(tab, "Where was the key found?")
        assert _shown(tab, "words-1-1") == KEY
        cookies = context.cookies()
        other = browser.new_context(http_credentials={"username": "ben", "password": "password of ben"})
        other.add_cookies(cookies)
        page = other.new_page()
        page.goto(address)
        page.locator("#count .count").wait_for()
        assert page.locator(".question").count() == 0
        wrong = browser.new_context(http_credentials={"username": "ann", "password": "wrong"}).new_page()
        assert wrong.goto(address).status == 401


def test_who_waits_sees_the_place_in_the_queue_and_can_leave_it(page, browser):
    tabs = [_open(browser, page) for _ in range(5)]
    for tab in tabs:
        _enter(tab, "When did the vault open, endlessly?")
        tab.wait_for_timeout(300)
    waiting = tabs[-1].locator("#chat .progress-text", has_text="queue: 1/1")
    waiting.wait_for()
    tabs[-1].get_by_role("button", name="Stop").click()
    waiting.wait_for(state="detached")
    for tab in tabs[:-1]:
        tab.get_by_role("button", name="Stop").click()
        tab.locator(".draft").wait_for(state="detached")


def test_a_mark_that_is_pointed_at_or_focused_shows_its_quote(page, browser):
    tab = _open(browser, page)
    _ask(tab, "Where was the key found?")
    _shown(tab, "words-1-1")
    mark = tab.locator("a.mark").first
    for show, hide in ((mark.hover, lambda: tab.mouse.move(0, 0)), (mark.focus, lambda: tab.keyboard.press("Escape"))):
        show()
        card = tab.get_by_role("tooltip")
        card.wait_for()
        assert KEY in card.inner_text() and "key.txt" in card.inner_text() and "Verbatim" in card.inner_text()
        hide()
        card.wait_for(state="hidden")


def test_what_each_source_says_leads_to_its_words(page, browser):
    tab = _open(browser, page)
    _ask(tab, "Where was the key found?")
    _shown(tab, "words-1-1")
    tab.locator("a.each").click()
    tab.locator(".survey").wait_for()
    assert tab.locator(".survey li").count() == 3 and "does not say" in tab.locator(".survey").inner_text()
    tab.locator("a.said").first.click()
    assert _shown(tab, "said-1-1") == KEY


def test_conversations_survive_a_reload_and_can_be_found_renamed_and_deleted(page, browser):
    tab = _open(browser, page)
    _ask(tab, "Where was the key found?")
    _shown(tab, "words-1-1")
    tab.reload()
    tab.locator("a.mark").first.click()
    assert _shown(tab, "words-1-1") == KEY
    tab.get_by_role("button", name="New conversation").click()
    tab.locator(".question").wait_for(state="detached")
    _ask(tab, "When did the vault open?")
    assert _shown(tab, "words-1-1") == TRAP
    listed = tab.locator("#listed label")
    assert listed.all_inner_texts() == ["When did the vault open?", "Where was the key found?"]
    tab.get_by_label("Find a conversation").fill("GARDEN")
    listed.nth(1).wait_for(state="detached")
    assert listed.all_inner_texts() == ["Where was the key found?"]
    listed.first.click()
    tab.locator(".question", has_text="key").wait_for()
    tab.get_by_role("button", name="Rename, delete or save").click()
    tab.get_by_label("New title of this conversation").fill("The <b>key</b>")
    tab.get_by_role("button", name="Rename").last.click()
    tab.locator("#listed", has_text="The <b>key</b>").wait_for()
    tab.get_by_role("button", name="Delete", exact=True).click()
    tab.locator(".question", has_text="vault").wait_for()
    assert listed.all_inner_texts() == ["When did the vault open?"]


def test_a_conversation_is_saved_as_a_file_and_a_slow_answer_can_be_stopped(page, browser):
    tab = _open(browser, page)
    _ask(tab, "Where was the key found?")
    _shown(tab, "words-1-1")
    tab.get_by_role("button", name="Rename, delete or save").click()
    for form, suffix in (("Markdown", "md"), ("JSON", "json"), ("Markdown", "md")):
        with tab.expect_download() as download:
            tab.get_by_role("button", name=f"Save as {form}").click()
        assert download.value.suggested_filename == f"conversation.{suffix}"
        assert KEY in Path(download.value.path()).read_text("utf-8")
    _ask(tab, "When did the vault open, endlessly?")
    tab.locator(".draft", has_text="word word").wait_for()
    box = tab.locator(BOX).first
    box.fill("typed meanwhile")
    tab.wait_for_timeout(500)
    assert box.input_value() == "typed meanwhile"
    with tab.expect_response(lambda response: response.url.endswith("/reset")):
        tab.get_by_role("button", name="Stop").click()
    tab.locator(".draft").wait_for(state="detached")
    assert tab.locator(".question").count() == 1
    _ask(tab, "Who found the key in the garden?")
    assert _shown(tab, "words-2-1") == KEY


def test_a_question_sent_while_another_is_answered_is_asked_after_it(page, browser):
    tab = _open(browser, page)
    _ask(tab, "When did the vault open, slowly?")
    tab.locator(".draft", has_text="word word").wait_for()
    _enter(tab, "Where was the key found?")
    tab.set_default_timeout(40_000)
    assert _shown(tab, "words-2-1") == KEY
    assert tab.locator(".question").all_inner_texts() == [
        "When did the vault open, slowly?",
        "Where was the key found?",
    ]


def test_ticked_sources_alone_are_asked_and_a_filter_finds_them(page, browser):
    tab = _open(browser, page)
    tab.get_by_label("Filter the sources").fill("VAULT")
    rows = tab.locator("#ticked label")
    rows.nth(1).wait_for(state="detached")
    rows.first.click()
    tab.locator("#count", has_text="asked of 1 of 3 documents").wait_for()
    _ask(tab, "Where was the key found?")
    tab.locator(".answer.abstained").wait_for()
    tab.get_by_role("button", name="Clear ticks").click()
    tab.locator("#count", has_text="Tick some").wait_for()
    _ask(tab, "Where was the key found in the garden?")
    assert _shown(tab, "words-2-1") == KEY


def test_an_upload_is_asked_seen_by_its_session_alone_and_removed(page, browser, tmp_path):
    (tmp_path / "note.txt").write_text("The lantern was repaired by Otto Brandt on Tuesday.", "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")
    tab, other = _open(browser, page), _open(browser, page)
    tab.locator("#drop input[type=file]").set_input_files([tmp_path / "note.txt", tmp_path / "empty.txt"])
    tab.locator("#news", has_text="1 document added.").wait_for()
    assert "Not read: empty.txt" in tab.locator("#news").inner_text()
    _ask(tab, "Who repaired the lantern?")
    assert "Otto Brandt" in _shown(tab, "words-1-1")
    assert tab.locator("#evidence .file").inner_text() == "note.txt"
    other.reload()
    _ask(other, "Who repaired the lantern?")
    other.locator(".answer.abstained").wait_for()
    assert "Brandt" not in other.content() and "note.txt" not in other.content()
    assert other.locator("#listed label").all_inner_texts() == ["Who repaired the lantern?"]
    link = tab.locator("a.link").get_attribute("href")
    other.goto(page + "/" + link)
    other.locator(BOX).first.wait_for()
    assert "Brandt" not in other.content()
    tab.locator("#ticked label", has_text="note.txt").click()
    tab.get_by_role("button", name="Remove ticked").click()
    tab.locator("#news", has_text="1 document removed.").wait_for()
    tab.locator("#ticked label", has_text="note.txt").wait_for(state="detached")


def test_a_link_opens_the_document_at_its_words(page, browser):
    tab = _open(browser, page)
    _ask(tab, "Where was the key found?")
    _shown(tab, "words-1-1")
    link = tab.locator("a.link").get_attribute("href")
    assert _shown(_open(browser, page + "/" + link), "words-0-0") == KEY


def test_a_suggested_question_is_asked_by_a_click(page, browser):
    tab = _open(browser, page)
    button = tab.locator("#suggested button").first
    button.wait_for()
    button.click()
    tab.locator("a.mark").first.wait_for()
    assert tab.locator(".answer.abstained").count() == 0


def test_a_phone_shows_evidence_and_sources_as_sheets_that_escape_closes(page, browser):
    tab = _open(browser, page, viewport={"width": 390, "height": 844})
    _ask(tab, "Where was the key found?")
    tab.locator("a.mark").first.wait_for()
    assert not tab.locator("#evidence").is_visible()
    tab.locator("a.mark").first.click()
    assert _shown(tab, "words-1-1") == KEY
    assert tab.evaluate("document.activeElement.id") == "close"
    tab.keyboard.press("Escape")
    tab.locator("#evidence").wait_for(state="hidden")
    assert tab.evaluate("document.activeElement.className").startswith("mark")
    tab.get_by_role("button", name="Sources and settings").click()
    tab.get_by_label("Filter the sources").wait_for()
    tab.keyboard.press("Escape")
    tab.get_by_label("Filter the sources").wait_for(state="hidden")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_keyboard_alone_asks_follows_a_mark_and_reads(page, browser):
    tab = _open(browser, page)
    assert tab.evaluate("document.activeElement.closest('#question') !== null")
    tab.keyboard.type("Where was the key found?")
    tab.keyboard.press("Enter")
    _shown(tab, "words-1-1")
    for wanted in ("button#send", "a.mark", "a.each", "a.link", ".document"):
        for key in ("Tab", "Shift+Tab"):
            reached = _press_until(tab, key, wanted)
            if reached:
                break
        assert reached, wanted
        outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", wanted
    _press_until(tab, "Shift+Tab", "a.each")
    tab.keyboard.press("Enter")
    tab.locator(".survey").wait_for()


def _press_until(tab, key, selector, most=60):
    for _ in range(most):
        if tab.evaluate("s => document.activeElement.matches(s)", selector):
            return True
        tab.keyboard.press(key)
    return False


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_nothing_stands_in_the_way_of_a_keyboard_or_a_screen_reader(page, browser, width, scheme):
    """axe-core's rules: at the start, with an answer, an abstention, what each source says, and every panel open."""
    from axe_playwright_python.sync_playwright import Axe

    found: list[object] = []
    tab = _open(browser, page, viewport={"width": width, "height": 900}, color_scheme=scheme)

    def examine() -> None:
        tab.wait_for_timeout(400)  # colours fade in
        found.extend((v["id"], v["nodes"][0]["html"]) for v in Axe().run(tab).response["violations"])

    examine()
    _ask(tab, "Where was the key found?")
    tab.locator("a.mark").first.click()
    _shown(tab, "words-1-1")
    examine()
    tab.keyboard.press("Escape")
    _ask(tab, "Who invented the telephone?")
    tab.locator(".abstained").wait_for()
    tab.locator("a.each").first.click()
    tab.locator(".survey").wait_for()
    examine()
    tab.keyboard.press("Escape")
    if width < 900:
        tab.get_by_role("button", name="Sources and settings").click()
    tab.get_by_role("button", name="Rename, delete or save").click()
    tab.get_by_role("button", name="Settings", exact=True).click()
    tab.locator("#needs").wait_for()
    examine()
    assert found == []
