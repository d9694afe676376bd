"""What was promised with the last release is there, and the next one promises what is new; see docs/promise.md."""

from __future__ import annotations

from pathlib import Path

import pytest

import neural4d_blender
from scripts.toolbox import public_surface
from scripts.toolbox.console import ToolError


def test_nothing_that_is_promised_is_gone() -> None:
    assert sorted(public_surface.stored() - public_surface.lines()) == []


def test_a_release_waits_for_what_is_new_in_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_surface, "STORED", tmp_path / "public.txt")
    public_surface.STORED.write_text("\n".join(sorted(public_surface.lines())))
    public_surface.check()
    public_surface.STORED.write_text("\n".join(sorted(public_surface.lines())[1:]))
    with pytest.raises(ToolError, match="not renewed"):
        public_surface.check()


def test_the_list_has_all_kinds() -> None:
    lines = public_surface.lines()
    wanted = {
        "generate(variants=1)",
        "generate() -> Job",
        "history(0: text='')",
        "without bpy: generate(output)",
        "Job.wait(0: timeout=None)",
        "Job.cost",
        "Progress.unsent",
        "error InvalidInput",
        "error has remedy",
        "exit 8 UNSENT",
        "event not_fit",
        "report points",
    }
    assert wanted - lines == set()


def test_the_command_adds_and_never_takes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_surface, "ROOT", tmp_path)
    monkeypatch.setattr(public_surface, "STORED", tmp_path / "public.txt")
    monkeypatch.setattr(public_surface, "lines", lambda: {"generate(key='')", "generate(prompt='')"})
    public_surface.STORED.write_text("generate(prompt='')\n")
    assert public_surface.main() == 0
    assert public_surface.stored() == public_surface.lines()
    public_surface.STORED.write_text("balance() -> Balance\n")
    assert public_surface.main() == 1
    assert public_surface.STORED.read_text() == "balance() -> Balance\n"


def test_what_a_type_checker_sees_is_what_there_is() -> None:
    seen = public_surface.names()
    tables = {*neural4d_blender._API, *neural4d_blender._PLAIN, *neural4d_blender._BATCHES, *neural4d_blender._ERRORS}
    assert set(seen) == tables
    for name in {*neural4d_blender._API} - {*neural4d_blender._PLAIN}:
        module = neural4d_blender._MODULES.get(name, ".api.generate").replace(".", "/")
        assert public_surface.home(Path(f"{neural4d_blender.__path__[0]}{module}.py"), name) == seen[name]
