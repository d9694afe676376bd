"""The size in the panel: typed in the scene's units, kept as it was typed, suggested by the scene until then."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.scene import suggested_size
from neural4d_blender.ui.settings.properties import arguments


@pytest.fixture
def scene() -> Iterator[bpy.types.Scene]:
    """The factory scene, with its cube of 2 m selected."""
    bpy.ops.wm.read_factory_settings()
    ui.register()
    yield bpy.context.scene
    ui.unregister()


def wanted(scene: bpy.types.Scene) -> float:
    return arguments(scene.neural4d)["size_mm"]


@pytest.mark.parametrize(
    ("system", "unit_scale", "typed", "size_mm"),
    [
        ("METRIC", 1.0, 1.8, 1800.0),
        ("METRIC", 0.001, 1800.0, 1800.0),
        ("METRIC", 0.01, 33.3, 333.0),
        ("IMPERIAL", 1.0, 1.8288, 1828.8),
        ("NONE", 0.001, 0.12, 120.0),
    ],
)
def test_it_is_kept_as_it_was_typed(
    scene: bpy.types.Scene, system: str, unit_scale: float, typed: float, size_mm: float
) -> None:
    scene.unit_settings.system, scene.unit_settings.scale_length = system, unit_scale
    scene.neural4d.size = typed
    assert wanted(scene) == size_mm
    assert scene.neural4d.size == pytest.approx(typed)
    scene.unit_settings.system, scene.unit_settings.scale_length = "METRIC", 1.0
    assert wanted(scene) == size_mm  # a real size, whatever becomes of the scene
    assert scene.neural4d.size == pytest.approx(size_mm / 1000)


@pytest.mark.parametrize("text", ["1.8m", "180cm", "1800mm"])
def test_the_field_takes_other_units(scene: bpy.types.Scene, text: str) -> None:
    size = scene.neural4d.bl_rna.properties["size"]
    assert (size.unit, size.subtype) == ("LENGTH", "DISTANCE")
    scene.neural4d.size = bpy.utils.units.to_value("METRIC", "LENGTH", text)
    assert wanted(scene) == 1800.0


def test_what_a_script_or_an_older_file_has_set_stays(scene: bpy.types.Scene) -> None:
    scene.neural4d.size_mm = 333.3
    assert wanted(scene) == 333.3
    bpy.context.object.scale = (9, 9, 9)
    assert wanted(scene) == 333.3
    scene.neural4d.use_size = False
    assert wanted(scene) is None


def test_it_follows_what_is_selected(scene: bpy.types.Scene) -> None:
    cube = bpy.context.object
    cube.scale = (1, 1, 0.5)
    bpy.context.view_layer.update()
    assert (wanted(scene), suggested_size.suggest(scene)[1:]) == (2000.0, ("SELECTED", "Cube"))
    scene.neural4d.axis = "Z"
    assert wanted(scene) == 1000.0
    scene.unit_settings.scale_length = 0.01
    assert wanted(scene) == 10.0
    scene.neural4d.size = 25.0
    assert bpy.ops.neural4d.suggest_size() == {"FINISHED"}
    assert wanted(scene) == 10.0


def test_it_follows_what_stands_there(scene: bpy.types.Scene) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    assert suggested_size.suggest(scene) == (2000.0, "SCENE", "")
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    assert wanted(scene) == 100.0


@pytest.mark.parametrize(
    ("distance", "system", "size_mm"), [(18.0, "METRIC", 2000.0), (0.6, "METRIC", 50.0), (18.0, "IMPERIAL", 1828.8)]
)
def test_it_follows_the_view(
    scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch, distance: float, system: str, size_mm: float
) -> None:
    monkeypatch.setattr(suggested_size, "_view_distance", lambda: distance)
    scene.unit_settings.system = system
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    assert wanted(scene) == pytest.approx(size_mm)


def test_what_was_shown_is_what_is_sent(scene: bpy.types.Scene) -> None:
    assert scene.neural4d.size == pytest.approx(2.0)  # as the panel draws it
    bpy.context.object.scale = (5, 5, 5)
    bpy.context.view_layer.update()
    assert wanted(scene) == 2000.0
    assert scene.neural4d.size == pytest.approx(10.0)
    assert wanted(scene) == 10_000.0
