"""The house: imports go down only, each third-party library has one home, importing has no effects."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP = ("app", "page", "eval", "qa", "prompts", "vectorstore")

# Who may import whom, from the roof down. A package may always import itself.
BELOW = {
    "app": {"page", "qa"},
    "page": {"qa"},
    "eval": {"qa", "prompts"},
    "qa": {"prompts", "vectorstore"},
    "prompts": set(),
    "vectorstore": set(),
}

# Inside qa, floor by floor: a room may import rooms of lower floors only, and of its own floor where listed below.
FLOORS = (
    ("types", "errors", "settings", "weights"),
    ("paragraphs", "words", "llamaindex", "readtext", "archives", "watching", "spreading"),
    (
        "values",
        "synonyms",
        "kinds",
        "clipping",
        "cleaning",
        "citing",
        "decoding",
        "models",
        "serving",
        "clauses",
        "ranking",
        "remembering",
    ),
    ("questions", "attributing", "splitting", "describing", "endpoint", "dating"),
    (
        "embedding",
        "chatmodels",
        "supporting",
        "drafting",
        "webpages",
        "comparing",
        "asking",
        "beside",
        "rewriting",
        "routing",
        "pdfs",
        "office",
        "tables",
    ),
    ("mail", "books"),
    ("reading", "naming"),
    ("matching", "wanted", "extracting", "isolation", "retrieval"),
    ("scoring", "opposing", "preparing"),
    ("stating", "checking", "voices"),
    ("understanding", "suggesting"),
    ("quoting", "indexing", "testing", "surveying"),
    ("writing",),
    ("generating",),
    ("conversation",),
    ("corpus",),
    ("cli",),
)

HOMES = {
    "bs4": {"qa/webpages.py"},
    "charset_normalizer": {"qa/decoding.py"},
    "chromadb": {"vectorstore/chroma.py", "eval/bench/everyday.py"},
    "docx": {"qa/office.py"},
    "filelock": {"qa/models.py", "vectorstore/lock.py"},
    "gradio": {
        "app.py",
        "page/layout.py",
        "page/api.py",
        "page/events.py",
        "page/guarding.py",
        "page/setting_events.py",
        "page/source_events.py",
    },
    "httpx": {"qa/models.py", "vectorstore/chroma.py", "eval/bench/soak.py"},
    "ir_measures": {"eval/ranking.py"},
    "jinja2": {"eval/reporting.py"},
    "llama_index": {"qa/llamaindex.py", "eval/plain.py", "eval/bench/everyday.py"},
    "lxml": {"qa/archives.py"},
    "onnxruntime": {"qa/embedding.py"},
    "openai": {"qa/endpoint.py"},
    "platformdirs": {"qa/settings.py"},
    "psycopg": {"vectorstore/postgres.py"},
    "pydantic": {"qa/settings.py", "qa/drafting.py", "eval/cases.py", "eval/records.py"},
    "pydantic_core": {"qa/drafting.py"},
    "pydantic_settings": {"qa/settings.py"},
    "pptx": {"qa/office.py"},
    "pypdfium2": {"qa/pdfs.py"},
    "pytest": {"eval/pytest_plugin.py"},
    "python_calamine": {"qa/tables.py"},
    "ray": {"qa/spreading.py"},
    "rapidfuzz": {"qa/words.py"},
    "scipy": {"eval/significance.py"},
    "sentencex": {"qa/splitting.py"},
    "striprtf": {"qa/office.py"},
    "snowballstemmer": {"qa/words.py"},
    "tenacity": {"qa/endpoint.py"},
    "tiktoken": {"qa/llamaindex.py"},
    "tokenizers": {"qa/embedding.py"},
    "tqdm": {"qa/cli.py", "qa/models.py", "eval/running.py", "eval/bench/sets.py"},
    "xllamacpp": {"qa/serving.py"},
    "watchfiles": {"qa/watching.py"},
    "yaml": {"qa/reading.py", "qa/describing.py", "eval/cases.py", "eval/adapting.py"},
}
SHARED = {"numpy"}
PART_OF = {"fastapi": "gradio", "starlette": "gradio", "uvicorn": "gradio"}


def modules() -> dict[str, Path]:
    files = [ROOT / "app.py", *(f for top in TOP[1:] for f in (ROOT / top).rglob("*.py"))]
    return {f.relative_to(ROOT).as_posix(): f for f in files}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


@pytest.mark.parametrize("name", sorted(modules()))
def test_packages_import_only_packages_below_them(name):
    package = name.split("/")[0].removesuffix(".py")
    others = {i.split(".")[0] for i in imports(modules()[name])} & set(TOP)
    assert others <= BELOW[package] | {package}


def test_every_room_of_qa_has_a_floor_and_imports_lower_floors_only():
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    rooms = {Path(n).stem for n in modules() if n.startswith("qa/")} - {"__init__"}
    assert rooms == set(floor)
    for name, path in modules().items():
        room = Path(name).stem
        if name.startswith("qa/") and room != "__init__":
            below = {i.split(".")[1] for i in imports(path) if i.startswith("qa.")} - {room}
            assert {b for b in below & set(floor) if floor[b] >= floor[room]} == set(), name


def test_each_third_party_library_has_its_home():
    strangers = {}
    for name, path in modules().items():
        for imported in {i.split(".")[0] for i in imports(path)} - set(sys.stdlib_module_names) - set(TOP) - SHARED:
            library = PART_OF.get(imported, imported)
            if name not in HOMES.get(library, set()):
                strangers.setdefault(imported, []).append(name)
    assert strangers == {}


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_importing_the_library_loads_nothing_heavy_and_writes_nothing():
    heavy = sorted({*HOMES, "numpy"} - {"platformdirs"})
    loaded = run(
        f"import sys, qa, app, page, eval, prompts, vectorstore\nprint([m for m in {heavy!r} if m in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_importing_the_library_takes_under_a_fifth_of_a_second():
    code = "import time; t = time.perf_counter(); import qa; print(time.perf_counter() - t)"
    assert min(float(run(code)) for _ in range(3)) < 0.2


def test_the_public_names_are_these():
    import qa

    assert sorted(qa.__all__) == [
        "Answer", "Answerer", "Citation", "Conversation", "Corpus", "Disagreement", "Embedder", "EndpointError",
        "Evidence", "IndexReport", "ModelUnavailable", "Passage", "ReadError", "ScoredPassage", "Settings", "SourceNotFound", "Statement",
        "StoreDamaged", "StoreError", "StoreLocked", "StoreMismatch", "VerifyReport", "WeightsUnavailable",
        "WitnessError",
    ]  # fmt: skip
    assert all(getattr(qa, name) is not None for name in qa.__all__)
    assert set(qa.__all__) <= set(dir(qa))


def test_an_unknown_name_is_an_attribute_error():
    import qa

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        qa.Nothing  # noqa: B018


def test_the_page_shows_text_only_through_components_that_sanitise_it():
    for name, path in modules().items():
        if name.startswith("page/") or name == "app.py":
            tree = ast.parse(path.read_text("utf-8"))
            called = {
                n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
            }
            assert not called & {"HTML", "load_component", "render"}, name
            given = {k.arg: k.value for n in ast.walk(tree) if isinstance(n, ast.Call) for k in n.keywords}
            assert not given.keys() & {"js", "sanitize_html", "head_paths"}, name
            assert "allow_tags" not in given or given["allow_tags"].value is False, name
