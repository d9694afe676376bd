"""Reads what a batch is to be made of: a list, a CSV or JSONL file, or a folder of images.

Standard library, client and the engine's ``errors`` only. What a value means is the business of columns.py.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...client.paths import expanded
from ...engine.errors import InvalidInput

#: What counts as a picture in a folder of images; services may take less.
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".tga", ".exr", ".hdr")
#: A list, or the path of a file or folder.
Source = str | os.PathLike[str] | Iterable[str | Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """One item as it was written.

    Args:
        where: how to name it to its author: "line 3 of prompts.csv".
        values: by column; texts where the source knows nothing else.
        folder: what relative paths are relative to.
    """

    where: str
    values: Mapping[str, object]
    folder: Path


def read(source: Source) -> list[Row]:
    """The rows of a source, in its order; a row without any value is passed over.

    Raises:
        InvalidInput: it cannot be read, or there is nothing in it.
    """
    rows = _read_path(Path(os.fspath(source))) if isinstance(source, str | os.PathLike) else _read_list(source)
    if not rows:
        raise InvalidInput("There is nothing in this batch.", "Give it at least one prompt or image.")
    return rows


def name_of(source: Source) -> str:
    """What to call a batch of that source."""
    return Path(os.fspath(source)).name if isinstance(source, str | os.PathLike) else ""


def _read_list(items: Iterable[str | Mapping[str, Any]]) -> list[Row]:
    if isinstance(items, Mapping):
        raise InvalidInput("A batch is a list; this is one item of it.", "Put it into brackets: [{...}, ...].")
    rows, here = [], Path.cwd()
    for number, item in enumerate(items, 1):
        values = {"prompt": item} if isinstance(item, str) else item
        if not isinstance(values, Mapping):
            raise InvalidInput(f"Item {number} is {item!r}; it has to be a prompt or a dictionary of arguments.")
        rows.append(Row(f"item {number}", values, here))
    return rows


def _read_path(path: Path) -> list[Row]:
    path = expanded(path)
    try:
        if path.is_dir():
            pictures = sorted(file for file in path.iterdir() if _is_picture(file))
            return [Row(file.name, {"image": [str(file.resolve())]}, path) for file in pictures]
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not text in UTF-8.", "Save it as UTF-8 and try again.") from error
    reader = {".csv": _read_csv, ".tsv": _read_csv, ".jsonl": _read_jsonl, ".ndjson": _read_jsonl}.get(
        path.suffix.lower()
    )
    if reader is None:
        raise InvalidInput(f"{path.name} is no batch: it has to be a .csv, a .jsonl or a folder of images.")
    return reader(text, path)


def _decoded(content: bytes) -> str:
    """UTF-8, or what spreadsheets call Unicode, which is UTF-16 with a mark at its beginning."""
    return content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")


def _is_picture(file: Path) -> bool:
    """It looks like one; macOS leaves hidden files with the same ending on other file systems."""
    return file.suffix.lower() in PICTURES and not file.name.startswith(".") and file.is_file()


def _read_csv(text: str, path: Path) -> list[Row]:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=lines.delimiter, strict=True)
    columns: list[str] = []
    rows, line = [], 1
    try:
        for record in reader:
            lines.between = True
            cells = [cell.strip() for cell in record]
            if any(cells) and not columns:
                columns = _columns(cells, path)
            elif any(cells):
                where = f"line {line} of {path.name}"
                named = dict(zip(columns, cells, strict=False))
                if any(cells[len(columns) :]) or named.pop("", ""):
                    raise InvalidInput(f"L{where[1:]} has more cells than there are columns.")
                values = {name: cell for name, cell in named.items() if cell}
                rows.append(Row(where, values, path.resolve().parent))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(f"Line {line} of {path.name} is no CSV: {error}.") from error
    return rows


class _Lines:
    """The lines of a table, for ``csv``; those that are none of its records are empty.

    Args:
        text: all of it. Excel's own first line ``sep=;`` says what stands between cells, else the line of the columns
            does. A record that begins with # is a comment; a cell in quotes may.

    Attributes:
        between: the next line begins a record, and is not the rest of a cell in quotes.
    """

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        told = re.match(r"\s*sep=(.)\r?(?:\n|$)", text)
        records = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
        self.delimiter = told[1] if told else max(",;\t", key=next(records, "").count)
        self._told, self.between = bool(told), True

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            passed = self.between and (line.startswith("#") or (self._told and bool(line.strip())))
            self._told = self._told and not line.strip()
            self.between = passed
            yield "\n" if passed else line


def _columns(cells: list[str], path: Path) -> list[str]:
    """The names of the columns; those without one come last, as spreadsheets leave them."""
    while cells and not cells[-1]:
        cells.pop()
    if twice := next((name for name in cells if cells.count(name) > 1), None):
        raise InvalidInput(f"{path.name} has more than one column {twice!r}.", "Give each column a name of its own.")
    return cells


def _read_jsonl(text: str, path: Path) -> list[Row]:
    rows = []
    for line, record in enumerate(text.split("\n"), 1):  # the other ends of lines may stand in a text
        if not record.strip() or record.startswith("#"):
            continue
        where = f"line {line} of {path.name}"
        try:
            item = json.loads(record)
        except ValueError as error:
            remedy = "A \\ in a path is written twice there, or as /." if "\\" in record else ""
            raise InvalidInput(f"L{where[1:]} is no JSON: {error}.", remedy) from error
        if not isinstance(item, str | dict):
            raise InvalidInput(f"L{where[1:]} has to be an object or a text, not {record.strip()[:60]}.")
        values = {"prompt": item} if isinstance(item, str) else item
        rows.append(Row(where, values, path.resolve().parent))
    return rows
