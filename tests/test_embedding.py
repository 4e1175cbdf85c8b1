"""The contract every embedder keeps, and what each adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from endpoint_server import EndpointServer
from llama_index.core.base.embeddings.base import BaseEmbedding

from qa.embedding import EMBEDDERS, LlamaIndexEmbedder, LocalEmbedder, batches, make_embedder
from qa.endpoint import EndpointEmbedder
from qa.settings import Settings
from qa.testing import HashEmbedder
from qa.types import Embedder
from qa.weights import WEIGHTS

TEXTS = (
    "The two ministers met in Geneva on Friday.",
    "No.",
    "The striker scored twice before half-time, and the football club from the harbour won the cup for the third time.",
    "Prices rose.",
    "",
)


class LetterEmbedding(BaseEmbedding):
    """A LlamaIndex embedding: how often each letter occurs, not normalised."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return [1.0 + text.count(letter) for letter in "abcdefgh"]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


@pytest.fixture(scope="module")
def local() -> LocalEmbedder:
    settings = Settings()
    folder = settings.cache / "weights" / "arctic-embed-s"
    missing = [file.name for file in WEIGHTS["arctic-embed-s"].files if not file.is_at(folder / file.name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not in {folder}; `make test` fetches them")
    return LocalEmbedder(settings.cache, threads=1)


@pytest.fixture(scope="module")
def server() -> Iterator[EndpointServer]:
    with EndpointServer() as running:
        yield running


@pytest.fixture(params=["hash", "llama-index", "endpoint", "local"])
def embedder(request: pytest.FixtureRequest) -> Any:
    make = {
        "hash": lambda: HashEmbedder(),
        "llama-index": lambda: LlamaIndexEmbedder(LetterEmbedding(model_name="letters")),
        "endpoint": lambda: EndpointEmbedder("tiny", client=request.getfixturevalue("server").client()),
        "local": lambda: request.getfixturevalue("local"),
    }
    return make[request.param]()


def test_documents_become_unit_rows_of_float32(embedder: Embedder) -> None:
    vectors = embedder.embed_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_question_becomes_one_unit_vector(embedder: Embedder) -> None:
    vector = embedder.embed_queries(["When did they meet?"])[0]
    assert vector.shape == (embedder.dimension,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_no_texts_become_no_rows(embedder: Embedder) -> None:
    vectors = embedder.embed_documents([])
    assert vectors.shape == (0, embedder.dimension)
    assert vectors.dtype == np.float32


def test_the_same_texts_give_the_same_vectors(embedder: Embedder) -> None:
    np.testing.assert_array_equal(embedder.embed_documents(TEXTS), embedder.embed_documents(TEXTS))
    np.testing.assert_array_equal(embedder.embed_queries(["Who?"])[0], embedder.embed_queries(["Who?"])[0])


def test_every_row_belongs_to_its_text_in_whatever_order(embedder: Embedder) -> None:
    np.testing.assert_array_equal(embedder.embed_documents(TEXTS)[::-1], embedder.embed_documents(TEXTS[::-1]))


def test_company_hardly_changes_a_vector(embedder: Embedder) -> None:
    together = embedder.embed_documents(TEXTS)
    alone = np.concatenate([embedder.embed_documents([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.98


def test_an_embedder_has_a_name(embedder: Embedder) -> None:
    assert embedder.name == embedder.name.strip() != ""


def test_a_lone_surrogate_is_no_error(local: LocalEmbedder) -> None:
    assert local.embed_queries(["caf\ud800"])[0].shape == (384,)


def test_the_local_model_prefers_the_sentence_that_answers(local: LocalEmbedder) -> None:
    question = local.embed_queries(["On which day did they meet in Geneva?"])[0]
    meeting, _, football, *_ = local.embed_documents(TEXTS) @ question
    assert meeting > football + 0.1


def test_questions_are_prefixed_and_documents_are_not(local: LocalEmbedder) -> None:
    text = "Who met in Geneva?"
    as_document = local.embed_documents([local.query_prefix + text])[0]
    np.testing.assert_array_equal(local.embed_queries([text])[0], as_document)
    assert not np.allclose(local.embed_queries([text])[0], local.embed_documents([text])[0])


def test_long_texts_are_cut_at_512_tokens(local: LocalEmbedder) -> None:
    head = "harbour " * 510
    whole, cut = local.embed_documents([head + "and much more", head])
    assert whole @ cut == pytest.approx(1, abs=1e-5)


def test_the_local_model_reports_progress(local: LocalEmbedder) -> None:
    seen: list[tuple[int, int]] = []
    local.embed_documents([f"Sentence number {i} of many." for i in range(200)], lambda *at: seen.append(at))
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (200, 200)


def test_the_local_model_is_loaded_at_first_use(tmp_path: Path) -> None:
    embedder = make_embedder("local", Settings(cache=tmp_path))
    assert (embedder.name, embedder.dimension) == ("arctic-embed-s-int8", 384)
    assert embedder.embed_documents([]).shape == (0, 384)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("lengths", [[], [5], [600, 1, 2, 600], [25] * 100, list(range(1, 80))])
def test_batches_hold_every_text_once_and_stay_small(lengths: Sequence[int]) -> None:
    tokens = [[7] * n for n in lengths]
    made = list(batches(tokens))
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 512 for batch in made)


def test_llama_index_progress_and_name() -> None:
    seen: list[tuple[int, int]] = []
    embedder = LlamaIndexEmbedder(LetterEmbedding(model_name="letters"))
    embedder.embed_documents(["a"] * 300, lambda *at: seen.append(at))
    assert seen == [(256, 300), (300, 300)]
    assert embedder.name == "llama-index:LetterEmbedding:letters"


def test_names_and_objects_make_embedders() -> None:
    settings = Settings()
    ours = HashEmbedder()
    assert make_embedder(ours, settings) is ours
    assert isinstance(make_embedder("local", settings), LocalEmbedder)
    assert make_embedder("openai:some-model", settings).name == "openai:some-model"
    assert isinstance(make_embedder(LetterEmbedding(), settings), LlamaIndexEmbedder)


def test_asking_what_an_object_is_does_not_call_its_model() -> None:
    class Lazy(HashEmbedder):
        @property
        def dimension(self) -> int:  # type: ignore[override]
            raise AssertionError("the model was called")

        @dimension.setter
        def dimension(self, value: int) -> None:
            pass

    lazy = Lazy()
    assert make_embedder(lazy, Settings()) is lazy


@pytest.mark.parametrize("spec", ["remote", "", "local:other", "openai:", "openai"])
def test_an_unknown_name_lists_what_is_possible(spec: str) -> None:
    with pytest.raises(ValueError, match=r"local|openai:MODEL"):
        make_embedder(spec, Settings())


@pytest.mark.parametrize("spec", [3, None, object(), HashEmbedder], ids=["number", "none", "object", "class"])
def test_an_object_that_is_no_embedder_lists_what_is_possible(spec: object) -> None:
    with pytest.raises(TypeError, match="LlamaIndex"):
        make_embedder(spec, Settings())


def test_the_default_is_in_the_table() -> None:
    assert Settings().embedder in EMBEDDERS
