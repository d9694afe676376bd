"""How much a tree of geometry nodes makes, estimated by its numbers without evaluating it. May import bpy.

An amount is a number of faces, points or instances, whichever are more; no more than is certain. What only an
evaluation knows (fields, attributes, lengths) multiplies nothing here: the limits of the process hold that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

#: Sockets of geometry or numbers looked at for all of a model: groups in groups multiply.
MAX_LOOKS = 100_000
#: Rounds of a repeat zone that are followed one by one; whatever grows has shown itself by then.
_ROUNDS = 1000

#: What a node makes of nothing: the product of these inputs.
_MAKES = {
    "MeshGrid": ("Vertices X", "Vertices Y"), "MeshUVSphere": ("Segments", "Rings"), "MeshCircle": ("Vertices",),
    "MeshLine": ("Count",), "Points": ("Count",), "CurvePrimitiveCircle": ("Resolution",), "CurveStar": ("Points",),
    "CurveArc": ("Resolution",), "CurveQuadraticBezier": ("Resolution",), "CurveSpiral": ("Resolution", "Rotations"),
    "CurvePrimitiveBezierSegment": ("Resolution",), "ResampleCurve": ("Count",),
    "VolumeCube": ("Resolution X", "Resolution Y", "Resolution Z"),
}  # fmt: skip
#: How often a node has what enters it.
_TIMES: dict[str, tuple[str, Callable[[float], float]]] = {
    "SubdivideMesh": ("Level", lambda level: 4.0 ** min(level, 64)),
    "SubdivisionSurface": ("Level", lambda level: 4.0 ** min(level, 64)),
    "SubdivideCurve": ("Cuts", lambda cuts: 1 + cuts),
    "FilletCurve": ("Count", lambda count: 1 + count),
    "DuplicateElements": ("Amount", lambda amount: amount),
}
#: They leave of what enters as much as only evaluating tells.
_SOME = frozenset({
    "BoundBox", "ConvexHull", "DeleteGeometry", "DistributePointsOnFaces", "DistributePointsInVolume",
    "MergeByDistance", "MeshToPoints", "MeshToVolume", "SeparateComponents", "SeparateGeometry", "VolumeToMesh",
})  # fmt: skip
_SWITCHES = {"Switch": "Switch", "IndexSwitch": "Index", "MenuSwitch": "Menu"}

Numbers = Mapping[str, float]


class Endless(Exception):
    """A tree that takes more looks than any model's."""


class Estimate:
    """Of all trees of a model.

    Args:
        amount_of: of an object or a collection that a node brings in.

    Attributes:
        most: the largest amount on the way of what was asked for, also where less of it leaves the tree.
        repeats: how often the largest repeat zone is gone through, zones around it included.
    """

    def __init__(self, amount_of: Callable[[Any], float]) -> None:
        self.amount_of = amount_of
        self.most = self.repeats = 0.0
        self.looks = 0
        self._zones: dict[Any, dict[Any, Any]] = {}

    def begins(self, ends: Any) -> Any:
        """The first node of the repeat zone that a node ends; None where there is none."""
        tree = ends.id_data
        if tree not in self._zones:
            begin = [node for node in tree.nodes if node.bl_idname == "GeometryNodeRepeatInput"]
            self._zones[tree] = {node.paired_output: node for node in begin}
        return self._zones[tree].get(ends)

    def leaves(self, tree: Any, numbers: Numbers, amounts: Numbers, *, rounds: float = 1.0) -> dict[str, float]:
        """By identifier of the tree's outputs; those of its inputs are given. Raises Endless."""
        ends = [node for node in tree.nodes if node.bl_idname == "NodeGroupOutput" and node.is_active_output]
        one = _Tree(self, numbers, amounts, rounds)
        return {entry.identifier: one.enters(entry) for entry in (ends[0].inputs if ends else ()) if _is_shape(entry)}


class _Tree:
    """One tree with what enters it; inside a repeat zone with what enters a round of it."""

    def __init__(self, whole: Estimate, numbers: Numbers, amounts: Numbers, rounds: float) -> None:
        self.whole, self.numbers, self.amounts, self.rounds = whole, numbers, amounts, rounds
        self.zones: dict[str, Numbers] = {}
        self._known: dict[tuple[str, str], float] = {}

    def enters(self, entry: Any) -> float:
        """The amount at an input."""
        return sum(self._leaves(link.from_node, link.from_socket) for link in _links(entry))

    def number(self, entry: Any) -> float | None:
        """The number at an input; None where only evaluating tells."""
        self._look()
        if entry is None:
            return None
        links = _links(entry)
        if not links:
            value = getattr(entry, "default_value", None)
            return float(value) if isinstance(value, int | float) else None
        node, socket = links[0].from_node, links[0].from_socket
        match node.bl_idname:
            case "NodeReroute":
                return self.number(node.inputs[0])
            case "NodeGroupInput":
                return self.numbers.get(socket.identifier)
            case "ShaderNodeValue":
                return float(socket.default_value)
            case "FunctionNodeInputInt":
                return float(node.integer)
            case "ShaderNodeMath" | "FunctionNodeIntegerMath":
                return _worked_out(node.operation, [self.number(one) for one in node.inputs[:2]])
        return None

    def _look(self) -> None:
        self.whole.looks += 1
        if self.whole.looks > MAX_LOOKS:
            raise Endless

    def _leaves(self, node: Any, socket: Any) -> float:
        key = node.name, socket.identifier
        if key not in self._known:
            self._look()
            self._known[key] = 0.0  # where a file has nodes in a circle
            self._known[key] = amount = self._made(node, socket)
            self.whole.most = max(self.whole.most, amount)
        return self._known[key]

    def _made(self, node: Any, socket: Any) -> float:
        kind = node.bl_idname.removeprefix("GeometryNode")
        shapes = [entry for entry in node.inputs if _is_shape(entry)]
        if kind == "NodeGroupInput":
            return self.amounts.get(socket.identifier, 0.0)
        if kind == "Group" and node.node_tree and not node.mute:
            numbers = {entry.identifier: number for entry in node.inputs if (number := self.number(entry)) is not None}
            amounts = {entry.identifier: self.enters(entry) for entry in shapes}
            inside = self.whole.leaves(node.node_tree, numbers, amounts, rounds=self.rounds)
            return inside.get(socket.identifier, 0.0)
        if kind == "RepeatInput":
            return self.zones.get(node.name, {}).get(socket.identifier, 0.0)
        if kind == "RepeatOutput":
            return self._repeated(node, socket)
        if kind in ("ObjectInfo", "CollectionInfo"):
            named = getattr(node.inputs[0], "default_value", None)
            return self.whole.amount_of(named) if named else 0.0
        return self._plain(node, kind, shapes)

    def _plain(self, node: Any, kind: str, shapes: list[Any]) -> float:
        """Of a node that is neither a group nor an end of something."""
        if kind in _SWITCHES and not node.mute:
            return self._switched(node, shapes, _SWITCHES[kind])
        if kind == "InstanceOnPoints":
            points, shape = self.enters(node.inputs["Points"]), max(self.enters(node.inputs["Instance"]), 1.0)
            if _is_set(node.inputs["Pick Instance"]):
                return points
            return shape if node.inputs["Selection"].is_linked else points * shape
        if kind == "CurveToMesh":
            return self.enters(node.inputs["Curve"]) * max(self.enters(node.inputs["Profile Curve"]), 1.0)
        entering = sum(map(self.enters, shapes))
        if node.mute:
            return entering
        if kind in _SOME:
            return min(entering, 1.0)
        if kind in _TIMES:
            name, times = _TIMES[kind]
            number = self.number(node.inputs.get(name))
            return entering * (1.0 if number is None else times(max(number, 0.0)))
        return max(entering, self._from_nothing(node, kind))

    def _switched(self, node: Any, shapes: list[Any], name: str) -> float:
        """The input that is chosen, where that is known; else the least."""
        menu, number = node.inputs.get(name), self.number(node.inputs.get(name))
        if menu is not None and menu.type == "MENU" and not menu.is_linked:
            shapes = [entry for entry in shapes if entry.name == menu.default_value] or shapes
        elif number is not None and 0 <= number < len(shapes):
            shapes = [shapes[int(number)]]
        most = self.whole.most
        amounts = [self.enters(entry) for entry in shapes]
        if len(shapes) > 1:
            self.whole.most = most
        return min(amounts, default=0.0)

    def _from_nothing(self, node: Any, kind: str) -> float:
        def of(name: str) -> float:
            number = self.number(node.inputs.get(name))
            return 1.0 if number is None else max(number, 0.0)

        match kind:
            case "MeshIcoSphere":
                return 20 * 4.0 ** (min(of("Subdivisions"), 64) - 1)
            case "MeshCube":
                x, y, z = (of(f"Vertices {axis}") for axis in "XYZ")
                return 2 * (x * y + y * z + x * z)
            case "MeshCylinder" | "MeshCone":
                return of("Vertices") * (of("Side Segments") + 2 * of("Fill Segments"))
        return math.prod(map(of, _MAKES[kind])) if kind in _MAKES else 0.0

    def _repeated(self, node: Any, socket: Any) -> float:
        """What a round makes of nothing and of something, as often as there are rounds."""
        begins = self.whole.begins(node)
        entry = next((one for one in node.inputs if one.identifier == socket.identifier), None)
        if begins is None or entry is None:
            return 0.0
        times = max(self.number(begins.inputs.get("Iterations")) or 0.0, 0.0)
        amounts = {one.identifier: self.enters(one) for one in begins.inputs if _is_shape(one)}
        amount = sum(amounts.values())
        self.whole.repeats = max(self.whole.repeats, times * self.rounds)
        first, second = (self._a_round(begins.name, entry, amounts, plus, times) for plus in (0.0, 1.0))
        for _ in range(int(min(times, _ROUNDS))):
            amount = first + (second - first) * amount
        return amount + first * max(times - _ROUNDS, 0.0)

    def _a_round(self, zone: str, entry: Any, amounts: Numbers, amount: float, times: float) -> float:
        inside = _Tree(self.whole, self.numbers, self.amounts, self.rounds * max(times, 1.0))
        inside.zones = self.zones | {zone: dict.fromkeys(amounts, amount)}
        return inside.enters(entry)


def _links(entry: Any) -> list[Any]:
    return [link for link in entry.links or () if not link.is_muted] if entry.is_linked else []


def _is_shape(entry: Any) -> bool:
    return bool(entry.type == "GEOMETRY")


def _is_set(entry: Any) -> bool:
    return bool(entry.is_linked or entry.default_value)


def _worked_out(operation: str, numbers: list[float | None]) -> float | None:
    first, second = numbers
    if first is None or second is None:
        return None
    try:
        match operation:
            case "ADD":
                return first + second
            case "SUBTRACT":
                return first - second
            case "MULTIPLY":
                return first * second
            case "DIVIDE":
                return first / second
            case "POWER":
                return float(first**second) if first >= 0 else None
    except (ZeroDivisionError, OverflowError):
        return None
    return None


def of_modifier(modifier: Any, amount: float, estimate: Estimate) -> float:
    """What a Geometry Nodes modifier makes of an amount; raises Endless."""
    tree = modifier.node_group
    if tree is None:
        return amount
    entries = [entry for entry in tree.interface.items_tree if entry.item_type == "SOCKET" and entry.in_out == "INPUT"]
    shapes = [entry for entry in entries if entry.bl_socket_idname == "NodeSocketGeometry"]
    numbers = {}
    for entry in entries:
        value = _given(modifier, entry.identifier, getattr(entry, "default_value", None))
        if isinstance(value, int | float):
            numbers[entry.identifier] = float(value)
    left = estimate.leaves(tree, numbers, {entry.identifier: amount for entry in shapes[:1]})
    return next(iter(left.values()), 0.0)


def _given(modifier: Any, name: str, default: Any) -> Any:
    if (properties := getattr(modifier, "properties", None)) is not None:  # since 5.2
        return getattr(getattr(properties.inputs, name, None), "value", default)
    return modifier.get(name, default)
