"""Models whose colours are at their vertices, as ModelsLab makes them, are seen in them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from neural4d_blender.prepare import main

CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
COLOURS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]
FACES = "f 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n"


def prepare(tmp_path: Path, *, coloured: bool) -> bpy.types.Mesh:
    rows = [(*corner, *(colour if coloured else ())) for corner, colour in zip(CORNERS, COLOURS, strict=True)]
    source = tmp_path / "model.obj"
    source.write_text("".join(f"v {' '.join(map(str, row))}\n" for row in rows) + FACES, encoding="utf-8")
    values = {"source": source, "format": "OBJ", "output": tmp_path / "out.blend", "name": "mug", "size_mm": 100}
    main.prepare(main.PrepareJob.from_json(values))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    return next(iter(bpy.data.meshes))


def test_colours_at_the_vertices_reach_the_surface(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    mesh = prepare(tmp_path, coloured=True)
    (material,) = mesh.materials
    assert material.name == "mug"
    output = material.node_tree.get_output_node("ALL")
    principled = output.inputs["Surface"].links[0].from_node
    assert principled.bl_idname == "ShaderNodeBsdfPrincipled"
    assert principled.inputs["Base Color"].links[0].from_node.bl_idname == "ShaderNodeVertexColor"
    (colours,) = mesh.color_attributes
    assert mesh.color_attributes.active_color == colours
    values = np.empty(len(colours.data) * 4, np.float32)
    colours.data.foreach_get("color", values)
    seen = {tuple(round(float(part)) for part in colour[:3]) for colour in values.reshape(-1, 4)}
    assert seen == set(COLOURS)
    assert {polygon.material_index for polygon in mesh.polygons} == {0}


def test_a_model_without_colours_gets_no_material(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    assert not prepare(tmp_path, coloured=False).materials


@pytest.fixture(autouse=True)
def _closed() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
