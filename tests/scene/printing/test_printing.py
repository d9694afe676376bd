"""For a printer: files in millimetres that its programs take, hollow bodies, plates, and a verdict in front."""

from __future__ import annotations

import itertools
import math
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import trimesh
from mathutils.bvhtree import BVHTree

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.engine.protocol import InvalidInput
from neural4d_blender.scene.printing import plates, stl_and_3mf
from neural4d_blender.scene.printing.body import Body
from neural4d_blender.scene.printing.hollow import hollow

pytestmark = pytest.mark.both_ends
CORE = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"
MATERIALS = "{http://schemas.microsoft.com/3dmanufacturing/material/2015/02}"


def block(size: float = 0.01, **wanted: Any) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=size, **wanted)
    return bpy.context.object


def ball(radius: float = 0.03) -> bpy.types.Object:
    bpy.ops.mesh.primitive_uv_sphere_add(radius=radius, location=(0.1, 0.02, 0.3))
    return bpy.context.object


def painted(item: bpy.types.Object) -> bpy.types.Object:
    layer = item.data.color_attributes.new("Color", "BYTE_COLOR", "POINT")
    shades = np.tile([1.0, 0.0, 0.0, 1.0], (len(item.data.vertices), 1))
    shades[::2] = (0, 0, 1, 1)
    layer.data.foreach_set("color_srgb", shades.astype(np.float32).ravel())
    return item


def as_trimesh(body: Body) -> trimesh.Trimesh:
    return trimesh.Trimesh(body.points, body.triangles, process=True)


def core_3mf(path: Path) -> ET.Element:
    """The model part, held against the rules of the core specification that a reader may refuse a file for."""
    with zipfile.ZipFile(path) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert names[0] == "[Content_Types].xml"
        types = ET.fromstring(package.read("[Content_Types].xml"))
        endings = {one.get("Extension"): one.get("ContentType") for one in types}
        assert endings["model"] == "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"
        assert endings["rels"] == "application/vnd.openxmlformats-package.relationships+xml"
        (start,) = ET.fromstring(package.read("_rels/.rels"))
        assert start.get("Type") == "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
        assert start.get("Target", "").lstrip("/") in names
        model = ET.fromstring(package.read(start.get("Target", "").lstrip("/")))
    assert (model.tag, model.get("unit")) == (f"{CORE}model", "millimeter")
    assert [part.tag for part in model] == [f"{CORE}resources", f"{CORE}build"]
    numbers = [int(one.get("id", "")) for one in model[0]]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) > 0
    known: dict[str, int] = {}
    for resource in model[0]:
        if resource.tag == f"{MATERIALS}colorgroup":
            known[resource.get("id", "")] = len(resource)
            assert all(len(one.get("color", "")) == 7 for one in resource)
            continue
        assert (resource.tag, resource.get("type")) == (f"{CORE}object", "model")
        (mesh,) = resource
        vertices, triangles = mesh
        assert len(vertices) >= 3
        assert all(float(one.get(axis, "")) >= 0 for one in vertices for axis in "xyz")
        for one in triangles:
            corners = [int(one.get(name, "")) for name in ("v1", "v2", "v3")]
            assert len(set(corners)) == 3
            assert 0 <= min(corners) <= max(corners) < len(vertices)
            if group := one.get("pid"):  # of a resource that stands before
                assert all(0 <= int(one.get(name, "")) < known[group] for name in ("p1", "p2", "p3"))
        if resource.get("pid"):
            assert int(resource.get("pindex", "")) < known[resource.get("pid", "")]
    assert {one.get("objectid") for one in model[1]} == {one.get("id") for one in model[0].iter(f"{CORE}object")}
    return model


def test_3mf_and_stl_are_in_millimetres_whatever_the_scene_is_in(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    empty_file.unit_settings.system, empty_file.unit_settings.scale_length = "METRIC", 0.001
    item = painted(block(10.0, location=(-70, 0, 3)))
    item.scale = (-1, 2, 3)
    made = neural4d.save_print(item, tmp_path / "block.3mf")
    core_3mf(made.files[0])
    (body,) = stl_and_3mf.read(made.files[0])
    assert body.name == "Cube"
    assert sorted({tuple(colour) for colour in body.colours.tolist()}) == [(0, 0, 255), (255, 0, 0)]
    for found in (as_trimesh(body), trimesh.load(neural4d.save_print(item, tmp_path / "block.stl").files[0])):
        assert found.is_watertight
        assert found.volume == pytest.approx(6000)
        assert found.extents == pytest.approx([10, 20, 30])
        assert found.bounds[0] == pytest.approx([0, 0, 0])


def test_what_it_takes_of_material(empty_file: bpy.types.Scene) -> None:
    (check,) = neural4d.print_check(block())
    assert check.ok
    assert (check.volume_cm3, check.grams) == (pytest.approx(1), pytest.approx(1.24))
    assert check.filament_m == pytest.approx(1000 / (math.pi * 0.875**2) / 1000)
    (heavy,) = neural4d.print_check(bpy.context.object, density=8.0, filament_mm=2.85)
    assert heavy.grams == pytest.approx(8)
    assert str(check).startswith("Cube: ready to print (10 x 10 x 10 mm; 1 cm³, 1.24 g, 0.416 m of filament)")


def test_thin_walls_are_refused_like_the_report_does(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sheet = block(0.02)
    sheet.scale = (1, 1, 0.02)  # 0.4 mm
    bpy.context.view_layer.update()
    assert neural4d.print_check(sheet)[0].reasons[0].startswith("The thinnest walls measure 0.4 mm; below 0.8 mm")
    with pytest.raises(InvalidInput, match="thinnest walls"):
        neural4d.save_print(sheet, tmp_path / "sheet.stl")
    sheet.scale = (1, 1, 0.1)
    bpy.context.view_layer.update()
    assert neural4d.print_check(sheet)[0].ok


def test_what_cannot_be_printed_is_refused_in_words_and_written_only_if_wanted(
    empty_file: bpy.types.Scene, tmp_path: Path
) -> None:
    bpy.ops.mesh.primitive_grid_add(size=0.02)
    sheet, target = bpy.context.object, tmp_path / "sheet.stl"
    with pytest.raises(InvalidInput, match="Its surface is not closed: 40 edges are open") as caught:
        neural4d.save_print(sheet, target)
    assert "printable" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []
    assert not neural4d.save_print(sheet, target, anyway=True).checks[0].ok
    inside_out = block()
    inside_out.data.flip_normals()
    assert neural4d.print_check(inside_out)[0].reasons == ("Its faces look inwards.",)
    with pytest.raises(InvalidInput, match="not closed"):
        neural4d.save_print(sheet, target, wall_mm=1, anyway=True)
    for wrong in ("sheet.obj", "sheet"):
        with pytest.raises(InvalidInput, match=r"\.3mf or \.stl"):
            neural4d.save_print(inside_out, tmp_path / wrong)
    with pytest.raises(InvalidInput, match="nothing to print"):
        neural4d.save_print([], target)


def test_a_plate_holds_figures_apart_and_others_the_rest(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    figures = [block(size, location=(0, 0, size)) for size in (0.05, 0.02, 0.08, 0.03, 0.03, 0.06, 0.01, 0.045)]
    made = neural4d.save_print(figures, tmp_path / "figures.3mf", layout="plate", plate_mm=(120, 100), gap_mm=4)
    assert [file.name for file in made.files] == ["figures.3mf", "figures-2.3mf", "figures-3.3mf"]
    laid = [stl_and_3mf.read(file) for file in made.files]
    assert sum(len(own) for own in laid) == len(figures)
    for own in laid:
        boxes = [(body.lower, body.lower + body.size) for body in own]
        for lower, upper in boxes:
            assert lower[2] == pytest.approx(0)
            assert (lower[:2] >= 4 - 1e-6).all()
            assert (upper[:2] <= np.array([116, 96]) + 1e-6).all()
        for (lower, upper), (other_lower, other_upper) in itertools.combinations(boxes, 2):
            assert ((lower - other_upper > 4 - 1e-6) | (other_lower - upper > 4 - 1e-6))[:2].any()
    with pytest.raises(InvalidInput, match="does not fit on a plate"):
        neural4d.save_print(figures, tmp_path / "small.3mf", layout="plate", plate_mm=(80, 80))
    assert not (tmp_path / "small.3mf").exists()
    assert [len(own) for own in plates.lay_out(laid[0], (1000, 1000))] == [len(laid[0])]


@pytest.mark.parametrize("drains", [0, 2])
def test_hollow_has_walls_as_thick_as_wanted(empty_file: bpy.types.Scene, drains: int) -> None:
    body = Body.of(painted(ball()))
    counts = [len(found) for found in (bpy.data.objects, bpy.data.meshes, bpy.data.scenes, bpy.data.volumes)]
    made, told = hollow(body, 3.0, drains, 4.0)
    found = as_trimesh(made)
    assert found.is_watertight
    whole = 4 / 3 * math.pi
    assert found.volume == pytest.approx(whole * (30**3 - 27**3), rel=0.06)
    assert found.bounds[1] == pytest.approx(as_trimesh(body).bounds[1], abs=0.01)
    assert "Hollowed with walls of 3 mm" in told[0]
    assert len(told) == 1 + bool(drains)
    if drains:
        assert "2 drain holes" in told[1]
        assert found.euler_number == 0  # a ball with a cavity that is reached by two holes: a ring
        assert found.volume < as_trimesh(hollow(body, 3.0)[0]).volume
    else:
        tree = BVHTree.FromPolygons(body.points.tolist(), body.triangles.tolist())
        inner = made.points[np.linalg.norm(made.points - made.points.mean(axis=0), axis=1) < 28.5]
        depths = [tree.find_nearest(point)[3] for point in inner[:: len(inner) // 300].tolist()]
        assert min(depths) > 2.9
        assert max(depths) < 3.15
    assert made.colours is not None
    assert len(made.colours) == len(made.points)
    assert counts == [len(found) for found in (bpy.data.objects, bpy.data.meshes, bpy.data.scenes, bpy.data.volumes)]


def test_what_is_too_thin_stays_solid(empty_file: bpy.types.Scene) -> None:
    item = block(0.02)
    item.scale.z = 0.2
    bpy.context.view_layer.update()
    body = Body.of(item)
    made, told = hollow(body, 3.0)
    assert made is body
    assert "too thin" in told[0]
    for wrong in (-1.0, 0.0, 50.0):
        with pytest.raises(InvalidInput, match="millimetres"):
            hollow(body, wrong)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for name, content in (("a.3mf", b"PK"), ("b.stl", b"solid b"), ("c.stl", b""), ("d.obj", b"v 0 0 0")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InvalidInput, match=name):
            stl_and_3mf.read(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "bomb.3mf", "w") as package:
        package.writestr("3D/3dmodel.model", '<!DOCTYPE m [<!ENTITY a "aa">]><model>&a;</model>')
    with pytest.raises(InvalidInput, match="document type"):
        stl_and_3mf.read(tmp_path / "bomb.3mf")


def test_the_menu_writes_what_is_selected(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    ui.register()
    try:
        block(0.02)
        block(0.01)
        bpy.ops.object.select_all(action="SELECT")
        target = tmp_path / "both.stl"
        assert bpy.ops.neural4d.export_print(filepath=str(target), kind=".stl", plate=True) == {"FINISHED"}
        assert trimesh.load(target).volume == pytest.approx(9000)
    finally:
        ui.unregister()
