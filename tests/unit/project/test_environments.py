"""The environments under .dev/: made once, made again when the pins change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.toolbox import environments
from scripts.toolbox.console import ToolError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the environments that get installed, into a folder of the test's own."""
    names: list[str] = []

    def install(folder: Path, version: str, pins: list[str]) -> None:
        names.append(folder.name)
        environments.python_in(folder).parent.mkdir(parents=True, exist_ok=True)
        environments.python_in(folder).touch()

    monkeypatch.setattr(environments, "DEV", tmp_path / ".dev")
    monkeypatch.setattr(environments, "_install", install)
    return names


def test_every_dependency_is_pinned() -> None:
    for name, wanted in environments.environments().items():
        pins = environments.requirements(wanted["group"])
        assert pins, name
        assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []


def test_a_bpy_environment_holds_the_version_it_is_named_after() -> None:
    for version in environments.bpy_versions():
        group = environments.environments()[f"bpy-{version}"]["group"]
        assert f"bpy=={version}" in environments.requirements(group)


def test_it_is_made_once_and_again_after_a_change(
    installed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments.ensure("unit")
    environments.ensure("unit")
    assert installed == ["unit"]
    changed = tmp_path / "pyproject.toml"
    text = environments.PYPROJECT.read_text(encoding="utf-8")
    changed.write_text(re.sub(r"pytest==[\d.]+", "pytest==1.0", text), encoding="utf-8")
    monkeypatch.setattr(environments, "PYPROJECT", changed)
    environments.ensure("unit")
    assert installed == ["unit", "unit"]


def test_one_that_broke_off_is_made_again(installed: list[str]) -> None:
    python = environments.ensure("unit")
    python.unlink()
    environments.ensure("unit")
    assert installed == ["unit", "unit"]


def test_an_unknown_one_is_refused_with_the_names_there_are(installed: list[str]) -> None:
    with pytest.raises(ToolError, match=r"no environment 'bpy-1.0'.*bpy-5.0.1"):
        environments.ensure("bpy-1.0")
