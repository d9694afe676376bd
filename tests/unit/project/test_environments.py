"""The environments under .dev/: each pinned, made by nox as noxfile.py says, refused in sentences."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import noxfile
from scripts import test as command
from scripts.toolbox import blender, environments
from scripts.toolbox.console import ToolError

GROUPS = environments.PYPROJECT["dependency-groups"]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would make environments, in a folder of the test's own."""
    commands: list[list[str]] = []
    monkeypatch.setattr(environments, "DEV", tmp_path / ".dev")
    monkeypatch.setattr(environments, "uv", lambda: Path("uv"))
    monkeypatch.setattr(environments, "run", lambda parts, **_: commands.append(list(map(str, parts))))
    return commands


def test_every_dependency_is_pinned() -> None:
    pins = [pin for group in GROUPS.values() for pin in group if isinstance(pin, str)]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []


def test_a_group_of_blender_as_a_module_holds_the_version_it_is_named_after() -> None:
    assert environments.BPY
    for version in environments.BPY:
        assert f"bpy=={version}" in GROUPS[f"bpy-{version}"]


def test_an_environment_is_asked_of_nox_by_the_session_that_it_is_for(asked: list[list[str]], tmp_path: Path) -> None:
    python = environments.ensure("scene(5.0.1)")
    assert python.relative_to(tmp_path).parts[:2] == (".dev", "scene-5-0-1")
    assert asked[0][-3:] == ["--session", "scene(5.0.1)", "--install-only"]
    assert GROUPS["nox"][0] in asked[0]
    assert sys.executable in asked[0]


def test_what_a_script_needs_is_of_the_python_that_runs_it(asked: list[list[str]]) -> None:
    assert environments.RUNNING.replace(".", "-") in str(environments.ensure_tool("simulator"))
    assert f"tool(simulator-{environments.RUNNING})" in asked[0]


def test_one_that_cannot_be_made_is_refused_with_its_name(
    asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(parts: list[str], why: str) -> None:
        raise ToolError(why)

    monkeypatch.setattr(environments, "run", fail)
    with pytest.raises(ToolError, match=r"environment of scene\(1.0\) could not be made"):
        environments.ensure("scene(1.0)")


def test_two_that_ask_at_once_make_it_one_after_the_other(asked: list[list[str]]) -> None:
    program = (
        "import sys; from pathlib import Path; from scripts.toolbox import environments as e; "
        f"e.DEV = Path({str(environments.DEV)!r}); e.uv = lambda: Path('uv'); "
        "e.run = lambda parts, **_: print('made'); e.ensure('unit')"
    )
    with environments.locked("unit"):
        other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1.0)
    assert other.communicate(timeout=60)[0] == "made\n"


def test_every_stage_is_a_session_of_the_noxfile() -> None:
    stages = command.stages(list(environments.BPY))
    kinds = {name.partition("(")[0] for name in stages}
    on_request = {"tool", "summary", "mutants"}
    assert kinds == set(command.KINDS) == set(noxfile.nox.registry.get()) - on_request
    assert set(command.PLACES) <= set(stages)


def test_a_window_test_needs_a_blender_that_has_one(asked: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def find() -> blender.Blender:
        raise ToolError("No Blender was found.")

    monkeypatch.setattr(blender, "find", find)
    with pytest.raises(ToolError, match="No Blender was found"):
        environments.ensure("gui(rest)")
    environments.ensure("unit")
    assert len(asked) == 1


def test_what_has_its_packages_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage may be running in it, and uv takes bpy 5.0.1 out and puts it in again each time."""
    locked, done = tmp_path / "unit.txt", list[str]()
    monkeypatch.setattr(noxfile.locks, "file_of", lambda group: locked)
    session = SimpleNamespace(
        virtualenv=SimpleNamespace(location=str(tmp_path)),
        install=lambda *_: done.append("installed"),
        run_install=lambda _, *arguments: subprocess.run([sys.executable, *arguments], check=True),
    )
    for packages, times in (("a==1", 1), ("a==1", 1), ("a==2", 2)):
        locked.write_text(packages)
        noxfile._install(session, "unit")  # type: ignore[arg-type]
        assert len(done) == times
