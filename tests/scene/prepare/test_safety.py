"""A .blend, an OBJ or a GLB from a stranger runs no code and brings no file along that is not its own."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.engine.errors import UnsafeModel
from neural4d_blender.prepare import main
from neural4d_blender.prepare.importing import importers
from tests.support import sample_models


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A valid picture outside the model's folder; a model that brings it along has read a private file."""
    path = tmp_path / "secret.png"
    image = bpy.data.images.new("secret", 4, 4)
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    return path


def run(source: Path, model_format: str, **wanted: Any) -> dict[str, Any]:
    output = source.parent / "out.blend"
    return main.run(
        {"source": source, "format": model_format, "output": output, "name": "bird", "size_mm": 50, **wanted}
    )


def hostile_blend(folder: Path, marker: Path) -> Path:
    """A .blend with a driver that touches `marker`, a text that would register itself, and much else."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    # A bare name such as `open` is refused by Blender's checks of simple expressions; this form is not.
    expression = f"__import__('pathlib').Path({str(marker)!r}).touch() or 5.0"
    item.driver_add("location", 0).driver.expression = expression
    text = bpy.data.texts.new("run.py")
    text.write(f"import pathlib; pathlib.Path({str(marker)!r}).touch()")
    text.use_module = True
    material = bpy.data.materials.new("Skin")
    material.use_nodes = True
    script = material.node_tree.nodes.new("ShaderNodeScript")
    script.mode, script.script = "INTERNAL", text
    value = material.node_tree.nodes.new("ShaderNodeValue")
    value.outputs[0].driver_add("default_value").driver.expression = expression
    item.data.materials.append(material)
    item.modifiers.new("Cache", "MESH_SEQUENCE_CACHE")
    return sample_models.export("BLEND", folder)


def test_the_driver_would_run_without_the_preparer(tmp_path: Path) -> None:
    """The control: it shows that the next test looks at something that can happen."""
    marker = tmp_path / "marker"
    source = hostile_blend(tmp_path, marker)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.use_scripts_auto_execute = True
    with bpy.data.libraries.load(str(source)) as (available, wanted):
        wanted.objects = available.objects
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    bpy.context.view_layer.update()
    assert marker.exists()


def test_nothing_in_a_blend_runs(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    source = hostile_blend(tmp_path, marker)
    marker.unlink(missing_ok=True)  # the file that was being built has run it already
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.use_scripts_auto_execute = True
    warnings: list[str] = []
    importers.import_model(source, "BLEND", warnings)
    bpy.context.view_layer.update()
    assert not marker.exists()

    assert run(source, "BLEND")["ok"]
    assert not marker.exists()
    assert not bpy.data.texts
    assert not bpy.data.libraries
    (item,) = bpy.data.objects
    assert item.animation_data is None
    assert not item.modifiers
    (material,) = bpy.data.materials
    assert material.node_tree.animation_data is None
    assert "ShaderNodeScript" not in {node.bl_idname for node in material.node_tree.nodes}


def test_a_blend_may_not_bring_an_image_from_elsewhere(tmp_path: Path, secret: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    sample_models.paint(bpy.data.objects["Wedge"], bpy.data.images.load(str(secret)))
    folder = tmp_path / "download"
    folder.mkdir()
    facts = run(sample_models.export("BLEND", folder), "BLEND")
    assert facts["ok"]
    assert facts["images"] == 0
    assert "outside" in facts["warnings"][0]
    assert not bpy.data.images


def test_a_blend_may_not_bring_another_blend(tmp_path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    library = sample_models.export("BLEND", tmp_path, "library")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.mirrored()
    with bpy.data.libraries.load(str(library), link=True) as (available, wanted):
        wanted.meshes = available.meshes
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Borrowed", wanted.meshes[0]))
    source = sample_models.export("BLEND", tmp_path)
    facts = run(source, "BLEND")
    assert facts["ok"]
    assert facts["objects"] == 1
    assert "other file" in facts["warnings"][0]
    assert not bpy.data.libraries


@pytest.mark.parametrize("upwards", [True, False])
def test_an_obj_may_not_bring_an_image_from_elsewhere(tmp_path: Path, secret: Path, upwards: bool) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    bpy.data.objects["Wedge"].data.materials.append(bpy.data.materials.new("Skin"))
    folder = tmp_path / "download"
    folder.mkdir()
    source = sample_models.export("OBJ", folder)
    with source.with_suffix(".mtl").open("a") as file:
        file.write(f"map_Kd {'../secret.png' if upwards else secret}\n")
    facts = run(source, "OBJ")
    assert facts["ok"]
    assert facts["images"] == 0
    assert "is missing" in facts["warnings"][0]  # whether it is there is not even looked at
    assert not bpy.data.images


@pytest.mark.parametrize("uri", ["../../../../../../etc/passwd", "file:///etc/passwd", "/etc/passwd"])
def test_a_glb_may_not_point_at_files(tmp_path: Path, uri: str) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    source = sample_models.export("GLB", tmp_path)
    painted = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}

    def paint(document: Any) -> None:
        document.update(images=[{"uri": uri}], textures=[{"source": 0}], materials=[painted])
        document["meshes"][0]["primitives"][0]["material"] = 0

    edit_glb(source, paint)
    facts = run(source, "GLB")
    assert not facts["ok"]
    assert facts["code"] == UnsafeModel.__name__
    assert uri in facts["what"]
    assert not bpy.data.objects  # no importer has seen it


def edit_glb(path: Path, change: Any) -> None:
    """Change the JSON of a GLB that was just exported."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    change(document)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    head = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON")
    path.write_bytes(head + text + rest)
