"""Reads what a batch is to be made of: a list, a CSV or JSONL file, or a folder of images.

Standard library and the engine's ``errors`` only. What a value means is the business of columns.py.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engine.errors import InvalidInput

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
    values: Mapping[str, Any]
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
    rows = []
    for number, item in enumerate(items, 1):
        values = {"prompt": item} if isinstance(item, str) else item
        if not isinstance(values, Mapping):
            raise InvalidInput(f"Item {number} is {item!r}; it has to be a prompt or a dictionary of arguments.")
        rows.append(Row(f"item {number}", values, Path.cwd()))
    return rows


def _read_path(path: Path) -> list[Row]:
    path = path.expanduser()
    try:
        if path.is_dir():
            pictures = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
            return [Row(file.name, {"image": str(file.resolve())}, path) for file in pictures]
        text = path.read_text(encoding="utf-8-sig")
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


def _read_csv(text: str, path: Path) -> list[Row]:
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="", strict=True)
    rows, line = [], 2
    try:
        for record in reader:
            if "" in record and any(record.pop("")):
                raise InvalidInput(f"Line {line} of {path.name} has more cells than there are columns.")
            values = {name.strip(): cell.strip() for name, cell in record.items() if cell and cell.strip()}
            if values:
                rows.append(Row(f"line {line} of {path.name}", values, path.resolve().parent))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(f"Line {line} of {path.name} is no CSV: {error}.") from error
    return rows


def _read_jsonl(text: str, path: Path) -> list[Row]:
    rows = []
    for line, record in enumerate(text.splitlines(), 1):
        if not record.strip():
            continue
        where = f"line {line} of {path.name}"
        try:
            item = json.loads(record)
        except ValueError as error:
            raise InvalidInput(f"L{where[1:]} is no JSON: {error}.") from error
        if not isinstance(item, str | dict):
            raise InvalidInput(f"L{where[1:]} has to be an object or a text, not {record.strip()[:60]}.")
        values = {"prompt": item} if isinstance(item, str) else item
        rows.append(Row(where, values, path.resolve().parent))
    return rows
