"""Embeddings of an endpoint: batches, order, retries, and errors that never show the key."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from endpoint_server import KEY, EndpointServer

from qa.endpoint import EndpointEmbedder
from qa.errors import EndpointError


@pytest.fixture
def server() -> Iterator[EndpointServer]:
    with EndpointServer() as running:
        yield running


def test_key_and_address_come_from_the_environment(server: EndpointServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert EndpointEmbedder("tiny").embed_queries(["a"])[0].shape == (8,)
    assert server.requests[0]["model"] == "tiny"


def test_without_a_key_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EndpointError, match="OPENAI_API_KEY"):
        EndpointEmbedder("tiny").embed_queries(["a"])[0]


def test_batches_are_of_256_and_rows_in_order(server: EndpointServer) -> None:
    seen: list[tuple[int, int]] = []
    texts = ["a" * (i % 7) + "b" * (i % 5) for i in range(600)]
    vectors = EndpointEmbedder("tiny", client=server.client()).embed_documents(texts, lambda *at: seen.append(at))
    assert [len(request["input"]) for request in server.requests] == [256, 256, 88]
    assert seen == [(256, 600), (512, 600), (600, 600)]
    expected = np.array([[1.0 + text.count(letter) for letter in "abcdefgh"] for text in texts])
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-5)


def test_the_dimension_costs_one_call_once(server: EndpointServer) -> None:
    embedder = EndpointEmbedder("tiny", client=server.client())
    assert server.requests == []
    assert (embedder.dimension, embedder.dimension) == (8, 8)
    assert len(server.requests) == 1


def test_an_overloaded_endpoint_is_asked_again(server: EndpointServer) -> None:
    server.refusals = [(503, {}), (429, {})]
    server.headers = {"retry-after-ms": "1"}
    assert EndpointEmbedder("tiny", client=server.client()).embed_queries(["a"])[0].shape == (8,)
    assert len(server.requests) == 3


def test_three_tries_are_all_whatever_the_client_would_do(server: EndpointServer) -> None:
    server.refusals = [(503, {})] * 9
    server.headers = {"retry-after-ms": "1"}
    with pytest.raises(EndpointError, match="503"):
        EndpointEmbedder("tiny", client=server.client().with_options(max_retries=5)).embed_queries(["a"])
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
def test_a_refusal_is_an_endpoint_error_without_the_key(server: EndpointServer, status: int) -> None:
    server.refusals = [(status, {"error": {"message": f"key {KEY} is not welcome"}})] * 3
    server.headers = {"retry-after-ms": "1"}
    embedder = EndpointEmbedder("tiny", client=server.client())
    with pytest.raises(EndpointError, match=f"openai:tiny.*{status}") as caught:
        embedder.embed_queries(["a"])[0]
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert KEY not in repr(embedder)


def test_an_endpoint_that_is_not_there_is_an_endpoint_error(server: EndpointServer) -> None:
    client = server.client().with_options(base_url="http://127.0.0.1:9/v1")
    with pytest.raises(EndpointError, match=r"127\.0\.0\.1"):
        EndpointEmbedder("tiny", client=client).embed_queries(["a"])[0]


def item(index: int, embedding: object) -> dict[str, object]:
    return {"object": "embedding", "index": index, "embedding": embedding}


@pytest.mark.parametrize(
    "reply",
    [
        {"data": []},
        {"data": [item(0, [1.0, 2.0])]},
        {"data": [item(0, [1.0, 2.0]), item(1, [1.0])]},
        {"data": [item(0, [1.0, 2.0]), item(1, ["one", "two"])]},
        {"data": [item(0, [1.0, 2.0]), item(1, [0.0, 0.0])]},
        {"data": [item(0, [1.0, 2.0]), item(1, [float("nan"), 1.0])]},
        {"data": "none"},
        {"hello": "world"},
        "a page",
    ],
    ids=["none", "too few", "ragged", "words", "zeros", "nan", "a word", "something else", "a string"],
)
def test_a_reply_that_is_no_embeddings_is_an_endpoint_error(server: EndpointServer, reply: object) -> None:
    server.refusals = [(200, reply)]
    with pytest.raises(EndpointError, match="openai:tiny"):
        EndpointEmbedder("tiny", client=server.client()).embed_documents(["a", "b"])
