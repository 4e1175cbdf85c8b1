"""The plain path to compare with: LlamaIndex's CitationQueryEngine as it comes, on the same documents, embedder and model.

It is given the files whole and nothing of Witness but the embedder and the connection to the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.records import Cited, Found, Response, Said
from eval.systems import Request
from eval.texts import refuses
from qa import Settings
from qa.chatmodels import make_chat_model
from qa.embedding import make_embedder
from qa.llamaindex import as_embedding, as_llm
from qa.splitting import sentence_texts

_MARK = re.compile(r"\[(?:Source )?(\d+)\]")


class PlainLlamaIndex:
    """`CitationQueryEngine.from_args` over `SimpleDirectoryReader`; a `[n]` in its text cites its n-th source node."""

    name = "plain"

    def __init__(self, documents: Path, llm: object, settings: Settings) -> None:
        self._model = make_chat_model(llm, settings)
        self.fingerprint = f"plain/{self._model.name}/{settings.embedder}"
        self._llm = as_llm(self._model)
        self._engine = _engine(documents, self._llm, settings)
        self._folder = documents

    def respond(self, request: Request) -> Response:
        """The engine's reply to the last turn, since it knows no conversation."""
        before = self._llm.usage
        response = self._engine.query(request.turns[-1])
        spent, text = self._llm.usage, str(response)
        nodes = tuple(self._cited(node.node) for node in response.source_nodes)
        marked = [(s, _marks(s, len(nodes))) for s in sentence_texts(text)]
        used = list(dict.fromkeys(mark for _, marks in marked for mark in marks))
        return Response(
            text=text,
            abstained=refuses(text),
            statements=tuple(
                Said(text=s, citations=tuple(map(used.index, marks)), supported=bool(marks)) for s, marks in marked
            ),
            citations=tuple(nodes[mark] for mark in used),
            passages=tuple(Found(source=n.source, start=n.start, end=n.end) for n in nodes),
            input_tokens=spent.input_tokens - before.input_tokens,
            output_tokens=spent.output_tokens - before.output_tokens,
        )

    def _cited(self, node: Any) -> Cited:
        source = Path(node.metadata["file_path"]).resolve().relative_to(self._folder.resolve()).as_posix()
        text = node.get_content().partition("\n")[2]  # the engine puts "Source n:" on the first line
        whole = (self._folder / source).read_text("utf-8", errors="replace")
        start = max(0, whole.find(text.strip()))
        return Cited(source=source, start=start, end=start + len(text.strip()), text=text.strip())

    def close(self) -> None:
        """Ends what the model keeps running."""
        if close := getattr(self._model, "close", None):
            close()


def _marks(sentence: str, nodes: int) -> list[int]:
    """The source nodes, from 0, that the marks of a sentence lead to; a mark that leads nowhere is left out."""
    return list(dict.fromkeys(m for m in (int(n) - 1 for n in _MARK.findall(sentence)) if 0 <= m < nodes))


def _engine(documents: Path, llm: Any, settings: Settings) -> Any:
    from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
    from llama_index.core.query_engine import CitationQueryEngine

    embedding = as_embedding(make_embedder(settings.embedder, settings))
    read: Sequence[Any] = SimpleDirectoryReader(str(documents), recursive=True).load_data()
    return CitationQueryEngine.from_args(VectorStoreIndex.from_documents(read, embed_model=embedding), llm=llm)
