"""Checks the JSON of a glTF 2.0 model: meshes and node tree; repairs what is harmless (gltf_repair.py) before that.

Pure Python, standard library only; works on the parsed JSON alone, whether it came from a .glb or a
.gltf. What is checked is what makes an importer hang, run out of memory or read a stranger's file;
whether a material or an animation is well formed is left to the importer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from ...errors import BrokenModel, UnsafeModel
from .gltf_accessor_check import DataCheck, Json, integer, items_of, reference
from .gltf_images import Head, check_pixels, of_base64
from .gltf_repair import Repair, dicts, in_base64
from .gltf_scene_check import check_scenes

MAX_TRIANGLES: Final = 30_000_000  # as drawn, instances counted; about what a large workstation can still edit
MAX_MORPH_TARGETS: Final = 1_000
#: Values of all shape keys; three numbers each.
MAX_MORPHED: Final = 50_000_000
#: Animations times nodes: Blender looks for each node in each animation. Keyframes of all channels; bones of all rigs.
MAX_ANIMATED: Final = 5_000_000
MAX_KEYS: Final = 5_000_000
MAX_JOINTS: Final = 4_000
#: Nodes and instances, images that are shown, and materials: each more takes Blender longer than the one before.
MAX_OBJECTS: Final = 20_000
MAX_IMAGES: Final = 1_000
MAX_MATERIALS: Final = 4_000
#: Parts of a mesh times its corners: Blender copies what it has of a mesh once more for each part.
MAX_COPIED: Final = 4_000_000_000
#: Triangles that a byte of Draco can well stand for; the flattest of grids have more.
_TRIANGLES_A_BYTE: Final = 8

_UNSIGNED: Final = (5121, 5123, 5125)
_TRIANGLE_LIST, _TRIANGLE_STRIP, _TRIANGLE_FAN = 4, 5, 6
#: Attributes that Blender reads, by how their names begin.
_READ: Final = ("POSITION", "NORMAL", "TEXCOORD_", "COLOR_", "JOINTS_", "WEIGHTS_", "_")
_LARGEST: Final = 3.4e38  # of Blender's numbers; compared, for a whole number of 400 digits cannot be made a float
_TRANSFORMS: Final = (("matrix", 16), ("translation", 3), ("rotation", 4), ("scale", 3))
_DRACO: Final = "KHR_draco_mesh_compression"

#: Required extensions that Blender 4.2's importer can read; the importer has the last word.
SUPPORTED_EXTENSIONS: Final = frozenset({
    "EXT_mesh_gpu_instancing", "EXT_texture_webp", "KHR_animation_pointer", "KHR_draco_mesh_compression",
    "KHR_lights_punctual", "KHR_materials_anisotropy", "KHR_materials_clearcoat", "KHR_materials_emissive_strength",
    "KHR_materials_ior", "KHR_materials_pbrSpecularGlossiness", "KHR_materials_sheen", "KHR_materials_specular",
    "KHR_materials_transmission", "KHR_materials_unlit", "KHR_materials_variants", "KHR_materials_volume",
    "KHR_mesh_quantization", "KHR_texture_transform",
})  # fmt: skip


@dataclass(frozen=True)
class GltfFacts:
    """What a model says about itself.

    Attributes:
        triangles: as drawn, every instance of a mesh counted; 0 where no node shows a mesh.
        vertices: of all meshes, each mesh counted once.
        meshes, materials, images, nodes: how many of each the file holds.
        required_extensions: what it says a reader has to know.
        repaired: the JSON is not what it was, see gltf_repair.py.
        lost_textures: how many were taken out of materials because their image is missing or none that glTF has.
    """

    triangles: int
    vertices: int
    meshes: int
    materials: int
    images: int
    nodes: int
    required_extensions: tuple[str, ...]
    repaired: bool
    lost_textures: int

    @property
    def unsupported_extensions(self) -> tuple[str, ...]:
        """Those of the required extensions that Blender 4.2's importer does not know."""
        return tuple(name for name in self.required_extensions if name not in SUPPORTED_EXTENSIONS)


def check_gltf(
    document: object, *, binary_length: int | None = None, read: Callable[[int, int], bytes] | None = None
) -> GltfFacts:
    """Check the parsed JSON of a glTF model, and repair it where that is harmless.

    Args:
        document: the JSON's value.
        binary_length: bytes in the BIN chunk it came with; None for a lone .gltf.
        read: gives bytes of that chunk, from an offset on, as many as are asked for.

    Raises:
        UnsafeModel: it points at other files or claims absurd sizes, its images' among them.
        BrokenModel: it contradicts itself or holds no triangles.
    """
    if not isinstance(document, dict):
        raise BrokenModel("The model's description is not a JSON object.")
    repair = Repair(document)
    repair.run()
    _check_version(document.get("asset"))
    required = document.get("extensionsRequired", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise BrokenModel("The model's list of required extensions is not a list of names.")
    materials = len(items_of(document, "materials"))
    if materials > MAX_MATERIALS:
        raise UnsafeModel(f"The model claims {materials:,} materials; {MAX_MATERIALS:,} are accepted.")
    data = DataCheck(document, binary_length, repair.outside)
    structure = _Structure(document, data)
    triangles = structure.run()
    lost = repair.forget_images(repair.missing | _unreadable(data, repair, read))
    return GltfFacts(
        triangles=triangles,
        vertices=structure.vertices,
        meshes=len(structure.meshes),
        materials=materials,
        images=len(data.images),
        nodes=len(structure.nodes),
        required_extensions=tuple(sorted(set(required))),
        repaired=repair.changed,
        lost_textures=lost,
    )


def _check_version(asset: object) -> None:
    if not isinstance(asset, dict) or not isinstance(asset.get("version"), str):
        raise BrokenModel("The model does not say which glTF version it is.")
    for version in (asset["version"], asset.get("minVersion", "2.0")):
        if version != "2.0":
            raise BrokenModel(f"The model is glTF {str(version)[:20]}; only 2.0 can be read.")


def _unreadable(data: DataCheck, repair: Repair, read: Callable[[int, int], bytes] | None) -> set[int]:
    """Of the images that are shown, those that no header says are pictures."""
    heads: dict[int, Head] = {}
    shown = set(range(len(data.images))) & repair.shown_images() - repair.missing
    if len(shown) > MAX_IMAGES:
        raise UnsafeModel(f"The model shows {len(shown):,} images; {MAX_IMAGES:,} are accepted.")
    for index in sorted(shown):
        image = data.images[index]
        if "uri" in image:
            heads[index] = of_base64(in_base64(image["uri"]))
        elif read:
            length = data.view(image["bufferView"], f"the buffer view of image {index}")
            view = data.views[image["bufferView"]]
            offset, buffer = view.get("byteOffset", 0), data.buffers[view["buffer"]]
            if "uri" in buffer:  # in the JSON itself, and not in the chunk
                heads[index] = of_base64(in_base64(buffer["uri"]), offset, length)
            else:
                heads[index] = partial(_head, read, offset, length)
    return {index for index, fine in zip(heads, check_pixels(heads.values()), strict=True) if not fine}


def _head(read: Callable[[int, int], bytes], offset: int, length: int, count: int) -> bytes:
    return read(offset, min(length, count))


class _Structure:
    """Meshes and nodes of one document."""

    def __init__(self, document: Json, data: DataCheck) -> None:
        self.document = document
        self.data = data
        self.accessors = data.accessors
        self.meshes = items_of(document, "meshes")
        self.nodes = items_of(document, "nodes")
        self.vertices = 0
        self._morphed = 0

    def run(self) -> int:
        """Returns the triangles drawn."""
        triangles = [self._mesh(index, mesh) for index, mesh in enumerate(self.meshes)]
        if not sum(triangles):
            raise BrokenModel("The model holds no triangles.")
        self._animations()
        check_scenes(self.document, self.nodes)
        drawn, objects = 0, len(self.nodes)
        for index, node in enumerate(self.nodes):
            for key, length in _TRANSFORMS:
                if key in node:
                    _check_numbers(node[key], length, f"The {key} of node {index}")
            if "mesh" in node:
                reference(self.meshes, node["mesh"], f"the mesh of node {index}")
                instances = self._instances(index, node)
                drawn += triangles[node["mesh"]] * max(instances, 1)
                objects += instances
        if objects > MAX_OBJECTS:
            raise UnsafeModel(f"The model claims {objects:,} nodes and instances; {MAX_OBJECTS:,} are accepted.")
        if max(drawn, sum(triangles)) > MAX_TRIANGLES:
            raise UnsafeModel(
                f"The model claims {max(drawn, sum(triangles)):,} triangles; {MAX_TRIANGLES:,} are accepted."
            )
        return drawn

    def _mesh(self, index: int, mesh: Json) -> int:
        """Returns the mesh's number of triangles."""
        primitives = mesh.get("primitives")
        if not isinstance(primitives, list) or not all(isinstance(p, dict) for p in primitives):
            raise BrokenModel(f"Mesh {index} has no proper primitives.")
        counted = [self._primitive(f"mesh {index}", primitive) for primitive in primitives]
        corners = sum(corners for _, corners in counted)
        if max(corners, self.vertices) > 3 * MAX_TRIANGLES or corners * len(primitives) > MAX_COPIED:
            raise UnsafeModel(f"Mesh {index} claims {corners:,} corners in {len(primitives):,} parts.")
        return sum(triangles for triangles, _ in counted)

    def _primitive(self, what: str, primitive: Json) -> tuple[int, int]:
        """Returns its number of triangles, and of corners."""
        attributes, targets = primitive.get("attributes"), primitive.get("targets", [])
        if not isinstance(attributes, dict) or not isinstance(targets, list) or len(targets) > MAX_MORPH_TARGETS:
            raise BrokenModel(f"A primitive of {what} has no proper attributes.")
        if "POSITION" not in attributes:
            return 0, 0
        packed = self._packed(what, primitive)
        position = self.data.accessor(attributes["POSITION"], f"the positions of {what}", packed=packed)
        if position["type"] != "VEC3":
            raise BrokenModel(f"The positions of {what} are no 3D points.")
        for name, number in attributes.items():
            if name.startswith(_READ):
                accessor = self.data.accessor(number, f"{name} of {what}", packed=packed)
                if accessor["count"] < position["count"]:
                    raise BrokenModel(
                        f"{name} of {what} has {accessor['count']:,} values, POSITION {position['count']:,}."
                    )
        count = int(position["count"])
        self.vertices += count
        self._targets(what, targets, count)
        if "indices" in primitive:
            indices = self.data.accessor(primitive["indices"], f"the indices of {what}", packed=packed)
            if indices["type"] != "SCALAR" or indices["componentType"] not in _UNSIGNED:
                raise BrokenModel(f"The indices of {what} are no whole numbers.")
            count = int(indices["count"]) if count else 0
        mode = integer(primitive.get("mode", _TRIANGLE_LIST), f"The mode of {what}")
        if mode == _TRIANGLE_LIST:
            return count // 3, count
        return max(count - 2, 0) if mode in (_TRIANGLE_STRIP, _TRIANGLE_FAN) else 0, count

    def _packed(self, what: str, primitive: Json) -> int:
        """Values that its Draco data may well hold, by its length; 0 where it has none."""
        extensions = primitive.get("extensions")
        draco = extensions.get(_DRACO) if isinstance(extensions, dict) else None
        if not isinstance(draco, dict):
            return 0
        return self.data.view(draco.get("bufferView"), f"the compressed data of {what}") * 3 * _TRIANGLES_A_BYTE

    def _targets(self, what: str, targets: list[object], count: int) -> None:
        self._morphed += count * len(targets)
        if self._morphed > MAX_MORPHED:
            raise UnsafeModel(f"The model claims {self._morphed:,} values of shape keys; {MAX_MORPHED:,} are accepted.")
        for target in dicts(targets):
            if "POSITION" in target:
                self.data.accessor(target["POSITION"], f"a shape key of {what}")

    def _instances(self, index: int, node: Json) -> int:
        """How often EXT_mesh_gpu_instancing shows its mesh; 0 where it does not."""
        extensions = node.get("extensions")
        instancing = extensions.get("EXT_mesh_gpu_instancing") if isinstance(extensions, dict) else None
        attributes = instancing.get("attributes") if isinstance(instancing, dict) else None
        if not isinstance(attributes, dict):
            return 0
        names = ("TRANSLATION", "ROTATION", "SCALE")
        found = [self.data.accessor(attributes[n], f"the instances of node {index}") for n in names if n in attributes]
        return max((int(accessor["count"]) for accessor in found), default=0)

    def _animations(self) -> None:
        joints: set[object] = set()
        for skin in dicts(self.document.get("skins")):
            if "inverseBindMatrices" in skin:
                self.data.accessor(skin["inverseBindMatrices"], "the matrices of a skin")
            named = skin.get("joints")
            joints.update(number for number in (named if isinstance(named, list) else ()) if isinstance(number, int))
        if len(joints) > MAX_JOINTS:
            raise UnsafeModel(f"The model claims {len(joints):,} bones; {MAX_JOINTS:,} are accepted.")
        animations = dicts(self.document.get("animations"))
        if len(animations) * len(self.nodes) > MAX_ANIMATED:
            raise UnsafeModel(f"The model claims {len(animations):,} animations of {len(self.nodes):,} nodes.")
        keys = sum(self._keys(animation) for animation in animations)
        if keys > MAX_KEYS:
            raise UnsafeModel(f"The model claims {keys:,} keyframes; {MAX_KEYS:,} are accepted.")

    def _keys(self, animation: Json) -> int:
        """Keyframes of all its channels, several of which may be of one sampler."""
        counts = []
        for sampler in dicts(animation.get("samplers")):
            counts.append(int(self.data.accessor(sampler.get("input"), "the input of an animation")["count"]))
            self.data.accessor(sampler.get("output"), "the output of an animation")
        numbers = [channel.get("sampler") for channel in dicts(animation.get("channels"))]
        return sum(counts[number] for number in numbers if isinstance(number, int) and 0 <= number < len(counts))


def _check_numbers(value: object, length: int, what: str) -> None:
    if not isinstance(value, list) or len(value) != length:
        raise BrokenModel(f"{what} is not a list of {length} numbers.")
    if not all(type(number) in (int, float) and -_LARGEST < number < _LARGEST for number in value):
        raise BrokenModel(f"{what} holds something that is not a finite number.")
