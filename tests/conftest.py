"""What tests share: small folders of documents and the real embedder where its weights are."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_servers import StoreServers, postgres_programs

from qa import Corpus, Settings
from qa.testing import HashEmbedder
from qa.weights import WEIGHTS

ROOT = Path(__file__).parents[1]
GENEVA = ROOT / "eval" / "suites" / "geneva"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("QA_") and name not in ("QA_SHARED", "QA_CACHE"):
            monkeypatch.delenv(name)


@pytest.fixture
def shared() -> Path:
    """Public data beside the checkout."""
    folder = Path(os.environ.get("QA_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"no public data in {folder}; set QA_SHARED")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for documents."""
    made = tmp_path / "documents"
    made.mkdir()
    return made


@pytest.fixture
def open_corpus(folder: Path, tmp_path: Path) -> Iterator[Callable[..., Corpus]]:
    """Opens a corpus over `folder` with an embedder that needs no model; closed after the test."""
    opened: list[Corpus] = []

    def open_it(**arguments: object) -> Corpus:
        arguments = {"store": tmp_path / "store", "embedder": HashEmbedder()} | arguments
        opened.append(Corpus(folder, **arguments))
        return opened[-1]

    yield open_it
    for corpus in opened:
        corpus.close()


@pytest.fixture(scope="session")
def store_servers() -> Iterator[StoreServers]:
    """PostgreSQL and Chroma servers on loopback, for stores on servers."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not on this machine; install postgresql")
    # Not pytest's own folder, which only its user may enter; PostgreSQL runs as another one.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with StoreServers(Path(folder), programs) as servers:
            yield servers


@pytest.fixture(scope="session")
def weights() -> None:
    """The default embedder's weights, which are never fetched by a test."""
    folder = Settings().cache / "weights" / "arctic-embed-s"
    if not all((folder / file.name).is_file() for file in WEIGHTS["arctic-embed-s"].files):
        pytest.skip("the default embedder's weights are not in the cache; `make test` fetches them")


@pytest.fixture(scope="session")
def geneva(weights: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    """The sample documents under the default settings, with the real embedder."""
    with Corpus(GENEVA / "documents", store=tmp_path_factory.mktemp("geneva")) as corpus:
        corpus.sync()
        yield corpus
