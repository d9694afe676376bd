"""The table in CONTRIBUTING.md that maps the service's document to code, interface and tests is whole and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "neural4d_blender"
#: The service's own text stands beside the project where it is developed; a clone has none of it.
DOCUMENT = ROOT.parent / "shared" / "api" / "neural4d-1.2.txt"
#: What the document shows: fields that are sent, then fields that are answered.
FIELDS = {
    "generateModelWithText": ("prompt modelCount disablePbr", "type message uuids"),
    "retrieveModel": ("uuid", "codeStatus message modelUrl imageUrl prompts createdAt sourcePage"),
    "mattingImage": ("image", "type message queuePosition uploadedImageUrl requestId"),
    "getMattedResult": ("requestId", "message mattedImageUrls fileKeys"),
    "generateModelWithImage": ("fileKey modelCount disablePbr", "type message uuids"),
    "createCuteModelsFromImages": (
        "images styleType",
        (
            "success totalFiles successCount failureCount results results[].uuids results[].success "
            "results[].message failures message"
        ),
    ),
    "convertToFormat": ("uuid modelType modelSize", "message modelUrl statusType scaleNumber"),
    "checkHumanImage": ("image", "statusCode result message"),
    "queryPointsInfo": (
        "",
        (
            "statusType data data.total_points data.monthly_bonus_points data.permanent_points data.year_points "
            "data.expiration_day message"
        ),
    ),
    "queryJobProgress": ("uuid", "statusType progress message"),
}


def rows() -> list[list[str]]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("field by field", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_every_field_has_its_row() -> None:
    there = {(row[0], row[1]) for row in rows()}
    wanted = {(endpoint, field) for endpoint, both in FIELDS.items() for part in both for field in part.split()}
    assert wanted - there == set()
    extra = {("generateModelWithText", "uuids (sent)"), ("convertToFormat", "modelSize (answered)")}
    assert there - wanted == extra


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}.{row[1]}")
def test_what_a_row_names_is_there(row: list[str]) -> None:
    _, _, function, place, test = row
    file, _, name = function.partition(":")
    assert re.search(rf"^\s*def {name}\(", (PACKAGE / file).read_text(encoding="utf-8"), re.MULTILINE), function
    if not place.startswith("Python only:"):
        file, _, words = place.partition(": ")
        assert words in (PACKAGE / file).read_text(encoding="utf-8"), place
    file, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), test


def test_the_simulator_answers_the_same_endpoints() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "scripts/simulator").glob("neural4d*.py"))
    assert [endpoint for endpoint in FIELDS if endpoint not in sources] == []


def test_the_list_is_the_documents_own() -> None:
    """Against the document itself, where it stands beside the checkout."""
    if not DOCUMENT.exists():
        return  # its fields are transcribed above; there is nothing to compare them with
    text = DOCUMENT.read_text(encoding="utf-8")
    assert set(re.findall(r"neural4d\.com:3000/api/(\w+)", text)) == set(FIELDS)
    ours = {field.rpartition(".")[2] for both in FIELDS.values() for part in both for field in part.split()}
    bullets = {name.rstrip() for name in re.findall(r"^- \*\*(\w+)\*\*", text, re.MULTILINE)}
    keys = set(re.findall(r'^\s*"(\w+)":', text, re.MULTILINE))
    assert (bullets | keys) - ours == set()
