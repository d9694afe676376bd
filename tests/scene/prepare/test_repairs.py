"""Repairs: each defect is put right and told, what is left is told too, and what is clean stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bmesh
import bpy
import numpy as np
import pytest
import trimesh

from neural4d_blender.prepare import main
from tests.support import sample_models

pytestmark = pytest.mark.both_ends
SOFT = ["doubles", "floaters", "normals", "holes"]


def prepare(folder: Path, repair: list[str], model_format: str = "BLEND", **wanted: Any) -> dict[str, Any]:
    source = sample_models.export(model_format, folder)
    values = {"source": source, "format": model_format, "output": folder / "out.blend", "name": "it", "size_mm": 120}
    facts = main.prepare(main.PrepareJob.from_json(values | {"repair": repair} | wanted))
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    assert np.ptp(sample_models.world_points(), axis=0).max() * 1000 == pytest.approx(120, rel=1e-3)
    return dict(facts)


def as_trimesh() -> trimesh.Trimesh:
    """All meshes of the open file in the world, corners of the same place made one."""
    found = []
    for item in (item for item in bpy.data.objects if item.type == "MESH"):
        item.data.calc_loop_triangles()
        triangles = np.empty((len(item.data.loop_triangles), 3), dtype=np.int32)
        item.data.loop_triangles.foreach_get("vertices", triangles.ravel())
        points = np.empty((len(item.data.vertices), 3), dtype=np.float32)
        item.data.vertices.foreach_get("co", points.ravel())
        matrix = np.array(item.matrix_world)
        points = points @ matrix[:3, :3].T + matrix[:3, 3]
        found.append(trimesh.Trimesh(points, triangles, process=False))
    whole: trimesh.Trimesh = trimesh.util.concatenate(found)
    whole.merge_vertices(merge_tex=True, merge_norm=True)
    return whole


def edited(change: Callable[[bmesh.types.BMesh], object]) -> None:
    mesh = bpy.context.object.data
    editable = bmesh.new()
    editable.from_mesh(mesh)
    editable.faces.ensure_lookup_table()
    change(editable)
    editable.to_mesh(mesh)
    editable.free()


def ball(**wanted: Any) -> None:
    bpy.ops.mesh.primitive_uv_sphere_add(**wanted)


def block(size: float = 2.0, x: float = 0.0) -> None:
    bpy.ops.mesh.primitive_cube_add(size=size, location=(x, 0, 0))


def joined() -> None:
    bpy.ops.object.select_all(action="SELECT")
    bpy.ops.object.join()


def pierced(count: int) -> None:
    ball()
    edited(lambda it: bmesh.ops.delete(it, geom=[it.faces[80 + 4 * n] for n in range(count)], context="FACES"))


def beheaded() -> None:
    ball()
    edited(
        lambda it: bmesh.ops.bisect_plane(
            it, geom=[*it.verts, *it.edges, *it.faces], plane_co=(0, 0, 0.5), plane_no=(0, 0, 1), clear_outer=True
        )
    )


def leaves() -> None:
    block()
    bpy.ops.mesh.primitive_plane_add(size=0.1, location=(1, 0, 0), rotation=(0, 0.5, 0))
    joined()


def leaning() -> None:
    """A rod that stands askew on its tip."""
    bpy.ops.mesh.primitive_cone_add(radius1=1, depth=8, rotation=(2.6, 0, 0))


def turned(which: slice) -> None:
    ball()
    edited(lambda it: [face.normal_flip() for face in it.faces[which]])


def twice() -> None:
    block()
    edited(lambda it: it.faces.new([it.verts.new(vertex.co) for vertex in it.faces[0].verts]))


def with_specks(as_one: bool) -> None:
    block()
    block(0.1, 2.0)
    block(0.05, -2.0)
    if as_one:
        joined()


def touching() -> None:
    block()
    block(0.1, 1.05)
    block(0.1, 1.15)


def hollow() -> None:
    ball()
    ball(radius=0.8)
    edited(lambda it: [face.normal_flip() for face in it.faces])
    joined()


@pytest.mark.parametrize(
    ("build", "repair", "told"),
    [
        (lambda: pierced(1), "holes", "Holes: 1 hole filled."),
        (lambda: pierced(3), "holes", "Holes: 3 holes filled."),
        (lambda: turned(slice(100, 140)), "normals", "Normals: 40 faces turned."),
        (lambda: turned(slice(0, 400)), "normals", "Normals: 400 faces turned."),
        (lambda: turned(slice(None)), "normals", "Normals: 512 faces turned."),
        (twice, "doubles", "Doubles: 4 vertices, 1 face merged with others in the same place."),
        (lambda: with_specks(False), "floaters", "Floaters: 2 parts that touched nothing removed"),
        (lambda: with_specks(True), "floaters", "Floaters: 2 parts that touched nothing removed"),
        (ball, "base", "Base: cut flat 2 % above the lowest point."),
        (hollow, "base", "Base: cut flat 2 % above the lowest point."),
    ],
)
def test_a_defect_is_put_right_and_told(
    empty_file: bpy.types.Scene, tmp_path: Path, build: Callable[[], None], repair: str, told: str
) -> None:
    build()
    facts = prepare(tmp_path, [repair])
    assert [sentence.startswith(told) for sentence in facts["repairs"]] == [True]
    found = as_trimesh()
    assert found.is_watertight
    assert found.volume > 0
    assert prepare(tmp_path, [repair])["repairs"] == []  # of what is in the file now


@pytest.mark.parametrize(
    ("build", "repair", "told"),
    [
        (leaning, ["base"], "Base: not cut"),
        (beheaded, SOFT, "Holes: 1 opening left, the largest one 86 %"),
        (leaves, SOFT, "Holes: 1 border of thin sheets left open."),
    ],
)
def test_what_is_left_is_told(
    empty_file: bpy.types.Scene, tmp_path: Path, build: Callable[[], None], repair: list[str], told: str
) -> None:
    build()
    (sentence,) = prepare(tmp_path, repair)["repairs"]
    assert sentence.startswith(told)


@pytest.mark.parametrize("build", [block, touching, hollow, lambda: bpy.ops.mesh.primitive_torus_add()])
@pytest.mark.parametrize("model_format", ["BLEND", "GLB"])
def test_what_is_clean_stays_as_it_is(
    empty_file: bpy.types.Scene, tmp_path: Path, build: Callable[[], None], model_format: str
) -> None:
    """To the last byte of its geometry; of a GLB, which splits seams, unless doubles are to be merged."""
    build()
    source = sample_models.export(model_format, tmp_path)
    values = {"source": source, "format": model_format, "output": tmp_path / "out.blend", "name": "it", "size_mm": 120}
    main.prepare(main.PrepareJob.from_json(values))
    before = geometry()
    wanted = SOFT if model_format == "BLEND" else SOFT[1:]
    facts = main.prepare(main.PrepareJob.from_json(values | {"repair": wanted}))
    assert facts["repairs"] == []
    assert geometry() == before


def geometry() -> dict[str, bytes]:
    """All attributes of all meshes in the open file, by name."""
    found = {}
    for mesh in bpy.data.meshes:
        for attribute in mesh.attributes:
            name = next(name for name in ("vector", "color", "value") if name in attribute.data[0].bl_rna.properties)
            first = getattr(attribute.data[0], name)
            wide = len(first) if hasattr(first, "__len__") else 1
            flat = [0.0 if "FLOAT" in attribute.data_type or "COLOR" in attribute.data_type else 0]
            values = np.array(flat * (len(attribute.data) * wide), dtype=type(first) if wide == 1 else None)
            attribute.data.foreach_get(name, values)
            found[f"{mesh.name} {attribute.name}"] = values.tobytes()
    assert found
    return found


def test_normals_and_textures_go_on_over_what_was_filled(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    pierced(2)
    bpy.ops.object.shade_smooth()
    sample_models.paint(bpy.context.object, bpy.data.images.new("Paint", 8, 8))
    facts = prepare(tmp_path, SOFT, "GLB")
    assert facts["repairs"][-1] == "Holes: 2 holes filled."
    assert as_trimesh().is_watertight
    (item,) = bpy.data.objects
    for face in item.data.polygons:
        corners = np.array([item.data.uv_layers[0].uv[corner].vector for corner in face.loop_indices])
        assert np.ptp(corners, axis=0).max() < 0.2  # no corner of a filled face reaches across the texture
        for corner in face.loop_indices:
            assert item.data.corner_normals[corner].vector.dot(face.normal) > 0.9


def test_what_moves_keeps_its_parts(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.rigged()
    facts = prepare(tmp_path, ["floaters", "base"])
    assert facts["repairs"] == [
        f"Not repaired ({name}): the model moves, so its parts stay as they are." for name in ("floaters", "base")
    ]


def test_what_several_objects_show_floats_in_all_of_them_or_stays(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    with_specks(True)
    twin = bpy.data.objects.new("Twin", bpy.context.object.data)
    empty_file.collection.objects.link(twin)
    twin.location.x = 3.05  # its one speck touches the first block, and the first block's one touches it
    (sentence,) = prepare(tmp_path, ["floaters"])["repairs"]
    assert "2 parts" in sentence
    assert len({item.data for item in bpy.data.objects if item.type == "MESH"}) == 1


def shade(item: bpy.types.Object, colour: tuple[float, ...]) -> None:
    material = bpy.data.materials.new("Paint")
    material.use_nodes = True
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = colour
    item.data.materials.append(material)


def two_colours() -> None:
    ball()
    shade(bpy.context.object, (1, 0, 0, 1))
    bpy.ops.mesh.primitive_cube_add(location=(1.4, 0, 0))
    shade(bpy.context.object, (0, 0, 1, 1))


def half_painted() -> None:
    """A ball without a head, with a texture of two colours, left and right."""
    beheaded()
    image = bpy.data.images.new("Halves", 8, 8)
    image.pixels.foreach_set(np.tile([[1, 0, 0, 1]] * 4 + [[0, 0, 1, 1]] * 4, (8, 1)).astype(np.float32).ravel())
    image.pack()
    item = bpy.context.object
    sample_models.paint(item, image)
    corners = np.array([item.data.vertices[loop.vertex_index].co for loop in item.data.loops])
    flat = np.stack([corners[:, 0] * 0.45 + 0.5, np.full(len(corners), 0.5)], axis=1).astype(np.float32)
    item.data.uv_layers[0].uv.foreach_set("vector", flat.ravel())


@pytest.mark.parametrize("build", [two_colours, half_painted])
def test_printable_is_one_closed_surface_with_its_colours(
    empty_file: bpy.types.Scene, tmp_path: Path, build: Callable[[], None]
) -> None:
    build()
    (told,) = prepare(tmp_path, ["printable"])["repairs"]
    assert "one closed surface" in told
    assert "its colours are at the vertices" in told
    (item,) = bpy.data.objects
    found = as_trimesh()
    assert found.is_watertight
    assert found.volume > 0
    colours = np.empty(len(item.data.vertices) * 4, dtype=np.float32)
    item.data.color_attributes[0].data.foreach_get("color_srgb", colours)
    points = found.vertices
    middle = (points[:, 0].min() + points[:, 0].max()) / 2 + (0.002 if build is two_colours else 0)
    away = np.abs(points[:, 0] - middle) > 0.02
    expected = np.where(points[:, :1] < middle, [[1, 0, 0]], [[0, 0, 1]])
    assert np.abs(colours.reshape(-1, 4)[away, :3] - expected[away]).max() < 0.1
    assert item.data.materials[0].node_tree.nodes.get("Color Attribute")


def test_printable_gives_sheets_a_thickness_and_leaves_closed_models(
    empty_file: bpy.types.Scene, tmp_path: Path
) -> None:
    bpy.ops.mesh.primitive_grid_add()
    told = prepare(tmp_path, ["printable"])["repairs"]
    assert told[-1] == "Printable: an open surface was given a thickness of 1.2 %."
    found = as_trimesh()
    assert found.is_watertight
    assert found.volume > 0.12 * 0.12 * 0.12 * 0.012 * 0.9
    assert prepare(tmp_path, ["printable"])["repairs"] == []
