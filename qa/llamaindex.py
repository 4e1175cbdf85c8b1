"""Everything that touches LlamaIndex: its token count here, its retriever and chat-engine interfaces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qa.types import Answer, ScoredPassage, Turn

__all__ = ["BaseChatEngine", "BaseRetriever", "make_chat_engine", "make_retriever", "tokenizer"]

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.chat_engine.types import BaseChatEngine
    from llama_index.core.llms import ChatMessage
    from llama_index.core.schema import NodeWithScore

    History = list[ChatMessage] | None


def tokenizer() -> Callable[[str], Sequence[Any]]:
    """LlamaIndex's global tokenizer (tiktoken cl100k_base unless the program set another)."""
    from llama_index.core.utils import get_tokenizer

    found: Callable[[str], Sequence[Any]] = get_tokenizer()
    return found


def make_retriever(search: Callable[[str], Sequence[ScoredPassage]]) -> BaseRetriever:
    """A LlamaIndex retriever over `search`. Node metadata: source, title, outlet, published_at, page, both ranks."""
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.schema import QueryBundle

    class WitnessRetriever(BaseRetriever):  # type: ignore[misc]
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return [_node(scored) for scored in search(query_bundle.query_str)]

    return WitnessRetriever()


def _node(scored: ScoredPassage) -> NodeWithScore:
    from llama_index.core.schema import NodeWithScore, TextNode

    passage = scored.passage
    metadata = {
        "source": passage.source,
        "title": passage.title,
        "outlet": passage.outlet,
        "published_at": passage.published_at,
        "page": passage.page,
        "dense_rank": scored.dense_rank,
        "lexical_rank": scored.lexical_rank,
    }
    node = TextNode(
        id_=str(passage.id),
        text=passage.text,
        start_char_idx=passage.start_char_index,
        end_char_idx=passage.end_char_index,
        metadata={k: v for k, v in metadata.items() if v is not None},
        excluded_embed_metadata_keys=list(metadata),
    )
    return NodeWithScore(node=node, score=scored.score)


def make_chat_engine(stream: Callable[..., Iterator[str | Answer]]) -> BaseChatEngine:
    """A LlamaIndex chat engine over `stream(question, history=...)`; the finished Answer is in
    `response.metadata["answer"]`, its passages are the source nodes."""
    from llama_index.core.chat_engine.types import (
        AgentChatResponse,
        BaseChatEngine,
        StreamingAgentChatResponse,
    )
    from llama_index.core.llms import ChatMessage, ChatResponse, MessageRole

    class WitnessChatEngine(BaseChatEngine):  # type: ignore[misc]
        def __init__(self) -> None:
            self._history: list[ChatMessage] = []

        def reset(self) -> None:
            self._history.clear()

        @property
        def chat_history(self) -> list[ChatMessage]:
            return self._history

        def chat(self, message: str, chat_history: History = None) -> AgentChatResponse:
            answer = next(e for e in self._events(message, chat_history) if not isinstance(e, str))
            nodes = [_node(p) for p in answer.passages]
            return AgentChatResponse(response=answer.text, source_nodes=nodes, metadata={"answer": answer})

        def stream_chat(self, message: str, chat_history: History = None) -> StreamingAgentChatResponse:
            # Not "writing to memory": the response then reads our stream itself, without a thread between.
            stream = self._deltas(message, chat_history)
            return StreamingAgentChatResponse(chat_stream=stream, is_writing_to_memory=False)

        async def achat(self, message: str, chat_history: History = None) -> AgentChatResponse:
            return await asyncio.to_thread(self.chat, message, chat_history)

        async def astream_chat(self, message: str, chat_history: History = None) -> StreamingAgentChatResponse:
            stream = self._adeltas(message, chat_history)
            return StreamingAgentChatResponse(achat_stream=stream, is_writing_to_memory=False)

        def _deltas(self, message: str, chat_history: History) -> Iterator[ChatResponse]:
            for event in self._events(message, chat_history):
                if isinstance(event, str):
                    yield ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=event), delta=event)

        async def _adeltas(self, message: str, chat_history: History) -> AsyncIterator[ChatResponse]:
            deltas = self._deltas(message, chat_history)
            while (response := await asyncio.to_thread(next, deltas, None)) is not None:
                yield response

        def _events(self, message: str, chat_history: History) -> Iterator[str | Answer]:
            if chat_history is not None:
                self._history = list(chat_history)
            for event in stream(message, history=_turns(self._history)):
                if not isinstance(event, str):
                    self._history += [
                        ChatMessage(role=MessageRole.USER, content=event.standalone_question),
                        ChatMessage(role=MessageRole.ASSISTANT, content=event.text),
                    ]
                yield event

    return WitnessChatEngine()


def _turns(history: Sequence[Any]) -> list[Turn]:
    """(question, answer) pairs from alternating user and assistant messages; a message without partner is left out."""
    pairs = pairwise(history)
    return [(str(q.content), str(a.content)) for q, a in pairs if q.role == "user" and a.role == "assistant"]
