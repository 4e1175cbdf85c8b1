"""The catalogue: documents, passages, sentences and their vectors in one SQLite file. The truth of a store."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vectorstore.database import connect, transaction
from vectorstore.embeddings import Embeddings
from vectorstore.errors import VectorsMissing
from vectorstore.fulltext import FullText
from vectorstore.records import Document, Pages, Passage, PassageSpan, Sentence, Source

NAME = "catalog.sqlite"
MERGED = 50_000
"""Passages up to which every removal merges the full-text index, which takes about a second there and grows with it."""


class Catalog:
    """One catalogue file, seen with the eyes of one embedder. Every change is one transaction.

    A change that has returned survives the death of the process and of the machine. Usable from any
    thread, by one at a time.

    Raises:
        StoreDamaged: the file is not a catalogue.
    """

    def __init__(self, path: Path, *, embedder: str, dimension: int) -> None:
        self._embedder = embedder
        self._db = connect(path)
        self.embeddings = Embeddings(self._db, embedder, dimension)
        self.full_text = FullText(self._db)

    def close(self) -> None:
        """Closes the file, leaving everything in it and no file beside it."""
        self._db.close()

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
        row = self._db.execute(
            "SELECT source, text, content_hash, title, outlet, published_at, page_starts, metadata, origin, size,"
            " modified_ns, page_names FROM documents WHERE source = ?",
            (source,),
        ).fetchone()
        if row is None:
            return None
        source, text, content_hash, title, outlet, published_at, pages, metadata, *file, names = row
        starts, said = tuple(json.loads(pages)), MappingProxyType(json.loads(metadata))
        document = Document(source, text, content_hash, title, outlet, published_at, starts, said, *file)
        return replace(document, page_names=tuple(json.loads(names)))

    def pages(self, source: str) -> Pages:
        """The pages of a document; none where there is no such document."""
        row = self._db.execute("SELECT page_starts, page_names FROM documents WHERE source = ?", (source,)).fetchone()
        return Pages(*(tuple(json.loads(column)) for column in row)) if row else Pages()

    def text(self, source: str) -> str | None:
        """The text of a document."""
        row = self._db.execute("SELECT text FROM documents WHERE source = ?", (source,)).fetchone()
        return None if row is None else str(row[0])

    def touch(self, source: str, size: int, modified_ns: int) -> None:
        """Notes that the file is as known, with another size in bytes or time of change."""
        with transaction(self._db) as db:
            db.execute("UPDATE documents SET size = ?, modified_ns = ? WHERE source = ?", (size, modified_ns, source))

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
        with transaction(self._db) as db:
            replaced = self._delete(db, latest)
            for document, its_spans in latest.values():
                self._insert(db, document, its_spans)
            self.embeddings.forget(replaced)
        self._forget(replaced)

    def remove(self, sources: Iterable[str]) -> None:
        """Removes these documents and all that was made of them; unknown sources are skipped."""
        with transaction(self._db) as db:
            removed = self._delete(db, sources)
            self.embeddings.forget(removed)
        self._forget(removed)

    def _insert(self, db: sqlite3.Connection, document: Document, spans: Sequence[PassageSpan]) -> None:
        row = _document_row(document)
        marks = ", ".join("?" * len(row))
        added = db.execute(f"INSERT INTO documents ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
        for position, span in enumerate(spans):
            start, end = span.start_char_index, span.end_char_index
            passage = db.execute(
                "INSERT INTO passages (document, position, start_char_index, end_char_index, page)"
                " VALUES (?, ?, ?, ?, ?)",
                (added.lastrowid, position, start, end, document.pages.number(start)),
            ).lastrowid
            db.execute("INSERT INTO passage_index (rowid, text) VALUES (?, ?)", (passage, document.text[start:end]))
            db.executemany(
                "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
                [
                    (passage, i, s.start_char_index, s.end_char_index, s.content_hash)
                    for i, s in enumerate(span.sentences)
                ],
            )

    def _delete(self, db: sqlite3.Connection, sources: Iterable[str]) -> list[str]:
        """Deletes these documents; returns the content hashes of their sentences."""
        listed = json.dumps(list(sources))
        chosen = "SELECT id FROM documents WHERE source IN (SELECT value FROM json_each(?))"
        rows = db.execute(
            "SELECT DISTINCT content_hash FROM passages AS p JOIN sentences AS s ON s.passage = p.id"  # noqa: S608
            f" WHERE document IN ({chosen})",
            (listed,),
        ).fetchall()
        db.execute(f"DELETE FROM documents WHERE id IN ({chosen})", (listed,))  # noqa: S608
        if rows and self.passage_count <= MERGED:
            # FTS5 only marks entries as deleted; merging all of its index drops their words from the file.
            db.execute("INSERT INTO passage_index (passage_index) VALUES ('optimize')")
        return [content_hash for (content_hash,) in rows]

    def _forget(self, removed: Sequence[str]) -> None:
        """Empties the write-ahead log of what was removed; a log that a reader holds is emptied at `close`."""
        self.full_text.changed()
        if removed:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

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
            "SELECT p.id FROM passages AS p JOIN documents AS d ON d.id = p.document"
            " WHERE d.source IN (SELECT value FROM json_each(?)) ORDER BY p.id"
        )
        return [i for (i,) in self._db.execute(query, (json.dumps(list(sources)),))]

    def some_passage_ids(self, number: int) -> list[int]:
        """About `number` ids of passages, spread evenly over all of them, ascending."""
        low, high = self._db.execute("SELECT ifnull(min(id), 0), ifnull(max(id), -1) FROM passages").fetchone()
        places = range(low, high + 1, max(1, (high - low) // number))
        query = "SELECT DISTINCT (SELECT min(id) FROM passages WHERE id >= value) FROM json_each(?)"
        return [i for (i,) in self._db.execute(query, (json.dumps([*places, high]),)) if i is not None]

    def sources_of(self, ids: Collection[int]) -> dict[int, str]:
        """The source of each of the passages `ids` that exist."""
        query = (
            "SELECT p.id, d.source FROM passages AS p JOIN documents AS d ON d.id = p.document"
            " WHERE p.id IN (SELECT value FROM json_each(?))"
        )
        return dict(self._db.execute(query, (json.dumps(list(ids)),)).fetchall())

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        """Those of the passages `ids` that exist, in the order of `ids`."""
        listed = json.dumps(list(ids))
        sentences: defaultdict[int, list[Sentence]] = defaultdict(list)
        for passage, start, end, content_hash in self._db.execute(
            "SELECT passage, start_char_index, end_char_index, content_hash FROM sentences"
            " WHERE passage IN (SELECT value FROM json_each(?)) ORDER BY passage, position",
            (listed,),
        ):
            sentences[passage].append(Sentence(start, end, content_hash))
        rows = self._db.execute(
            "SELECT p.id, d.source, i.text, p.start_char_index, p.end_char_index, d.title, d.outlet, d.published_at,"
            " p.page FROM json_each(?) AS wanted JOIN passages AS p ON p.id = wanted.value"
            " JOIN passage_index AS i ON i.rowid = p.id JOIN documents AS d ON d.id = p.document ORDER BY wanted.key",
            (listed,),
        )
        return {
            i: Passage(i, source, text, start, end, tuple(sentences[i]), title, outlet, published_at, page)
            for i, source, text, start, end, title, outlet, published_at, page in rows
        }

    # What the vector index has still to follow

    def pending(self) -> list[int]:
        """Passages, present or removed, that the vector index may not know as they are."""
        return [i for (i,) in self._db.execute("SELECT passage FROM outbox ORDER BY passage")]

    def settle(self, ids: Collection[int]) -> None:
        """Notes that the vector index knows the passages `ids` as they are."""
        with transaction(self._db) as db:
            db.execute("DELETE FROM outbox WHERE passage IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))

    def renew_pending(self) -> None:
        """Makes every passage pending and nothing else: what an empty vector index has to follow."""
        with transaction(self._db) as db:
            db.execute("DELETE FROM outbox")
            db.execute("INSERT INTO outbox SELECT id FROM passages")

    # Rebuilding

    def drop_passages(self) -> None:
        """Forgets all passages and sentences; documents and vectors stay."""
        with transaction(self._db) as db:
            db.execute("DELETE FROM passages")
            db.execute("DELETE FROM outbox")
            db.execute("INSERT INTO passage_index (passage_index) VALUES ('optimize')")
        self.full_text.changed()

    # Checking

    def integrity(self) -> str:
        """What SQLite itself finds wrong with the file: "ok", or a description. The full-text index is included."""
        (result,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        self._db.execute("INSERT INTO passage_index (passage_index) VALUES ('integrity-check')")
        return str(result)

    def count(self, query: str) -> int:
        """The number that a query yields; it may use `:embedder`."""
        return int(self._db.execute(query, {"embedder": self._embedder}).fetchone()[0])

    def quotations(self, source: str) -> list[tuple[int, int, str]]:
        """(start, end, stored text) of each passage of a document."""
        return self._db.execute(
            "SELECT p.start_char_index, p.end_char_index, i.text FROM documents AS d JOIN passages AS p"
            " ON p.document = d.id JOIN passage_index AS i ON i.rowid = p.id WHERE d.source = ?",
            (source,),
        ).fetchall()


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
