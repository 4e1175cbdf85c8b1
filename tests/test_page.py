"""The chat page: what it makes of documents is escaped, and what it answers to is guarded."""

import re
import subprocess
import sys
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_server import KEY, ROOT, served, write_documents

from page.rendering import answer_html, escape, evidence_html, rows_html, survey_html
from qa.types import Account, Answer, Citation, Statement, Usage


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
    assert tags <= {"article", "header", "h2", "p", "span", "div", "mark", "a"}


def test_a_mark_inside_a_quotation_is_text_and_the_answers_own_is_a_link():
    text = "They said [1] and left."
    statement = Statement(text, (citation(text, 0, len(text)),))
    html = answer_html(Answer("q", "q", f"{text} [1]", (statement,)), 3)
    assert html.count('<a class="mark') == 1
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
        "h3",
    }
    assert 'href="#said-2-1"' in html and "does not say" in html and "1 say something, 1 do not" in html
    assert "also in b&#46;txt" in html and "2022&#45;01&#45;26" in html


def test_what_was_not_read_is_listed_with_its_reason():
    html = rows_html([("<i>.pdf", "it is <i>encrypted</i>")], "failed")
    assert "<i>" not in html
    assert "encrypted" in html


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page over a small folder with a trap in it."""
    made = tmp_path_factory.mktemp("page")
    write_documents(made / "documents")
    with served(made / "documents", made / "store") as address:
        yield address


def test_every_response_carries_a_policy_without_inline_or_evaluated_scripts(page):
    for path in ("/", "/page.css", "/gradio_api/info", "/nothing"):
        headers = httpx.get(page + path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'" and policy["connect-src"] == "'self'"
        assert "unsafe" not in policy["script-src"]
        assert headers["x-content-type-options"] == "nosniff"


def test_another_sites_name_and_gradios_file_routes_get_nothing(page):
    assert httpx.get(page, headers={"host": "evil.example"}).status_code == 400
    for route in ("file=/etc/passwd", "mcp/", "proxy=http://example.invalid"):
        assert httpx.get(f"{page}/gradio_api/{route}").status_code == 404


@pytest.mark.parametrize("path", ["/etc/hostname", "{documents}/key.txt", "http://127.0.0.1:9/x", "../../etc/hosts", 7])
def test_no_event_is_given_a_file_that_was_not_uploaded(page, tmp_path, path):
    """Gradio takes a dictionary with a path for a file wherever it stands, and does not check it in a mounted app."""
    secret = tmp_path / "key.txt"
    secret.write_text(KEY, "utf-8")
    named = str(secret) if path == "{documents}/key.txt" else path
    file = {"path": named, "meta": {"_type": "gradio.FileData"}, "orig_name": "key.txt"}
    with httpx.Client(base_url=page) as client:
        for event in [d["id"] for d in client.get("/config").json()["dependencies"]]:
            body = {"data": [file], "fn_index": event, "session_hash": "x"}
            assert client.post("/gradio_api/queue/join", json=body).status_code == 403
        for sent in (file, [file], {"deep": [[file]]}):
            assert client.post("/gradio_api/call/ask", json={"data": [sent]}).status_code == 403
    assert secret.exists()


def test_what_another_sites_page_sends_is_refused_and_so_is_what_is_no_json(page):
    join, body = f"{page}/gradio_api/queue/join", {"data": [], "fn_index": 0, "session_hash": "x"}
    assert httpx.post(join, json=body, headers={"origin": "http://evil.example"}).status_code == 403
    assert httpx.post(join, json=body, headers={"origin": page}).status_code == 200
    assert httpx.post(join, content=b"{", headers={"origin": page}).status_code == 403
    assert httpx.post(join, content=b"[" * 100_000).status_code == 403
    assert httpx.post(join, content=b" " * 6_000_000).status_code == 403
    assert httpx.post(f"{page}/gradio_api/upload", content=b" " * 51_000_000).status_code == 413


def test_stopping_the_page_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    write_documents(tmp_path / "documents")
    with served(tmp_path / "documents", tmp_path / "store"):
        assert list(tmp_path.glob("witness-*"))
    assert not list(tmp_path.glob("witness-*"))


def test_programs_can_ask_find_and_list(page):
    from gradio_client import Client

    client = Client(page, verbose=False)
    assert client.predict("Where was the key found?", api_name="/ask")["citations"][0]["cited_text"] == KEY
    assert client.predict("key", 1, api_name="/retrieve")[0]["source"] == "key.txt"
    assert [s["source"] for s in client.predict(api_name="/sources")] == ["key.txt", "speech.txt", "trap.txt"]


def test_the_page_notices_what_changes_in_its_folder(tmp_path):
    from gradio_client import Client

    write_documents(tmp_path / "documents")
    with served(tmp_path / "documents", tmp_path / "store") as address:
        client = Client(address, verbose=False)
        (tmp_path / "documents" / "new.txt").write_text("The lantern was repaired by Otto Brandt.", "utf-8")
        until = time.monotonic() + 30
        while len(client.predict(api_name="/sources")) < 4 and time.monotonic() < until:
            time.sleep(0.3)
        assert "Otto Brandt" in client.predict("Who repaired the lantern?", api_name="/ask")["text"]


def test_agents_find_the_same_three_calls_and_ask_with_citations(tmp_path):
    pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
    import asyncio

    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def asked(address: str) -> tuple[list[str], str]:
        async with (
            streamable_http_client(f"{address}/gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            answer = await session.call_tool("ask", {"question": "Where was the key found?"})
            return [t.name for t in tools], answer.content[0].text

    write_documents(tmp_path / "documents")
    with served(tmp_path / "documents", tmp_path / "store", "--mcp") as address:
        names, answer = asyncio.run(asked(address))
    assert names == ["ask", "retrieve", "sources"]
    assert KEY in answer and "start_char_index" in answer


def test_gradio_is_imported_whole_without_writing_stubs_and_nothing_stays_changed():
    code = """
import ast, inspect
from page.importing import import_gradio
found, parsed = inspect.getfile, []
parse = ast.parse
ast.parse = lambda source, *a, **k: (parsed.append(source), parse(source, *a, **k))[1]
import_gradio()
import gradio
assert inspect.getfile is found
assert inspect.getfile(gradio.Textbox).endswith("textbox.py")
assert not any("class Textbox" in str(p) for p in parsed)
with gradio.Blocks() as page:
    gradio.Textbox().submit(print)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
