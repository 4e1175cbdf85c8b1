"""Corpus: the one place that wires the parts together."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from qa import indexing
from qa.citing import on_page, settled
from qa.conversation import Conversation
from qa.embedding import make_embedder
from qa.errors import SourceNotFound
from qa.generating import make_answerer
from qa.remembering import AnswerCache
from qa.retrieval import Retrieved, retrieve, within_budget
from qa.rewriting import background, standalone
from qa.routing import Directory, Lane, Route, directory, route
from qa.settings import Settings
from qa.suggesting import first_questions, follow_ups
from qa.surveying import survey
from qa.types import (
    Account,
    Answer,
    Answerer,
    AskOptions,
    Evidence,
    Failure,
    IndexReport,
    Progress,
    ScoredPassage,
    Source,
    Step,
    Turn,
    Usage,
    VerifyReport,
)
from qa.watching import changes
from qa.words import counted
from vectorstore.chroma import ChromaServer
from vectorstore.places import Servers
from vectorstore.store import Store

if TYPE_CHECKING:
    from qa.llamaindex import BaseChatEngine, BaseRetriever

_DONE = object()
_MOST_DIRECTORIES = 16
_LOOKED_THROUGH = 30  # passages that questions are suggested from
_SPOKEN = ("said", "told", "added", "warned", "according")  # what passages say in which somebody speaks
_MOST_SURVEYED, _EACH = 40, 3  # sources that are asked one by one, and passages of each


class Corpus:
    """A folder of documents, indexed, that answers questions.

    `documents` is the folder (None for a corpus of added documents only) and `store` the folder of the index, by
    default the servers that the settings name, else one below the user's cache, named after the documents folder.
    `embedder` is a name ("local", "openai:MODEL"), any LlamaIndex embedding or an `Embedder`; `answerer` the name of a
    model ("local", "local-small", "openai:MODEL", a .gguf file), any LlamaIndex LLM or an `Answerer`, by default what the
    setting `llm` says: quotes. `rebuild=True` opens a store made with another embedder or chunking by rebuilding it.

    One process owns a folder, and on servers one at a time writes: StoreLocked names it. StoreMismatch names the command
    that rebuilds. Use it in a `with` block, or call `close`. Methods may be called from several threads.
    """

    def __init__(
        self,
        documents: str | PathLike[str] | None = None,
        *,
        store: str | PathLike[str] | None = None,
        settings: Settings | None = None,
        embedder: object | None = None,
        answerer: object | None = None,
        rebuild: bool = False,
    ) -> None:
        self.settings = settings or Settings()
        self.documents = Path(documents).expanduser() if documents is not None else None
        by = embedder if embedder is not None else self.settings.embedder
        self.embedder = make_embedder(by, self.settings)
        self._embedder_elsewhere = partial(make_embedder, by, self.settings.elsewhere)
        self.answerer = make_answerer(answerer if answerer is not None else self.settings.llm, self.settings)
        self._store = Store(
            Path(store).expanduser() if store is not None else self._servers() or self._default_store(),
            embedder=self.embedder.name,
            dimension=self.embedder.dimension,
            chunking=self.settings.chunking,
            rebuild=rebuild,
        )
        self._sources: tuple[Source, ...] | None = None
        self._directories: dict[frozenset[str] | None, Directory] = {}
        self._answered = AnswerCache()
        self._generation = self._store.generation
        if rebuild:
            self.rebuild()

    def _servers(self) -> Servers | None:
        on = self.settings
        if not on.chroma_url:
            return None
        headers = {name: value.get_secret_value() for name, value in on.chroma_headers.items()}
        chroma = ChromaServer(on.chroma_url, headers, on.chroma_tenant, on.chroma_database)
        return Servers(on.catalog_url.get_secret_value(), chroma)

    def _default_store(self) -> Path:
        if self.documents is None:
            raise ValueError('give a documents folder or a store folder: Corpus("documents") or Corpus(store="store")')
        path = str(self.documents.resolve())
        digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return self.settings.cache / "stores" / f"{self.documents.resolve().name}-{digest}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the store back, and ends a local model. May be called twice."""
        if close := getattr(self.answerer, "close", None):
            close()
        self._store.close()

    @property
    def store(self) -> Path | None:
        """The store's folder; None where it is on servers, which other processes use too."""
        return self._store.folder

    def sync(self, progress: Progress | None = None) -> IndexReport:
        """Makes the index hold what the folder holds: new, changed and removed files; a bad one never stops the rest.

        What the report names as done is durable. Raises ValueError without a documents folder and
        FileNotFoundError when it does not exist.
        """
        if self.documents is None:
            raise ValueError('this corpus has no documents folder; open it as Corpus("folder", store=...)')
        with self._store.writing():
            return indexing.sync(
                self._store, self.embedder, self.settings, self.documents, progress, self._embedder_elsewhere
            )

    def follow(self, stop: Event | None = None, progress: Progress | None = None) -> Iterator[IndexReport]:
        """Syncs, and again whenever the folder has changed, until `stop` is set; yields each report that has news.

        Only what the folder's entries say is looked at, size and time of change, and the content where those differ.
        Raises what `sync` raises, and OSError where the system cannot watch the folder.
        """
        if self.documents is None:
            raise ValueError('this corpus has no documents folder; open it as Corpus("folder", store=...)')
        known: tuple[Failure, ...] | None = None
        for _ in changes(self.documents, self.store, stop or Event()):
            report = self.sync(progress)
            if report.added or report.changed or report.removed or report.failed != known:
                yield report
            known = report.failed

    def _renew(self) -> None:
        """Forgets what is kept of the store where that has changed since, in this process or another."""
        now = self._store.generation
        if now != self._generation:
            self._sources, self._directories = None, {}
            self._answered.clear()
            self._generation = now

    def add(self, documents: Iterable[Any]) -> tuple[str, ...]:
        """Adds or replaces LlamaIndex documents: `doc_id` becomes the source, `text` the text.

        Of `metadata`, `title`, `source` (the outlet) and `published_at` are shown with citations. Returns the
        sources. `sync` never touches them; `remove` does.
        """
        given = (indexing.added_document(d.doc_id, d.text, dict(d.metadata)) for d in documents)
        with self._store.writing():
            return tuple(indexing.add(self._store, self.embedder, self.settings, given))

    def add_files(self, files: Mapping[str, str | PathLike[str]], progress: Progress | None = None) -> IndexReport:
        """Reads files from anywhere into the corpus: `files` maps the source that each shall have to its path.

        They are read as `sync` reads, in a process of their own and within limits, and a bad one never stops the rest.
        `sync` never touches them; `remove` does.
        """
        with self._store.writing():
            paths = {source: Path(path) for source, path in files.items()}
            return indexing.add_files(self._store, self.embedder, self.settings, paths, progress)

    def ask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """Answers from the documents alone.

        `history` holds (question, answer text) pairs, oldest first; `AskOptions` tells the other options. Never raises for a
        question: where the documents do not answer, `answer.abstained` is true; where a model does not, `answer.notice`
        says why.
        """
        events = self.stream(question, **options)
        return [event for event in events if isinstance(event, Answer)][-1]

    def stream(self, question: str, **options: Unpack[AskOptions]) -> Iterator[str | Answer]:
        """Yields the answer's text as it is written, then the finished Answer, which alone counts."""
        return (event for event in self.watch(question, **options) if not isinstance(event, Step))

    def watch(self, question: str, **options: Unpack[AskOptions]) -> Iterator[str | Step | Answer]:
        """`stream` with a Step as each stage begins, for those who wait: its `note` reads "Searching 5 documents"."""
        asked_of = options.get("sources")
        number = len(self.sources() if asked_of is None else asked_of)
        yield Step("search", f"Searching {counted(number, 'document')}")
        began = time.perf_counter()
        answerer = options.get("answerer") or self.answerer
        made_by = self._fingerprint(answerer)
        evidence = self.evidence(question, **options)
        asked = (question, evidence.standalone_question, made_by, [p.passage.id for p in evidence.passages])
        yield Step("read", f"Reading {counted(len(evidence.passages), 'passage')}")
        for event in self._answering(answerer, evidence, repr(asked)):
            if isinstance(event, Answer):
                usage = replace(event.usage, seconds=time.perf_counter() - began)
                event = settled(replace(event, usage=usage, fingerprint=made_by), self.text, self._store.pages)
            yield event

    def _answering(self, answerer: Answerer, evidence: Evidence, asked: str) -> Iterator[str | Step | Answer]:
        """The answerer's events, or those of the answer that it gave to the same question on the same store."""
        kept = self._answered.get(asked)
        if kept is not None:
            steps = (*kept.steps, Step("answer_cache", "answered before, on the same documents"))
            yield kept.text
            yield replace(kept, usage=evidence.usage, steps=steps)
            return
        for event in answerer.stream(evidence):
            if isinstance(event, Answer):
                event = replace(event, steps=event.steps or evidence.steps)
                if self.settings.answer_cache and event.usage.attempts and not event.notice:
                    self._answered.keep(asked, event)
            yield event

    def evidence(self, question: str, **options: Unpack[AskOptions]) -> Evidence:
        """What an answerer gets to see for a question: the question as understood and the passages found for it."""
        history, tokens_left = options.get("history", ()), options.get("tokens_left")
        understood, usage = _understood(options.get("answerer") or self.answerer, question, history, tokens_left)
        routed = self._route(understood, options.get("sources"))
        found = self._retrieved(routed, question, history, self.settings.passages)
        passages = within_budget(found.passages, self.settings.context_tokens)
        left = None if tokens_left is None else max(0, tokens_left - usage.tokens)
        return self._evidence(question, understood, routed, replace(found, passages=passages), usage, left)

    def _evidence(
        self, question: str, understood: str, routed: Route, found: Retrieved, usage: Usage, tokens_left: int | None
    ) -> Evidence:
        within = routed.within
        return Evidence(
            question=question,
            standalone_question=understood,
            asked=routed.question,
            named_sources=routed.asked_of,
            passages=found.passages,
            text_of=self.text,
            # As though there were no other documents than those asked: nothing of the others is to be told.
            mentions=lambda terms: self._store.document_frequency(terms, within),
            passage_count=self._store.passage_count if within is None else self._store.passages_of(within),
            steps=found.steps,
            usage=usage,
            tokens_left=tokens_left,
        )

    async def aask(self, question: str, **options: Unpack[AskOptions]) -> Answer:
        """`ask` without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question, **options)

    async def astream(self, question: str, **options: Unpack[AskOptions]) -> AsyncIterator[str | Answer]:
        """`stream` without blocking the event loop."""
        events = self.stream(question, **options)
        while (event := await asyncio.to_thread(next, events, _DONE)) is not _DONE:
            yield event  # type: ignore[misc]

    def chat(self, history: Sequence[Turn] = (), usage: Usage | None = None) -> Conversation:
        """A conversation that remembers its turns. `history` holds (question, answer text) pairs, oldest first, and
        `usage` what they cost."""
        return Conversation(self, history, usage)

    def retrieve(
        self,
        question: str,
        k: int = 10,
        *,
        history: Sequence[Turn] = (),
        sources: Collection[str] | None = None,
    ) -> tuple[ScoredPassage, ...]:
        """The `k` passages that best fit the question, best first, and why each was found. `sources` limits it to those."""
        return self._retrieved(self._route(standalone(question, history), sources), question, history, k).passages

    def survey(self, answer: Answer, sources: Collection[str] | None = None) -> tuple[Account, ...]:
        """What each source says to the question of `answer`, those that say something first, by date.

        Of more than forty documents, the forty that come nearest. `sources` limits it to those.
        """
        question = answer.standalone_question
        asked = [s for s in self.sources() if sources is None or s.source in sources]
        nearest = dict.fromkeys(c.source for c in answer.citations)
        if len(asked) > _MOST_SURVEYED:
            found = self.retrieve(question, 4 * _MOST_SURVEYED, sources=sources)
            nearest |= dict.fromkeys(p.passage.source for p in found)
        else:
            nearest |= dict.fromkeys(s.source for s in asked)
        chosen = [s for s in asked if s.source in list(nearest)[:_MOST_SURVEYED]]
        routed = self._route(question, sources)
        lanes = tuple(Lane(s.source, frozenset([s.source])) for s in chosen)
        passages = self._retrieved(replace(routed, lanes=lanes), question, (), _EACH * len(chosen))
        whole = replace(routed, lanes=())  # every source is asked, whichever the question names
        accounts = survey(self._evidence(question, question, whole, passages, Usage(), None), chosen, answer)
        return tuple(
            replace(a, citation=on_page(a.citation, self._store.pages(a.source))) if a.citation else a for a in accounts
        )

    def suggest(
        self, answer: Answer | None = None, k: int = 4, *, sources: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Up to `k` questions that the documents answer: to begin with, or such as follow `answer`, made of what the
        documents hold and it did not use. `sources` limits them to those. No model is asked."""
        quotes = make_answerer(None, self.settings)
        history = (answer.turn,) if answer else ()
        asked = answer.standalone_question if answer else " ".join(_SPOKEN)
        found = [p.passage for p in self.retrieve(asked, _LOOKED_THROUGH, sources=sources)]

        def ask(question: str, source: str) -> Answer:
            return self.ask(question, history=history, sources=[source], answerer=quotes)

        if answer is None:
            return first_questions(found, self.text, ask, k)
        return follow_ups(answer, found, self.sources(), self.text, ask, k)

    def _retrieved(self, routed: Route, question: str, history: Sequence[Turn], k: int) -> Retrieved:
        said = background(question, history) if self.settings.background else ()
        return retrieve(self._store, self.embedder, routed, self.settings, k, said)

    def _route(self, question: str, sources: Collection[str] | None = None) -> Route:
        within = None if sources is None else frozenset(sources)
        on = self.settings
        routed = route(question, self._directory(within), lanes=on.lanes, split=on.clauses, dates=on.dates)
        return replace(routed, within=within)

    def _directory(self, within: frozenset[str] | None) -> Directory:
        self._renew()
        kept = self._directories
        if within not in kept:
            while len(kept) >= _MOST_DIRECTORIES:
                kept.pop(next(iter(kept)), None)
            kept[within] = directory(s for s in self.sources() if within is None or s.source in within)
        return kept[within]

    def text(self, source: str) -> str:
        """The whole text of a source, to which every offset refers. Raises SourceNotFound."""
        text = self._store.text(source)
        if text is None:
            raise SourceNotFound(f"no document {source!r} in this corpus; corpus.sources() lists those there are")
        return text

    def sources(self) -> tuple[Source, ...]:
        """Every document of the corpus, by source, without its text."""
        self._renew()
        known = self._sources  # asked for with every question, so kept until something changes
        if known is None:
            known = self._sources = tuple(self._store.sources())
        return known

    def remove(self, source: str) -> None:
        """Forgets a document. One that is still in the folder comes back at the next `sync`. Raises SourceNotFound."""
        self.text(source)
        self._store.remove([source])

    def prepare(self) -> None:
        """Loads what the first question would wait for: the embedder's and a local model's weights.

        Raises WeightsUnavailable or ModelUnavailable.
        """
        self.embedder.embed_queries(["ready?"])
        if prepare := getattr(self.answerer, "prepare", None):
            prepare()

    def verify(self) -> VerifyReport:
        """Holds the catalogue against the vector index: counts and vectors."""
        return self._store.verify()

    def rebuild(self, progress: Progress | None = None) -> None:
        """Makes passages and both indexes anew from the stored documents, without one embedding call for a sentence
        that has a vector of this embedder."""
        with self._store.writing():
            indexing.rebuild(self._store, self.embedder, self.settings, progress)

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that identify settings, embedder and answerer."""
        return self._fingerprint(self.answerer)

    def _fingerprint(self, answerer: Answerer) -> str:
        parts = (self.settings.digest, self.embedder.name, answerer.name)
        return hashlib.sha256("/".join(parts).encode()).hexdigest()[:12]

    def as_retriever(self, k: int = 10) -> BaseRetriever:
        """This corpus as a LlamaIndex retriever: nodes carry source, offsets and metadata."""
        from qa.llamaindex import make_retriever

        return make_retriever(lambda question: self.retrieve(question, k))

    def as_chat_engine(self) -> BaseChatEngine:
        """This corpus as a LlamaIndex chat engine with a memory of its own."""
        from qa.llamaindex import make_chat_engine

        return make_chat_engine(self.stream)


def _understood(
    answerer: Answerer, question: str, history: Sequence[Turn], tokens_left: int | None
) -> tuple[str, Usage]:
    """The question made readable without history, by the answerer's model where it can do that and may."""
    rewrite = None if tokens_left == 0 else getattr(answerer, "rewrite", None)
    by_model, usage = rewrite(question, history) if rewrite else (None, Usage())
    return by_model or standalone(question, history), usage
