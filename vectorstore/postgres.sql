-- The catalogue in PostgreSQL: the same tables as in sqlite.sql, and an index of words of our own (see postings.py).
-- Whatever orders or compares text does it by its bytes, as SQLite does.

CREATE TABLE witness (
    generation BIGINT NOT NULL,     -- grows with every change, whoever makes it
    collection TEXT NOT NULL,       -- the vectors' place on the Chroma server
    manifest   TEXT                 -- JSON object
);

CREATE TABLE documents (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       TEXT COLLATE "C" NOT NULL UNIQUE,
    content_hash TEXT NOT NULL,
    title        TEXT,
    outlet       TEXT,
    published_at TEXT,
    page_starts  TEXT NOT NULL,     -- JSON array
    page_names   TEXT NOT NULL,     -- JSON array
    metadata     TEXT NOT NULL,     -- JSON object
    origin       TEXT NOT NULL,
    size         BIGINT NOT NULL,
    modified_ns  BIGINT NOT NULL,
    characters   BIGINT NOT NULL,
    text         TEXT NOT NULL
);

CREATE SEQUENCE passage_ids;        -- never reused: the vector index may still hold a removed one
CREATE TABLE passages (
    id               BIGINT PRIMARY KEY,
    document         BIGINT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position         BIGINT NOT NULL,
    start_char_index BIGINT NOT NULL,
    end_char_index   BIGINT NOT NULL,
    page             BIGINT
);
CREATE INDEX passages_by_document ON passages (document);

CREATE TABLE sentences (
    passage          BIGINT NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    position         BIGINT NOT NULL,
    start_char_index BIGINT NOT NULL,
    end_char_index   BIGINT NOT NULL,
    content_hash     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (passage, position)
);
CREATE INDEX sentences_by_hash ON sentences (content_hash);

CREATE TABLE embeddings (
    embedder     TEXT NOT NULL,
    content_hash TEXT COLLATE "C" NOT NULL,
    vector       BYTEA NOT NULL,    -- int8, one byte a dimension; only its direction counts
    PRIMARY KEY (embedder, content_hash)
);

CREATE TABLE passage_index (
    rowid BIGINT PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    text  TEXT NOT NULL,
    words INTEGER NOT NULL
);
CREATE INDEX passage_words ON passage_index (words);  -- their mean, without reading the texts

CREATE TABLE postings (
    term    TEXT COLLATE "C" NOT NULL,
    passage BIGINT NOT NULL REFERENCES passage_index (rowid) ON DELETE CASCADE,
    times   INTEGER NOT NULL,
    words   INTEGER NOT NULL,       -- of the whole passage
    places  INTEGER[] NOT NULL,     -- of the term among the passage's words, ascending
    PRIMARY KEY (term, passage) INCLUDE (times, words)  -- all that a score needs stands together, term by term
);
CREATE INDEX postings_by_passage ON postings (passage);

-- Passages that the vector index has still to follow: those that exist are written to it, the others deleted from it.
CREATE TABLE outbox (passage BIGINT PRIMARY KEY);

CREATE FUNCTION note_passages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox SELECT id FROM changed ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER passage_added AFTER INSERT ON passages
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_passages();
CREATE TRIGGER passage_removed AFTER DELETE ON passages
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_passages();
