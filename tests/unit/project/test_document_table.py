"""docs/fields.md, which maps each field of the services to code, interface and tests, is whole and true."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from scripts.toolbox import fields
from scripts.toolbox.console import shared

ROOT = fields.ROOT
PACKAGE = ROOT / "neural4d_blender"
#: The service's own text stands beside the project where it is developed; a clone has none of it.
DOCUMENT = shared() / "api" / "neural4d-1.2.txt"
ROWS = fields.of_table()
USED = [row for row in ROWS if row.function != "-"]
UNUSED = [row for row in ROWS if row.function == "-"]


def title(row: fields.Row) -> str:
    return f"{row.service} {row.generations} {row.endpoints[0]} {row.names[0]}"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_field_of_the_schemas_is_in_exactly_one_line() -> None:
    there = fields.of_schemas()
    named = Counter(field for row in ROWS for field in fields.covered(row, there))
    assert there - named.keys() == set()
    assert named.keys() - there == set()
    assert [field for field, lines in named.items() if lines > 1] == []


def test_no_line_speaks_of_nothing() -> None:
    there = fields.of_schemas()
    assert [title(row) for row in ROWS if not fields.covered(row, there)] == []
    assert {row.service for row in ROWS} == {field.service for field in there}


@pytest.mark.parametrize("row", USED, ids=title)
def test_what_a_line_names_is_there(row: fields.Row) -> None:
    file, _, name = row.function.partition(":")
    assert re.search(rf"^\s*def {name}\(", text(PACKAGE / "engine" / file), re.MULTILINE), row.function
    if not row.place.startswith("Python only:"):
        file, _, words = row.place.partition(": ")
        assert words, row.place
        assert words in text(PACKAGE / file), row.place
    file, _, name = row.test.partition("::")
    assert re.search(rf"^def {name}\(", text(ROOT / "tests" / file), re.MULTILINE), row.test


@pytest.mark.parametrize("row", UNUSED, ids=title)
def test_what_is_not_used_says_why(row: fields.Row) -> None:
    reason = row.place.removeprefix("not used: ")
    assert reason != row.place
    assert len(reason.split()) >= 4, "a reason takes some words"
    assert row.test == "-"


def test_the_field_reader_sees_all_that_schemas_can_say() -> None:
    whole = {"$defs": {"part": {"properties": {"inner": {"type": "string"}}}}}
    schema = {
        "properties": {"list": {"items": {"$ref": "#/$defs/part"}}, "photo": {"properties": {"file": {"const": True}}}},
        "patternProperties": {"_url$": {}, "^(preview_)?mesh_url": {}},
        "oneOf": [{"properties": {"one": {}}}, {"allOf": [{"then": {"properties": {"deep": {}}}}]}],
    }
    assert set(fields.names_in(schema, whole)) == {
        *("list", "list[].inner", "photo", "*_url", "[preview_]mesh_url*", "one", "deep"),
    }


def test_the_simulator_answers_the_same_endpoints() -> None:
    sources = "".join(text(path) for path in (ROOT / "scripts/simulator").rglob("*.py"))
    endpoints = {field.endpoint for field in fields.of_schemas()}
    assert [endpoint for endpoint in sorted(endpoints) if endpoint not in sources] == []


def test_the_fields_of_2024_are_the_documents_own() -> None:
    """Against the document itself, where it stands beside the checkout."""
    if not DOCUMENT.exists():
        return  # its fields are transcribed in the schemas; there is nothing to compare them with
    document = text(DOCUMENT)
    ours = [field for field in fields.of_schemas() if (field.service, field.generation) == ("neural4d", "2024")]
    endpoints = set(re.findall(r"neural4d\.com:3000/api/(\w+)", document))
    assert endpoints == {field.endpoint for field in ours}
    bullets = {name.rstrip() for name in re.findall(r"^- \*\*(\w+)\*\*", document, re.MULTILINE)}
    keys = set(re.findall(r'^\s*"(\w+)":', document, re.MULTILINE))
    assert (bullets | keys) - {field.name.rpartition(".")[2] for field in ours} == set()
