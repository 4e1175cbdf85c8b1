"""Everything that touches LlamaIndex: its token count here, its models there, its retriever and chat-engine interfaces."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import EndpointError
from qa.types import Answer, ChatModel, Completion, Embedder, Message, ScoredPassage, Turn, Usage, tokens

__all__ = [
    "BaseChatEngine",
    "BaseRetriever",
    "LlamaIndexChat",
    "as_embedding",
    "as_llm",
    "make_chat_engine",
    "make_retriever",
    "tokenizer",
]

if TYPE_CHECKING:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.chat_engine.types import BaseChatEngine
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.core.llms import LLM, ChatMessage, CustomLLM
    from llama_index.core.schema import NodeWithScore

    History = list[ChatMessage] | None


@cache
def tokenizer() -> Callable[[str], Sequence[Any]]:
    """The tokenizer that LlamaIndex counts with by default, and its vocabulary, without importing LlamaIndex, which takes
    seconds that every reading process would wait for."""
    import tiktoken

    found = find_spec("llama_index.core")
    package = Path(found.origin).parent if found and found.origin else Path()
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(package / "_static" / "tiktoken_cache"))  # else it would be fetched
    return partial(tiktoken.get_encoding("cl100k_base").encode, allowed_special="all")


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


class LlamaIndexChat:
    """Any LlamaIndex LLM as a `ChatModel`. Tokens are estimated, and its limit of tokens is its own."""

    schemas = False

    def __init__(self, llm: LLM) -> None:
        self.llm = llm
        self.name = f"llama-index:{type(llm).__name__}:{llm.metadata.model_name}"

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str | Completion]:
        """Yields the reply as it is written, then its Completion. A schema is not taken. Raises EndpointError."""
        from llama_index.core.llms import ChatMessage

        text = ""
        try:
            for reply in self.llm.stream_chat([ChatMessage(role=m.role, content=m.content) for m in messages]):
                text += reply.delta or ""
                yield reply.delta or ""
        except Exception as error:  # every integration raises its own, and their texts may hold a key
            raise EndpointError(f"{self.name} raised {type(error).__name__}") from None
        said = sum(len(m.content) for m in messages)
        yield Completion(text, Usage(input_tokens=tokens(said), output_tokens=tokens(len(text)), attempts=1))


def as_llm(model: ChatModel, context: int = 4096) -> CustomLLM:
    """A chat model as a LlamaIndex LLM, with LlamaIndex's own limit of tokens for a reply; `usage` sums what calls cost."""
    from llama_index.core.constants import DEFAULT_NUM_OUTPUTS as max_tokens
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
    from llama_index.core.llms.callbacks import llm_completion_callback

    spent: list[Usage] = []

    class WitnessLLM(CustomLLM):  # type: ignore[misc]
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(model_name=model.name, context_window=context, num_output=max_tokens)

        @property
        def usage(self) -> Usage:
            return sum(spent, Usage())

        @llm_completion_callback()  # type: ignore[untyped-decorator]
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
            return CompletionResponse(text=self._completion(prompt).text)

        @llm_completion_callback()  # type: ignore[untyped-decorator]
        def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Iterator[CompletionResponse]:
            text = self._completion(prompt).text
            yield CompletionResponse(text=text, delta=text)

        def _completion(self, prompt: str) -> Completion:
            events = model.stream([Message("user", prompt)], max_tokens=max_tokens)
            done = next(e for e in events if isinstance(e, Completion))
            spent.append(done.usage)
            return done

    return WitnessLLM()


def as_embedding(embedder: Embedder) -> BaseEmbedding:
    """An embedder as a LlamaIndex embedding."""
    from llama_index.core.embeddings import BaseEmbedding

    class WitnessEmbedding(BaseEmbedding):  # type: ignore[misc]
        def _get_query_embedding(self, query: str) -> list[float]:
            return [float(x) for x in embedder.embed_queries([query])[0]]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return await asyncio.to_thread(self._get_query_embedding, query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return [[float(x) for x in row] for row in embedder.embed_documents(texts)]

    return WitnessEmbedding(model_name=embedder.name)
