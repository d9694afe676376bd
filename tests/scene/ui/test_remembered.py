"""What the panel remembers for its user: settings, limit, prompts, styles, presets; whatever file is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.ui.operators.inputs import presets, prompts
from neural4d_blender.ui.settings import recent_prompts_and_presets as room
from neural4d_blender.ui.settings.recent_prompts_and_presets import remembered


@pytest.fixture
def chosen(empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The settings of a new file, as in a window: what is remembered stands below the test's folder."""

    def user_resource(kind: str, *, path: str = "", create: bool = False) -> str:
        (tmp_path / kind / path).mkdir(parents=True, exist_ok=True)
        return str(tmp_path / kind / path)

    monkeypatch.setattr(bpy.utils, "user_resource", user_resource)
    monkeypatch.setattr(remembered, "active", True)
    ui.register()
    yield bpy.context.scene.neural4d
    ui.unregister()


def new_file() -> Any:
    bpy.ops.wm.read_homefile(use_empty=True)
    return bpy.context.scene.neural4d


def limit(chosen: Any) -> tuple[bool, int]:
    return chosen.use_cap, chosen.max_points


def test_settings_survive_a_new_file_and_a_new_scene(chosen: Any) -> None:
    chosen.provider, chosen.variants, chosen.size_mm, chosen.axis, chosen.use_size = "csm", 1, 123.0, "Z", False
    chosen.use_cap, chosen.max_points = True, 45
    fresh = new_file()
    assert (fresh.provider, fresh.size_mm, fresh.axis, fresh.use_size) == ("csm", 123.0, "Z", False)
    assert limit(fresh) == (True, 45)
    scene: Any = bpy.data.scenes.new("another")
    assert room.is_new(scene.neural4d)
    room.adopt()
    assert not room.is_new(scene.neural4d)
    assert (scene.neural4d.provider, limit(scene.neural4d)) == ("csm", (True, 45))


def test_a_saved_file_has_its_own_settings_but_no_higher_limit(chosen: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "mine.blend")
    chosen.provider, chosen.size_mm, chosen.use_cap, chosen.max_points = "goneural", 50.0, True, 30
    bpy.ops.wm.save_as_mainfile(filepath=file)
    chosen.provider, chosen.size_mm, chosen.max_points = "csm", 60.0, 20
    bpy.ops.wm.open_mainfile(filepath=file)
    opened: Any = bpy.context.scene.neural4d
    assert (opened.provider, opened.size_mm, limit(opened)) == ("goneural", 50.0, (True, 20))
    opened.use_cap = False
    bpy.ops.wm.save_as_mainfile(filepath=file)
    new_file().use_cap = True
    bpy.ops.wm.open_mainfile(filepath=file)
    assert limit(bpy.context.scene.neural4d) == (True, 20)


def test_undo_takes_no_limit_off(chosen: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    chosen.use_cap, chosen.max_points = True, 30
    bpy.ops.ed.undo_push(message="limit")
    bpy.ops.ed.undo()
    assert limit(bpy.context.scene.neural4d) == (True, 30)


def test_a_file_that_somebody_spoiled_does_no_harm(chosen: Any) -> None:
    for text in (
        "",
        "[]",
        '{"settings": [], "prompts": {}}',
        '{"settings": {"provider": 7, "size_mm": "x", "axis": 1}}',
    ):
        remembered.path.parent.mkdir(parents=True, exist_ok=True)
        remembered.path.write_text(text)
        assert new_file().provider == "neural4d"
        assert remembered.prompts() == []
        assert remembered.styles()
    for text in ('{"settings": {"use_cap": true, "max_points": "many"}}', '{"settings": {"use_cap": "yes"}}'):
        remembered.path.write_text(text)
        assert limit(new_file()) == (False, 100)


def test_in_background_nothing_is_remembered(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen.provider = "csm"
    monkeypatch.setattr(remembered, "active", False)
    assert new_file().provider == "neural4d"
    remembered.add_prompt("a bird")
    assert not remembered.path.exists() or "a bird" not in remembered.path.read_text()


def test_recent_prompts_and_styles(chosen: Any) -> None:
    for prompt in ("a bird", "a mug", "a bird"):
        remembered.add_prompt(prompt)
    assert remembered.prompts() == ["a bird", "a mug"]
    assert bpy.ops.neural4d.use_prompt(prompt="a mug") == {"FINISHED"}
    assert bpy.ops.neural4d.save_style(style="Oak", words="of oak, oiled") == {"FINISHED"}
    assert bpy.ops.neural4d.toggle_style(style="Oak") == {"FINISHED"}
    assert chosen.prompt == "a mug, of oak, oiled"
    assert bpy.ops.neural4d.toggle_style(style="Clay") == {"FINISHED"}
    assert bpy.ops.neural4d.toggle_style(style="Oak") == {"FINISHED"}
    assert chosen.prompt == f"a mug, {remembered.styles()['Clay']}"
    assert bpy.ops.neural4d.remove_style(style="Oak") == {"FINISHED"}
    assert bpy.ops.neural4d.toggle_style(style="Oak") == {"CANCELLED"}
    assert bpy.ops.neural4d.save_style(style=" ", words="x") == {"CANCELLED"}
    assert prompts.toggled("", "of oak") == "of oak"
    assert prompts.toggled("of oak", "of oak") == ""


def test_a_prompt_of_several_lines(chosen: Any) -> None:
    lines = {"line_0": " a red", "line_3": "cup "}
    assert bpy.ops.neural4d.edit_prompt(**lines) == {"FINISHED"}
    assert chosen.prompt == "a red cup"


def test_a_preset_brings_the_settings_but_neither_prompt_nor_limit(
    chosen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets.NEURAL4D_PT_presets, "bl_label", "Neural4D Presets")  # Blender's own changes it
    chosen.provider, chosen.size_mm, chosen.prompt, chosen.joined = "modelslab", 250.0, "a mug", True
    chosen.options_modelslab.resolution = 256
    chosen.use_cap = True
    assert bpy.ops.neural4d.add_preset(name="Big Mugs") == {"FINISHED"}
    (file,) = Path(bpy.utils.user_resource("SCRIPTS", path="presets/neural4d")).glob("*.py")
    fresh = new_file()
    fresh.provider, fresh.use_cap, fresh.prompt = "neural4d", False, "a bird"
    exec(compile(file.read_text(), str(file), "exec"), {})
    assert (fresh.provider, fresh.size_mm, fresh.joined, fresh.prompt) == ("modelslab", 250.0, True, "a bird")
    assert (fresh.options_modelslab.resolution, fresh.use_cap) == (256, False)
