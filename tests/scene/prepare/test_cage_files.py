"""What others put into a model: what is not on the list of what a model needs is gone, and no other file is opened."""

from __future__ import annotations

import base64
import os
import shutil
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.engine.blenders import allowed_data
from neural4d_blender.engine.files.gltf import gltf_images
from neural4d_blender.prepare import main
from neural4d_blender.prepare.importing import bounds, importers
from neural4d_blender.prepare.importing.external_files import outside_names, usd_names
from neural4d_blender.prepare.importing.external_files.inside_name import inside, leads_out
from neural4d_blender.prepare.importing.external_files.named_files import NamedFiles
from neural4d_blender.prepare.output import image_files
from tests.support import sample_models
from tests.support.opened_files import Opened

pytestmark = [pytest.mark.both_ends, pytest.mark.usefixtures("empty_file")]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="what is opened is seen on Linux only")
SECRET = "made-up private key"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the download with a picture, a key, a library and a pipe in it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    image = bpy.data.images.new("It", 4, 4)
    image.filepath_raw, image.file_format = str(folder / "private.png"), "PNG"
    image.save()
    (folder / "id_rsa").write_text(SECRET)
    os.mkfifo(folder / "pipe")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    sample_models.export("BLEND", folder, "library")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return folder


def prepare(source: Path, **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": source.suffix[1:].upper(), "output": source.parent / "out.blend"}
    return main.run(values | {"name": "bird", "size_mm": 120} | wanted)


def download(tmp_path: Path) -> Path:
    folder = tmp_path / "download"
    folder.mkdir()
    return folder


def with_nodes(owner: Any) -> Any:
    if owner.node_tree is None:
        owner.use_nodes = True
    return owner.node_tree


def outside_image(path: Path, source: str = "FILE") -> bpy.types.Image:
    image = bpy.data.images.new(f"It {source}", 4, 4)
    image.filepath_raw, image.source = str(path), source
    return image


def hostile(outside: Path) -> bpy.types.Object:
    """One object with everything that names a file, runs, or is no part of a model."""
    sample_models.single()
    item: Any = bpy.data.objects["Wedge"]
    material = bpy.data.materials.new("Skin")
    item.data.materials.append(material)
    tree = with_nodes(material)
    group = bpy.data.node_groups.new("Group", "ShaderNodeTree")
    tree.nodes.new("ShaderNodeGroup").node_tree = group
    for place in (tree, group):
        for kind, name in (("ShaderNodeTexEnvironment", "private.png"), ("ShaderNodeTexImage", "id_rsa")):
            place.nodes.new(kind).image = outside_image(outside / name)
        for kind in ("SEQUENCE", "MOVIE"):
            place.nodes.new("ShaderNodeTexImage").image = outside_image(outside / "private.png", kind)
        place.nodes.new("ShaderNodeTexIES").filepath = str(outside / "id_rsa")
        script = place.nodes.new("ShaderNodeScript")
        script.mode, script.script = "INTERNAL", bpy.data.texts.new("evil.py")
    geometry: Any = bpy.data.node_groups.new("Reads", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        geometry.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    ends = [geometry.nodes.new(kind) for kind in ("NodeGroupInput", "NodeGroupOutput")]
    geometry.links.new(ends[0].outputs[0], ends[1].inputs[0])
    for kind in ("GeometryNodeImportOBJ", "GeometryNodeImportText", "GeometryNodeImportVDB", "GeometryNodeViewer"):
        if hasattr(bpy.types, kind):
            node = geometry.nodes.new(kind)
            if "Path" in node.inputs:
                node.inputs["Path"].default_value = str(outside / "id_rsa")
    nodes = item.modifiers.new("Nodes", "NODES")
    nodes.node_group, nodes.bake_directory = geometry, str(outside)
    texture = bpy.data.textures.new("Bumps", "IMAGE")
    texture.image = outside_image(outside / "private.png")
    item.modifiers.new("Displace", "DISPLACE").texture = texture
    item.modifiers.new("Cache", "MESH_CACHE").filepath = str(outside / "id_rsa")
    item.modifiers.new("Ocean", "OCEAN").filepath = str(outside)
    driver = item.driver_add("hide_render").driver
    driver.type, driver.expression = "SCRIPTED", f"open({str(outside / 'id_rsa')!r}) and 0"
    world = bpy.data.worlds.new("World")
    with_nodes(world).nodes.new("ShaderNodeTexEnvironment").image = outside_image(outside / "private.png")
    item["keeps"] = world
    item.data["keeps"] = bpy.data.movieclips.load(str(outside / "private.png"))
    group["keeps"] = bpy.data.sounds.load(str(outside / "private.png"))
    speaker: Any = bpy.data.speakers.new("Speaker")
    speaker.sound = bpy.data.sounds.load(str(outside / "id_rsa"))
    volume = bpy.data.volumes.new("Smoke")
    volume.filepath = str(outside / "id_rsa")
    camera = bpy.data.cameras.new("Camera")
    camera.background_images.new().image = outside_image(outside / "private.png")
    for data in (speaker, volume, camera):
        holder = bpy.data.objects.new(data.name, data)
        bpy.context.scene.collection.objects.link(holder)
    with bpy.data.libraries.load(str(outside / "library.blend"), link=True) as (available, wanted):
        wanted.objects = available.objects
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    return item


@LINUX
def test_nothing_but_the_model_leaves_a_blend(tmp_path: Path, outside: Path) -> None:
    hostile(outside)
    source = sample_models.export("BLEND", download(tmp_path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with Opened(outside) as opened:
        (outside / "id_rsa").read_text()
        assert opened.names() == ["id_rsa"]  # it does see it
        facts = prepare(source)
        assert opened.names() == []
    assert facts["ok"], facts
    assert facts["images"] == 0
    assert SECRET.encode() not in (source.parent / "out.blend").read_bytes()
    trees = [*bpy.data.node_groups, *(material.node_tree for material in bpy.data.materials if material.node_tree)]
    left = {node.bl_idname for tree in trees for node in tree.nodes}
    assert not [name for name in left if name.startswith(("ShaderNodeTexIES", "ShaderNodeScript", "GeometryNodeI"))]
    # Not by the file's bytes: until 4.5 Blender writes what happens to lie behind the end of a text in memory.
    with bpy.data.libraries.load(str(source.parent / "out.blend")) as (available, _):
        brought = {kind for kind in dir(available) if isinstance(there := getattr(available, kind), list) and there}
    assert brought <= {"materials", "meshes", "node_groups", "objects"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    asset = source.parent / "asset.blend"
    values = {"task": "asset", "source": str(source.parent / "out.blend"), "output": str(asset), "name": "It"}
    values |= {"description": "", "author": "", "tags": [], "catalog": "", "preview": str(outside / "none")}
    assert main.run(values | {"properties": {}})["ok"]
    assert SECRET.encode() not in asset.read_bytes()


@pytest.mark.skipif(
    not hasattr(bpy.types.ID, "bl_system_properties_get") and bpy.app.version < (5,), reason="since 5.0"
)
def test_properties_of_add_ons_keep_nothing(tmp_path: Path) -> None:
    sample_models.single()
    kinds = (bpy.types.Object, bpy.types.Mesh, bpy.types.ShaderNodeTree, bpy.types.Material)
    for kind in kinds:
        kind.made_up_keeps = bpy.props.PointerProperty(type=bpy.types.Image)
    item: Any = bpy.data.objects["Wedge"]
    material = bpy.data.materials.new("Skin")
    item.data.materials.append(material)
    group = bpy.data.node_groups.new("Group", "ShaderNodeTree")
    with_nodes(material).nodes.new("ShaderNodeGroup").node_tree = group
    for number, owner in enumerate((item, item.data, group, material)):
        owner.made_up_keeps = bpy.data.images.new(f"smuggled {number}", 4, 4)
    source = sample_models.export("BLEND", download(tmp_path))
    for kind in kinds:
        del kind.made_up_keeps
    assert prepare(source)["ok"]
    assert b"smuggled" not in (source.parent / "out.blend").read_bytes()
    assert not bpy.data.images


def test_what_hangs_below_a_speaker_stays_where_it_is(tmp_path: Path) -> None:
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    holder = bpy.data.objects.new("Speaker", bpy.data.speakers.new("Speaker"))
    bpy.context.scene.collection.objects.link(holder)
    holder.scale = (3, 3, 3)
    item.parent = holder
    source = sample_models.export("BLEND", download(tmp_path))
    facts = prepare(source, size_mm=None)
    assert facts["ok"], facts
    assert facts["dimensions_mm"][0] == pytest.approx(3 * plain_width(tmp_path), rel=1e-3)
    assert not bpy.data.speakers


def plain_width(tmp_path: Path) -> float:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    return float(prepare(sample_models.export("BLEND", tmp_path, "plain"), size_mm=None)["dimensions_mm"][0])


def test_every_node_on_the_list_is_one(empty_file: bpy.types.Scene) -> None:
    """By the name that Blender has for it: a list of other names would hold nothing."""
    known = {name for name in dir(bpy.types) if name in allowed_data.MODEL_NODES}
    assert len(known) > 300
    trees = {kind: bpy.data.node_groups.new("It", kind) for kind in allowed_data.MODEL_TREES}
    for name in known:
        for tree in trees.values():
            try:
                assert tree.nodes.new(name).bl_idname == name
            except RuntimeError:
                continue


def obj(folder: Path, outside: Path, library: str, texture: str) -> Path:
    (folder / "model.obj").write_text(
        f"mtllib {library}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl It\nf 1/1 2/1 3/1\n"
    )
    (folder / "model.mtl").write_text(f"newmtl It\nKd 1 0 0\nmap_Kd -s 1 1 1 {texture}\nmap_Bump -bm 0.5 {texture}\n")
    return folder / "model.obj"


def fbx(folder: Path, outside: Path, path: str) -> Path:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    image = bpy.data.images.load(str(outside / "private.png"))
    sample_models.paint(bpy.data.objects["Wedge"], image)
    source = sample_models.export("FBX", folder)
    data = source.read_bytes()
    for old in (str(outside / "private.png"), os.path.relpath(outside / "private.png", folder)):
        data = data.replace(old.encode(), (path + "/" * len(old))[: len(old)].encode())
    source.write_bytes(data)
    return source


def usdz(folder: Path, outside: Path, text: str) -> Path:
    of_layer, of_prim = (text, "") if text.startswith("sub") else ("", text)
    layer = f'#usda 1.0\n(\n defaultPrim="R"\n metersPerUnit=1\n upAxis="Z"\n {of_layer}\n)\n'
    layer += f'def Xform "R" (\n {of_prim}\n)\n'
    layer += '{\n def Mesh "M" {\n int[] faceVertexCounts=[3]\n int[] faceVertexIndices=[0,1,2]\n'
    layer += " point3f[] points=[(0,0,0),(1,0,0),(0,1,0)]\n }\n}\n"
    with zipfile.ZipFile(folder / "model.usdz", "w", zipfile.ZIP_STORED) as package:
        package.writestr("a.usda", layer)
    return folder / "model.usdz"


FILES: dict[str, Callable[[Path, Path], Path]] = {
    "a library": lambda folder, outside: obj(folder, outside, str(outside / "id_rsa"), "none.png"),
    "a library, a line further": lambda folder, outside: obj(folder, outside, f"\\\n{outside / 'id_rsa'}", "none.png"),
    "a texture": lambda folder, outside: obj(folder, outside, "model.mtl", str(outside / "private.png")),
    "a texture upwards": lambda folder, outside: obj(folder, outside, "model.mtl", "x/../../outside/private.png"),
    "a pipe": lambda folder, outside: obj(folder, outside, "model.mtl", str(outside / "pipe")),
    "a library that is a pipe": lambda folder, outside: obj(folder, outside, str(outside / "pipe"), "none.png"),
    "an FBX's texture": lambda folder, outside: fbx(folder, outside, str(outside / "private.png")),
    "an FBX's pipe": lambda folder, outside: fbx(folder, outside, str(outside / "pipe")),
    "a USD's reference": lambda folder, outside: usdz(folder, outside, f"references=@{outside / 'id_rsa'}@"),
    "a USD's payload": lambda folder, outside: usdz(folder, outside, "payload=@x/../../../outside/id_rsa@"),
    "a USD's layer": lambda folder, outside: usdz(folder, outside, f"subLayers=[@@@{outside / 'pipe'}@@@]"),
}


@LINUX
@pytest.mark.parametrize("kind", FILES)
def test_no_importer_opens_a_file_elsewhere(tmp_path: Path, outside: Path, kind: str) -> None:
    source = FILES[kind](download(tmp_path), outside)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with Opened(outside) as opened:
        facts = prepare(source)
        assert opened.names() == []
    assert facts["ok"] or facts["code"] == "UnsupportedFeature", facts
    assert facts.get("images", 0) == ("FBX" in kind)  # which holds its own


@pytest.mark.parametrize("kind", ["BLEND", "FBX", "FBX of text", "USDZ"])
def test_pixels_are_counted_before_they_are_decoded(
    tmp_path: Path, outside: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_models.single()
    image = bpy.data.images.load(str(outside / "private.png"))
    sample_models.paint(bpy.data.objects["Wedge"], image)
    if kind == "BLEND":
        image.pack()
    source = sample_models.export(kind.split()[0], download(tmp_path))
    if kind == "FBX of text":  # what is behind it is never read
        picture = base64.b64encode((outside / "private.png").read_bytes()).decode()
        source.write_text(f'; FBX 7.4.0 project file\nObjects: {{\n Video: 1 {{\n  Content: ,\n"{picture}"\n }}\n}}\n')
    bpy.ops.wm.read_factory_settings(use_empty=True)
    monkeypatch.setattr(gltf_images, "MAX_PIXELS", 15)
    decoded: list[str] = []
    monkeypatch.setattr(image_files, "pack", lambda image, *_: decoded.append(image.name))
    facts = prepare(source)
    assert (facts.get("code"), decoded) == ("UnsafeModel", []), facts
    assert "16 pixels" in facts["what"]
    assert not any(one.has_data for one in bpy.data.images)


@pytest.mark.one_blender
def test_more_materials_than_blender_takes_in_a_sensible_time(tmp_path: Path) -> None:
    source = download(tmp_path) / "model.obj"
    source.write_text("v 0 0 0\nv 1 0 0\nv 0 1 1\n" + "".join(f"usemtl m{n}\nf 1 2 3\n" for n in range(4001)))
    facts = prepare(source)
    assert (facts.get("code"), "4,001 materials" in facts["what"]) == ("UnsafeModel", True), facts


def crate(*names: bytes) -> bytes:
    """A binary layer that has nothing but a table of names, packed as USD does (with one repetition)."""
    table = b"\0".join(names) + b"\0"
    packed = b"\0" + bytes([0xF0 | 0, len(table) - 15]) + table
    section = struct.pack("<QQQ", len(names), len(table), len(packed)) + packed
    directory = struct.pack("<Q16sqq", 1, b"TOKENS", 88, len(section))
    return (
        b"PXR-USDC"
        + bytes([0, 8, 0])
        + bytes(5)
        + struct.pack("<q", 88 + len(section))
        + bytes(64)
        + section
        + directory
    )


def test_the_names_of_a_binary_usd() -> None:
    layer = usd_names._crate(crate(b"Mesh", b"/etc/passwd", b"textures/a.png"))
    assert layer != crate(b"Mesh", b"/etc/passwd", b"textures/a.png")
    assert b"\0.////passwd\0" in layer
    assert usd_names._crate(layer) == layer
    harmless = crate(b"Mesh", b"./textures/a.png", b"st")
    assert usd_names._crate(harmless) == harmless
    assert usd_names._lz4(bytes([0x33]) + b"abc" + b"\3\0" + bytes([0x10]) + b"!") == b"abcabcabca!"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (b"/etc/passwd", b".////passwd"), (b"//server/share/a.png", b"a.png"), (b"\\\\server\\share\\a.png", b"a.png"),
        (b"C:\\Users\\me\\a.png", b"a.png"), (b"../a.png", b"a.png"), (b"x/../../a.png", b"a.png"), (b"~/a", b"a"),
        (b"http://127.0.0.1/a.png", b"a.png"), (b"..", b"_"), (b"/x", b"x"), (b"//", b"_"), (b"a.png", b""),
        (b"textures/a..png", b""), (b"./a/b.png", b""),
    ],
)  # fmt: skip
def test_names_that_lead_out(name: bytes, what: bytes) -> None:
    assert leads_out(name) == bool(what)
    if what:
        made = inside(name)
        assert len(made) == len(name)
        assert made.endswith(what)
        assert not leads_out(made)


@LINUX
@pytest.mark.parametrize("compressed", [True, False])
def test_a_blend_that_links_to_another_is_copied_without(tmp_path: Path, outside: Path, compressed: bool) -> None:
    sample_models.mirrored()
    with bpy.data.libraries.load(str(outside / "library.blend"), link=True) as (available, wanted):
        wanted.meshes = available.meshes
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Borrowed", wanted.meshes[0]))
    source = tmp_path / "it.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(source), copy=True, compress=compressed)
    with outside_names.without(source) as file:
        assert file != source
        with Opened(outside) as opened, bpy.data.libraries.load(str(file)) as (available, wanted):
            wanted.objects = available.objects
            assert opened.names() == []
    assert {Path(library.filepath).name for library in bpy.data.libraries} == {"_", "it.blend", "library.blend"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(source), copy=True, compress=compressed)
    with outside_names.without(source) as file:
        assert file == source


@pytest.mark.parametrize("kind", ["SUBSURF", "ARRAY", "nodes", "repeat", "drawn"])
def test_more_than_anyone_can_use_is_refused_before_it_is_made(tmp_path: Path, kind: str) -> None:
    sample_models.single()
    item: Any = bpy.data.objects["Wedge"]
    if kind == "SUBSURF":
        for _ in range(2):
            item.modifiers.new("It", "SUBSURF").levels = 3
    elif kind == "ARRAY":
        for _ in range(2):
            item.modifiers.new("It", "ARRAY").count = 50
    elif kind == "drawn":
        bpy.data.images.new("It", 4, 4).generated_width = 65536
        image = bpy.data.images["It"]
        image.generated_height = 65536
        material = bpy.data.materials.new("Skin")
        item.data.materials.append(material)
        with_nodes(material).nodes.new("ShaderNodeTexImage").image = image
    else:
        group = bpy.data.node_groups.new("It", "GeometryNodeTree")
        item.modifiers.new("It", "NODES").node_group = group
        if kind == "nodes":
            for _ in range(20):
                group.nodes.new("GeometryNodeMeshCube")
        else:
            first, last = group.nodes.new("GeometryNodeRepeatInput"), group.nodes.new("GeometryNodeRepeatOutput")
            first.pair_with_output(last)
            first.inputs["Iterations"].default_value = 1_000_000
    source = sample_models.export("BLEND", tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "MAX_NODES", 10)  # else making it would take as long as what is refused
        patch.setattr(bounds, "MAX_TRIANGLES", 5000)
        facts = prepare(source)
    assert facts.get("code") == "UnsafeModel", facts


@pytest.mark.parametrize("named", ["model.mtl", "Materials\\MODEL.mtl", "/home/made/up/model.mtl"])
def test_an_obj_is_copied_once_at_most(
    tmp_path: Path, outside: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever has to be put right: where its materials are, how they are encoded, and what leads out of them."""
    source = obj(download(tmp_path), outside, named, str(outside / "private.png"))
    (source.parent / "model.mtl").write_bytes(b"\xef\xbb\xbf" + (source.parent / "model.mtl").read_bytes())
    made: list[Path] = []
    for module in (shutil, os):
        name = "copyfile" if module is shutil else "link"
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda old, new, real=real: made.append(new) or real(old, new))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    imported = importers.import_model(source, "OBJ", [], NamedFiles(source.parent))
    assert len(made) == 1
    (material,) = (slot.material for item in imported for slot in item.material_slots)
    assert material.diffuse_color[:3] == (1, 0, 0)
