"""The page's panes and controls, and which event each sets off."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from page.events import MOST_CHARACTERS, NOTHING, Events
from page.exporting import FORMATS
from page.rendering import sources_html
from qa.types import IndexReport

if TYPE_CHECKING:
    import gradio as gr

    from qa.corpus import Corpus


def build(corpus: Corpus, report: IndexReport, *, questions: Sequence[str] = ()) -> gr.Blocks:
    """The page about a corpus. `report` is what sync did; `questions` are offered while nothing has been asked."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr

    events = Events(corpus)
    with gr.Blocks(title="Witness", analytics_enabled=False, fill_width=True) as page:
        turns = gr.State(())
        gr.Markdown(
            "<h1>Witness</h1><p>Answers from your documents, each with the exact words it rests on.</p>",
            elem_id="masthead",
        )
        with gr.Row(elem_id="panes"):
            with gr.Column(elem_id="conversation"):
                chat = _chatbot(gr)
                with gr.Row(elem_id="suggested"):
                    buttons = [gr.Button(text, size="sm") for text in questions]
                with gr.Row(elem_id="ask"):
                    question = gr.Textbox(
                        placeholder="Ask about the documents", label="Question", show_label=False, container=False,
                        max_length=MOST_CHARACTERS, autofocus=True, elem_id="question", scale=1,
                    )  # fmt: skip
                    send = gr.Button("Send", variant="primary", elem_id="send", scale=0)
                    stop = gr.Button("Stop", elem_id="stop", scale=0)
                with gr.Row(elem_id="export"):
                    exports = {form: gr.Button(f"Save as {form}", size="sm") for form in FORMATS}
            with gr.Column(elem_id="witnesses"):
                evidence = gr.Markdown(NOTHING, elem_id="evidence", latex_delimiters=[])
                gr.Markdown(sources_html(corpus.sources(), report), elem_id="sources", latex_delimiters=[])
        chosen = gr.Textbox(visible="hidden", elem_id="chosen")
        exported = gr.Markdown(elem_id="exported", latex_delimiters=[])
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 4}
        asked = {"inputs": [question, turns], "outputs": [chat, evidence, turns, question], **quiet}
        running = [gr.on([question.submit, send.click], events.reply, **asked)]
        for button, text in zip(buttons, questions, strict=True):
            running.append(button.click(events.reply, **asked | {"inputs": [gr.State(text), turns]}))
        # Cancelling closes the stream on which an event's result would come, so the redrawing is an event of its own.
        stop.click(None, cancels=running).then(events.stopped, turns, chat, **quiet)
        for form, button in exports.items():
            button.click(events.export, [gr.State(form), turns], exported, **quiet)
        chat.clear(lambda: (NOTHING, ()), None, [evidence, turns], **quiet)
        chosen.change(events.evidence, [chosen, turns], evidence, **quiet)
        for call in (events.ask, events.retrieve, events.sources):
            gr.api(call, api_name=call.__name__)
    page.queue(api_open=False)
    return page


def _chatbot(gr: Any) -> Any:
    welcome = "<h2>Ask a question in plain words</h2><p>Each sentence of an answer is marked with the place it comes from.</p>"
    return gr.Chatbot(
        placeholder=welcome, elem_id="chat", label="Conversation", show_label=False, container=False, layout="panel",
        height="100%", buttons=[], feedback_options=None, latex_delimiters=[], allow_tags=False,
    )  # fmt: skip
