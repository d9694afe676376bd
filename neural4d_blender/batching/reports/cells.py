"""How a report's values become the cells of a .csv, and are read again. Standard library and the engine's ``protocol``.

A spreadsheet takes no cell of it for a formula.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...engine.protocol import USES

#: What a column's name begins with that holds one of the user's own values.
META = "meta."
#: In a cell their parts have "; " between them.
_LISTS = ("files", "sha256", "bytes")
_INTEGERS = ("item", "of", "points", "faces", "schema", "seed", "variant")
_NUMBERS = ("seconds", "size_mm", "width_mm", "depth_mm", "height_mm", *(f"{use}_score" for use in USES))
#: What makes a formula of a cell, in one spreadsheet or another; full-width letters too.
_LOUD = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def columns_of(names: Iterable[str], records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The columns of a table of these records: one of each name, and of each of the user's own values."""
    own = dict.fromkeys(f"{META}{name}" for record in records for name in record["metadata"])
    return [*(name for name in names if name not in ("report", "metadata")), *own]


def texts_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record's cells, by their columns."""
    told = {name: value for name, value in record.items() if name not in ("report", "metadata")}
    told |= {name: "; ".join(map(str, record[name])) for name in _LISTS}
    told["options"] = json.dumps(record["options"], ensure_ascii=False) if record["options"] else ""
    told |= {f"{META}{name}": value for name, value in record["metadata"].items()}
    return {name: _quiet(value) for name, value in told.items()}


def values_of(record: Mapping[str, str]) -> dict[str, Any]:
    """The values of a row's cells, by the names of a record; ValueError where one is none. What the user's own values
    were is not known any more: they are texts.
    """
    texts = {name: _plain(text) for name, text in record.items() if name and text is not None}
    values: dict[str, Any] = {name: text for name, text in texts.items() if not name.startswith(META)}
    for kind, names in ((int, _INTEGERS), (float, _NUMBERS)):
        values |= {name: kind(texts[name]) if texts[name] else None for name in names if name in texts}
    values |= {use: texts[use] == "True" if texts[use] else None for use in USES if use in texts}
    values["points_estimated"] = texts.get("points_estimated") == "True"  # of earlier versions nobody knows
    values |= {name: [part for part in texts.get(name, "").split("; ") if part] for name in _LISTS}
    values["bytes"] = [int(size) for size in values["bytes"]]
    values["options"] = json.loads(texts.get("options") or "{}")
    values["metadata"] = {name.removeprefix(META): text for name, text in texts.items() if name.startswith(META)}
    values["metadata"] = {name: text for name, text in values["metadata"].items() if text}
    return values


def _quiet(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, behind an apostrophe; so is one that begins with that."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_LOUD) else value


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].lstrip(" ").startswith(_LOUD) else text
