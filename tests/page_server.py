"""The page as `make run` serves it, over a small folder with a trap in it, with the embedder for tests."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRAP = (
    "The vault opened on Friday, <script>window.hacked=1</script><img src=http://example.invalid/x "
    "onerror=window.hacked=1> ![x](http://example.invalid/y.png) [a](javascript:window.hacked=1) $$x^2$$, said Keller."
)
SPEECH = "Anna Keller said that Mountain Lake was frozen. Later Otto Reuss said that the Old Mill burns, and left."
KEY = "The key was found in the garden by Mara Lind."
# A question with "slowly" in it is answered word by word over twenty seconds, one with "endlessly" until it is stopped.
_SERVE = """
import sys, time
from qa import embedding
from qa.quoting import QuoteAnswerer
from qa.testing import HashEmbedder
embedding.EMBEDDERS = {"local": lambda model, settings: HashEmbedder()}
quoted = QuoteAnswerer.stream
def stream(self, evidence):
    for _ in range(200 if "slowly" in evidence.question else 10_000 if "endlessly" in evidence.question else 0):
        yield "word "
        time.sleep(0.1)
    yield from quoted(self, evidence)
QuoteAnswerer.stream = stream
import app
sys.exit(app.main(sys.argv[1:]))
"""


def write_documents(folder: Path) -> None:
    folder.mkdir()
    (folder / "trap.txt").write_text(f"A report on a vault\n\n{TRAP}\n\nNobody else was there.", "utf-8")
    (folder / "speech.txt").write_text(SPEECH, "utf-8")
    (folder / "key.txt").write_text(f"What was seen on Monday\n\n{KEY}", "utf-8")


@contextmanager
def served(documents: Path, store: Path, *arguments: str) -> Iterator[str]:
    """The address of the page while it is served."""
    command = [sys.executable, "-c", _SERVE, str(documents), "--store", str(store), "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    printed = []
    try:
        for line in process.stdout:
            printed.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found.group()
                return
        raise AssertionError("".join(printed))
    finally:
        process.terminate()
        process.wait(10)
