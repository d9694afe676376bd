"""The colours that meshes show, found again for points that are near them. May import bpy and mathutils.

Of a material it is the base colour: an image, colours at vertices or one colour, and a factor where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from ..meshes import apply_transforms
from ..meshes.apply_transforms import Floats
from ..open_file import mesh_of

_LAYER = "Color"
#: Nodes in a row from a shader to what gives it its colour, at most.
_DEEP = 32


class Look:
    """What mesh objects show, as it is before anything is made of them.

    Attributes:
        told: what became of the look once it was painted.
    """

    def __init__(self, items: Sequence[bpy.types.Object]) -> None:
        self._items = items
        self._slots = {slot.material: None for item in items for slot in item.material_slots}
        self.told = "it has no colours"

    def paint(self, mesh: bpy.types.Mesh) -> None:
        """Give a mesh that lies on them their colours at its vertices; where they show but one material, that one."""
        materials = [material for material in self._slots if material is not None]
        constant = [_constant(material) for material in materials]
        if len(self._slots) == 1 and len(materials) == 1 and constant[0] is not None:
            mesh.materials.append(materials[0])
            self.told = "its material stays"
            return
        if not materials and not any(mesh_of(item).color_attributes for item in self._items):
            return
        colours = self._at(apply_transforms.coordinates(mesh))
        layer: Any = mesh.color_attributes.new(_LAYER, "BYTE_COLOR", "POINT")
        layer.data.foreach_set("color_srgb", colours.astype(np.float32).ravel())
        mesh.color_attributes.active_color_index = mesh.color_attributes.render_color_index = 0
        self.told = "its colours are at the vertices"

    def _at(self, points: Floats) -> Floats:
        """(n, 4) colours as sRGB, of the nearest place of the surfaces."""
        corners = [_triangles(item) for item in self._items]
        places = np.concatenate([found[0] for found in corners])
        tree: Any = BVHTree.FromPolygons(
            places.reshape(-1, 3).tolist(), np.arange(len(places) * 3).reshape(-1, 3).tolist(), all_triangles=True
        )
        nearest = [tree.find_nearest(point) for point in points.tolist()]
        index = np.array([found[2] for found in nearest], dtype=np.int64)
        weights = _barycentric(places[index], np.array([tuple(found[0]) for found in nearest]))
        colours = np.ones((len(points), 4))
        first = 0
        for item, (own, loops, slots) in zip(self._items, corners, strict=True):
            here = (index >= first) & (index < first + len(own))
            local = index[here] - first
            first += len(own)
            if here.any():
                colours[here] = _shown(item, loops[local], slots[local], weights[here])
        colours[:, 3] = 1.0
        return colours.clip(0, 1)


def _triangles(item: bpy.types.Object) -> tuple[Floats, NDArray[np.int32], NDArray[np.int32]]:
    """Corners in the world (t, 3, 3), their loops (t, 3), and the material slots (t)."""
    mesh = mesh_of(item)
    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    vertices, loops = np.empty(count * 3, dtype=np.int32), np.empty(count * 3, dtype=np.int32)
    slots = np.empty(count, dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", vertices)
    mesh.loop_triangles.foreach_get("loops", loops)
    mesh.loop_triangles.foreach_get("material_index", slots)
    matrix = np.array(item.matrix_basis, dtype=np.float64)
    points = apply_transforms.coordinates(mesh) @ matrix[:3, :3].T + matrix[:3, 3]
    return points[vertices].reshape(-1, 3, 3), loops.reshape(-1, 3), slots


def _barycentric(triangles: Floats, points: Floats) -> Floats:
    """(n, 3) weights of the corners."""
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    c = points - triangles[:, 0]
    aa, ab, bb = (np.einsum("ij,ij->i", *pair) for pair in ((a, a), (a, b), (b, b)))
    ca, cb = np.einsum("ij,ij->i", c, a), np.einsum("ij,ij->i", c, b)
    size = np.maximum(aa * bb - ab * ab, 1e-30)
    second, third = (bb * ca - ab * cb) / size, (aa * cb - ab * ca) / size
    weights = np.stack([1 - second - third, second, third], axis=1).clip(0, 1)
    return weights / weights.sum(axis=1, keepdims=True)


def _shown(item: bpy.types.Object, loops: Any, slots: Any, weights: Floats) -> Floats:
    """The colours at places of an object's triangles, by the loops of their corners and the weights of these."""
    mesh = mesh_of(item)
    colours = np.ones((len(loops), 4))
    for slot in np.unique(slots):
        here = slots == slot
        material = item.material_slots[slot].material if slot < len(item.material_slots) else None
        source, factor = _base_colour(material)
        if isinstance(source, bpy.types.Image):
            found = _sampled(source, _at_corners(mesh, loops[here], weights[here]))
        elif isinstance(source, str):
            found = _painted(mesh, source, loops[here], weights[here])
        else:
            found = np.ones((int(here.sum()), 4))
        if factor != (1.0, 1.0, 1.0):
            found[:, :3] = _to_srgb(_to_linear(found[:, :3]) * np.array(factor))
        colours[here] = found
    return colours


def _base_colour(material: bpy.types.Material | None) -> tuple[bpy.types.Image | str | None, tuple[float, ...]]:
    """An image, the name of colours at vertices ("" for those that are shown) or None; and a linear factor."""
    if material is None:
        return "", (1.0, 1.0, 1.0)
    tree: Any = material.node_tree
    output = tree.get_output_node("ALL") if tree else None
    socket: Any = output.inputs["Surface"] if output else None
    factor = np.ones(3)
    for _ in range(_DEEP):
        if socket is None:
            break
        if not socket.is_linked:
            value = getattr(socket, "default_value", None)
            if hasattr(value, "__len__"):
                factor = factor * np.array(value[:3])
            break
        node = socket.links[0].from_node
        if isinstance(node, bpy.types.ShaderNodeTexImage):
            return node.image, tuple(factor.tolist())
        if node.bl_idname == "ShaderNodeVertexColor":
            return node.layer_name, tuple(factor.tolist())
        if node.bl_idname == "ShaderNodeAttribute":
            return node.attribute_name, tuple(factor.tolist())
        sockets = [one for one in node.inputs if one.enabled and one.type in ("RGBA", "SHADER")]
        if node.bl_idname in ("ShaderNodeMix", "ShaderNodeMixRGB") and node.blend_type == "MULTIPLY":
            for plain in (one for one in sockets if not one.is_linked):
                factor = factor * np.array(plain.default_value[:3])
        named = [one for one in sockets if one.name in ("Base Color", "Color")]
        linked = [one for one in sockets if one.is_linked]
        socket = next(iter([*named, *linked, *sockets]), None)
    return None, tuple(factor.tolist())


def _constant(material: bpy.types.Material) -> tuple[float, ...] | None:
    """The one colour that a material has; None where it is not one."""
    source, factor = _base_colour(material)
    return factor if source is None else None


def _at_corners(mesh: bpy.types.Mesh, loops: Any, weights: Floats) -> Floats:
    """(n, 2) places in the texture."""
    layer = next((one for one in mesh.uv_layers if one.active_render), None)
    if layer is None:
        return np.zeros((len(loops), 2))
    places = np.empty(len(mesh.loops) * 2, dtype=np.float32)
    layer.uv.foreach_get("vector", places)
    return np.asarray((places.reshape(-1, 2)[loops] * weights[:, :, None]).sum(axis=1), dtype=np.float64)


def _sampled(image: bpy.types.Image, places: Floats) -> Floats:
    """(n, 4) colours of an image that repeats; white where it cannot be read."""
    width, height = image.size
    if not width or not height or image.channels != 4:
        return np.ones((len(places), 4))
    pixels = np.empty(width * height * 4, dtype=np.float32)
    values: Any = image.pixels
    values.foreach_get(pixels)
    x = np.floor(np.mod(places[:, 0], 1.0) * width).astype(np.int64).clip(0, width - 1)
    y = np.floor(np.mod(places[:, 1], 1.0) * height).astype(np.int64).clip(0, height - 1)
    found = pixels.reshape(height, width, 4)[y, x].astype(np.float64)
    return _to_srgb(found) if image.is_float else found


def _painted(mesh: bpy.types.Mesh, name: str, loops: Any, weights: Floats) -> Floats:
    """(n, 4) colours at vertices or corners; white where there are none."""
    layers = mesh.color_attributes
    layer: Any = layers.get(name) if name else None
    if layer is None and 0 <= layers.render_color_index < len(layers):
        layer = layers[layers.render_color_index]
    if layer is None:
        return np.ones((len(loops), 4))
    colours = np.empty(len(layer.data) * 4, dtype=np.float32)
    layer.data.foreach_get("color_srgb", colours)
    if layer.domain == "POINT":
        corners = np.empty(len(mesh.loops), dtype=np.int32)
        mesh.loops.foreach_get("vertex_index", corners)
        loops = corners[loops]
    return np.asarray((colours.reshape(-1, 4)[loops] * weights[:, :, None]).sum(axis=1), dtype=np.float64)


def _to_linear(srgb: Floats) -> Floats:
    """See IEC 61966-2-1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: Floats) -> Floats:
    positive = np.maximum(linear, 0)
    return np.where(positive <= 0.0031308, positive * 12.92, 1.055 * positive ** (1 / 2.4) - 0.055)
