"""Checks the JSON of a glTF 2.0 model: its data (gltf_accessor_check.py), meshes and node tree.

Pure Python, standard library only; works on the parsed JSON alone, whether it came from a .glb or a
.gltf. What is checked is what makes an importer hang, run out of memory or read a stranger's file;
whether a material or an animation is well formed is left to the importer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ..errors import BrokenModel, UnsafeModel
from .gltf_accessor_check import DataCheck, Json, integer, items_of, reference

MAX_DEPTH: Final = 200  # of the node tree; Blender's importer walks it recursively
MAX_TRIANGLES: Final = 30_000_000  # as drawn, instances counted; about what a large workstation can still edit
MAX_MORPH_TARGETS: Final = 1_000

_UNSIGNED: Final = (5121, 5123, 5125)
_TRIANGLE_LIST, _TRIANGLE_STRIP, _TRIANGLE_FAN = 4, 5, 6
_TRANSFORMS: Final = (("matrix", 16), ("translation", 3), ("rotation", 4), ("scale", 3))

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
    """

    triangles: int
    vertices: int
    meshes: int
    materials: int
    images: int
    nodes: int
    required_extensions: tuple[str, ...]

    @property
    def unsupported_extensions(self) -> tuple[str, ...]:
        """Those of the required extensions that Blender 4.2's importer does not know."""
        return tuple(name for name in self.required_extensions if name not in SUPPORTED_EXTENSIONS)


def check_gltf(document: object, *, binary_length: int | None = None) -> GltfFacts:
    """Check the parsed JSON of a glTF model.

    Args:
        document: the JSON's value.
        binary_length: bytes in the BIN chunk it came with; None for a lone .gltf.

    Raises:
        UnsafeModel: it points at other files or claims absurd sizes.
        BrokenModel: it contradicts itself or holds no triangles.
    """
    if not isinstance(document, dict):
        raise BrokenModel("The model's description is not a JSON object.")
    _check_version(document.get("asset"))
    required = document.get("extensionsRequired", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise BrokenModel("The model's list of required extensions is not a list of names.")
    data = DataCheck(document, binary_length)
    data.run()
    structure = _Structure(document, data)
    triangles = structure.run()
    return GltfFacts(
        triangles=triangles,
        vertices=structure.vertices,
        meshes=len(structure.meshes),
        materials=len(items_of(document, "materials")),
        images=len(data.images),
        nodes=len(structure.nodes),
        required_extensions=tuple(sorted(set(required))),
    )


def _check_version(asset: object) -> None:
    if not isinstance(asset, dict) or not isinstance(asset.get("version"), str):
        raise BrokenModel("The model does not say which glTF version it is.")
    for version in (asset["version"], asset.get("minVersion", "2.0")):
        if version != "2.0":
            raise BrokenModel(f"The model is glTF {str(version)[:20]}; only 2.0 can be read.")


class _Structure:
    """Meshes and nodes of one document whose data has been checked."""

    def __init__(self, document: Json, data: DataCheck) -> None:
        self.accessors = data.accessors
        self.meshes = items_of(document, "meshes")
        self.nodes = items_of(document, "nodes")
        self.vertices = 0

    def run(self) -> int:
        """Returns the triangles drawn."""
        triangles = [self._mesh(index, mesh) for index, mesh in enumerate(self.meshes)]
        if not sum(triangles):
            raise BrokenModel("The model holds no triangles.")
        self._check_depths(self._parents())
        drawn = 0
        for index, node in enumerate(self.nodes):
            if "mesh" in node:
                reference(self.meshes, node["mesh"], f"the mesh of node {index}")
                drawn += triangles[int(node["mesh"])]
        if max(drawn, sum(triangles)) > MAX_TRIANGLES:
            raise UnsafeModel(
                f"The model claims {max(drawn, sum(triangles)):,} triangles; {MAX_TRIANGLES:,} are accepted."
            )
        return drawn

    def _mesh(self, index: int, mesh: Json) -> int:
        """Returns the mesh's number of triangles."""
        primitives = mesh.get("primitives")
        if not isinstance(primitives, list) or not primitives or not all(isinstance(p, dict) for p in primitives):
            raise BrokenModel(f"Mesh {index} has no primitives.")
        return sum(self._primitive(f"mesh {index}", primitive) for primitive in primitives)

    def _primitive(self, what: str, primitive: Json) -> int:
        attributes, targets = primitive.get("attributes"), primitive.get("targets", [])
        if not isinstance(attributes, dict) or not isinstance(targets, list) or len(targets) > MAX_MORPH_TARGETS:
            raise BrokenModel(f"A primitive of {what} has no proper attributes.")
        if "POSITION" not in attributes:
            return 0
        position = reference(self.accessors, attributes["POSITION"], f"the positions of {what}")
        if position["type"] != "VEC3":
            raise BrokenModel(f"The positions of {what} are no 3D points.")
        for name, number in attributes.items():
            accessor = reference(self.accessors, number, f"{name} of {what}")
            if accessor["count"] != position["count"]:
                raise BrokenModel(f"{name} of {what} has {accessor['count']:,} values, POSITION {position['count']:,}.")
        count = int(position["count"])
        self.vertices += count
        if "indices" in primitive:
            indices = reference(self.accessors, primitive["indices"], f"the indices of {what}")
            if indices["type"] != "SCALAR" or indices["componentType"] not in _UNSIGNED:
                raise BrokenModel(f"The indices of {what} are no whole numbers.")
            count = int(indices["count"])
        mode = integer(primitive.get("mode", _TRIANGLE_LIST), f"The mode of {what}")
        if mode == _TRIANGLE_LIST:
            return count // 3
        return max(count - 2, 0) if mode in (_TRIANGLE_STRIP, _TRIANGLE_FAN) else 0

    def _parents(self) -> dict[int, int]:
        """Child to parent, of all nodes that have one."""
        parents: dict[int, int] = {}
        for index, node in enumerate(self.nodes):
            children = node.get("children", [])
            if not isinstance(children, list):
                raise BrokenModel(f"The children of node {index} are not a list.")
            for child in children:
                reference(self.nodes, child, f"a child of node {index}")
                if parents.setdefault(int(child), index) != index:
                    raise BrokenModel(f"Node {child} has two parents.")
            for key, length in _TRANSFORMS:
                _check_numbers(node.get(key), length, f"The {key} of node {index}")
        return parents

    def _check_depths(self, parents: dict[int, int]) -> None:
        depths: dict[int, int] = {}
        for start in range(len(self.nodes)):
            path: list[int] = []
            node: int | None = start
            while node is not None and node not in depths:
                path.append(node)
                node = parents.get(node)
                if len(path) > MAX_DEPTH:  # a loop never ends otherwise
                    raise UnsafeModel(f"The model's nodes form a loop or are nested deeper than {MAX_DEPTH} levels.")
            depth = 0 if node is None else depths[node]
            for member in reversed(path):
                depth += 1
                depths[member] = depth
            if depth > MAX_DEPTH:
                raise UnsafeModel(f"The model's nodes are nested deeper than {MAX_DEPTH} levels.")


def _check_numbers(value: object, length: int, what: str) -> None:
    if value is None:
        return
    if not isinstance(value, list) or len(value) != length:
        raise BrokenModel(f"{what} is not a list of {length} numbers.")
    if not all(type(number) in (int, float) and math.isfinite(number) for number in value):
        raise BrokenModel(f"{what} holds something that is not a finite number.")
