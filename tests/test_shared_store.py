"""A store on servers, which several processes use: who may write, what the others see, and what is kept when one dies."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import psycopg
import pytest
import store_material
from pydantic import ValidationError
from store_material import digest, open_store, put, split, texts_after, vector, words_in
from store_servers import StoreServers

from page.library import Library
from page.sessions import Limits, Session
from qa import Corpus, Settings
from qa.testing import HashEmbedder
from qa.types import IndexReport
from vectorstore.chroma import ChromaServer
from vectorstore.errors import StoreError, StoreLocked, StoreMismatch
from vectorstore.places import Servers

ROOT = Path(__file__).parent.parent
GENEVA = "Ministers met in Geneva. Talks lasted an hour."


@pytest.fixture
def servers(store_servers: StoreServers) -> Servers:
    return store_servers.new()


@pytest.fixture
def on_servers(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Corpus]]:
    """Opens a corpus on servers that the environment names, as on a machine of its own."""
    monkeypatch.setenv("QA_CATALOG_URL", servers.catalog_url)
    monkeypatch.setenv("QA_CHROMA_URL", servers.chroma.url)
    opened: list[Corpus] = []

    def open_it(documents: Path | None = None) -> Corpus:
        opened.append(Corpus(documents, embedder=HashEmbedder()))
        return opened[-1]

    yield open_it
    for corpus in opened:
        corpus.close()


def start_writing(servers: Servers, first: int) -> subprocess.Popen[str]:
    place = f"{servers.catalog_url} {servers.chroma.url}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, store_material.__file__, place, str(first)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "open\n"
    return process


def test_what_one_commits_the_others_find(servers: Servers) -> None:
    with open_store(servers) as writer, open_store(servers) as reader:
        put(writer, split("a.txt", GENEVA))
        assert words_in(reader, "geneva") == [GENEVA]
        assert len(reader.dense(vector(digest("x")), 5)) == 1
        before = reader.generation
        writer.remove(["a.txt"])
        assert reader.generation > before
        assert words_in(reader, "geneva") == []
        assert reader.dense(vector(digest("x")), 5) == []


def test_a_reader_sees_one_moment_while_another_writes(servers: Servers) -> None:
    with open_store(servers) as writer, open_store(servers) as reader:
        put(writer, split("a.txt", GENEVA))
        with reader.snapshot():
            (found,) = reader.dense(vector(digest("x")), 5)
            writer.remove(["a.txt"])
            assert words_in(reader, "geneva") == [GENEVA]
            assert reader.sources_of([found[0]]) == {found[0]: "a.txt"}
        assert reader.sources_of([found[0]]) == {}


def test_only_one_writes_at_a_time_and_the_other_is_told_who(servers: Servers) -> None:
    with open_store(servers) as one, open_store(servers) as other:
        with one.writing(), pytest.raises(StoreLocked, match=f"process {os.getpid()}"):
            put(other, split("b.txt", GENEVA))
        put(other, split("b.txt", GENEVA))
        assert words_in(one, "geneva") == [GENEVA]


def test_what_a_killed_writer_reported_is_kept_and_the_next_one_goes_on(servers: Servers) -> None:
    done = 0
    for seconds in (0.3, 0.7):
        process = start_writing(servers, done)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said = [int(line) for line in process.communicate()[0].split()]
        done = (said or [done - 1])[-1] + 1
        with open_store(servers) as store:
            wait_until_free(servers)
            held = {document.source: document.text for document in store.documents()}
            # A step may be done whose report did not get out any more.
            assert held in (texts_after(done), texts_after(done + 1))
            done += held != texts_after(done)
            assert store.verify().problems == ()
    assert done > 1


def wait_until_free(servers: Servers) -> None:
    """PostgreSQL notices a moment later that a writer is gone."""
    for _ in range(100):
        with psycopg.connect(servers.catalog_url) as connection:
            if not connection.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'").fetchall():
                return
        time.sleep(0.05)


def test_a_lost_collection_is_noticed_and_made_anew_without_embedding(servers: Servers) -> None:
    with open_store(servers) as store, open_store(servers) as reader:
        put(store, split("a.txt", GENEVA))
        assert len(reader.dense(vector(digest("x")), 5)) == 1
        store._index.reset()
        assert "missing from the vector index" in store.verify().problems[0]
    with open_store(servers) as store:
        put(store, split("b.txt", "Snow fell."))
        assert store.verify().ok
        assert len(store.dense(vector(digest("x")), 5)) == 2


def test_a_reader_finds_a_collection_that_was_made_anew(servers: Servers) -> None:
    with open_store(servers) as store, open_store(servers) as reader:
        put(store, split("a.txt", GENEVA))
        reader.dense(vector(digest("x")), 5)
        store.refill()
        assert len(reader.dense(vector(digest("x")), 5)) == 1


def test_another_embedder_is_refused_and_a_rebuild_is_noticed_by_those_who_read(servers: Servers) -> None:
    with open_store(servers) as reader:
        with pytest.raises(StoreMismatch, match="run `witness rebuild`"):
            open_store(servers, embedder="another")
        with open_store(servers, embedder="another", rebuild=True) as other:
            other.reset()
            other.finish_rebuild()
        with pytest.raises(StoreMismatch, match="another"), reader.snapshot():
            pass
        with pytest.raises(StoreMismatch, match="another"):
            put(reader, split("a.txt", GENEVA))


def test_nobody_writes_into_a_store_that_another_left_half_rebuilt(servers: Servers) -> None:
    with open_store(servers) as store:
        put(store, split("a.txt", GENEVA))
        with open_store(servers, rebuild=True) as other:
            other.reset()
        with pytest.raises(StoreMismatch, match="in the middle of a rebuild"):
            put(store, split("b.txt", GENEVA))
        with open_store(servers, rebuild=True) as other:
            other.reset()
            put(other, split("a.txt", GENEVA))
            other.finish_rebuild()
            put(other, split("b.txt", "Snow fell."))
        put(store, split("c.txt", "It rained."))
        assert store.verify().ok and len(store.sources()) == 3


def test_a_database_with_other_tables_is_refused(servers: Servers) -> None:
    with psycopg.connect(servers.catalog_url) as connection:
        connection.execute("CREATE TABLE documents (mine text)")
    with pytest.raises(StoreError, match="other tables"):
        open_store(servers)


def test_servers_that_are_not_there_are_named_and_found_again(tmp_path: Path, store_servers: StoreServers) -> None:
    servers = store_servers.new()
    with open_store(servers) as store:
        put(store, split("a.txt", GENEVA))
        store_servers.chroma.kill()
        store_servers.chroma.wait()
        with pytest.raises(StoreError, match="Chroma server"):
            store.dense(vector(digest("x")), 5)
        store_servers.start_chroma()
        assert len(store.dense(vector(digest("x")), 5)) == 1
        store_servers.postgres.send_signal(signal.SIGQUIT)
        store_servers.postgres.wait()
        with pytest.raises(StoreError, match="cannot be reached"):
            store.sources()
        store_servers.start_postgres()
        assert words_in(store, "geneva") == [GENEVA]
        put(store, split("b.txt", "Snow fell."))
        assert store.verify().ok


def test_a_user_who_may_only_read_reads_and_is_told_that_it_may_not_write(servers: Servers) -> None:
    with open_store(servers) as store:
        put(store, split("a.txt", GENEVA))
        role = f"reader_{servers.catalog_url.rpartition('_')[2]}"
        with psycopg.connect(servers.catalog_url) as connection:
            connection.execute(f"CREATE ROLE {role} LOGIN")
            connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        as_reader = dataclasses.replace(servers, catalog_url=servers.catalog_url.replace("//witness@", f"//{role}@"))
        with open_store(as_reader) as reader:
            assert words_in(reader, "geneva") == [GENEVA]
            assert len(reader.dense(vector(digest("x")), 5)) == 1
            with pytest.raises(StoreError, match="ask for the right"):
                reader.remove(["a.txt"])
        assert words_in(store, "geneva") == [GENEVA]


def test_passwords_and_headers_stay_out_of_messages(servers: Servers) -> None:
    secret = "hunter2"
    behind = dataclasses.replace(servers, catalog_url=f"postgresql://me:{secret}@127.0.0.1:1/nowhere")
    assert secret not in repr(behind)
    with pytest.raises(StoreError) as caught:
        open_store(behind)
    assert secret not in str(caught.value)
    settings = Settings(catalog_url=behind.catalog_url, chroma_url="http://x", chroma_headers={"Authorization": secret})
    assert secret not in repr(settings) + settings.model_dump_json()
    assert settings.digest == Settings().digest


def test_the_two_servers_go_together() -> None:
    with pytest.raises(ValidationError, match="go together"):
        Settings(chroma_url="http://127.0.0.1:8000")


def test_headers_reach_the_proxy_before_chroma(servers: Servers) -> None:
    seen: list[str | None] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"])
            self.send_error(401)

        def log_message(self, *arguments: object) -> None:
            pass

    proxy = HTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    chroma = ChromaServer(f"http://127.0.0.1:{proxy.server_port}", {"Authorization": "Bearer x"})
    with (
        open_store(dataclasses.replace(servers, chroma=chroma)) as store,
        pytest.raises(StoreError, match="may you use it"),
    ):
        store.dense(np.ones(store_material.DIMENSION, dtype=np.float32), 3)
    proxy.shutdown()
    assert "Bearer x" in seen


def test_a_corpus_answers_from_what_another_process_has_synced(folder: Path, on_servers) -> None:
    (folder / "a.txt").write_text("Sergey Lavrov met Antony Blinken in Geneva on Friday.", "utf-8")
    writer, reader = on_servers(folder), on_servers()
    assert reader.ask("Where did Lavrov meet Blinken?").abstained
    assert writer.sync().added == ("a.txt",)
    answer = reader.ask("Where did Lavrov meet Blinken?")
    assert "Geneva" in answer.text and not answer.abstained
    (folder / "a.txt").write_text("Sergey Lavrov met Antony Blinken in Vienna on Friday.", "utf-8")
    assert writer.sync().changed == ("a.txt",)
    assert "Vienna" in reader.ask("Where did Lavrov meet Blinken?").text
    assert writer.sync().unchanged == ("a.txt",)


def test_a_page_on_servers_takes_no_files(on_servers, tmp_path: Path) -> None:
    corpus = on_servers()
    corpus.add_files({"uploads/of-another-page/a.txt": ROOT / "README.md"})
    library = Library(corpus, IndexReport(), Limits(), tmp_path)
    library.forget_leftovers()
    assert len(corpus.sources()) == 1
    assert library.folders() == []
    (said,) = library.upload([str(ROOT / "README.md")], Session())
    assert "only reads" in said
