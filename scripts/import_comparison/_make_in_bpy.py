"""Makes the files that scripts/gauntlet.py tries: python -m ..._make_in_bpy FOLDER BAIT

``FOLDER/sound`` gets models of all formats with what strangers' models have; ``FOLDER/hostile`` gets files that reach
for ``BAIT`` (a folder with files worth stealing), lie about their size, or try to run code.
"""

from __future__ import annotations

import json
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

_ops: Any = bpy.ops


def main(folder: str, bait: str) -> None:
    """Write them all."""
    sound, hostile = Path(folder) / "sound", Path(folder) / "hostile"
    for path in (sound, hostile):
        path.mkdir(parents=True, exist_ok=True)
    for name, make in SOUND.items():
        _empty()
        make()
        for model_format in _FORMATS.get(name, ("glb", "blend", "fbx", "obj", "usdz")):
            _export(sound, name, model_format)
    for patched, patch in PATCHED.items():
        original = sound / f"{patched.partition('_')[0]}.glb"
        (sound / f"{patched}.glb").write_bytes(_patched(original.read_bytes(), patch))
    _archives(sound)
    _make_bait(Path(bait))
    make_hostile(hostile, Path(bait))
    (Path(bait) / "written").unlink(missing_ok=True)  # a driver runs in the file that it is made in


def _make_bait(folder: Path) -> None:
    """Files worth stealing that a program can read, each ending with the mark that the folder came with."""
    mark = (folder / "id_key").read_bytes()
    _empty()
    _painted(_block("Private"), "Private")
    _ops.wm.save_as_mainfile(filepath=str(folder / "private.blend"), copy=True)
    image = _image("Picture", (1, 1, 1))
    image.filepath_raw, image.file_format = str(folder / "private.png"), "PNG"
    image.save()
    (folder / "private.usda").write_text('#usda 1.0\ndef Cube "a"\n{\n}\n')
    for name in ("private.blend", "private.png", "private.usda"):
        with (folder / name).open("ab") as file:
            file.write(mark)


def _empty() -> None:
    _ops.wm.read_factory_settings(use_empty=True)


def _export(folder: Path, name: str, model_format: str) -> None:
    path = str(folder / f"{name}.{model_format}")
    match model_format:
        case "glb":
            _ops.export_scene.gltf(filepath=path, export_format="GLB", export_gpu_instances=name == "many")
        case "blend":
            _ops.file.pack_all()
            _ops.wm.save_as_mainfile(filepath=path, copy=True, compress=name == "painted")
        case "fbx":
            _ops.export_scene.fbx(filepath=path, path_mode="COPY", embed_textures=True)
        case "obj":
            _ops.wm.obj_export(filepath=path, path_mode="COPY")
        case "stl":
            _ops.wm.stl_export(filepath=path)
        case "usdz":
            _ops.wm.usd_export(filepath=path)


def _block(
    name: str, size: tuple[float, float, float] = (1, 1, 1), at: tuple[float, float, float] = (0, 0, 0)
) -> bpy.types.Object:
    """A box with a corner pulled out, so that no two of its sides look the same, and a UV map."""
    _ops.mesh.primitive_cube_add(size=1, location=at, calc_uvs=True)
    item = bpy.context.object
    item.name = item.data.name = name
    item.scale = size
    item.data.vertices[7].co *= 1.4
    return item


def _image(name: str, colour: tuple[float, float, float], side: int = 16, *, data: bool = False) -> bpy.types.Image:
    """A chessboard of a colour and its half."""
    image = bpy.data.images.new(name, side, side, is_data=data)
    y, x = np.mgrid[0:side, 0:side]
    light = np.where((x // 4 + y // 4) % 2, 1.0, 0.5)
    pixels = np.ones((side, side, 4), dtype=np.float32)
    pixels[:, :, :3] = np.array(colour) * light[:, :, None]
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    return image


def _painted(item: bpy.types.Object, name: str, **inputs: object) -> Any:
    """A material with a picture as its base colour; ``inputs`` of the Principled BSDF by name. Returns its nodes."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    item.data.materials.append(material)
    nodes = material.node_tree.nodes
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = bpy.data.images.get(name) or _image(name, (0.9, 0.3, 0.1))
    material.node_tree.links.new(texture.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    for key, value in inputs.items():
        nodes["Principled BSDF"].inputs[key.replace("_", " ")].default_value = value
    return nodes


def painted() -> None:
    """Two materials, one with a normal map."""
    block = _block("Block")
    nodes = _painted(block, "Paint", Roughness=0.7)
    bump, texture = nodes.new("ShaderNodeNormalMap"), nodes.new("ShaderNodeTexImage")
    texture.image = _image("Bumps", (0.5, 0.5, 1.0), data=True)
    texture.image.colorspace_settings.name = "Non-Color"
    links = block.data.materials[0].node_tree.links
    links.new(texture.outputs["Color"], bump.inputs["Color"])
    links.new(bump.outputs["Normal"], nodes["Principled BSDF"].inputs["Normal"])
    _painted(_block("Other", (0.5, 0.5, 2), (1.5, 0, 0)), "Other", Metallic=0.3)


def family() -> None:
    """Parts below parts, turned, mirrored and stretched, one mesh used three times."""
    top = _block("Top", (2, 1, 0.5))
    _painted(top, "Paint")
    for number, matrix in enumerate((Matrix.Rotation(0.7, 4, (1, 2, 3)), Matrix.Diagonal((-1, 1, 2, 1)))):
        part = top.copy()
        bpy.context.collection.objects.link(part)
        part.parent = top
        part.matrix_local = Matrix.Translation((number * 2 - 1, 1, 3)) @ matrix


def coloured() -> None:
    """Colours of its corners, which the material shows."""
    block = _block("Block")
    layer = block.data.color_attributes.new("Color", "BYTE_COLOR", "CORNER")
    for number, corner in enumerate(layer.data):
        corner.color = (number % 3 / 2, number % 5 / 4, number % 7 / 6, 1)
    nodes = _painted(block, "Paint")
    colour = nodes.new("ShaderNodeVertexColor")
    colour.layer_name = "Color"
    links = block.data.materials[0].node_tree.links
    links.new(colour.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])


def glass() -> None:
    """Half of it lets light through."""
    _painted(_block("Behind", (1, 0.2, 1), (0, 0.8, 0)), "Behind")
    block = _block("Block")
    _painted(block, "Paint", Alpha=0.5)
    block.data.materials[0].blend_method = "BLEND"


def posed() -> None:
    """A skin on two bones, one of them bent."""
    block = _block("Skin", (0.5, 0.5, 2))
    _ops.object.transform_apply()
    _painted(block, "Paint")
    _ops.object.armature_add(location=(0, 0, -1))
    rig = bpy.context.object
    _ops.object.mode_set(mode="EDIT")
    low = rig.data.edit_bones[0]
    low.name, low.tail = "Low", (0, 0, 1)
    high = rig.data.edit_bones.new("High")
    high.head, high.tail, high.parent = (0, 0, 1), (0, 0, 2), low
    _ops.object.mode_set(mode="OBJECT")
    for name, above in (("Low", False), ("High", True)):
        group = block.vertex_groups.new(name=name)
        group.add([v.index for v in block.data.vertices if (v.co.z > 0) == above], 1.0, "REPLACE")
    block.parent = rig
    block.modifiers.new("Armature", "ARMATURE").object = rig
    block.matrix_world = Matrix.Identity(4)
    rig.pose.bones["High"].rotation_mode = "XYZ"
    rig.pose.bones["High"].rotation_euler = (0.8, 0, 0)


def shaped() -> None:
    """A shape key that is half on."""
    block = _block("Block")
    _painted(block, "Paint")
    block.shape_key_add(name="Basis")
    key = block.shape_key_add(name="Tall")
    for number in (4, 5, 6, 7):
        key.data[number].co.z += 1
    key.value = 0.5


def hidden() -> None:
    """What is hidden in each way there is, far away."""
    _painted(_block("Seen"), "Paint")
    for number, way in enumerate(("hide_viewport", "hide_render")):
        setattr(_block(way, at=(10 + number, 0, 0)), way, True)
    excluded = bpy.data.collections.new("Excluded")
    bpy.context.scene.collection.children.link(excluded)
    away = _block("Away", at=(20, 0, 0))
    excluded.objects.link(away)
    bpy.context.scene.collection.objects.unlink(away)
    bpy.context.view_layer.layer_collection.children["Excluded"].exclude = True
    cutter = _block("Cutter", (0.3, 0.3, 5))
    cutter.display_type = "WIRE"
    cutter.hide_render = True
    modifier = bpy.data.objects["Seen"].modifiers.new("Cut", "BOOLEAN")
    modifier.object, modifier.solver = cutter, "EXACT"
    elsewhere = bpy.data.scenes.new("Elsewhere")
    far = bpy.data.objects.new("Far", bpy.data.meshes["Away"])
    far.location.z = 50
    elsewhere.collection.objects.link(far)


def many() -> None:
    """Three hundred of one mesh."""
    block = _block("Block", (0.1, 0.1, 0.1))
    _painted(block, "Paint")
    for number in range(299):
        other = block.copy()
        other.location = (number % 20 * 0.2, number // 20 * 0.2, number % 7 * 0.1)
        bpy.context.collection.objects.link(other)


def instanced() -> None:
    """A collection that stands there twice, as instances."""
    kit = bpy.data.collections.new("Kit")
    block = _block("Block")
    _painted(block, "Paint")
    kit.objects.link(block)
    bpy.context.scene.collection.objects.unlink(block)
    for number in range(2):
        empty = bpy.data.objects.new(f"Kit {number}", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", kit
        empty.matrix_world = Matrix.Translation((number * 3, 0, 0)) @ Matrix.Rotation(number, 4, "Z")
        bpy.context.scene.collection.objects.link(empty)


SOUND: dict[str, Callable[[], None]] = {
    "painted": painted, "family": family, "coloured": coloured, "glass": glass, "posed": posed, "shaped": shaped,
    "hidden": hidden, "many": many, "instanced": instanced,
}  # fmt: skip
#: Formats that can hold what is special of it; the others have all five.
_FORMATS = {
    "painted": ("glb", "blend", "fbx", "obj", "stl", "usdz"),
    "coloured": ("glb", "blend", "fbx"),
    "glass": ("glb", "blend"),
    "posed": ("glb", "blend", "fbx"),
    "shaped": ("glb", "blend"),
    "hidden": ("blend",),
    "many": ("glb", "blend", "fbx"),
    "instanced": ("blend",),
}


def _unlit(document: dict[str, Any]) -> None:
    for material in document["materials"]:
        material["extensions"] = {"KHR_materials_unlit": {}}
    document["extensionsUsed"] = [*document.get("extensionsUsed", []), "KHR_materials_unlit"]


def _unlit_mask(document: dict[str, Any]) -> None:
    _unlit(document)
    for material in document["materials"]:
        material |= {"alphaMode": "MASK", "alphaCutoff": 0.4}


def _volume(document: dict[str, Any]) -> None:
    volume = {"thicknessFactor": 1.0, "attenuationDistance": 0.5, "attenuationColor": [0.2, 0.6, 1.0]}
    for material in document["materials"]:
        material["extensions"] = {
            "KHR_materials_volume": volume,
            "KHR_materials_transmission": {"transmissionFactor": 1.0},
        }
    document["extensionsUsed"] = ["KHR_materials_volume", "KHR_materials_transmission"]


def _loose_ends(document: dict[str, Any]) -> None:
    """What other exporters leave: nulls, empty lists, extras, views and accessors that nobody uses."""
    document |= {"animations": None, "extras": {"uri": "see uri"}, "cameras": []}
    document["bufferViews"].append({"buffer": 0, "byteLength": 0, "byteStride": None})
    document["accessors"].append({"componentType": 5126, "count": 0, "type": "VEC3"})
    document["images"] = [*document.get("images", []), {"uri": "unused.png"}]
    document["meshes"].append({"primitives": []})


def _second_scene(document: dict[str, Any]) -> None:
    document["nodes"].append({"mesh": 0, "translation": [100, 0, 0]})
    document["scenes"].append({"nodes": [len(document["nodes"]) - 1]})


PATCHED: dict[str, Callable[[dict[str, Any]], None]] = {
    "painted_unlit": _unlit, "glass_unlit": _unlit, "coloured_unlit": _unlit, "painted_unlit_mask": _unlit_mask,
    "family_volume": _volume, "painted_loose_ends": _loose_ends, "painted_second_scene": _second_scene,
}  # fmt: skip


def _patched(data: bytes, patch: Callable[[dict[str, Any]], None]) -> bytes:
    """The GLB with its JSON changed."""
    length = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + length])
    patch(document)
    return glb(json.dumps(document).encode(), data[20 + length :])


def glb(text: bytes, rest: bytes = b"") -> bytes:
    """A GLB of that JSON and the chunks that follow."""
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON") + text + rest


def _archives(folder: Path) -> None:
    """OBJ files as services send them: zipped with their textures, in the folders that people use."""
    for path in sorted(folder.glob("*.obj")):
        material = path.with_suffix(".mtl")
        pictures = {line.split()[-1] for line in material.read_text().splitlines() if line.startswith("map_")}
        with zipfile.ZipFile(path.with_suffix(".obj.zip"), "w") as archive:
            for one in (path, material):
                archive.write(one, f"source/{one.name}")
            for name in pictures:
                archive.write(folder / name, f"textures/{Path(name).name.upper()}")
        for one in (path, material):
            one.unlink()


def make_hostile(folder: Path, bait: Path) -> None:
    """Files that nobody would send who means well."""
    picture, text, model = bait / "private.png", bait / "id_key", bait / "private.blend"
    for name, spoil in {
        "environment": lambda: _environment(picture),
        "picture": lambda: _outside_picture(str(picture)),
        "picture_share": lambda: _outside_picture("//server/share/private.png"),
        "displaced": lambda: _displaced(picture),
        "driver": lambda: _driver(bait / "written"),
        "text": lambda: _text(bait / "written"),
        "script_node": lambda: _script_node(text),
        "library": lambda: _library(model),
        "subdivided": _subdivided,
        "repeated": _repeated,
    }.items():
        _empty()
        _painted(_block("Block"), "Paint")
        spoil()
        _ops.wm.save_as_mainfile(filepath=str(folder / f"{name}.blend"), copy=True, relative_remap=False)
    triangle = "v 0 0 0\nv 1 0 0\nv 0 1 1\nvt 0 0\nvt 1 0\nvt 0 1\n"
    face = "usemtl a\nf 1/1 2/2 3/3\n"
    (folder / "library_outside.obj").write_text(f"mtllib {text}\n{triangle}{face}")
    (folder / "library_up.obj").write_text(f"mtllib ../../{bait.name}/id_key\n{triangle}{face}")
    with zipfile.ZipFile(folder / "picture_outside.obj.zip", "w") as archive:
        archive.writestr("a.obj", f"mtllib a.mtl\n{triangle}{face}")
        archive.writestr("a.mtl", f"newmtl a\nKd 1 0 0\nmap_Kd {picture}\nmap_Bump //server/share/a.png\n")
    with zipfile.ZipFile(folder / "slips.obj.zip", "w") as archive:
        archive.writestr("a.obj", triangle + "f 1 2 3\n")
        archive.writestr(f"../../{bait.name}/written", "x")
    with zipfile.ZipFile(folder / "bomb.obj.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.obj", triangle + "f 1 2 3\n" + "#" * 200_000_000)
    (folder / "counts.stl").write_bytes(b"\0" * 80 + struct.pack("<I", 0xFFFFFFFF) + b"\0" * 50)
    stage = f'#usda 1.0\ndef Xform "a" (references = @{bait / "private.usda"}@)\n{{\n}}\n'
    (folder / "reference.usda").write_text(stage)
    with zipfile.ZipFile(folder / "reference.usdz", "w") as archive:
        archive.writestr("a.usda", stage)
    for name, document in _hostile_gltf(picture).items():
        (folder / f"{name}.glb").write_bytes(glb(json.dumps(document).encode()))
    (folder / "deep.glb").write_bytes(glb(b'{"asset":{"version":"2.0"},"extras":' + b"[" * 9000 + b"]" * 9000 + b"}"))


def _hostile_gltf(picture: Path) -> dict[str, dict[str, Any]]:
    asset = {"asset": {"version": "2.0"}}
    doubling = [{"children": [number + 1, number + 1]} for number in range(40)] + [{"mesh": 0}]
    return {
        "buffer_outside": asset | {"buffers": [{"uri": picture.as_uri(), "byteLength": 36}], "scenes": [{"nodes": []}]},
        "buffer_up": asset | {"buffers": [{"uri": "../../private.png", "byteLength": 36}], "scenes": [{"nodes": []}]},
        "doubling": asset | {"nodes": doubling, "scenes": [{"nodes": [0]}], "meshes": [{"primitives": []}]},
        "count": asset | {"accessors": [{"componentType": 5126, "count": 10**400, "type": "VEC3"}]},
    }


def _material() -> Any:
    return bpy.data.materials["Paint"].node_tree


def _environment(path: Path) -> None:
    tree = _material()
    node = tree.nodes.new("ShaderNodeTexEnvironment")
    node.image = bpy.data.images.load(str(path))
    tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Emission Color"])


def _outside_picture(path: str) -> None:
    image = bpy.data.images.new("Outside", 4, 4)
    image.source, image.filepath_raw = "FILE", path
    next(node for node in _material().nodes if node.bl_idname == "ShaderNodeTexImage").image = image


def _displaced(path: Path) -> None:
    texture = bpy.data.textures.new("Outside", "IMAGE")
    texture.image = bpy.data.images.load(str(path))
    bpy.data.objects["Block"].modifiers.new("Displace", "DISPLACE").texture = texture


def _driver(target: Path) -> None:
    curve = bpy.data.objects["Block"].driver_add("location", 0)
    curve.driver.expression = f"__import__('pathlib').Path({str(target)!r}).write_text('x') * 0"


def _text(target: Path) -> None:
    text = bpy.data.texts.new("run.py")
    text.write(f"import pathlib\npathlib.Path({str(target)!r}).write_text('x')\n")
    text.use_module = True


def _script_node(path: Path) -> None:
    node = _material().nodes.new("ShaderNodeScript")
    node.mode, node.filepath = "EXTERNAL", str(path)


def _library(path: Path) -> None:
    with bpy.data.libraries.load(str(path), link=True) as (there, wanted):
        wanted.objects = there.objects
    for item in wanted.objects:
        bpy.context.scene.collection.objects.link(item)


def _subdivided() -> None:
    modifier = bpy.data.objects["Block"].modifiers.new("Subdivision", "SUBSURF")
    modifier.levels = modifier.render_levels = 11


def _repeated() -> None:
    item = bpy.data.objects["Block"]
    for _ in range(6):
        modifier = item.modifiers.new("Array", "ARRAY")
        modifier.count = 1000


if __name__ == "__main__":
    main(*sys.argv[1:])
