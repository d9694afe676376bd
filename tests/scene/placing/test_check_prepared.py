"""A prepared file with more in it than a model needs is not placed, whoever put it there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.engine.errors import UnsafeModel
from neural4d_blender.scene.placing.append import append
from tests.support import sample_models

pytestmark = pytest.mark.both_ends


def texts(item: Any) -> None:
    item["keeps"] = bpy.data.texts.new("evil.py")


def world(item: Any) -> None:
    item["keeps"] = bpy.data.worlds.new("World")


def driver(item: Any) -> None:
    item.driver_add("location", 0).driver.expression = "frame"


def driver_in_nodes(item: Any) -> None:
    material = bpy.data.materials.new("Skin")
    item.data.materials.append(material)
    if material.node_tree is None:
        material.use_nodes = True
    material.node_tree.nodes.new("ShaderNodeValue").outputs[0].driver_add("default_value")


def script(item: Any) -> None:
    material = bpy.data.materials.new("Skin")
    item.data.materials.append(material)
    if material.node_tree is None:
        material.use_nodes = True
    material.node_tree.nodes.new("ShaderNodeScript")


def cache(item: Any) -> None:
    item.modifiers.new("It", "MESH_CACHE")


def constraint(item: Any) -> None:
    item.constraints.new("TRANSFORM_CACHE")


@pytest.mark.parametrize("more", [texts, world, driver, driver_in_nodes, script, cache, constraint])
@pytest.mark.parametrize("slowly", [False, True])
def test_it_is_refused(empty_file: bpy.types.Scene, tmp_path: Path, more: Callable[[Any], None], slowly: bool) -> None:
    sample_models.single()
    item: Any = bpy.data.objects["Wedge"]
    more(item)
    if slowly:
        item.modifiers.new("Subdivide", "SUBSURF")
    bpy.data.libraries.write(str(tmp_path / "v0.blend"), {item})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with pytest.raises(UnsafeModel, match="no model needs"):
        append(tmp_path / "v0.blend")
    assert not bpy.data.objects
    assert not bpy.data.texts


@pytest.mark.parametrize("slowly", [False, True])
def test_without_it_is_not(empty_file: bpy.types.Scene, tmp_path: Path, slowly: bool) -> None:
    sample_models.single()
    item: Any = bpy.data.objects["Wedge"]
    if slowly:
        item.modifiers.new("Subdivide", "SUBSURF")
    bpy.data.libraries.write(str(tmp_path / "v0.blend"), {item})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert len(append(tmp_path / "v0.blend")) == 1
