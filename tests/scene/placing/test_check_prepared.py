"""A prepared file with more in it than a model needs is not placed, whoever put it there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.engine.blenders import prepared_file_hash
from neural4d_blender.engine.errors import BrokenModel, UnsafeModel
from neural4d_blender.scene.placing import append as appending
from neural4d_blender.scene.placing import check_prepared
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


def prepared(path: Path) -> dict[str, Any]:
    """A plain model in a file, and what its preparer would tell of it."""
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    bpy.data.libraries.write(str(path), {item})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return {"sha256": prepared_file_hash.digest_of(path), "stamp": prepared_file_hash.stamp_of(path)}


def test_it_is_read_only_where_it_was_touched(
    empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "v0.blend"
    facts: Any = prepared(path)
    read: list[Path] = []
    digest_of = prepared_file_hash.digest_of
    monkeypatch.setattr(prepared_file_hash, "digest_of", lambda file: read.append(file) or digest_of(file))
    append(path, facts)
    assert not read
    path.write_bytes(path.read_bytes())  # as a backup that is played back, or a folder that was copied
    for _ in range(2):
        append(path, facts)
    assert read == [path]
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Wedge", b"Other"))
    os.utime(path, ns=(facts["stamp"][2], facts["stamp"][2]))
    with pytest.raises(BrokenModel, match="not what was prepared"):
        append(path, facts)
    append(path, {"ok": True})  # of a version that told nothing of the file


@pytest.mark.parametrize("slowly", [False, True])
def test_one_that_is_swapped_while_it_is_read_is_refused(
    empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slowly: bool
) -> None:
    path = tmp_path / "v0.blend"
    facts: Any = prepared(path)
    check_kinds = check_prepared.check_kinds

    def swapped(*seen: Any) -> None:
        check_kinds(*seen)
        os.utime(path)

    if slowly:
        monkeypatch.setattr(appending, "_by_copying", lambda *_: None)
    monkeypatch.setattr(check_prepared, "check_kinds", swapped)
    with pytest.raises(BrokenModel, match="while it was read"):
        append(path, facts)
    assert not bpy.data.objects
    assert not bpy.data.meshes


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
