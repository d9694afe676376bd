"""Textures of a new mesh, baked from the materials of the model: color, roughness, metallic, emission, normals.

By Cycles, on the processor. May import bpy and numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..meshes import apply_transforms
from ..open_file import mesh_of, scene

#: Pixels of a side of the textures, where nobody said more.
_LEAST, _MOST = 256, 2048
#: Looked for the model's surface that far on both sides of the new one, as a part of the longest side.
_REACH = 0.02
_MARGIN, _SAMPLES = 8, 2
#: The inputs of a Principled BSDF that are baked where they vary, and what a material without one has there.
_PLAIN = {"Roughness": 0.5, "Metallic": 0.0, "Alpha": 1.0}
Pixels = NDArray[np.float32]


def is_there() -> bool:
    """This Blender has Cycles."""
    return bool(bpy.app.build_options.cycles) and hasattr(scene(), "cycles")


def side_of(items: Iterable[bpy.types.Object]) -> int:
    """As many pixels as the largest texture of the meshes has, a power of two from 256 to 2048."""
    sides = [
        max(node.image.size)
        for material in _materials(items)
        for node in (material.node_tree.nodes if material.node_tree else ())
        if isinstance(node, bpy.types.ShaderNodeTexImage) and node.image
    ]
    largest = max(sides, default=_MOST // 2)
    return int(min(max(2 ** round(np.log2(max(largest, 1))), _LEAST), _MOST))


def bake(items: Sequence[bpy.types.Object], low: bpy.types.Object, side: int, name: str) -> None:
    """Give the mesh one material, with textures of what the others look like where it stands."""
    for item in items:
        if not any(mesh_of(item).materials):
            mesh_of(item).materials.append(_grey())
    found = _materials(items)
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    mesh_of(low).materials.append(made)
    baker = _Baker(items, low, made, side)
    surface = Surface(made, name, side)
    normals = baker.bake("NORMAL")
    color = baker.channel(found, "Base Color", (0.8, 0.8, 0.8, 1.0))
    if _varies(found, "Alpha") or _value(found, "Alpha") < 1:
        color[..., 3] = baker.channel(found, "Alpha", (1.0,) * 4)[..., 0]
        surface.see_through(found)
    else:
        color[..., 3] = 1.0
    surface.add("Base Color", color, "sRGB")
    _add_roughness_and_metallic(surface, baker, found)
    if any(_emits(material) for material in found):
        surface.add("Emission Color", baker.channel(found, "Emission Color", (0.0, 0.0, 0.0, 1.0)), "sRGB")
        surface.set("Emission Strength", 1.0)
    surface.add_normals(normals)


def _add_roughness_and_metallic(surface: Surface, baker: _Baker, found: list[bpy.types.Material]) -> None:
    """In one image, as glTF has them: roughness is green, metallic blue."""
    if not (_varies(found, "Roughness") or _varies(found, "Metallic")):
        for channel in ("Roughness", "Metallic"):
            surface.set(channel, _value(found, channel))
        return
    both = np.ones((surface.side, surface.side, 4), dtype=np.float32)
    for place, channel in ((1, "Roughness"), (2, "Metallic")):
        both[..., place] = baker.channel(found, channel, (_PLAIN[channel],) * 4)[..., 0]
    surface.add_both(both)


class _Baker:
    """Cycles, set up to bake what others look like onto one mesh."""

    def __init__(
        self, items: Sequence[bpy.types.Object], low: bpy.types.Object, material: bpy.types.Material, side: int
    ) -> None:
        settings: Any = scene()
        settings.render.engine = "CYCLES"
        settings.cycles.device, settings.cycles.samples = "CPU", _SAMPLES
        settings.cycles.use_denoising = False
        self._side = side
        self._reach = float(np.ptp(apply_transforms.coordinates(mesh_of(low)), axis=0).max()) * _REACH
        self._nodes: Any = material.node_tree.nodes
        layer = settings.view_layers[0]
        for other in layer.objects:
            other.select_set(other in items or other == low)
        layer.objects.active = low

    def channel(
        self, found: Iterable[bpy.types.Material], channel: str, plain: tuple[float, float, float, float]
    ) -> Pixels:
        """An input of the Principled BSDFs, made light of so that nothing else has a part in it."""
        for material in found:
            _shine(material, channel, plain)
        pixels = self.bake("EMIT")
        if channel in ("Base Color", "Emission Color"):
            pixels[..., :3] = _to_srgb(pixels[..., :3])
        return pixels

    def bake(self, kind: str) -> Pixels:
        """Linear colors, a row of pixels after another from the bottom."""
        image: Any = bpy.data.images.new("bake", self._side, self._side, alpha=True, float_buffer=True)
        image.colorspace_settings.name = "Non-Color"
        node = self._nodes.new("ShaderNodeTexImage")
        node.image = image
        self._nodes.active = node
        bpy.ops.object.bake(
            type=kind,  # type: ignore[arg-type]
            use_selected_to_active=True,
            cage_extrusion=self._reach,
            max_ray_distance=2 * self._reach,
            margin=_MARGIN,
            use_clear=True,
        )
        pixels = np.empty((self._side, self._side, 4), dtype=np.float32)
        image.pixels.foreach_get(pixels.ravel())
        self._nodes.remove(node)
        bpy.data.images.remove(image)
        return pixels


class Surface:
    """The new material."""

    def __init__(self, material: bpy.types.Material, name: str, side: int) -> None:
        self.side = side
        self._material, self._name = material, name
        self._tree: Any = material.node_tree
        self._shader = _principled(material)

    def set(self, channel: str, value: float) -> None:
        """The same everywhere."""
        self._shader.inputs[channel].default_value = value

    def add(self, channel: str, pixels: Pixels, space: str) -> None:
        """An image for an input; with the color's transparency for Alpha."""
        node = self._image(channel, pixels, space)
        self._tree.links.new(node.outputs["Color"], self._shader.inputs[channel])
        if channel == "Base Color" and pixels[..., 3].min() < 1:
            self._tree.links.new(node.outputs["Alpha"], self._shader.inputs["Alpha"])

    def add_both(self, pixels: Pixels) -> None:
        """Roughness and metallic in one image."""
        node = self._image("Roughness Metallic", pixels, "Non-Color")
        parts = self._tree.nodes.new("ShaderNodeSeparateColor")
        self._tree.links.new(node.outputs["Color"], parts.inputs["Color"])
        self._tree.links.new(parts.outputs["Green"], self._shader.inputs["Roughness"])
        self._tree.links.new(parts.outputs["Blue"], self._shader.inputs["Metallic"])

    def add_normals(self, pixels: Pixels) -> None:
        """A normal map in tangent space, Y up."""
        pixels[..., 3] = 1.0
        node = self._image("Normal", pixels, "Non-Color")
        turn = self._tree.nodes.new("ShaderNodeNormalMap")
        self._tree.links.new(node.outputs["Color"], turn.inputs["Color"])
        self._tree.links.new(turn.outputs["Normal"], self._shader.inputs["Normal"])

    def see_through(self, found: list[bpy.types.Material]) -> None:
        """As those of the model are drawn."""
        like: Any = next((one for one in found if _linked(one, "Alpha")), found[0])
        for name in ("surface_render_method", "blend_method", "use_backface_culling"):
            if hasattr(like, name) and hasattr(self._material, name):
                setattr(self._material, name, getattr(like, name))

    def _image(self, what: str, pixels: Pixels, space: str) -> Any:
        image: Any = bpy.data.images.new(f"{self._name[:30]} {what}", self.side, self.side, alpha=True)
        image.colorspace_settings.name = space
        image.pixels.foreach_set(np.ascontiguousarray(pixels.clip(0, 1)).ravel())
        image.update()
        image.pack()
        node = self._tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        return node


def _grey() -> bpy.types.Material:
    material = bpy.data.materials.new("Plain")
    material.use_nodes = True
    return material


def _materials(items: Iterable[bpy.types.Object]) -> list[bpy.types.Material]:
    return list({one: None for item in items for one in mesh_of(item).materials if one is not None})


def _principled(material: bpy.types.Material) -> Any:
    nodes = material.node_tree.nodes if material.node_tree else ()
    return next((node for node in nodes if isinstance(node, bpy.types.ShaderNodeBsdfPrincipled)), None)


def _linked(material: bpy.types.Material, channel: str) -> bool:
    shader = _principled(material)
    return bool(shader and shader.inputs[channel].is_linked)


def _value(found: list[bpy.types.Material], channel: str) -> float:
    shader = _principled(found[0])
    return float(shader.inputs[channel].default_value) if shader else _PLAIN[channel]


def _varies(found: list[bpy.types.Material], channel: str) -> bool:
    return any(_linked(one, channel) for one in found) or len({_value([one], channel) for one in found}) > 1


def _emits(material: bpy.types.Material) -> bool:
    shader = _principled(material)
    if shader is None:
        return False
    color = shader.inputs["Emission Color"]
    return bool(shader.inputs["Emission Strength"].default_value and (color.is_linked or any(color.default_value[:3])))


def _shine(material: bpy.types.Material, channel: str, plain: tuple[float, float, float, float]) -> None:
    """Have a material show an input of its Principled BSDF as light; one that has none shows itself as its color."""
    tree: Any = material.node_tree
    shader = _principled(material)
    if tree is None or (shader is None and channel == "Base Color"):
        return
    output = tree.get_output_node("ALL") or tree.nodes.new("ShaderNodeOutputMaterial")
    light = tree.nodes.new("ShaderNodeEmission")
    light.inputs["Color"].default_value = plain
    if shader is not None:
        wanted = shader.inputs[channel]
        if wanted.is_linked:
            tree.links.new(wanted.links[0].from_socket, light.inputs["Color"])
        else:
            value = wanted.default_value
            light.inputs["Color"].default_value = (value,) * 4 if isinstance(value, float) else value
        if channel == "Emission Color":
            light.inputs["Strength"].default_value = shader.inputs["Emission Strength"].default_value
    tree.links.new(light.outputs["Emission"], output.inputs["Surface"])


def _to_srgb(linear: Pixels) -> Pixels:
    """What an image of bytes holds for linear light (IEC 61966-2-1)."""
    linear = linear.clip(0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)
