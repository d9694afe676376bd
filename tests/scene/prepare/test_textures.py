"""Textures are found by their names wherever the archive has them; what is lost leaves the material's own colour."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.engine.files import archive
from tests.support import looks, sample_models

OWN = [0.2, 0.4, 0.6, 1.0]  # of the OBJ's material
GBK = "贴图.png".encode("gbk")


def run(folder: Path, source: Path, model_format: str = "OBJ", **wanted: Any) -> dict[str, Any]:
    return looks.prepare(source, model_format, folder / "out.blend", **{"download": folder / "it", **wanted})


def material() -> bpy.types.Material:
    (found,) = bpy.data.materials
    return found


@pytest.mark.parametrize(
    ("written", "lies"),
    [
        (b"tex.png", "it/textures/tex.png"),
        (b"textures\\Tex.PNG", "it/textures/tex.png"),
        (b"C:\\Users\\me\\Desktop\\tex.png", "it/a/b/c/tex.png"),
        (b"/Users/me/tex.png", "it/source/tex.png"),
        (b"../textures/my tex.png", "it/my tex.png"),
        (GBK, "it/textures/贴图.png"),
        (GBK, "it/textures/" + GBK.decode("cp437")),
        ("贴图.png".encode(), "it/textures/" + GBK.decode("cp437")),
        ("größe.png".encode("cp437"), "it/größe.png"),
        ("größe.png".encode("cp1252"), "it/größe.png"),
        ("木目.png".encode(), "it/" + "木目.png".encode("cp932").decode("cp437")),
        ("나무.png".encode(), "it/" + "나무.png".encode("cp949").decode("cp437")),
        ("дерево.png".encode("cp1251"), "it/" + "дерево.png".encode("cp866").decode("cp437")),
        (b"my%20tex.png", "it/my tex.png"),
        (b"aux.png", "it/_aux.png"),
        (b"t" * 240 + b".png", "it/" + "t" * 196 + ".png"),
    ],
)
def test_a_texture_is_found_by_its_name(tmp_path: Path, written: bytes, lies: str) -> None:
    source = looks.obj(tmp_path / "it" / "source" / "model.obj", b"map_Kd " + written)
    picture = tmp_path / lies
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(looks.png())
    facts = run(tmp_path, source)
    assert (facts["images"], facts["warnings"]) == (1, [])
    (image,) = bpy.data.images
    assert (tuple(image.size), bool(image.packed_file), image.filepath_raw[-4:]) == ((4, 4), True, ".png")
    assert looks.node_of(material().node_tree, "BsdfPrincipled").inputs["Base Color"].is_linked


def test_the_one_in_the_folder_that_is_called_alike(tmp_path: Path) -> None:
    source = looks.obj(tmp_path / "it" / "source" / "model.obj", b"map_Kd D:\\maps\\body\\tex.png")
    for folder, side in (("arm", 2), ("body", 8)):
        (tmp_path / "it" / folder).mkdir()
        (tmp_path / "it" / folder / "tex.png").write_bytes(looks.png(side=side))
    run(tmp_path, source)
    assert tuple(bpy.data.images[0].size) == (8, 8)


@pytest.mark.parametrize(
    ("library", "content"),
    [
        ("材质.mtl".encode("gbk"), b"newmtl skin\nmap_Kd tex.png"),
        (b"MODEL1.MTL", b"\xef\xbb\xbfnewmtl skin\nmap_Kd tex.png"),
        (b"c:\\me\\material.mtl", "newmtl skin\nmap_Kd tex.png".encode("utf-16")),
    ],
    ids=["GBK", "letter case, UTF-8 with a mark", "elsewhere, UTF-16"],
)
def test_the_materials_of_an_obj_are_found_like_textures(tmp_path: Path, library: bytes, content: bytes) -> None:
    source = looks.obj(tmp_path / "it" / "source" / "model.obj", None, library)
    name = library.decode("gbk").replace("c:\\me\\", "").lower()
    (tmp_path / "it" / name).write_bytes(content)
    (tmp_path / "it" / "tex.png").write_bytes(looks.png())
    facts = run(tmp_path, source)
    assert (facts["images"], facts["warnings"], facts["materials"]) == (1, [], 1)


def test_a_whole_archive(tmp_path: Path) -> None:
    """`source` and `textures`, with names in no encoding that the archive speaks of."""
    source = looks.obj(tmp_path / "model.obj", b"map_Kd ..\\textures\\" + GBK)
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.write(source, "source/model.obj")
        packed.write(source.with_suffix(".mtl"), "source/model.mtl")
        packed.writestr("textures/XXXX.png", looks.png())
    path.write_bytes(path.read_bytes().replace(b"XXXX", GBK[:4]))
    model = archive.unpack(path, tmp_path / "it", ".obj")
    assert (tmp_path / "it" / "textures" / "贴图.png").is_file()
    assert run(tmp_path, model)["images"] == 1
    assert looks.prepare(model, "OBJ", tmp_path / "out.blend")["images"] == 1  # `source` is said nothing of


@pytest.mark.parametrize("written", [b"tex.png", b"C:\\Users\\me\\tex.png", b"//server/share/tex.png"])
def test_missing_is_told_as_missing(tmp_path: Path, written: bytes) -> None:
    facts = run(tmp_path, looks.obj(tmp_path / "it" / "model.obj", b"map_Kd " + written))
    assert facts["images"] == 0
    assert len(facts["warnings"]) == 1
    assert "missing" in facts["warnings"][0]
    assert "outside" not in facts["warnings"][0]
    tree = material().node_tree
    assert {node.bl_idname for node in tree.nodes} == {"ShaderNodeBsdfPrincipled", "ShaderNodeOutputMaterial"}
    assert looks.values(tree)["ShaderNodeBsdfPrincipled", "Base Color"] == pytest.approx(OWN, abs=1e-3)


FACTOR = {"baseColorFactor": [0.5, 0.25, 1.0, 1.0], "baseColorTexture": {"index": 0}}


@pytest.mark.parametrize(
    ("described", "colour"),
    [
        ({"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}, [1, 1, 1, 1]),
        ({"pbrMetallicRoughness": FACTOR}, [0.5, 0.25, 1, 1]),
        ({"pbrMetallicRoughness": FACTOR, "alphaMode": "BLEND"}, [0.5, 0.25, 1, 1]),
        ({"pbrMetallicRoughness": FACTOR, "alphaMode": "MASK"}, [0.5, 0.25, 1, 1]),
        ({"pbrMetallicRoughness": FACTOR, "extensions": {"KHR_materials_unlit": {}}}, [0.5, 0.25, 1, 1]),
    ],
    ids=["no factor", "factor", "blended", "cut out", "unlit"],
)
def test_a_picture_that_cannot_be_read_leaves_the_factor(
    tmp_path: Path, described: dict[str, Any], colour: list[float]
) -> None:
    source = looks.textured_glb(tmp_path / "model.glb", [described], picture=b"\x89PNG\r\n\x1a\nthis is none")
    facts = looks.prepare(source, "GLB", tmp_path / "out.blend")
    assert (facts["images"], bpy.data.images[:]) == (0, [])
    seen = rendered(tmp_path)
    assert seen[3] > 0.99  # nothing shines through
    if "extensions" in described:
        assert seen[:3] == pytest.approx(colour[:3], abs=0.02)
    tree = material().node_tree
    assert not [node for node in tree.nodes if node.bl_idname == "ShaderNodeTexImage"]
    given = [
        value
        for (_, name), value in looks.values(tree).items()
        if name in ("Base Color", "A_Color", "B_Color", "Color")
    ]
    assert any(value == pytest.approx(colour, abs=1e-3) for value in given)


def rendered(folder: Path) -> list[float]:
    """The colour of the model's middle, as light: red, green, blue, alpha."""
    scene = bpy.context.scene
    for item in bpy.data.objects:
        if not item.users_scene:
            scene.collection.objects.link(item)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 0.005
    scene.collection.objects.link(camera)
    scene.view_layers[0].update()
    (mesh,) = (item for item in bpy.data.objects if item.type == "MESH")
    face = mesh.data.polygons[0]
    normal = mesh.matrix_world.to_3x3() @ face.normal
    camera.location = mesh.matrix_world @ face.center + normal
    camera.rotation_euler = normal.to_track_quat("Z", "Y").to_euler()
    scene.camera, scene.render.engine = camera, "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 4, False
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = 4
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.filepath = str(folder / "seen.exr")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = list(image.pixels)
    bpy.data.images.remove(image)
    return [sum(pixels[channel::4]) / 16 for channel in range(4)]


@pytest.mark.parametrize(
    ("statement", "socket"), [(b"map_Ke", "Emission Strength"), (b"map_d", "Alpha"), (b"map_Bump", "Normal")]
)
def test_other_lost_textures_change_nothing(tmp_path: Path, statement: bytes, socket: str) -> None:
    source = looks.obj(tmp_path / "it" / "model.obj", statement + b" lost.png")
    run(tmp_path, source)
    principled = looks.node_of(material().node_tree, "BsdfPrincipled")
    entry = principled.inputs[socket]
    if socket == "Normal":
        assert not any(link.from_node.inputs["Color"].is_linked for link in entry.links)
    else:
        assert not entry.is_linked
        assert entry.default_value == (0.0 if socket == "Emission Strength" else 1.0)


def test_images_that_blender_draws_and_images_of_tiles_stay(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for number in (1001, 1002):
        (tmp_path / f"skin.{number}.png").write_bytes(looks.png(side=8))
    sample_models.single()
    grid = bpy.data.images.new("grid", 32, 16)
    grid.generated_type = "COLOR_GRID"
    tiles = bpy.data.images.load(str(tmp_path / "skin.1001.png"))
    tiles.source = "TILED"
    tiles.filepath_raw = "//textures\\skin.<UDIM>.png"  # where they do not lie
    tiles.tiles.new(1002)
    for image, socket in ((grid, "Base Color"), (tiles, "Emission Color")):
        sample_models.paint(bpy.data.objects["Wedge"], image, socket)
    source = sample_models.export("BLEND", tmp_path)
    facts = looks.prepare(source, "BLEND", tmp_path / "out" / "out.blend")
    assert facts["ok"], facts
    assert (facts["images"], facts["warnings"]) == (2, [])
    shown = {image.source: image for image in bpy.data.images}
    assert (tuple(shown["GENERATED"].size), shown["GENERATED"].generated_type) == ((32, 16), "COLOR_GRID")
    assert [part.tile_number for part in shown["TILED"].packed_files] == [1001, 1002]

    looks.prepare(source, "BLEND", tmp_path / "out" / "out.blend", texture_folder=tmp_path / "written")
    assert sorted(path.name for path in (tmp_path / "written").iterdir()) == [
        "bird_skin.1001.png", "bird_skin.1002.png",
    ]  # fmt: skip
    assert sorted(image.source for image in bpy.data.images) == ["GENERATED", "TILED"]
    assert tuple(next(image for image in bpy.data.images if image.source == "TILED").size) == (8, 8)


@pytest.mark.parametrize("name", ["run.exe", "page.html", "Picture", "photo.jpeg"])
def test_a_written_image_ends_as_its_bytes_begin(empty_file: bpy.types.Scene, tmp_path: Path, name: str) -> None:
    (tmp_path / "it.png").write_bytes(looks.png())
    image = bpy.data.images.load(str(tmp_path / "it.png"))
    image.pack()
    image.name, image.filepath_raw = name, f"//{name}"
    sample_models.single()
    sample_models.paint(bpy.data.objects["Wedge"], image)
    source = sample_models.export("BLEND", tmp_path)
    looks.prepare(source, "BLEND", tmp_path / "out.blend", texture_folder=tmp_path / "written")
    (path,) = (tmp_path / "written").iterdir()
    assert (path.suffix, path.read_bytes()) == (".png", looks.png())
    looks.prepare(source, "BLEND", tmp_path / "out.blend")
    assert bpy.data.images[0].filepath_raw.endswith(".png")
