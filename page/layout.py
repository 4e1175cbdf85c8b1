"""The page's panes and controls, and which event each sets off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from page.api import Api
from page.events import MOST_CHARACTERS, NOTHING, SUGGESTIONS, Events
from page.exporting import FORMATS
from page.library import Library
from page.setting_events import SettingEvents
from page.source_events import SourceEvents
from qa.reading import READERS

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_SUGGESTING = {**_QUIET, "concurrency_limit": 1, "concurrency_id": "suggestions"}  # so that answers come first
_AT_ONCE = 4  # answers that are written at the same time
_MOST_PAGES = 200  # open or closed ones that Gradio remembers: it keeps some 25 kB of every answer shown


@dataclass(frozen=True, slots=True)
class _Talk:
    """The controls of the conversation pane."""

    chat: Any
    suggested: Sequence[Any]
    question: Any
    send: Any
    stop: Any


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The controls of the sources pane."""

    words: Any
    ticked: Any
    count: Any
    clear: Any
    remove: Any
    drop: Any
    folder: Any
    add: Any
    news: Any
    failures: Any


@dataclass(frozen=True, slots=True)
class _Kept:
    """The controls for conversations: which there are, which is shown, what may be done with it."""

    begin: Any
    words: Any
    listed: Any
    title: Any
    rename: Any
    delete: Any
    exports: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Drawer:
    """The controls of the settings."""

    answerer: Any
    cost: Any


def build(events: Events) -> gr.Blocks:
    """The page."""
    library, answerers = events.library, events.answerers
    shelves = SourceEvents(library, events.session)
    settings = SettingEvents(answerers, events.session)
    with gr.Blocks(title="Witness", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)) as page:
        name = gr.State("")
        _masthead()
        with gr.Row(elem_id="panes"):
            with gr.Column(elem_id="library"):
                kept = _conversations()
                shelf = _sources(library)
                drawer = _settings(settings)
            with gr.Column(elem_id="conversation"):
                talk = _conversation()
            with gr.Column(elem_id="witnesses"):
                gr.Button("Close", elem_id="close", size="sm")
                evidence = gr.Markdown(NOTHING, elem_id="evidence", latex_delimiters=[])
        chosen = gr.Textbox(visible="hidden", elem_id="chosen")
        exported = gr.Markdown(elem_id="exported", latex_delimiters=[])

        page.load(events.opened, None, [talk.chat, evidence, name, kept.listed], **_QUIET)
        _wire_asking(events, talk, kept, shelf, drawer, settings, name, evidence)
        _wire_conversations(events, talk, kept, name, evidence, exported)
        _wire_sources(page, shelves, shelf)
        chosen.change(events.evidence, [chosen, name], evidence, **_QUIET, concurrency_limit=_AT_ONCE)
        drawer.answerer.input(settings.choose, drawer.answerer, drawer.cost, **_QUIET)
        page.load(settings.opened, None, [drawer.answerer, drawer.cost], **_QUIET)
        api = Api(events)
        for call in (api.ask, api.retrieve, api.sources):
            gr.api(call, api_name=call.__name__, concurrency_limit=_AT_ONCE)
    page.state_session_capacity = _MOST_PAGES
    page.queue(api_open=False)
    return page


def _masthead() -> None:
    with gr.Row(elem_id="masthead"):
        gr.Markdown(
            "<h1>Witness</h1><p>Answers from your documents, each with the exact words it rests on.</p>", elem_id="name"
        )
        gr.Button("Sources and settings", elem_id="open-library", size="sm")


def _conversation() -> _Talk:
    chat = gr.Chatbot(
        placeholder="<h2>Ask a question in plain words</h2>"
        "<p>Each sentence of an answer is marked with the place it comes from.</p>",
        elem_id="chat", label="Conversation", show_label=False, container=False, layout="panel", height="100%",
        buttons=[], feedback_options=None, latex_delimiters=[], allow_tags=False,
    )  # fmt: skip
    with gr.Row(elem_id="suggested"):
        suggested = [gr.Button(visible=False, size="sm") for _ in range(SUGGESTIONS)]
    with gr.Row(elem_id="ask"):
        question = gr.Textbox(
            placeholder="Ask about the documents", label="Question", show_label=False, container=False,
            max_length=MOST_CHARACTERS, autofocus=True, elem_id="question", scale=1,
        )  # fmt: skip
        send = gr.Button("Send", variant="primary", elem_id="send", scale=0)
        stop = gr.Button("Stop", elem_id="stop", scale=0)
    return _Talk(chat, suggested, question, send, stop)


def _conversations() -> _Kept:
    begin = gr.Button("New conversation", elem_id="begin", size="sm")
    with gr.Accordion("Conversations", elem_id="conversations"):
        words = _box("Find a conversation", "find")
        listed = gr.Radio([], label="Conversations", show_label=False, container=False, visible=False, elem_id="listed")
        with gr.Accordion("Rename, delete or save", open=False, elem_id="naming"):
            title = _box("New title of this conversation", "title")
            with gr.Row():
                rename = gr.Button("Rename", size="sm")
                delete = gr.Button("Delete", size="sm")
                exports = {form: gr.Button(f"Save as {form}", size="sm") for form in FORMATS}
    return _Kept(begin, words, listed, title, rename, delete, exports)


def _sources(library: Library) -> _Shelf:
    with gr.Accordion("Sources", elem_id="sources"):
        count = gr.Markdown(elem_id="count", latex_delimiters=[])
        words = _box("Filter the sources", "filter")
        ticked = gr.CheckboxGroup(
            [], label="Ask only these sources", show_label=False, container=False, elem_id="ticked"
        )
        with gr.Row(elem_id="ticking"):
            clear = gr.Button("Clear ticks", size="sm")
            remove = gr.Button("Remove ticked", size="sm", visible=library.takes_files)
        drop = gr.File(
            label="Add files", file_count="multiple", file_types=sorted(READERS), height=110, elem_id="drop",
            visible=library.takes_files,
        )  # fmt: skip
        with gr.Row(visible=bool(library.folders()), elem_id="folders"):
            folder = gr.Dropdown(library.folders(), label="Folder on the server", value=None)
            add = gr.Button("Add folder", size="sm")
        news = gr.Markdown(elem_id="news", latex_delimiters=[])
        failures = gr.Markdown(elem_id="failures", latex_delimiters=[])
    return _Shelf(words, ticked, count, clear, remove, drop, folder, add, news, failures)


def _settings(settings: SettingEvents) -> _Drawer:
    with gr.Accordion("Settings", open=False, elem_id="settings"):
        answerer = gr.Radio(settings.choices(), label="Who writes the answers", elem_id="answerer")
        cost = gr.Markdown(elem_id="cost", latex_delimiters=[])
        gr.Markdown(settings.needs(), elem_id="needs", latex_delimiters=[])
    return _Drawer(answerer, cost)


def _box(label: str, elem_id: str) -> Any:
    return gr.Textbox(placeholder=label, label=label, show_label=False, container=False, elem_id=elem_id)


def _wire_asking(
    events: Events, talk: _Talk, kept: _Kept, shelf: _Shelf, drawer: _Drawer, settings: SettingEvents, name: Any, evidence: Any
) -> None:  # fmt: skip
    outputs = [talk.chat, evidence, name, talk.question, kept.listed]
    asked: dict[str, Any] = {
        "outputs": outputs, "api_visibility": "private", "show_progress": "minimal", "show_progress_on": talk.chat,
        "concurrency_limit": _AT_ONCE, "concurrency_id": "answers", "trigger_mode": "always_last",
    }  # fmt: skip
    running = [
        gr.on([talk.question.submit, talk.send.click], events.reply, [talk.question, name, shelf.ticked], **asked)
    ]
    running += [b.click(events.reply, [b, name, shelf.ticked], **asked) for b in talk.suggested]
    for event in running:
        event.then(events.suggest, name, talk.suggested, **_SUGGESTING).then(
            settings.spent, None, drawer.cost, **_QUIET
        )
    # Cancelling closes the stream on which an event's result would come, so the redrawing is an event of its own.
    talk.stop.click(None, cancels=running).then(events.stopped, name, talk.chat, **_QUIET)
    name.change(events.suggest, name, talk.suggested, **_SUGGESTING)


def _wire_conversations(
    events: Events, talk: _Talk, kept: _Kept, name: Any, evidence: Any, exported: Any
) -> None:  # fmt: skip
    whole = [talk.chat, evidence, name, kept.listed]
    kept.begin.click(events.begin, None, whole, **_QUIET)
    kept.delete.click(events.delete, name, whole, **_QUIET)
    kept.listed.input(events.open, kept.listed, [talk.chat, evidence, name], **_QUIET)
    gr.on(
        [kept.rename.click, kept.title.submit], events.rename, [kept.title, name], [kept.title, kept.listed], **_QUIET
    )
    # Not `input`, which Gradio raises for key strokes only, and not when text is pasted.
    kept.words.change(events.find, [kept.words, name], kept.listed, **_QUIET)
    for form, button in kept.exports.items():
        button.click(events.export, [gr.State(form), name], exported, **_QUIET)


def _wire_sources(page: gr.Blocks, shelves: SourceEvents, shelf: _Shelf) -> None:
    shown, given = [shelf.ticked, shelf.count], [shelf.words, shelf.ticked]
    page.load(shelves.listed, given, shown, **_QUIET)
    page.load(shelves.failures, None, shelf.failures, **_QUIET)
    shelf.words.change(shelves.listed, given, shown, **_QUIET)
    shelf.ticked.input(shelves.counted, shelf.ticked, shelf.count, **_QUIET, trigger_mode="always_last")
    shelf.clear.click(shelves.cleared, shelf.words, shown, **_QUIET)
    shelf.remove.click(shelves.remove, given, [shelf.news, *shown], **_QUIET)
    shelf.drop.upload(shelves.upload, [shelf.drop, *given], [shelf.drop, shelf.news, *shown], **_QUIET)
    shelf.add.click(shelves.add_folder, [shelf.folder, *given], [shelf.folder, shelf.news, *shown], **_QUIET)
