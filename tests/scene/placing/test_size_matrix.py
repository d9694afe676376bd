"""The promise on sizes, whole: every format x axis x unit of the scene x kind of model, at most 0.1 % off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.scene.placing.test_placing import place, world_size
from tests.scene.prepare.test_sizes import CASES, exported, prepare

__all__ = ["exported"]

#: Metres a Blender unit, and the unit that the scene shows.
UNITS = [(1.0, "METERS"), (0.001, "MILLIMETERS"), (0.01, "CENTIMETERS"), (1000.0, "KILOMETERS")]
AXES = ("X", "Y", "Z", "LONGEST")
SIZE = 123.4  # millimetres


@pytest.mark.parametrize(("model", "model_format"), CASES)
def test_it_is_exact_everywhere(exported: Any, tmp_path: Path, model: str, model_format: str) -> None:
    source, _ = exported(model, model_format)
    for axis in AXES:
        output = tmp_path / f"{axis}.blend"
        prepare(source, model_format, output, size_mm=SIZE, axis=axis)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene = bpy.context.scene
        for metres, unit in UNITS:
            scene.unit_settings.scale_length, scene.unit_settings.length_unit = metres, unit
            root = place(output, scene)  # at the origin: kilometres away, 32 bit floats cannot hold a millimetre
            size = world_size(root) * metres * 1000
            measured = max(size) if axis == "LONGEST" else size["XYZ".index(axis)]
            assert measured == pytest.approx(SIZE, rel=0.001), (axis, unit)
            assert (root.scale[:], root.rotation_euler[:]) == ((1, 1, 1), (0, 0, 0)), (axis, unit)
            for item in (root, *root.children_recursive):
                bpy.data.objects.remove(item)
