"""Levels of detail and collision shapes, and the files that game engines take: made of 20 models of many kinds."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import pytest
import trimesh

from neural4d_blender.engine.blenders.shared_names import GAME
from neural4d_blender.prepare import main
from neural4d_blender.scene.exporting import export
from neural4d_blender.scene.placing import placement
from scripts.toolbox import gltf_validator
from tests.support import sample_models

ENGINES = ("unreal", "unity", "godot")
LONGEST = 120.0


@dataclass
class Made:
    """One model, what the preparer told of it, and the files by engine."""

    kind: str
    blend: Path
    facts: dict[str, object]
    files: dict[str, list[Path]]


def build(number: int) -> None:
    """A model of one to four parts; with or without UV map, image, vertex colors and materials."""
    chosen = random.Random(number)
    image = bpy.data.images.new("Skin", 8, 8)
    image.pixels.foreach_set(np.random.default_rng(number).random(8 * 8 * 4, dtype=np.float32))
    image.pack()
    for part in range(1 + number % 4):
        where = [chosen.uniform(-2, 2) for _ in range(3)]
        turned = [chosen.uniform(-3, 3) for _ in range(3)]
        match (number + part) % 5:
            case 0:
                bpy.ops.mesh.primitive_uv_sphere_add(segments=24, ring_count=12, location=where, rotation=turned)
            case 1:
                bpy.ops.mesh.primitive_torus_add(location=where, rotation=turned, major_segments=24)
            case 2:
                bpy.ops.mesh.primitive_monkey_add(location=where, rotation=turned)
            case 3:
                bpy.ops.mesh.primitive_cone_add(vertices=64, location=where, rotation=turned)
            case _:
                bpy.ops.mesh.primitive_grid_add(x_subdivisions=12, y_subdivisions=12, location=where)
        item = bpy.context.object
        item.name = f"part {part}"
        if number % 3:
            sample_models.paint(item, image)
        if number % 5 == 2:
            sample_models.paint(item, image, "Normal")
            sample_models.paint(item, image, "Roughness")
        if number % 6 == 1:
            item.data.color_attributes.new("Paint", "BYTE_COLOR", "CORNER")
        if number % 7 == 3:
            item.data.uv_layers.remove(item.data.uv_layers[0])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    """Each prepared, placed, and written for an engine, or in both kinds of files for all of them."""
    folder = tmp_path_factory.mktemp("games")
    found = []
    for number in range(20):
        kind = ("BOX", "CONVEX", "PIECES")[number % 3]
        clear()
        build(number)
        source, blend = sample_models.export("GLB", folder, f"source {number}"), folder / f"{number}.blend"
        values = {"source": source, "format": "GLB", "output": blend, "name": f"a cute bird {number}"}
        facts = main.run(values | {"size_mm": LONGEST, "lods": [0.5, 30], "collision": kind})
        assert facts["ok"], facts
        root = place(blend)
        engines = ENGINES if number < 3 else ENGINES[number % 3 :][:1]
        made = {
            f"{engine}{ending}": export.write(root, folder / f"{engine}{number}{ending}", engine)
            for engine in engines
            for ending in ((".glb", ".fbx") if number < 3 else (".glb",))
        }
        assert not [item for item in bpy.data.objects if "meanwhile" in item.name]
        found.append(Made(kind, blend, facts, made))
    return found


def clear() -> bpy.types.Scene:
    """An empty file, in a twentieth of the time that Blender's factory settings take."""
    scene: bpy.types.Scene = bpy.context.scene
    kinds = ("objects", "meshes", "materials", "images", "armatures", "actions", "collections")
    bpy.data.batch_remove([one for kind in kinds for one in getattr(bpy.data, kind)])
    scene.unit_settings.scale_length = 1.0
    return scene


def place(blend: Path, scale: float = 1.0) -> list[bpy.types.Object]:
    scene = clear()
    scene.unit_settings.scale_length = scale
    return placement.place(blend, name="bird", location=(4, 5, 6), collection=scene.collection, scene=scene)


def extras() -> dict[str, list[bpy.types.Object]]:
    found: dict[str, list[bpy.types.Object]] = {}
    for item in bpy.data.objects:
        if item.get(GAME):
            found.setdefault(item[GAME], []).append(item)
    return found


def read(path: Path) -> dict[str, bpy.types.Object]:
    clear()
    if path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    else:
        bpy.ops.import_scene.fbx(filepath=str(path))
    bpy.context.view_layer.update()
    return {item.name: item for item in bpy.data.objects}


def solid(mesh: bpy.types.Mesh) -> trimesh.Trimesh:
    mesh.calc_loop_triangles()
    return trimesh.Trimesh([v.co[:] for v in mesh.vertices], [t.vertices[:] for t in mesh.loop_triangles])


def size_of(items: list[bpy.types.Object]) -> np.ndarray:
    points = np.array([item.matrix_world @ v.co for item in items if item.type == "MESH" for v in item.data.vertices])
    return np.ptp(points, axis=0) * 1000


@pytest.mark.both_ends
def test_khronos_finds_no_error(models: list[Made]) -> None:
    files = [file for one in models for made in one.files.values() for file in made if file.suffix == ".glb"]
    assert len(files) >= 20
    for file, report in zip(files, gltf_validator.validate(files), strict=True):
        assert [m for m in report["issues"]["messages"] if m["severity"] == 0] == [], file.name


@pytest.mark.both_ends
def test_the_model_is_what_it_was(models: list[Made]) -> None:
    """Its size, faces and place; what was made of it is hidden, below it, of its size, and of so many faces."""
    for number, one in enumerate(models):
        (root,) = place(one.blend, scale=0.01 if number == 1 else 1.0)
        scene = bpy.context.scene
        assert max(placement.measure_mm([root], scene)) == pytest.approx(LONGEST, rel=1e-3)
        parts = [item for item in (root, *root.children_recursive) if item.type == "MESH" and not item.get(GAME)]
        assert sum(len(item.data.polygons) for item in parts) == one.facts["faces"]
        made = extras()
        assert ("LOD0" in made) == (len(parts) > 1)
        faces = [len(made[f"LOD{level}"][0].data.polygons) for level in range(1, len(one.facts["lods"]) + 1)]
        assert faces == one.facts["lods"]
        assert faces[0] <= one.facts["faces"] * 0.5 + 1
        for kind, items in made.items():
            for item in items:
                assert item.parent == root
                (home,) = item.users_collection
                assert home.hide_viewport
                assert home.hide_render
                assert home in scene.collection.children_recursive
                assert item.name.startswith("a cute bird")
                assert not kind.startswith("LOD") or bool(item.data.materials) == bool(parts[0].data.materials)
        if "LOD0" in made:
            bpy.context.view_layer.update()
            placed = size_of(parts)
            assert size_of(made["LOD0"]) == pytest.approx(placed, rel=1e-4)


@pytest.mark.both_ends
def test_collision_is_closed_and_convex(models: list[Made]) -> None:
    for one in models:
        (root,) = place(one.blend)
        shapes = extras()[one.kind]
        assert len(shapes) == one.facts["shapes"]
        for item in shapes:
            shape = solid(item.data)
            assert shape.is_watertight
            assert shape.volume > 0
            inside = shape.vertices[:, None] - shape.triangles_center[None]
            broad = shape.area_faces > 1e-3 * shape.extents.max() ** 2  # others have no direction worth the name
            above = np.einsum("vfk,fk->vf", inside, shape.face_normals)[:, broad]
            # Where Blender looks for a hull, a side has about ten thousand steps.
            assert above.max() < 5e-4 * shape.extents.max()
            assert len(shape.vertices) <= 255
            assert len(shape.faces) <= 255
        bpy.context.view_layer.update()
        parts = [item for item in (root, *root.children_recursive) if not item.get(GAME)]
        assert size_of(shapes) == pytest.approx(size_of(parts), rel=2e-2, abs=0.2)


def test_pieces_are_closer_than_one_hull(models: list[Made]) -> None:
    """A ring: one hull fills the hole, several leave it open."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_torus_add(major_segments=48, minor_segments=12, major_radius=1, minor_radius=0.2)
    source = sample_models.export("GLB", models[0].blend.parent, "ring")
    room = {}
    for kind in ("BOX", "CONVEX", "PIECES"):
        blend = source.with_suffix(f".{kind}.blend")
        assert main.run({"source": source, "format": "GLB", "output": blend, "name": "ring", "collision": kind})["ok"]
        place(blend)
        room[kind] = sum(solid(item.data).volume for item in extras()[kind])
    assert room["BOX"] > room["CONVEX"] > 1.3 * room["PIECES"]


@pytest.mark.both_ends
@pytest.mark.parametrize("ending", [".glb", ".fbx"])
@pytest.mark.parametrize("engine", ENGINES)
def test_names_and_size_are_the_engines(models: list[Made], engine: str, ending: str) -> None:
    for number, one in enumerate(models[:3]):
        made = one.files[f"{engine}{ending}"]
        shapes = [f"{i:02d}" for i in range(one.facts["shapes"])]
        grouped = ending == ".fbx" and engine != "godot"
        mesh = "bird_LOD0" if grouped else "bird"
        called = {
            "unreal": [f"{'UBX' if one.kind == 'BOX' else 'UCX'}_{mesh}_{i}" for i in shapes],
            "unity": [],
            "godot": [f"bird_{i}-convcolonly" for i in shapes],
        }[engine]
        beside = [] if grouped else [f"_LOD{i}" for i in range(1, len(one.facts["lods"]) + 1)]
        beside += ["_collision"] * (engine == "unity")
        assert [file.stem for file in made] == [f"{engine}{number}{end}" for end in ("", *beside)]
        there = read(made[0])
        levels = [f"bird_LOD{i}" for i in range(len(one.facts["lods"]) + 1)]
        assert {*there} == {*called, *(["bird", *levels] if grouped else ["bird"])}
        if grouped:
            assert {item.parent.name for name, item in there.items() if name in levels} == {"bird"}
        size = sorted(size_of([there[mesh]]))
        assert size == pytest.approx(sorted(one.facts["dimensions_mm"]), rel=1e-3)
        assert [len(there[name].data.polygons) for name in levels[1:] if name in there] == (
            one.facts["lods"] if grouped else []
        )
        root = there["bird"].matrix_world.translation
        assert root.length < 1e-6


def test_unreal_is_in_centimetres_and_has_the_kind_of_node_for_levels(models: list[Made]) -> None:
    from io_scene_fbx import parse_fbx

    root, _ = parse_fbx.parse(str(models[0].files["unreal.fbx"][0]))
    objects = next(element for element in root.elems if element.id == b"Objects")
    assert b"LodGroup" in [element.props[2] for element in objects.elems if element.id == b"NodeAttribute"]
    settings = next(element for element in root.elems if element.id == b"GlobalSettings")
    values = {entry.props[0]: entry.props[4] for entry in settings.elems[-1].elems}
    assert values[b"UnitScaleFactor"] == pytest.approx(1.0)


def greens(path: Path) -> np.ndarray:
    """The green of the normal map, which is the same image for all parts."""
    read(path)
    image, *_ = {
        link.from_node.image
        for material in bpy.data.materials
        for node in (material.node_tree.nodes if material.node_tree else ())
        if node.type == "NORMAL_MAP"
        for link in node.inputs["Color"].links
    }
    return np.array(image.pixels[:])[1::4]


def test_a_normal_map_has_the_y_of_the_engine(models: list[Made]) -> None:
    files = {engine: models[2].files[f"{engine}.fbx"][0] for engine in ("unreal", "unity")}
    found = {engine: greens(file) for engine, file in files.items()}
    assert np.ptp(found["unity"]) > 0.5
    assert found["unreal"] == pytest.approx(1 - found["unity"], abs=0.02)
    assert greens(models[2].files["unreal.glb"][0]) == pytest.approx(found["unity"], abs=0.02)


def test_the_open_file_stays_as_it_is(models: list[Made], tmp_path: Path) -> None:
    """Also where something has the name that the engine wants, and the model is turned and grown."""
    (root,) = place(models[1].blend)
    root.rotation_euler, root.scale = (1, 2, 3), (2, 2, 2)
    taken = bpy.data.objects.new("bird_LOD1", None)
    bpy.context.scene.collection.objects.link(taken)
    bpy.context.view_layer.update()
    before = {item.name: (item.data and item.data.name, item.matrix_world.copy()) for item in bpy.data.objects}
    (file,) = export.write([root], tmp_path / "bird.fbx", "unreal")
    assert {item.name: (item.data and item.data.name, item.matrix_world) for item in bpy.data.objects} == before
    assert [scene.name for scene in bpy.data.scenes] == ["Scene"]
    there = read(file)
    assert {"bird", "bird_LOD0", "bird_LOD1"} <= {*there}
    assert max(size_of([there["bird_LOD0"]])) == pytest.approx(2 * max(models[1].facts["dimensions_mm"]), rel=1e-3)


def test_what_moves_has_none(tmp_path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.rigged()
    source = sample_models.export("GLB", tmp_path)
    values = {"source": source, "format": "GLB", "output": tmp_path / "out.blend", "name": "bird"}
    facts = main.run(values | {"lods": [0.5], "collision": "BOX"})
    assert facts["ok"]
    assert "lods" not in facts
    assert any("follows a rig" in told for told in facts["warnings"])
    (root,) = place(tmp_path / "out.blend")
    (file,) = export.write([root], tmp_path / "bird.fbx", "unity")
    assert file.is_file()
