"""Models in their boxes, of every kind: inside, on the seat, looking the right way, with a scale of 1."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from neural4d_blender.client.jobs.box_fit import (
    SEATS,
    STRETCHES,
    best_share,
    fit_of,
    is_better_turned,
    prompt_of,
    share,
    shown_mm,
)
from neural4d_blender.client.jobs.job_target import Target
from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.protocol import Request
from neural4d_blender.scene.placing import placement, provenance
from neural4d_blender.scene.placing.fitting import boxes, fit_into_box
from tests.scene.conftest import Prepared

#: Metres a Blender unit.
UNITS = (1.0, 0.001, 0.01, 0.3048)


def test_what_a_name_asks_for() -> None:
    names = {"Oak_Chair.001": "Oak Chair", "lamp 2": "lamp", "R2D2": "R2D2", "bar_stool-01.002": "bar stool", "3": "3"}
    assert {name: prompt_of(name) for name in names} == names


def test_how_well_proportions_fit() -> None:
    assert share((1, 2, 3), (2, 4, 6)) == pytest.approx(1)
    assert share((1, 1, 1), (1, 1, 2)) == pytest.approx(0.5)
    assert share((2, 1, 1), (4, 4, 0)) == pytest.approx(0.5)  # a plane has no height
    assert is_better_turned((2, 1, 1), (1, 2, 1))
    assert not is_better_turned((2, 1, 1), (2, 1, 1))
    assert best_share((2, 1, 1), (1, 2, 1), {"seat": "FLOOR"}) == pytest.approx(1)
    assert best_share((2, 1, 1), (1, 2, 1), {"seat": "WALL"}) == pytest.approx(0.125)


def _job(box: list[float], sides: list[float], **fit: object) -> tuple[Job, Variant]:
    target: Target = {"fit": [{"seat": "FLOOR", "stretch": "", "turns": True, **fit}]}
    variant = Variant(0, facts={"dimensions_mm": sides})
    return Job("a", "neural4d", Request("a chair", fit_mm=box), target, variants=[variant]), variant


def test_sizes_that_are_told_are_those_in_the_box() -> None:
    assert shown_mm(*_job([], [1, 2, 3])) == [1, 2, 3]
    assert shown_mm(*_job([10, 10, 4], [1, 1, 2])) == [2, 2, 4]
    assert shown_mm(*_job([10, 30, 40], [30, 10, 10])) == pytest.approx([30, 10, 10])  # turned
    assert shown_mm(*_job([10, 30, 40], [30, 10, 10], turns=False)) == pytest.approx([10, 10 / 3, 10 / 3])
    assert shown_mm(*_job([10, 30, 40], [30, 10, 10], stretch="Z")) == pytest.approx([30, 10, 40])
    assert shown_mm(*_job([20, 30, 40], [30, 10, 10], stretch="X")) == pytest.approx([30, 20, 10])
    assert shown_mm(*_job([10, 30, 40], [30, 10, 10], stretch="ALL")) == pytest.approx([30, 10, 40])
    assert fit_of(*_job([10, 30, 40], [30, 10, 40])) == pytest.approx(1)
    assert fit_of(*_job([], [30, 10, 40])) is None


def _cube(name: str, low: Vector, high: Vector) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    ends = (low, high)
    mesh.from_pydata([[ends[way][k] for k, way in enumerate(which)] for which in product((0, 1), repeat=3)], [], [])
    return bpy.data.objects.new(name, mesh)


def _plane(name: str, width: float, depth: float) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(x * width, y * depth, 0) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))], [], [(0, 1, 2, 3)])
    return bpy.data.objects.new(name, mesh)


def _empty(name: str, size: float, display: str = "CUBE") -> bpy.types.Object:
    thing = bpy.data.objects.new(name, None)
    thing.empty_display_type, thing.empty_display_size = display, size
    return thing


def _curve(name: str) -> bpy.types.Object:
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions, curve.bevel_depth = "3D", 0.1
    spline = curve.splines.new("POLY")
    spline.points.add(2)
    for point, co in zip(spline.points, ((0, 0, 0, 1), (1, 0.5, 0, 1), (1, 2, 1, 1)), strict=True):
        point.co = co
    return bpy.data.objects.new(name, curve)


def _instance(name: str) -> bpy.types.Object:
    collection = bpy.data.collections.new(name)
    for place, size in (((0, 0, 0), 1.0), ((2, 1, 0.5), 0.5)):
        part = _cube("Part", Vector((-size,) * 3), Vector((size,) * 3))
        part.location, part.rotation_euler.z = place, 0.0
        collection.objects.link(part)
    collection.instance_offset = (1, 0, 0)
    thing = bpy.data.objects.new(name, None)
    thing.instance_type, thing.instance_collection = "COLLECTION", collection
    return thing


def _modified(name: str) -> bpy.types.Object:
    thing = _cube(name, Vector((0, 0, 0)), Vector((1, 1, 1)))
    array = thing.modifiers.new("Array", "ARRAY")
    array.count = 3
    return thing


KINDS: dict[str, Callable[[str], bpy.types.Object]] = {
    "box": lambda name: _cube(name, Vector((-0.5, -0.25, 0)), Vector((0.5, 0.25, 2))),
    "off centre": lambda name: _cube(name, Vector((3, 4, 5)), Vector((4, 6, 8))),
    "thin": lambda name: _cube(name, Vector((0, 0, 0)), Vector((1, 0.004, 1.5))),
    "low": lambda name: _cube(name, Vector((-1, -1, 0)), Vector((1, 1, 0.01))),
    "plane": lambda name: _plane(name, 2, 1),
    "empty": lambda name: _empty(name, 0.7),
    "arrows": lambda name: _empty(name, 0.2, "ARROWS"),
    "curve": _curve,
    "instance": _instance,
    "modified": _modified,
}


def _many(scene: bpy.types.Scene, dice: random.Random) -> Iterator[bpy.types.Object]:
    """Boxes of all kinds, each one in several ways turned, scaled and parented."""
    for name, make in KINDS.items():
        for way in range(12):
            thing = make(f"{name} {way}")
            scene.collection.objects.link(thing)
            thing.location = [dice.uniform(-5, 5) for _ in range(3)]
            if way % 2:
                thing.rotation_euler = [dice.uniform(-3, 3) for _ in range(3)]
            elif way % 4:
                thing.rotation_euler.z = math.pi / 2
            if way % 3 == 1:
                thing.scale = [dice.uniform(0.2, 3) for _ in range(3)]
            elif way % 3 == 2:
                thing.scale = [dice.uniform(0.2, 3) * dice.choice((-1, 1)) for _ in range(3)]
            if way >= 6:
                parent = _empty("Parent", 1)
                scene.collection.objects.link(parent)
                parent.location, parent.rotation_euler = (1, 2, 3), (0.3, 0.2, 1.0)
                parent.scale = (0.5, 2, -1.5) if way >= 9 else (2, 2, 2)  # with a turn inside of it the box is sheared
                thing.parent = parent
            yield thing


def _world_points(root: bpy.types.Object) -> np.ndarray:
    """Independently of the code under test."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    found = [
        np.array([(item.evaluated_get(depsgraph).matrix_world @ vertex.co)[:] for vertex in item.data.vertices])
        for item in (root, *root.children_recursive)
        if item.type == "MESH"
    ]
    return np.concatenate(found)


def _bounds(thing: bpy.types.Object) -> tuple[Matrix, np.ndarray, np.ndarray]:
    """Of a box its matrix, and the lowest and highest corner in its own space; independently of the code under test."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    matrix = thing.evaluated_get(depsgraph).matrix_world.copy()
    if thing.type == "EMPTY" and not thing.instance_collection:
        size = thing.empty_display_size
        return matrix, np.full(3, -size), np.full(3, size)
    points = [
        (matrix.inverted_safe() @ instance.matrix_world @ vertex.co)[:]
        for instance in depsgraph.object_instances
        if (instance.parent and instance.parent.original == thing) or instance.object.original == thing
        for vertex in _vertices(instance.object)
    ]
    return matrix, np.min(points, axis=0), np.max(points, axis=0)


def _vertices(thing: bpy.types.Object) -> list[bpy.types.MeshVertex]:
    return [] if thing.type == "EMPTY" else list(thing.to_mesh().vertices)


def _place(path: Path, scene: bpy.types.Scene) -> bpy.types.Object:
    (root,) = placement.place(path, name="Model", location=(9, 9, 9), collection=scene.collection, scene=scene)
    root[provenance.JOB] = "a job"
    return root


def test_inside_on_the_seat_and_looking_the_right_way(prepared: Prepared) -> None:
    paths = [prepared("single"), prepared("family")]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    plans = [(seat, stretch) for seat in SEATS for stretch in STRETCHES]
    number = 0
    for number, thing in enumerate(_many(scene, random.Random(7)), 1):
        scene.unit_settings.scale_length = UNITS[number % len(UNITS)]
        seat, stretch = plans[number * 7 % len(plans)]
        bpy.context.view_layer.update()
        matrix, low, high = _bounds(thing)
        root = _place(paths[number % 2], scene)
        bound = boxes.bind(thing, seat, stretch, turns=True)
        boxes.mark([bound])
        (root,), remark = fit_into_box.fill(root, [bound], scene)
        points = _world_points(root)
        assert root.scale[:] == (1, 1, 1)
        _check_inside(points, matrix, low, high, np.array(root.matrix_world.to_3x3().col[2]), thing.name)
        _check_seat(points, matrix, low, high, seat, placement.metres_per_unit(scene), thing.name)
        _check_facing(root, thing, matrix, turned=bool(remark), seat=seat)
        assert thing.users_collection[0].name == "Blockout"
        bpy.data.batch_remove([root, *root.children_recursive, *filter(None, [thing.parent]), thing])
    assert number > 100


def _check_inside(
    points: np.ndarray, matrix: Matrix, low: np.ndarray, high: np.ndarray, up: np.ndarray, name: str
) -> None:
    edges = [np.array(matrix.to_3x3().col[way]) * (high - low)[way] for way in range(3)]
    longest = max(np.linalg.norm(edge) for edge in edges)
    for way in range(3):
        thickness = np.linalg.norm(edges[way])
        if thickness < 1e-5 * longest:
            continue
        normal = np.cross(edges[way - 2], edges[way - 1])
        if high[2] - low[2] < 1e-5:  # a plane: what stands on it is straight up within its outline
            normal = np.cross(edges[1 - way], up)
        share = (points - np.array(matrix @ Vector(low))) @ normal / (edges[way] @ normal)
        assert share.min() > -0.001, (name, way, share.min())
        assert share.max() < 1.001, (name, way, share.max())


def _check_seat(
    points: np.ndarray, matrix: Matrix, low: np.ndarray, high: np.ndarray, seat: str, metres: float, name: str
) -> None:
    way, end = {"FLOOR": (2, low), "CEILING": (2, high), "WALL": (1, high), "MIDDLE": (2, (low + high) / 2)}[seat]
    columns = matrix.to_3x3().col
    # A negative scale turns nothing: the floor is below.
    across = columns[way - 2].cross(columns[way - 1]).normalized()
    own = columns[way] if (up := bpy.data.objects[name].scale[way]) > 0 else -columns[way]
    if across.dot(own) < 0:
        across.negate()
    if seat != "MIDDLE" and up < 0:
        end = low if end is high else high
    heights = (points - np.array(matrix @ Vector(end))) @ np.array(across)
    touches = {"FLOOR": heights.min(), "CEILING": heights.max(), "WALL": heights.max()}
    middle = (heights.min() + heights.max()) / 2
    if high[way] - low[way] < 1e-5 and seat in ("CEILING", "WALL"):  # of a plane, below it or in front of it
        touches = dict.fromkeys(touches, heights.max())
    gap = abs(touches.get(seat, middle))
    assert gap * metres < 0.001, (name, seat, gap)


def _check_facing(root: bpy.types.Object, thing: bpy.types.Object, matrix: Matrix, *, turned: bool, seat: str) -> None:
    columns = [matrix.to_3x3().col[way] * (1 if thing.scale[way] > 0 else -1) for way in range(3)]
    own = root.matrix_world.to_3x3()
    assert own.determinant() == pytest.approx(1, abs=1e-4)
    if seat == "WALL":
        assert not turned
        assert own.col[2].angle(columns[2]) < 1e-3
    elif not turned:
        assert own.col[1].angle(columns[1]) < 1e-3
    else:  # by a quarter: the right of the model is the back of the box
        assert own.col[0].angle(columns[1]) < 1e-3
