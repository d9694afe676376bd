"""Every field of the services' requests and answers, as scripts/schemas has them: what docs/fields.md has to cover.

`python3 -m scripts.toolbox.fields` prints those that the table lacks, and those that it names and no schema has.
Standard library only.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "fields.md"
GENERATIONS = {"both": ("today", "2024"), "today": ("today",), "2024": ("2024",)}


class Field(NamedTuple):
    """A field of one endpoint's request ("sent") or of any of its answers ("answered")."""

    service: str
    generation: str
    endpoint: str
    way: str
    name: str


class Row(NamedTuple):
    """A line of the table. With "-" for a function, ``place`` says why the fields are not used."""

    service: str
    names: tuple[str, ...]
    way: str
    endpoints: tuple[str, ...]
    generations: str
    function: str
    place: str
    test: str


def of_schemas() -> set[Field]:
    """All fields of all services, in both generations."""
    found = set()
    for path in sorted((ROOT / "scripts" / "schemas").glob("*.json")):
        service = json.loads(path.read_text(encoding="utf-8"))
        for generation in GENERATIONS["both"]:
            for endpoint, entry in service[generation].items():
                sent = {("sent", name) for name in names_in(entry.get("request", {}), service)}
                answered = {("answered", name) for one in entry["answers"].values() for name in names_in(one, service)}
                found |= {Field(path.stem, generation, endpoint, *one) for one in sent | answered}
    return found


def names_in(schema: Any, whole: dict[str, Any], before: str = "") -> Iterator[str]:
    """Paths of all properties: ``data.total_points``, ``results[].uuids``, ``*_url`` for a pattern of names."""
    if isinstance(schema, list):
        for part in schema:
            yield from names_in(part, whole, before)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield from names_in(whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole, before)
    for keyword in ("oneOf", "anyOf", "allOf", "if", "then", "else"):
        yield from names_in(schema.get(keyword), whole, before)
    yield from names_in(schema.get("items"), whole, f"{before}[]")
    named = schema.get("properties", {}) | {
        _of_pattern(pattern): inner for pattern, inner in schema.get("patternProperties", {}).items()
    }
    for name, inner in named.items():
        if name == "file" and inner == {"const": True}:
            continue  # how the schemas write down a file, and no field
        path = f"{before}.{name}".removeprefix(".")
        yield path
        yield from names_in(inner, whole, path)


def _of_pattern(pattern: str) -> str:
    """^mesh_url as mesh_url*, _url$ as *_url."""
    words = re.sub(r"\((\w+)\)\?", r"[\1]", pattern.strip("^$"))
    return f"{words}*" if pattern.startswith("^") else f"*{words}"


def of_table() -> list[Row]:
    """The lines of docs/fields.md."""
    found = []
    for section in TABLE.read_text(encoding="utf-8").split("\n## ")[1:]:
        service = "".join(re.findall(r"^.*\(`(\w+)`\)$", section, re.MULTILINE)[:1])
        for line in section.splitlines() if service else ():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not line.startswith("| `"):
                continue
            names, way, endpoints, *rest = cells
            found.append(Row(service, tuple(re.findall("`(.+?)`", names)), way, tuple(endpoints.split(", ")), *rest))
    return found


def covered(row: Row, there: set[Field]) -> set[Field]:
    """The fields that a line speaks of; "every" stands for all endpoints of the service that have such a field."""
    every = row.endpoints == ("every",)
    endpoints = {field.endpoint for field in there if field.service == row.service} if every else row.endpoints
    found = {
        Field(row.service, generation, endpoint, row.way, name)
        for generation in GENERATIONS[row.generations]
        for endpoint in endpoints
        for name in row.names
    }
    return found & there if every else found


def main() -> int:
    """Print what differs; returns the exit code."""
    there = of_schemas()
    named = Counter(field for row in of_table() for field in covered(row, there))
    for field in sorted(there - named.keys()):
        print("no line has", *field)
    for field in sorted(named.keys() - there):
        print("no schema has", *field)
    for field in sorted(field for field, lines in named.items() if lines > 1):
        print("several lines have", *field)
    return 0 if there == named.keys() and named.total() == len(there) else 1


if __name__ == "__main__":
    sys.exit(main())
