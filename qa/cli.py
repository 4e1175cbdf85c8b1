"""`witness ...`: the corpus from the command line.

Exit codes: 0 done and answered; 1 the documents do not answer, files failed to be read, or `verify` found a
problem; 2 wrong usage; 3 an error that names its remedy. Progress goes to stderr and vanishes in a pipe.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from qa.errors import WitnessError
from qa.types import Answer, IndexReport, Progress, Usage

OK, NO, USAGE, ERROR = 0, 1, 2, 3
_EPILOG = (
    "exit codes: 0 done and answered; 1 not answered, files failed, or verify found a problem; 2 wrong usage; "
    "3 an error that names its remedy"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parsed(list(sys.argv[1:] if arguments is None else arguments))
    try:
        return COMMANDS[options.command](options)
    except (WitnessError, OSError, ValueError) as error:
        print(f"witness: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        return 130


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser, commands = _parsers()
    if arguments and arguments[0] in commands:
        # Intermixed, so that the folder may stand behind an option: witness ask "..." --json folder
        options = commands[arguments[0]].parse_intermixed_args(arguments[1:])
        return argparse.Namespace(command=arguments[0], **vars(options))
    return parser.parse_args(arguments)


def _parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="witness", description="Ask a folder of documents; every sentence points at its source.", epilog=_EPILOG
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (help_text, has_question) in _HELP.items():
        command = commands.add_parser(name, help=help_text, description=help_text, epilog=_EPILOG)
        if has_question:
            command.add_argument("question", help="the question, in plain words")
        command.add_argument("documents", nargs="?", help="the folder of documents")
        command.add_argument("--store", help="the folder of the index (default: one below your cache folder)")
        if name in _ANSWERING:
            command.add_argument("--llm", help='who writes: "local", "local-small", "openai:MODEL" or a .gguf file')
        if name == "serve":
            command.add_argument("--host", default="127.0.0.1", help="address to bind to (default: this machine only)")
            command.add_argument("--port", type=int, default=7860, help="port (default: 7860)")
            command.add_argument("--auth-file", help="only those whom this file names (python -m page.accounts)")
            command.add_argument("--folders", help="a folder of this machine below which folders may be added")
            command.add_argument("--mcp", action="store_true", help="let agents ask (extra `mcp`)")
        else:
            if name == "sync":
                command.add_argument("--watch", action="store_true", help="go on: read what changes, until Ctrl-C")
            command.add_argument("--json", action="store_true", help="print JSON")
    return parser, commands.choices


_HELP: Mapping[str, tuple[str, bool]] = {
    "sync": ("read new and changed files of a folder into its index", False),
    "ask": ("answer one question; reads the folder first", True),
    "chat": ("ask one question after the other, follow-ups included", False),
    "sources": ("list the documents of an index", False),
    "verify": ("check that catalogue and vector index agree", False),
    "rebuild": ("make the index anew from the stored documents", False),
    "serve": ("open the chat page", False),
}


_ANSWERING = frozenset({"ask", "chat", "serve"})


@contextmanager
def _corpus(options: argparse.Namespace, *, sync: bool = False, rebuild: bool = False) -> Iterator[Any]:
    from qa.corpus import Corpus

    llm = getattr(options, "llm", None)
    with Corpus(options.documents, store=options.store, answerer=llm, rebuild=rebuild) as corpus:
        if sync and corpus.documents is not None:
            with progress_bars() as progress:
                report = corpus.sync(progress)
            for path, reason in report.failed:
                print(f"witness: not read: {path}: {reason}", file=sys.stderr)
        yield corpus


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A progress callback that draws one bar per stage on a terminal and nothing elsewhere."""
    from tqdm import tqdm

    bars: dict[str, Any] = {}

    def show(stage: str, done: int, total: int) -> None:
        if stage not in bars or bars[stage].total != total:
            bars[stage] = tqdm(total=total, desc=stage, leave=False, disable=None)
        bars[stage].update(done - bars[stage].n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()


def _sync(options: argparse.Namespace) -> int:
    if options.documents is None:
        raise ValueError("name the folder: witness sync FOLDER")
    from qa.corpus import Corpus

    with Corpus(options.documents, store=options.store) as corpus, progress_bars() as progress:
        reports = corpus.follow(progress=progress) if options.watch else iter([corpus.sync(progress)])
        for report in reports:
            _print(options, report, report_text(report))
    return NO if report.failed else OK


def report_text(report: IndexReport) -> str:
    counts = ", ".join(f"{len(getattr(report, k))} {k}" for k in ("added", "changed", "removed", "unchanged", "failed"))
    failures = [f"  not read: {path}: {reason}" for path, reason in report.failed]
    return "\n".join([f"{counts} in {report.seconds:.1f} s", *failures])


def _ask(options: argparse.Namespace) -> int:
    with _corpus(options, sync=True) as corpus:
        answer = corpus.ask(options.question)
    _print(options, answer, answer_text(answer))
    return NO if answer.abstained else OK


def answer_text(answer: Answer) -> str:
    """An answer for a terminal: the question as understood where it was rewritten, the text, the sources, what went
    wrong, and what a model cost."""
    lines = []
    if answer.standalone_question != answer.question:
        lines.append(f"(understood as: {answer.standalone_question})")
    lines.append(answer.text)
    for c in answer.citations:
        about = ", ".join(x for x in (c.title, c.outlet, c.published_at) if x)
        place = f" {c.place}" if c.place else ""
        lines.append(
            f"[{c.marker}] {c.source}{place} {c.start_char_index}-{c.end_char_index}"
            + (f"  ({about})" if about else "")
        )
    if answer.notice:
        lines.append(f"({answer.notice})")
    if answer.usage.attempts:
        lines.append(f"({cost(answer.usage)})")
    return "\n".join(lines)


def cost(usage: Usage) -> str:
    """What a model's answer cost, in words."""
    return f"{usage.input_tokens:,} tokens read, {usage.output_tokens:,} written, {usage.seconds:.1f} s"


def _chat(options: argparse.Namespace) -> int:
    with _corpus(options, sync=True) as corpus:
        conversation = corpus.chat()
        for question in _questions():
            answer = conversation.ask(question)
            _print(options, answer, answer_text(answer) + "\n")
    return OK


def _questions() -> Iterator[str]:
    """Lines from the terminal or a pipe until the end of input or an empty line."""
    prompt = "> " if sys.stdin.isatty() else ""
    while True:
        try:
            question = input(prompt).strip()
        except EOFError:
            return
        if not question:
            return
        yield question


def _sources(options: argparse.Namespace) -> int:
    with _corpus(options) as corpus:
        sources = corpus.sources()
    lines = [f"{s.source}  {s.characters} characters" + (f"  {s.title}" if s.title else "") for s in sources]
    _print(options, sources, "\n".join(lines) or "no documents yet; run: witness sync FOLDER")
    return OK


def _verify(options: argparse.Namespace) -> int:
    with _corpus(options) as corpus:
        report = corpus.verify()
    counts = f"{report.documents} documents, {report.passages} passages, {report.sentences} sentences, {report.vectors} vectors"
    _print(options, report, "\n".join([counts, *report.problems]) if report.problems else f"{counts}: all agree")
    return OK if report.ok else NO


def _rebuild(options: argparse.Namespace) -> int:
    with _corpus(options, rebuild=True) as corpus:
        report = corpus.verify()
    _print(options, report, f"rebuilt {report.documents} documents, {report.passages} passages")
    return OK if report.ok else NO


_OF_THE_PAGE = ("llm", "store", "host", "port", "auth-file", "folders")


def _serve(options: argparse.Namespace) -> int:
    # The page stands on this library, not the other way round, so it is started as a program of its own.
    wanted = {f"--{name}": getattr(options, name.replace("-", "_")) for name in _OF_THE_PAGE}
    arguments = [x for flag, value in wanted.items() if value for x in (flag, str(value))]
    arguments += ["--mcp"] * options.mcp
    folder = [options.documents] if options.documents else []
    return subprocess.call([sys.executable, "-m", "app", *folder, *arguments])  # noqa: S603


def _print(options: argparse.Namespace, value: Any, text: str) -> None:
    print(json.dumps(_plain(value), ensure_ascii=False) if options.json else text, flush=True)


def _plain(value: Any) -> Any:
    """Dataclasses as JSON-ready values, an answer's derived `citations` included."""
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if not dataclasses.is_dataclass(value):
        return value if isinstance(value, str | int | float | bool | None) else str(value)
    plain = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return plain | ({"citations": _plain(value.citations)} if isinstance(value, Answer) else {})


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "sync": _sync,
    "ask": _ask,
    "chat": _chat,
    "sources": _sources,
    "verify": _verify,
    "rebuild": _rebuild,
    "serve": _serve,
}

if __name__ == "__main__":
    sys.exit(main())
