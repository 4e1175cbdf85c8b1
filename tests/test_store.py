"""The store does what its docstrings say, on a real SQLite and a real Chroma, and on servers of PostgreSQL and Chroma."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_material import DIMENSION, digest, open_store, put, spans_of, split, vector, words_in
from store_servers import StoreServers

from vectorstore import lexical
from vectorstore.chroma import VectorIndex
from vectorstore.errors import StoreError
from vectorstore.places import Servers
from vectorstore.records import PassageSpan
from vectorstore.store import Store

GENEVA = "Ministers met in Geneva. Talks lasted an hour. Nothing was signed. Both called it frank."
ZURICH = "Trains to Zürich were late. Snow had fallen."
ANY = (0, 99)  # letters


@pytest.fixture(params=["folder", "servers"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Servers:
    """Where a new store may live: the whole contract holds for both."""
    if request.param == "folder":
        return tmp_path / "store"
    servers: StoreServers = request.getfixturevalue("store_servers")
    return servers.new()


@pytest.fixture
def store(place: Path | Servers) -> Iterator[Store]:
    with open_store(place) as opened:
        yield opened


def test_a_document_comes_back_as_it_was_committed(store: Store) -> None:
    document, spans = split(
        "a/b.pdf",
        GENEVA,
        title="Talks",
        outlet="The Post",
        published_at="2022-01-21",
        page_starts=(0, 44),
        metadata={"author": "Ng"},
        origin="added",
        size=7,
        modified_ns=9,
    )
    put(store, (document, spans))
    assert store.document("a/b.pdf") == document
    assert list(store.documents()) == [document]
    assert store.text("a/b.pdf") == GENEVA
    (source,) = store.sources()
    assert (source.title, source.characters, source.passages, source.modified_ns) == ("Talks", len(GENEVA), 2, 9)
    assert store.document("other") is None
    assert store.text("other") is None


def test_passages_quote_their_document_and_know_their_page(store: Store) -> None:
    put(store, split("g.pdf", GENEVA, title="Talks", outlet="The Post", published_at="2022-01-21", page_starts=(0, 44)))
    ids = [i for i, _ in store.lexical(["geneva", "signed"], 10)]
    passages = store.passages(reversed(ids))
    assert list(passages) == ids[::-1]
    for passage in passages.values():
        assert passage.text == GENEVA[passage.start_char_index : passage.end_char_index]
        assert (passage.source, passage.title, passage.outlet) == ("g.pdf", "Talks", "The Post")
    assert sorted((p.page, p.sentences) for p in passages.values()) == [
        (page, span.sentences) for page, span in zip((1, 2), spans_of(GENEVA), strict=True)
    ]
    assert store.passages([10**9]) == {}


def test_sentence_vectors_are_unit_rows_in_the_order_of_the_sentences(store: Store) -> None:
    put(store, split("g.txt", GENEVA), split("z.txt", ZURICH))
    ids = [i for i, _ in store.dense(vector(digest("x")), 10)]
    vectors = store.sentence_vectors(ids)
    assert set(vectors) == set(ids)
    for i, passage in store.passages(ids).items():
        expected = np.stack([vector(sentence.content_hash) for sentence in passage.sentences])
        assert vectors[i].dtype == np.float32
        assert np.linalg.norm(vectors[i], axis=1) == pytest.approx(1, abs=1e-5)
        assert (vectors[i] * expected).sum(axis=1).min() > 0.999


def test_dense_finds_a_passage_by_the_mean_of_its_sentences(store: Store) -> None:
    put(store, split("g.txt", GENEVA), split("z.txt", ZURICH))
    mean = sum(vector(s.content_hash) for s in spans_of(GENEVA)[1].sentences)
    (first, similarity), *others = store.dense(mean, 10)
    assert store.passages([first])[first].text == "Nothing was signed. Both called it frank."
    assert similarity == pytest.approx(1, abs=1e-3)
    assert len(others) == 2
    assert [s for _, s in others] == sorted((s for _, s in others), reverse=True)
    assert store.dense(mean, 0) == []


def test_an_empty_store_finds_nothing_and_is_sound(store: Store) -> None:
    assert store.dense(vector(digest("x")), 5) == []
    assert store.lexical(["geneva"], 5) == []
    assert store.passage_count == 0
    assert store.verify().ok


def test_lexical_stems_drops_accents_and_scores_above_zero(store: Store) -> None:
    put(store, split("g.txt", GENEVA), split("z.txt", ZURICH))
    assert words_in(store, "minister") == ["Ministers met in Geneva. Talks lasted an hour."]
    assert words_in(store, "zurich") == [ZURICH]
    scores = [score for _, score in store.lexical(["talks", "geneva", "signed"], 10)]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert len(store.lexical(["talks", "geneva", "signed"], 1)) == 1


def test_lexical_within_sources_keeps_the_scores(store: Store) -> None:
    put(store, split("g.txt", GENEVA), split("z.txt", ZURICH), split("h.txt", GENEVA))
    everywhere = store.lexical(["geneva", "snow"], 10)
    within = store.lexical(["geneva", "snow"], 10, ["h.txt", "no such source"])
    assert within
    assert set(within) < set(everywhere)
    assert {p.source for p in store.passages([i for i, _ in within]).values()} == {"h.txt"}
    assert store.lexical(["geneva"], 10, []) == []


@pytest.mark.parametrize("most_one_by_one", [500, 0])
def test_dense_within_sources_finds_theirs_alone_in_the_same_order(
    store: Store, monkeypatch: pytest.MonkeyPatch, most_one_by_one: int
) -> None:
    put(store, *(split(f"{n}.txt", f"Report {n} is short. It ends here.") for n in range(30)))
    monkeypatch.setattr("vectorstore.store._FEW", most_one_by_one)
    asked, wanted = vector(digest("x")), {"3.txt", "4.txt", "9.txt"}
    everywhere = store.dense(asked, 30)
    sources = store.sources_of([i for i, _ in everywhere])
    within = store.dense(asked, 5, wanted)
    assert [i for i, _ in within] == [i for i, _ in everywhere if sources[i] in wanted]
    assert [s for _, s in within] == pytest.approx([s for i, s in everywhere if sources[i] in wanted], abs=1e-3)
    assert store.dense(asked, 5, []) == []


@pytest.mark.parametrize(
    "term",
    [
        '"',
        '""',
        '"geneva',
        "NEAR(geneva talks)",
        "geneva*",
        "text:geneva",
        "geneva AND",
        "(",
        "-",
        "^x",
        "",
        "\0",
        "\ud800",
    ],
)
def test_query_syntax_in_terms_is_not_obeyed(store: Store, term: str) -> None:
    put(store, split("z.txt", ZURICH))
    assert store.lexical([term], 10) == []
    assert len(store.lexical([term, "snow"], 10)) == 1
    assert store.document_frequency([term]) == {term: 0}
    assert store.vocabulary(term, ANY) == store.vocabulary("", ANY) or not store.vocabulary(term, ANY)


def test_no_terms_find_nothing_and_very_many_are_no_error(store: Store) -> None:
    put(store, split("z.txt", ZURICH))
    assert store.lexical([], 10) == []
    assert len(store.lexical([f"word{i}" for i in range(2_000)] + ["snow"], 10)) == 1


def test_document_frequency_counts_passages_by_stem_and_phrase(store: Store) -> None:
    put(store, split("a.txt", "He talks. She talked. They met. A talk show."), split("b.txt", "No show."))
    assert store.document_frequency(["talking", "talk show", "show talk", "absent"]) == {
        "talking": 2,
        "talk show": 1,
        "show talk": 0,
        "absent": 0,
    }


def test_vocabulary_lists_stems_by_prefix(store: Store) -> None:
    put(store, split("g.txt", GENEVA))
    assert store.vocabulary("M", ANY) == ["met", "minist"]
    assert store.vocabulary("M", (4, 6)) == ["minist"]
    assert store.vocabulary("", ANY, limit=2) == ["an", "both"]
    store.remove(["g.txt"])
    assert store.vocabulary("", ANY) == []


def test_a_hash_is_missing_until_it_has_a_vector_and_then_keeps_it(store: Store) -> None:
    one, two = digest("one"), digest("two")
    assert store.missing([one, two]) == {one, two}
    store.put_vectors([one], vector(one)[None])
    assert store.missing([one, two]) == {two}
    put(store, split("a.txt", "one"))
    store.put_vectors([one], vector(two)[None])
    assert store.verify().ok


@pytest.mark.parametrize("shape", [(1, DIMENSION + 1), (2, DIMENSION), (DIMENSION,)])
def test_vectors_of_the_wrong_shape_are_refused(store: Store, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        store.put_vectors([digest("one")], np.ones(shape, dtype=np.float32))
    with pytest.raises(ValueError, match="finite"):
        store.put_vectors([digest("one")], np.full((1, DIMENSION), np.nan, dtype=np.float32))
    with pytest.raises(ValueError, match="shape"):
        store.dense(np.ones(DIMENSION + 1, dtype=np.float32), 3)


def test_a_commit_that_fails_changes_nothing(store: Store) -> None:
    put(store, split("g.txt", GENEVA))
    unembedded = split("n.txt", "Never embedded.")
    with pytest.raises(ValueError, match="vector"):
        store.commit([split("g.txt", ZURICH), unembedded])
    with pytest.raises(ValueError, match="without sentences"):
        store.commit([(split("g.txt", ZURICH)[0], [PassageSpan(0, 3, ())])])
    assert [(s.source, s.characters) for s in store.sources()] == [("g.txt", len(GENEVA))]
    assert store.verify().ok


def test_a_replaced_text_is_gone_from_search_and_from_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with open_store(folder) as store:
        put(store, split("a.txt", "The password is xylophone. Keep it."), split("b.txt", GENEVA))
        old = [i for i, _ in store.lexical(["xylophone"], 5)]
        put(store, split("a.txt", "There is no password. Not any more."))
        assert store.lexical(["xylophone"], 5) == []
        assert store.vocabulary("xylo", ANY) == []
        assert store.passages(old) == {}
        assert not set(old) & {i for i, _ in store.dense(vector(digest("x")), 50)}
        assert store.verify().ok
        assert b"xylophone" not in (folder / "catalog.sqlite").read_bytes()
        assert b"xylophone" not in (folder / "catalog.sqlite-wal").read_bytes()
    assert not any(b"xylophon" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_removed_document_leaves_nothing(store: Store) -> None:
    put(store, split("g.txt", GENEVA), split("z.txt", ZURICH))
    store.remove(["g.txt", "no such source"])
    assert [source.source for source in store.sources()] == ["z.txt"]
    assert store.text("g.txt") is None
    assert words_in(store, "geneva") == []
    assert len(store.dense(vector(digest("x")), 50)) == 1
    assert store.verify().ok


def test_touch_changes_size_and_time_only(store: Store) -> None:
    put(store, split("g.txt", GENEVA))
    before = store.document("g.txt")
    store.touch("g.txt", 5, 6)
    after = store.document("g.txt")
    assert before and after
    assert (after.size, after.modified_ns, after.text) == (5, 6, before.text)


def test_documents_without_passages_are_kept(store: Store) -> None:
    put(store, split("empty.txt", ""))
    assert [source.passages for source in store.sources()] == [0]
    assert store.verify().ok


def test_opposite_sentences_whose_mean_is_nothing_are_no_problem(store: Store) -> None:
    document, spans = split("a.txt", "Yes. No.")
    yes, no = (sentence.content_hash for sentence in spans[0].sentences)
    store.put_vectors([yes, no], np.stack([vector(yes), -vector(yes)]))
    store.commit([(document, spans)])
    assert store.verify().ok


def test_more_passages_than_are_handed_on_at_a_time(store: Store) -> None:
    put(store, split("long.txt", " ".join(f"Line {i}." for i in range(4_200))))
    report = store.verify()
    assert report.problems == ()
    assert (report.passages, report.vectors, report.sentences) == (2_100, 2_100, 4_200)
    assert len(store.sentence_vectors(range(1, 2_101))) == 2_100
    store.remove(["long.txt"])
    assert store.verify().ok


def test_the_index_takes_more_ids_than_chroma_does_at_once(tmp_path: Path) -> None:
    with closing(VectorIndex(tmp_path / "chroma")) as index:
        ids = range(1, 5_601)
        angles = np.linspace(0, 3, len(ids))
        index.upsert(ids, np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
        assert index.ids() == set(ids)
        assert len(index.vectors([*ids, 9_999])) == index.count() == len(ids)
        index.delete(ids)
        assert index.ids() == set()


def test_threads_share_a_store(store: Store) -> None:
    put(store, split("seed.txt", GENEVA))
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(5):
                put(store, split(f"{number}-{i}.txt", f"Thread {number} wrote {i}. {GENEVA}"))
                assert words_in(store, "geneva")
                assert store.dense(vector(digest("x")), 3)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.sources()) == 21
    assert store.verify().ok


def test_a_closed_store_says_so(place: Path | Servers) -> None:
    store = open_store(place)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.sources()


WORDS = st.text(st.sampled_from("ab.é \"'\n\0語"), max_size=40)
CHANGES = st.one_of(
    st.tuples(st.just("commit"), st.dictionaries(st.sampled_from("pqrs"), WORDS, min_size=1, max_size=3)),
    st.tuples(st.just("remove"), st.sets(st.sampled_from("pqrs"), max_size=3)),
    st.tuples(st.just("reopen"), st.none()),
)


def new_place(where: str, request: pytest.FixtureRequest, folder: str) -> Path | Servers:
    return Path(folder) if where == "folder" else request.getfixturevalue("store_servers").new()


@pytest.mark.parametrize("where", ["folder", "servers"])
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(changes=st.lists(CHANGES, max_size=6))
def test_any_changes_leave_what_a_dict_would_hold(
    where: str, request: pytest.FixtureRequest, changes: list[tuple[str, object]]
) -> None:
    texts: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = new_place(where, request, folder)
        store = open_store(place)
        for kind, what in changes:
            if kind == "commit":
                assert isinstance(what, dict)
                put(store, *(split(source, text) for source, text in what.items()))
                texts |= what
            elif kind == "remove":
                assert isinstance(what, set)
                store.remove(sorted(what))
                texts = {source: text for source, text in texts.items() if source not in what}
            else:
                store.close()
                store = open_store(place)
            assert store.verify().problems == ()
            assert {document.source: document.text for document in store.documents()} == texts
            expected = sorted(
                (s, t[p.start_char_index : p.end_char_index]) for s, t in texts.items() for p in spans_of(t)
            )
            ids = [i for i, _ in store.dense(vector(digest("x")), 1_000)]
            assert sorted((p.source, p.text) for p in store.passages(ids).values()) == expected
        store.close()


def test_words_that_very_many_passages_hold_count_only_where_there_are_no_rarer_ones(place, monkeypatch) -> None:
    monkeypatch.setattr(lexical, "SCORED", 8)
    texts = [
        f"Common widespread item{n}. " + ("Usual." if n % 2 else "Rare." if n == 4 else "Other.") for n in range(12)
    ]
    with open_store(place) as store:
        put(store, *(split(f"{n}.txt", text) for n, text in enumerate(texts)))

        def found(*terms: str, limit: int = 20) -> list[str]:
            return [p.text for p in store.passages([i for i, _ in store.lexical(list(terms), limit)]).values()]

        assert found("common", "rare") == [texts[4]]
        assert found("common", "widespread", "nowhere", limit=3) == texts[:3]
        assert set(found("common", "widespread", "usual", limit=6)) == set(texts[1::2])
        assert set(found("common", "widespread", "usual")) == set(texts)
        assert len(found("common")) == 12 and found("nowhere") == [] and found() == []
        assert len(found("common", "nowhere", limit=30)) == 12
        put(store, split("13.txt", "Rare."))
        assert len(found("common", "rare")) == 2


SPOKEN = st.text(st.sampled_from("ab c.é\"'\n\0語ß-’"), max_size=60)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(SPOKEN, min_size=1, max_size=5), terms=st.lists(SPOKEN, max_size=4))
def test_both_kinds_of_store_find_the_same_by_words_with_the_same_scores(
    store_servers: StoreServers, texts: list[str], terms: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for place in (Path(folder), store_servers.new()):
            with open_store(place) as store:
                put(store, *(split(f"{n}.txt", text) for n, text in enumerate(texts)))
                best = store.lexical(terms, 50)
                sources = store.sources_of([i for i, _ in best])
                spans = store.passages([i for i, _ in best])
                scores = {(sources[i], spans[i].start_char_index): score for i, score in best}
                found.append((scores, store.document_frequency(terms), store.vocabulary("", ANY)))
        (one, held, listed), (other, held_too, listed_too) = found
        assert one.keys() == other.keys()
        assert [other[key] for key in one] == pytest.approx(list(one.values()))
        assert (held, listed) == (held_too, listed_too)
