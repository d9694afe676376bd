"""What a model makes of itself, estimated before anything is evaluated: held against what Blender then makes of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.engine.errors import UnsafeModel
from neural4d_blender.prepare import main, open_file
from neural4d_blender.prepare.importing import bounds, node_growth
from neural4d_blender.prepare.importing.growth import Growth
from tests.support import sample_models

pytestmark = [pytest.mark.both_ends, pytest.mark.usefixtures("empty_file")]


def item() -> Any:
    there = set(bpy.data.objects)
    sample_models.single()
    return next(made for made in bpy.data.objects if made not in there)


def modified(*modifiers: tuple[str, dict[str, Any]]) -> Any:
    made = item()
    for kind, values in modifiers:
        modifier = made.modifiers.new(kind, kind)
        for name, value in values.items():
            setattr(modifier, name, value)
    return made


def tree(name: str = "It") -> tuple[Any, Any, Any]:
    """A tree of geometry nodes with its first and its last node."""
    made: Any = bpy.data.node_groups.new(name, "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        made.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    return made, made.nodes.new("NodeGroupInput"), made.nodes.new("NodeGroupOutput")


def node(of: Any, kind: str, after: Any = None, **values: Any) -> Any:
    """A node with these numbers, whose first geometry comes from `after`."""
    made = of.nodes.new(f"GeometryNode{kind}")
    for name, value in values.items():
        made.inputs[name.replace("_", " ")].default_value = value
    if after is not None:
        of.links.new(after, next(entry for entry in made.inputs if entry.type == "GEOMETRY"))
    return made


def nodes(*kinds: tuple[str, dict[str, Any]]) -> Any:
    """A wedge with a modifier of such nodes, one behind the other."""
    of, first, last = tree()
    end = first.outputs[0]
    for kind, values in kinds:
        made = node(of, kind, end if any(kind.startswith(one) for one in ("Sub", "Dup", "Realize")) else None, **values)
        end = made.outputs[0]
    of.links.new(end, last.inputs[0])
    return with_nodes(of)


def with_nodes(of: Any) -> Any:
    made = item()
    made.modifiers.new("It", "NODES").node_group = of
    return made


def repeated(times: int) -> Any:
    of, first, last = tree()
    begins, ends = (of.nodes.new(f"GeometryNodeRepeat{end}") for end in ("Input", "Output"))
    begins.pair_with_output(ends)
    begins.inputs["Iterations"].default_value = times
    of.links.new(first.outputs[0], begins.inputs["Geometry"])
    again = node(of, "SubdivideMesh", begins.outputs["Geometry"], Level=1)
    join = node(of, "JoinGeometry", again.outputs[0])
    of.links.new(node(of, "MeshGrid", Vertices_X=5, Vertices_Y=5).outputs[0], join.inputs[0])
    of.links.new(join.outputs[0], ends.inputs["Geometry"])
    of.links.new(ends.outputs["Geometry"], last.inputs[0])
    return with_nodes(of)


def grouped(depth: int) -> Any:
    inner: Any = None
    for number in range(depth):
        of, first, last = tree(f"It {number}")
        end = first.outputs[0]
        for _ in range(2):
            made = node(of, "Group" if inner else "SubdivideMesh")
            if inner:
                made.node_tree = inner
            of.links.new(end, made.inputs[0])
            end = made.outputs[0]
        of.links.new(end, last.inputs[0])
        inner = of
    return with_nodes(inner)


def instances(*, selected: bool = False, realised: bool = True) -> Any:
    """Spheres on the points of a line on the points of a line."""
    of, _, last = tree()
    end = node(of, "MeshIcoSphere", Subdivisions=3).outputs[0]
    for _ in range(2):
        on = node(of, "InstanceOnPoints", node(of, "MeshLine", Count=12).outputs[0])
        of.links.new(end, on.inputs["Instance"])
        if selected:
            chance = of.nodes.new("FunctionNodeRandomValue")
            chance.data_type = "BOOLEAN"
            of.links.new(next(one for one in chance.outputs if one.type == "BOOLEAN"), on.inputs["Selection"])
        end = on.outputs[0]
    if realised:
        end = node(of, "RealizeInstances", end).outputs[0]
    of.links.new(end, last.inputs[0])
    return with_nodes(of)


def counted(worked_out: bool) -> Any:
    """A line of as many points as the modifier says, or as a node works out of that."""
    of, first, last = tree()
    socket = of.interface.new_socket("Count", in_out="INPUT", socket_type="NodeSocketInt")
    socket.default_value = 3
    line = node(of, "MeshLine")
    end = first.outputs["Count"]
    if worked_out:
        math = of.nodes.new("ShaderNodeMath")
        math.operation, math.inputs[1].default_value = "MULTIPLY", 30
        of.links.new(end, math.inputs[0])
        end = math.outputs[0]
    of.links.new(end, line.inputs["Count"])
    of.links.new(line.outputs[0], last.inputs[0])
    made = with_nodes(of)
    modifier = made.modifiers[0]
    if hasattr(modifier, "properties"):
        getattr(modifier.properties.inputs, socket.identifier).value = 40
    else:
        modifier[socket.identifier] = 40
    return made


def switched() -> Any:
    of, first, last = tree()
    switch = node(of, "Switch")
    switch.input_type = "GEOMETRY"
    fine = node(of, "SubdivideMesh", first.outputs[0], Level=5)
    shapes = [entry for entry in switch.inputs if entry.type == "GEOMETRY"]
    of.links.new(first.outputs[0], shapes[0])
    of.links.new(fine.outputs[0], shapes[1])
    of.links.new(next(one for one in switch.outputs if one.type == "GEOMETRY"), last.inputs[0])
    return with_nodes(of)


def brought() -> Any:
    fine = modified(("SUBSURF", {"levels": 3}))
    fine.name = "Fine"
    of, _, last = tree()
    info = node(of, "ObjectInfo")
    info.inputs["Object"].default_value = fine
    again = node(of, "SubdivideMesh", info.outputs["Geometry"], Level=2)
    of.links.new(again.outputs[0], last.inputs[0])
    return with_nodes(of)


def curve(points: int = 5) -> Any:
    data: Any = bpy.data.curves.new("It", "CURVE")
    data.dimensions, data.bevel_depth, data.bevel_resolution = "3D", 0.1, 6
    spline = data.splines.new("BEZIER")
    spline.bezier_points.add(points - 1)
    for number, point in enumerate(spline.bezier_points):
        point.co = point.handle_left = point.handle_right = (number, number % 2, 0)
    return shown(data)


def shown(data: Any) -> Any:
    made = bpy.data.objects.new("It", data)
    bpy.context.scene.collection.objects.link(made)
    return made


def along_a_curve() -> Any:
    way = curve(30)
    way.data.bevel_depth = 0
    values = {"use_relative_offset": False, "use_constant_offset": True, "constant_offset_displace": (0.5, 0, 0)}
    return modified(("ARRAY", {"fit_type": "FIT_CURVE", "curve": way, **values}))


def text() -> Any:
    data: Any = bpy.data.curves.new("It", "FONT")
    data.body, data.extrude, data.resolution_u = "Neural" * 5, 0.1, 4
    return shown(data)


_ONE_METRE = {"use_relative_offset": False, "use_constant_offset": True, "constant_offset_displace": (1, 0, 0)}
MADE: dict[str, Callable[[], Any]] = {
    "array": lambda: modified(("ARRAY", {"count": 7}), ("ARRAY", {"count": 9})),
    "array of a length": lambda: modified(("ARRAY", {"fit_type": "FIT_LENGTH", "fit_length": 50, **_ONE_METRE})),
    "array along itself": lambda: modified(("ARRAY", {"fit_type": "FIT_LENGTH", "fit_length": 50})),
    "array along a curve": along_a_curve,
    "subdivision": lambda: modified(("SUBSURF", {"levels": 3}), ("SUBSURF", {"levels": 2})),
    "mirror": lambda: modified(("MIRROR", {"use_axis": (True, True, True)}), ("SOLIDIFY", {})),
    "screw": lambda: modified(("SCREW", {"steps": 30, "iterations": 4})),
    "bevel": lambda: modified(("BEVEL", {"segments": 8, "limit_method": "NONE", "width": 0.05})),
    "wireframe": lambda: modified(("SUBSURF", {"levels": 2}), ("WIREFRAME", {})),
    "skin": lambda: modified(("SUBSURF", {"levels": 2}), ("SKIN", {})),
    "remesh": lambda: modified(("REMESH", {"mode": "VOXEL", "voxel_size": 0.03})),
    "remesh of blocks": lambda: modified(("REMESH", {"mode": "BLOCKS", "octree_depth": 5})),
    "decimate": lambda: modified(("SUBSURF", {"levels": 4}), ("DECIMATE", {"ratio": 0.25})),
    "switched off": lambda: modified(("SUBSURF", {"levels": 6, "show_viewport": False})),
    "curve": curve,
    "text": text,
    "grid": lambda: nodes(("MeshGrid", {"Vertices_X": 40, "Vertices_Y": 30})),
    "sphere": lambda: nodes(("MeshUVSphere", {"Segments": 40, "Rings": 30})),
    "cylinder": lambda: nodes(("MeshCylinder", {"Vertices": 40, "Side_Segments": 30})),
    "cube of nodes": lambda: nodes(("MeshCube", {"Vertices_X": 10, "Vertices_Y": 20, "Vertices_Z": 5})),
    "subdivision by nodes": lambda: nodes(("SubdivideMesh", {"Level": 3}), ("SubdivisionSurface", {"Level": 2})),
    "duplicates": lambda: nodes(("DuplicateElements", {"Amount": 30}), ("RealizeInstances", {})),
    "repeated": lambda: repeated(5),
    "groups": lambda: grouped(2),
    "instances": instances,
    "input": lambda: counted(worked_out=False),
    "worked out": lambda: counted(worked_out=True),
    "switch": switched,
    "object": brought,
}


def evaluated(made: Any) -> int:
    """Faces, where there are none points."""
    mesh = bpy.data.meshes.new_from_object(made.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    return len(mesh.polygons) or len(mesh.vertices)


@pytest.mark.parametrize("kind", MADE)
def test_the_estimate_is_about_what_comes_of_it(kind: str) -> None:
    made = MADE[kind]()
    open_file.update()
    really = evaluated(made)
    estimate = Growth(bpy.data.objects).faces(made)
    assert really / 3 <= estimate <= 3 * really, (estimate, really)


def test_what_a_field_leaves_of_it_is_not_guessed() -> None:
    """Else a scattered few of many points would be refused."""
    assert Growth(bpy.data.objects).faces(instances(selected=True)) <= 1280 + 12
    assert Growth(bpy.data.objects).faces(nodes(("DistributePointsOnFaces", {"Density": 1e6}))) <= 6


def nested(depth: int) -> Any:
    """A collection of five instances of a collection of five instances ..., and one instance of it."""
    inside, parts = None, [item()]
    for number in range(depth):
        outer = bpy.data.collections.new(f"It {number}")
        for part in parts:
            outer.objects.link(part)
        parts = [bpy.data.objects.new("Part", None) for _ in range(5)]
        for part in parts:
            part.instance_type, part.instance_collection = "COLLECTION", outer
        inside = outer
    top = shown(None)
    top.instance_type, top.instance_collection = "COLLECTION", inside
    return top


def on_faces(depth: int) -> Any:
    made = [modified(("SUBSURF", {"levels": 2})) for _ in range(depth)]
    for below, above in itertools.pairwise(made):
        below.parent, above.instance_type = above, "FACES"
    return made[-1]


@pytest.mark.parametrize("kind", ["collections", "faces"])
def test_instances_of_instances_are_counted(kind: str) -> None:
    top = nested(4) if kind == "collections" else on_faces(3)
    open_file.update()
    shows = bpy.context.evaluated_depsgraph_get().object_instances
    really = sum(1 for one in shows if one.is_instance and one.parent.original == top)
    assert really / 3 <= Growth(bpy.data.objects).shown(top) <= 3 * max(really, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: repeated(40), lambda: grouped(17), lambda: nested(9), lambda: on_faces(6),
        lambda: modified(*[("ARRAY", {"count": 1000})] * 3), lambda: modified(*[("SUBSURF", {"levels": 6})] * 3),
    ],
)  # fmt: skip
def test_what_multiplies_is_refused_before_it_is_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]
) -> None:
    layer: Any = bpy.context.view_layer.layer_collection
    away = bpy.data.collections.new("Away")
    bpy.context.scene.collection.children.link(away)
    layer.children["Away"].exclude = True  # else making it would take as long as what is refused
    monkeypatch.setattr(sample_models, "_add", lambda name, data, matrix, parent=None: added(away, name, data))
    monkeypatch.setitem(globals(), "shown", lambda data: added(away, "It", data))
    make()
    source = tmp_path / "it.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(source), copy=True)
    facts = main.run({"source": source, "format": "BLEND", "output": tmp_path / "out.blend", "name": "It"})
    assert facts.get("code") == "UnsafeModel", facts
    assert not bpy.context.scene.collection.all_objects  # what stands in no scene is not evaluated


def added(collection: Any, name: str, data: Any) -> Any:
    made = bpy.data.objects.new(name, data)
    collection.objects.link(made)
    return made


def test_looks_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_growth, "MAX_LOOKS", 5)
    open_file.begin()
    repeated(3)
    with pytest.raises(UnsafeModel, match="without end"):
        bounds.check()
