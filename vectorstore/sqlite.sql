-- The catalogue as it was first; sqlite.py brings it up to date. Vectors, documents and their pieces; what follows from
-- them follows by cascade and trigger, inside the transaction that changes them.
BEGIN;

CREATE TABLE IF NOT EXISTS documents (
    id           INTEGER PRIMARY KEY,
    source       TEXT NOT NULL UNIQUE,
    content_hash TEXT NOT NULL,
    title        TEXT,
    outlet       TEXT,
    published_at TEXT,
    page_starts  TEXT NOT NULL,     -- JSON array
    metadata     TEXT NOT NULL,     -- JSON object
    origin       TEXT NOT NULL,
    size         INTEGER NOT NULL,
    modified_ns  INTEGER NOT NULL,
    characters   INTEGER NOT NULL,
    text         TEXT NOT NULL      -- last, so that the other columns are read without it
);

CREATE TABLE IF NOT EXISTS passages (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: the vector index may still hold a removed one
    document         INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position         INTEGER NOT NULL,
    start_char_index INTEGER NOT NULL,
    end_char_index   INTEGER NOT NULL,
    page             INTEGER
);
CREATE INDEX IF NOT EXISTS passages_by_document ON passages (document);

CREATE TABLE IF NOT EXISTS sentences (
    passage          INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    position         INTEGER NOT NULL,
    start_char_index INTEGER NOT NULL,
    end_char_index   INTEGER NOT NULL,
    content_hash     TEXT NOT NULL,
    PRIMARY KEY (passage, position)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS embeddings (
    embedder     TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    vector       BLOB NOT NULL,     -- int8, one byte a dimension; only its direction counts
    PRIMARY KEY (embedder, content_hash)
) WITHOUT ROWID;

-- It keeps its own copy of the text: cutting passages out of a book would load the book for each.
CREATE VIRTUAL TABLE IF NOT EXISTS passage_index
    USING fts5 (text, tokenize = 'porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab (passage_index, 'row');

-- Passages that the vector index has still to follow: those that exist are written to it, the others deleted from it.
CREATE TABLE IF NOT EXISTS outbox (passage INTEGER PRIMARY KEY);

CREATE TRIGGER IF NOT EXISTS passage_added AFTER INSERT ON passages BEGIN
    INSERT OR IGNORE INTO outbox VALUES (new.id);
END;
CREATE TRIGGER IF NOT EXISTS passage_removed AFTER DELETE ON passages BEGIN
    DELETE FROM passage_index WHERE rowid = old.id;
    INSERT OR IGNORE INTO outbox VALUES (old.id);
END;

COMMIT;
