"""Each path that README.md, CONTRIBUTING.md and the documentation name exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: A path begins at the checkout or in the package.
FROM = (ROOT, ROOT / "neural4d_blender")
#: What no checkout has: it is made when something runs, or is a user's ("Application Support/..."), or no path ("I/N").
ELSEWHERE = ("~", ".dev", "dist", "out", "jobs", "textures", "Support", "I")
#: A folder and what is in it, or a file of a kind that the project has.
PATH = re.compile(r"[\w.*~-]+(/[\w.*~-]+)*/|([\w.*~-]+/)+[\w.*~-]+|[\w*-]+\.(py|toml|yaml)")


def named(text: str) -> list[str]:
    """The paths in backticks, in the order in which they stand there."""
    parts = (part for quoted in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text) for part in re.split(r"[\s=]", quoted))
    return [part for part in parts if PATH.fullmatch(part) and part.split("/")[0] not in ELSEWHERE]


def missing(text: str) -> list[str]:
    return [path for path in named(text) if not any(any(folder.glob(path.rstrip("/"))) for folder in FROM)]


def test_each_path_that_is_named_exists() -> None:
    others = {"farms.md", "fields.md"}  # paths of services, and of a farm's own
    pages = [page for page in (ROOT / "docs").glob("*.md") if page.name not in others]
    pages += [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    texts = {page.name: page.read_text(encoding="utf-8") for page in pages}
    assert all(named(texts[name]) for name in ("README.md", "CONTRIBUTING.md"))
    assert {name: paths for name, text in texts.items() if (paths := missing(text))} == {}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_one_that_does_not_exist_is_found() -> None:
    text = "`python3 scripts/test.py`, `scripts/toolbox/`, `engine/old_place.py`, `tests/unit/test_none*.py`, `.dev/x`"
    assert named(text) == ["scripts/test.py", "scripts/toolbox/", "engine/old_place.py", "tests/unit/test_none*.py"]
    assert missing(text) == ["engine/old_place.py", "tests/unit/test_none*.py"]
