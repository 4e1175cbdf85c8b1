"""Tables and records: every row becomes a paragraph that says what its cells mean, "City: Geneva; Day: Friday".

A row can so be found, understood and quoted by itself.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from qa.archives import opened
from qa.decoding import Decoded, decode
from qa.describing import front_matter_facts
from qa.errors import ReadError
from qa.readtext import GAP, ReadText, joined

RECORDS = {"content": "records"}
DELIMITERS = ",;\t|"
_LONG = 120  # characters of a value that is prose rather than a cell
_SAMPLE = 20_000  # characters that the delimiter is told from
Row = tuple[str, Sequence[str]]  # what the row is called, and its cells


def read_csv(path: Path) -> ReadText:
    """The rows of a table in text, named after their number. The first gives the names of the columns where it can."""
    decoded = decode(path.read_bytes())
    csv.field_size_limit(max(csv.field_size_limit(), len(decoded.text)))
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(decoded.text[:_SAMPLE])
    rows = csv.reader(io.StringIO(decoded.text, newline=""), delimiter=delimiter)
    try:
        return _of_records(_paragraphs((f"row {n}", row) for n, row in enumerate(rows, 1)), decoded)
    except csv.Error as error:
        raise ReadError(f"is not a readable table ({error}); open it in a spreadsheet and save it again") from error


def _delimiter(sample: str) -> str:
    """The delimiter by which most rows have equally many cells, and more than one."""

    def even_rows(delimiter: str) -> int:
        widths = Counter(map(len, csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)))
        return max((rows for width, rows in widths.items() if width > 1), default=0)

    return max(DELIMITERS, key=even_rows)


def read_spreadsheet(path: Path) -> ReadText:
    """The rows of every sheet, named after sheet and number; formulas by the values last computed."""
    from python_calamine import CalamineError, CalamineWorkbook

    if is_zipfile(path):
        with opened(path, "spreadsheet"):
            pass  # refuses what unpacks to too much
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [_paragraphs(_rows(name, book.get_sheet_by_name(name))) for name in book.sheet_names]
        return _of_records(chain(*sheets))
    except CalamineError as error:
        reason = f"is not a readable spreadsheet ({error})"
        raise ReadError(f"{reason}; open it in a spreadsheet program and save it again") from error


def _rows(name: str, sheet: Any) -> Iterator[Row]:
    """The rows of a sheet by their own numbers, which begin where its first cell is."""
    first = sheet.start[0] + 1 if sheet.start else 1
    for number, row in enumerate(sheet.to_python(skip_empty_area=True), first):
        yield f"sheet {name}, row {number}", [_cell(value) for value in row]


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a spreadsheet keeps every number with a fraction
    return str(value)  # days and times as ISO 8601 has them


def _paragraphs(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row that is not empty, as one paragraph: the first as it stands, the others with its names where it has names."""
    named: Sequence[str] | None = None
    for row, cells in ((row, [" ".join(cell.split()) for cell in cells]) for row, cells in rows):
        if not any(cells):
            continue
        heads = [*(named or ()), *[""] * len(cells)]
        yield row, [_record([(head, cell) for head, cell in zip(heads, cells, strict=False) if cell])]
        if named is None:
            named = cells if _are_names(cells) else ()


def _are_names(cells: Sequence[str]) -> bool:
    """True for a row that can name columns: several different words, none a number."""
    words = [cell for cell in cells if cell]
    numbers = any(cell.strip("%€$£+-").replace(",", "").replace(".", "").isdigit() for cell in words)
    return len(words) > 1 and len(set(words)) == len(words) and not numbers and max(map(len, words)) < _LONG


def read_json(path: Path) -> ReadText:
    """The values of a JSON file, each with its name; of a list, every record by itself."""
    decoded = decode(path.read_bytes())
    found = _parsed(decoded.text, "")
    records = found if isinstance(found, list) else None
    if records is None:
        text = GAP.join(_of_value(found))
        facts = front_matter_facts(found) if isinstance(found, dict) else None
        read = _of_records([("", [text])], decoded)
        read = replace(read, page_starts=(), page_names=())
        return replace(read, title=facts.title, outlet=facts.outlet, published_at=facts.published_at) if facts else read
    return _of_records(((f"record {n}", list(_of_value(r))) for n, r in enumerate(records, 1)), decoded)


def read_jsonl(path: Path) -> ReadText:
    """The records of a file with one JSON value a line, named after their line."""
    decoded = decode(path.read_bytes())
    lines = [(f"line {n}", line) for n, line in enumerate(decoded.text.splitlines(), 1) if line.strip()]
    return _of_records(((name, list(_of_value(_parsed(line, f" in {name}")))) for name, line in lines), decoded)


def _parsed(text: str, where: str) -> Any:
    """A JSON value whose numbers are as written, and of whose equal names each keeps its value."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        reason = "nests too deep" if isinstance(error, RecursionError) else str(error)
        raise ReadError(f"is not valid JSON{where} ({reason}); correct it, or save it as .txt") from error


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        number = 2
        unused = name
        while unused in found:
            unused, number = f"{name} ({number})", number + 1
        found[unused] = value
    return found


def _of_value(value: Any) -> Iterator[str]:
    """The paragraphs of one JSON value: its short values together, each long one by itself."""
    leaves = [(name, said) for name, said in _leaves("", value) if said.strip()]
    short = [(name, said) for name, said in leaves if not _is_prose(said)]
    if short:
        yield _record(short)
    yield from (said for _, said in leaves if _is_prose(said))


def _is_prose(said: str) -> bool:
    return len(said) > _LONG or "\n" in said


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """(dotted name, text) of everything that a value holds. Lists of plain values are one."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for inner in value:
            yield from _leaves(name, inner)
    elif isinstance(value, list):
        yield name, ", ".join(_plain(inner) for inner in value)
    else:
        yield name, _plain(value)


def _plain(value: Any) -> str:
    return {None: "", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)


def _record(cells: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {' '.join(said.split())}" if name else " ".join(said.split()) for name, said in cells)


def _of_records(rows: Iterable[tuple[str, Sequence[str]]], decoded: Decoded | None = None) -> ReadText:
    named = [(name, GAP.join(paragraphs)) for name, paragraphs in rows]
    text, starts = joined(said for _, said in named)
    about = {"encoding": decoded.encoding, "encoding_found": decoded.found} if decoded else {}
    return ReadText(text, starts, metadata=RECORDS | about, page_names=tuple(name for name, _ in named))
