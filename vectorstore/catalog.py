"""The catalogue: documents, passages, sentences and their vectors in one database. The truth of a store."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from vectorstore.database import Database
from vectorstore.embeddings import Embeddings
from vectorstore.errors import VectorsMissing
from vectorstore.lexical import Lexical
from vectorstore.records import Document, Pages, Passage, PassageSpan, Sentence, Source

MERGED = 50_000
"""Passages up to which every removal merges the full-text index, which takes about a second there and grows with it."""


class Catalog:
    """The catalogue in `db`, seen with the eyes of one embedder, and its index of words. Every change is one transaction.

    A change that has returned survives the death of the process and of the machine. Usable from any
    thread, by one at a time.
    """

    def __init__(self, db: Database, full_text: Lexical, *, embedder: str, dimension: int) -> None:
        self._embedder = embedder
        self._db = db
        self.full_text = full_text
        self.embeddings = Embeddings(db, embedder, dimension)

    # Documents

    def sources(self) -> list[Source]:
        """Every document without its text, by source."""
        rows = self._db.execute(
            "SELECT source, content_hash, title, outlet, published_at, origin, size, modified_ns, characters,"
            " (SELECT count(*) FROM passages WHERE document = documents.id) FROM documents ORDER BY source"
        )
        return [Source(*row) for row in rows]

    def document(self, source: str) -> Document | None:
        """The document as it was committed."""
        rows = self._db.execute(
            "SELECT source, text, content_hash, title, outlet, published_at, page_starts, metadata, origin, size,"
            " modified_ns, page_names FROM documents WHERE source = ?",
            (source,),
        )
        if not rows:
            return None
        source, text, content_hash, title, outlet, published_at, pages, metadata, *file, names = rows[0]
        starts, said = tuple(json.loads(pages)), MappingProxyType(json.loads(metadata))
        document = Document(source, text, content_hash, title, outlet, published_at, starts, said, *file)
        return replace(document, page_names=tuple(json.loads(names)))

    def pages(self, source: str) -> Pages:
        """The pages of a document; none where there is no such document."""
        rows = self._db.execute("SELECT page_starts, page_names FROM documents WHERE source = ?", (source,))
        return Pages(*(tuple(json.loads(column)) for column in rows[0])) if rows else Pages()

    def text(self, source: str) -> str | None:
        """The text of a document."""
        return self.texts([source]).get(source)

    def touch(self, source: str, size: int, modified_ns: int) -> None:
        """Notes that the file is as known, with another size in bytes or time of change."""
        with self._db.transaction():
            self._db.execute(
                "UPDATE documents SET size = ?, modified_ns = ? WHERE source = ?", (size, modified_ns, source)
            )

    def replace(self, batch: Iterable[tuple[Document, Sequence[PassageSpan]]]) -> None:
        """Puts each document in place of the one with its source, if any, in one transaction.

        Raises:
            ValueError: a passage has no sentence, or a sentence no vector yet; nothing is changed.
        """
        latest = {document.source: (document, spans) for document, spans in batch}
        spans = [span for _, spans in latest.values() for span in spans]
        if any(not span.sentences for span in spans):
            raise ValueError("a passage without sentences has no vector")
        if lacking := self.embeddings.missing([sentence.content_hash for span in spans for sentence in span.sentences]):
            raise VectorsMissing(f"{len(lacking)} sentences have no vector yet; put_vectors comes before commit")
        with self._db.transaction():
            replaced = self._delete(latest)
            for document, its_spans in latest.values():
                self._insert(document, its_spans)
            self.embeddings.forget(replaced)
        self._forget(replaced)

    def remove(self, sources: Iterable[str]) -> None:
        """Removes these documents and all that was made of them; unknown sources are skipped."""
        with self._db.transaction():
            removed = self._delete(sources)
            self.embeddings.forget(removed)
        self._forget(removed)

    def _insert(self, document: Document, spans: Sequence[PassageSpan]) -> None:
        row = _document_row(document)
        marks = ", ".join("?" * len(row))
        insert = f"INSERT INTO documents ({', '.join(row)}) VALUES ({marks}) RETURNING id"  # noqa: S608
        ((its_id,),) = self._db.execute(insert, tuple(row.values()))
        ids = self._db.new_ids(len(spans))
        places = [(span.start_char_index, span.end_char_index) for span in spans]
        self._db.executemany(
            "INSERT INTO passages (id, document, position, start_char_index, end_char_index, page)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (i, its_id, position, start, end, document.pages.number(start))
                for position, (i, (start, end)) in enumerate(zip(ids, places, strict=True))
            ],
        )
        self.full_text.add([(i, document.text[start:end]) for i, (start, end) in zip(ids, places, strict=True)])
        self._db.executemany(
            "INSERT INTO sentences (passage, position, start_char_index, end_char_index, content_hash)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (i, position, s.start_char_index, s.end_char_index, s.content_hash)
                for i, span in zip(ids, spans, strict=True)
                for position, s in enumerate(span.sentences)
            ],
        )

    def _delete(self, sources: Iterable[str]) -> list[str]:
        """Deletes these documents; returns the content hashes of their sentences."""
        listed = self._db.listed(sources)
        chosen = f"SELECT id FROM documents WHERE source IN (SELECT value FROM {self._db.each_name})"  # noqa: S608
        rows = self._db.execute(
            "SELECT DISTINCT content_hash FROM passages AS p JOIN sentences AS s ON s.passage = p.id"  # noqa: S608
            f" WHERE document IN ({chosen})",
            (listed,),
        )
        self._db.execute(f"DELETE FROM documents WHERE id IN ({chosen})", (listed,))  # noqa: S608
        if rows and self.passage_count <= MERGED:
            self.full_text.merge()
        return [content_hash for (content_hash,) in rows]

    def _forget(self, removed: Sequence[str]) -> None:
        self.full_text.changed()
        if removed:
            self._db.erase()

    # Passages

    @property
    def passage_count(self) -> int:
        """How many passages there are."""
        return self.full_text.passage_count

    def passage_ids(self, sources: Collection[str] | None = None) -> list[int]:
        """The ids of all passages, or of those of `sources`, ascending."""
        if sources is None:
            return [i for (i,) in self._db.execute("SELECT id FROM passages ORDER BY id")]
        query = (
            "SELECT p.id FROM passages AS p JOIN documents AS d ON d.id = p.document"  # noqa: S608
            f" WHERE d.source IN (SELECT value FROM {self._db.each_name}) ORDER BY p.id"
        )
        return [i for (i,) in self._db.execute(query, (self._db.listed(sources),))]

    def some_passage_ids(self, number: int) -> list[int]:
        """About `number` ids of passages, spread evenly over all of them, ascending."""
        ((low, high),) = self._db.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM passages")
        places = range(low, high + 1, max(1, (high - low) // number))
        query = f"SELECT DISTINCT (SELECT min(id) FROM passages WHERE id >= value) FROM {self._db.each_id}"  # noqa: S608
        found = self._db.execute(query, (self._db.listed([*places, high]),))
        return sorted(i for (i,) in found if i is not None)

    def sources_of(self, ids: Collection[int]) -> dict[int, str]:
        """The source of each of the passages `ids` that exist."""
        query = (
            "SELECT p.id, d.source FROM passages AS p JOIN documents AS d ON d.id = p.document"  # noqa: S608
            f" WHERE p.id IN (SELECT value FROM {self._db.each_id})"
        )
        return dict(self._db.execute(query, (self._db.listed(ids),)))

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """Those of the passages `ids` that exist, in the order of `ids`."""
        wanted = list(ids)
        listed, each = self._db.listed(wanted), self._db.each_id
        sentences: defaultdict[int, list[Sentence]] = defaultdict(list)
        for passage, start, end, content_hash in self._db.execute(
            "SELECT passage, start_char_index, end_char_index, content_hash FROM sentences"  # noqa: S608
            f" WHERE passage IN (SELECT value FROM {each}) ORDER BY passage, position",
            (listed,),
        ):
            sentences[passage].append(Sentence(start, end, content_hash))
        rows = self._db.execute(
            "SELECT p.id, d.source, i.text, p.start_char_index, p.end_char_index, d.title, d.outlet, d.published_at,"  # noqa: S608
            " p.page FROM passages AS p JOIN passage_index AS i ON i.rowid = p.id JOIN documents AS d ON d.id = p.document"
            f" WHERE p.id IN (SELECT value FROM {each})",
            (listed,),
        )
        found = {
            i: Passage(i, source, text, start, end, tuple(sentences[i]), title, outlet, published_at, page)
            for i, source, text, start, end, title, outlet, published_at, page in rows
        }
        return {i: found[i] for i in wanted if i in found}

    # What the vector index has still to follow

    def pending(self) -> list[int]:
        """Passages, present or removed, that the vector index may not know as they are."""
        return [i for (i,) in self._db.execute("SELECT passage FROM outbox ORDER BY passage")]

    def settle(self, ids: Collection[int]) -> None:
        """Notes that the vector index knows the passages `ids` as they are."""
        with self._db.transaction():
            self._db.execute(
                f"DELETE FROM outbox WHERE passage IN (SELECT value FROM {self._db.each_id})",  # noqa: S608
                (self._db.listed(ids),),
            )

    def renew_pending(self) -> None:
        """Makes every passage pending and nothing else: what an empty vector index has to follow."""
        with self._db.transaction():
            self._db.execute("DELETE FROM outbox")
            self._db.execute("INSERT INTO outbox SELECT id FROM passages")

    # Rebuilding

    def drop_passages(self) -> None:
        """Forgets all passages and sentences; documents and vectors stay."""
        with self._db.transaction():
            self._db.execute("DELETE FROM passages")
            self._db.execute("DELETE FROM outbox")
            self.full_text.merge()
        self.full_text.changed()

    # Checking

    def integrity(self) -> str:
        """What the database itself finds wrong: "ok", or a description. The full-text index is included."""
        return self._db.integrity()

    def count(self, query: str) -> int:
        """The number that a query yields; its parameter, if it has one, is the embedder."""
        ((number,),) = self._db.execute(query, (self._embedder,) * query.count("?"))
        return int(number)

    def quotations(self, sources: Collection[str]) -> list[tuple[Any, ...]]:
        """(source, start, end, stored text) of each passage of these documents."""
        return self._db.execute(
            "SELECT d.source, p.start_char_index, p.end_char_index, i.text FROM documents AS d JOIN passages AS p"  # noqa: S608
            " ON p.document = d.id JOIN passage_index AS i ON i.rowid = p.id"
            f" WHERE d.source IN (SELECT value FROM {self._db.each_name})",
            (self._db.listed(sources),),
        )

    def texts(self, sources: Collection[str]) -> dict[str, str]:
        """The texts of those of these documents that exist, by source."""
        return dict(
            self._db.execute(
                f"SELECT source, text FROM documents WHERE source IN (SELECT value FROM {self._db.each_name})",  # noqa: S608
                (self._db.listed(sources),),
            )
        )


def _document_row(document: Document) -> Mapping[str, Any]:
    """Column -> value of a document."""
    return {
        "source": document.source,
        "content_hash": document.content_hash,
        "title": document.title,
        "outlet": document.outlet,
        "published_at": document.published_at,
        "page_starts": json.dumps(document.page_starts),
        "page_names": json.dumps(document.page_names),
        "metadata": json.dumps(dict(document.metadata)),
        "origin": document.origin,
        "size": document.size,
        "modified_ns": document.modified_ns,
        "characters": len(document.text),
        "text": document.text,
    }
