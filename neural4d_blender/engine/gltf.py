"""Checks the JSON of a glTF 2.0 model: counts, sizes and references against what is really there.

Pure Python, standard library only; works on the parsed JSON alone, whether it came from a .glb or a
.gltf. What is checked is what makes an importer hang, run out of memory or read a stranger's file;
whether a material or an animation is well formed is left to the importer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from .errors import BrokenModel, UnsafeModel

MAX_ITEMS: Final = 100_000  # of each kind: nodes, meshes, accessors, images ...
MAX_DEPTH: Final = 200  # of the node tree; Blender's importer walks it recursively
MAX_TRIANGLES: Final = 30_000_000  # as drawn, instances counted; a 64 GB machine can still work with it
MAX_ZEROED: Final = 10_000_000  # elements an accessor may claim without any bytes behind it (Draco, sparse)
MAX_MORPH_TARGETS: Final = 1_000

_COMPONENT_BYTES: Final = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_UNSIGNED: Final = (5121, 5123, 5125)
_COMPONENTS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_TRIANGLE_LIST, _TRIANGLE_STRIP, _TRIANGLE_FAN = 4, 5, 6

#: Required extensions that Blender 4.2's importer can read; the importer has the last word.
SUPPORTED_EXTENSIONS: Final = frozenset(
    {
        "EXT_mesh_gpu_instancing",
        "EXT_texture_webp",
        "KHR_animation_pointer",
        "KHR_draco_mesh_compression",
        "KHR_lights_punctual",
        "KHR_materials_anisotropy",
        "KHR_materials_clearcoat",
        "KHR_materials_emissive_strength",
        "KHR_materials_ior",
        "KHR_materials_pbrSpecularGlossiness",
        "KHR_materials_sheen",
        "KHR_materials_specular",
        "KHR_materials_transmission",
        "KHR_materials_unlit",
        "KHR_materials_variants",
        "KHR_materials_volume",
        "KHR_mesh_quantization",
        "KHR_texture_transform",
    }
)

Json = dict[str, Any]


@dataclass(frozen=True)
class GltfFacts:
    """What a model says about itself.

    Attributes:
        triangles: as drawn, every instance of a mesh counted.
        vertices: of all meshes, each mesh counted once.
        meshes, materials, images, nodes: how many of each the file holds.
        unsupported_extensions: required by the file, unknown to Blender 4.2's importer.
    """

    triangles: int
    vertices: int
    meshes: int
    materials: int
    images: int
    nodes: int
    unsupported_extensions: tuple[str, ...]


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
    return _Check(document, binary_length).run()


class _Check:
    """One pass over one document. Every method raises at the first fault."""

    def __init__(self, document: Json, binary_length: int | None) -> None:
        self.document = document
        self.binary_length = binary_length
        self.buffers = self._items("buffers")
        self.views = self._items("bufferViews")
        self.accessors = self._items("accessors")
        self.images = self._items("images")
        self.meshes = self._items("meshes")
        self.nodes = self._items("nodes")
        self.vertices = 0

    def run(self) -> GltfFacts:
        self._version()
        self._no_foreign_paths()
        for index, buffer in enumerate(self.buffers):
            self._buffer(index, buffer)
        for index, view in enumerate(self.views):
            self._view(index, view)
        zeroed = sum(self._accessor(index, accessor) for index, accessor in enumerate(self.accessors))
        if zeroed > MAX_ZEROED:
            raise UnsafeModel(f"The model claims {zeroed:,} values that are not in the file.")
        for index, image in enumerate(self.images):
            self._image(index, image)
        drawn = self._node_tree([self._mesh(index, mesh) for index, mesh in enumerate(self.meshes)])
        required = self.document.get("extensionsRequired") or []
        if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
            raise BrokenModel("The model's list of required extensions is not a list of names.")
        return GltfFacts(
            triangles=drawn,
            vertices=self.vertices,
            meshes=len(self.meshes),
            materials=len(self._items("materials")),
            images=len(self.images),
            nodes=len(self.nodes),
            unsupported_extensions=tuple(sorted(set(required) - SUPPORTED_EXTENSIONS)),
        )

    def _items(self, key: str) -> list[Json]:
        items = self.document.get(key, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise BrokenModel(f"'{key}' is not a list of objects.")
        if len(items) > MAX_ITEMS:
            raise UnsafeModel(f"The model claims {len(items):,} {key}; {MAX_ITEMS:,} are accepted.")
        return items

    def _version(self) -> None:
        asset = self.document.get("asset")
        version = asset.get("version") if isinstance(asset, dict) else None
        if not isinstance(version, str):
            raise BrokenModel("The model does not say which glTF version it is.")
        minimum = asset.get("minVersion", version) if isinstance(asset, dict) else version
        if version.split(".")[0] != "2" or minimum != "2.0" and "minVersion" in asset:
            raise BrokenModel(f"The model is glTF {minimum}; only 2.0 can be read.")

    def _no_foreign_paths(self) -> None:
        """No 'uri' anywhere but data: URIs; 'extras' are the author's notes and are never followed."""
        waiting: list[object] = [self.document]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, dict):
                uri = value.get("uri")
                if uri is not None and not (isinstance(uri, str) and uri[:5].lower() == "data:"):
                    raise UnsafeModel(
                        f"The model points at a file outside itself: {str(uri)[:80]!r}. It was not opened."
                    )
                waiting.extend(item for key, item in value.items() if key != "extras")

    def _buffer(self, index: int, buffer: Json) -> None:
        length = _integer(buffer.get("byteLength"), f"The byteLength of buffer {index}", minimum=1)
        extensions = buffer.get("extensions")
        if "uri" in buffer:
            held = _data_length(buffer["uri"], f"buffer {index}")
        elif index == 0 and self.binary_length is not None:
            held = self.binary_length
        elif isinstance(extensions, dict) and "EXT_meshopt_compression" in extensions:
            return  # a stand-in that is never read: its views are decompressed from another buffer
        else:
            raise BrokenModel(f"Buffer {index} has no data in the file.")
        if length > held:
            raise BrokenModel(f"Buffer {index} claims {length:,} bytes; the file holds {held:,}.")

    def _view(self, index: int, view: Json) -> None:
        buffer = self._reference(self.buffers, view.get("buffer"), f"the buffer of buffer view {index}")
        offset = _integer(view.get("byteOffset", 0), f"The byteOffset of buffer view {index}")
        length = _integer(view.get("byteLength"), f"The byteLength of buffer view {index}", minimum=1)
        if "byteStride" in view and not 4 <= _integer(view["byteStride"], "A byteStride") <= 252:
            raise BrokenModel(f"Buffer view {index} has a byteStride of {view['byteStride']}; 4 to 252 are allowed.")
        if offset + length > buffer["byteLength"]:
            raise BrokenModel(f"Buffer view {index} ends at byte {offset + length:,} of {buffer['byteLength']:,}.")

    def _accessor(self, index: int, accessor: Json) -> int:
        """Returns how many elements it claims without any bytes behind them."""
        what = f"Accessor {index}"
        component = _COMPONENT_BYTES.get(
            _integer(accessor.get("componentType"), f"The componentType of accessor {index}")
        )
        kind = accessor.get("type")
        if component is None or not isinstance(kind, str) or kind not in _COMPONENTS:
            raise BrokenModel(f"{what} is of a type that glTF does not have.")
        count = _integer(accessor.get("count"), f"The count of accessor {index}", minimum=1)
        size = component * _COMPONENTS[kind]
        sparse = accessor.get("sparse")
        if sparse is not None:
            self._sparse(what, sparse, count, size)
        if "bufferView" not in accessor:
            return count
        self._fits(what, accessor, count, size, strided=True)
        return 0

    def _sparse(self, what: str, sparse: object, count: int, size: int) -> None:
        if not isinstance(sparse, dict) or not all(isinstance(sparse.get(k), dict) for k in ("indices", "values")):
            raise BrokenModel(f"{what} has a malformed sparse part.")
        replaced = _integer(sparse.get("count"), f"{what}'s sparse count", minimum=1)
        width = _COMPONENT_BYTES.get(_integer(sparse["indices"].get("componentType"), f"{what}'s sparse index type"))
        if replaced > count or width is None:
            raise BrokenModel(f"{what} replaces {replaced:,} of its {count:,} values.")
        self._fits(what + " (sparse indices)", sparse["indices"], replaced, width)
        self._fits(what + " (sparse values)", sparse["values"], replaced, size)

    def _fits(self, what: str, item: Json, count: int, size: int, *, strided: bool = False) -> None:
        view = self._reference(self.views, item.get("bufferView"), f"the buffer view of {what}")
        offset = _integer(item.get("byteOffset", 0), f"The byteOffset of {what}")
        stride = view.get("byteStride", size) if strided else size
        if stride < size:
            raise BrokenModel(f"{what} has elements of {size} bytes every {stride} bytes.")
        needed = offset + stride * (count - 1) + size
        if needed > view["byteLength"]:
            raise BrokenModel(f"{what} needs {needed:,} bytes; its buffer view holds {view['byteLength']:,}.")

    def _image(self, index: int, image: Json) -> None:
        if "uri" in image:
            _data_length(image["uri"], f"image {index}")
        elif "bufferView" in image:
            self._reference(self.views, image["bufferView"], f"the buffer view of image {index}")
        elif "extensions" not in image:
            raise BrokenModel(f"Image {index} has no data in the file.")

    def _mesh(self, index: int, mesh: Json) -> int:
        """Returns the mesh's number of triangles."""
        primitives = mesh.get("primitives")
        if not isinstance(primitives, list) or not primitives or not all(isinstance(p, dict) for p in primitives):
            raise BrokenModel(f"Mesh {index} has no primitives.")
        return sum(self._primitive(f"mesh {index}", primitive) for primitive in primitives)

    def _primitive(self, what: str, primitive: Json) -> int:
        targets = primitive.get("targets", [])
        attributes = primitive.get("attributes")
        if not isinstance(attributes, dict) or not isinstance(targets, list) or len(targets) > MAX_MORPH_TARGETS:
            raise BrokenModel(f"A primitive of {what} has no proper attributes.")
        if "POSITION" not in attributes:
            return 0
        position = self._reference(self.accessors, attributes["POSITION"], f"the positions of {what}")
        if position["type"] != "VEC3":
            raise BrokenModel(f"The positions of {what} are no 3D points.")
        for name, reference in attributes.items():
            accessor = self._reference(self.accessors, reference, f"{name} of {what}")
            if accessor["count"] != position["count"]:
                raise BrokenModel(
                    f"{name} of {what} has {accessor['count']:,} values for {position['count']:,} vertices."
                )
        count = int(position["count"])
        self.vertices += count
        if "indices" in primitive:
            indices = self._reference(self.accessors, primitive["indices"], f"the indices of {what}")
            if indices["type"] != "SCALAR" or indices["componentType"] not in _UNSIGNED:
                raise BrokenModel(f"The indices of {what} are no whole numbers.")
            count = int(indices["count"])
        mode = _integer(primitive.get("mode", _TRIANGLE_LIST), f"The mode of {what}")
        if mode == _TRIANGLE_LIST:
            return count // 3
        return max(count - 2, 0) if mode in (_TRIANGLE_STRIP, _TRIANGLE_FAN) else 0

    def _node_tree(self, mesh_triangles: list[int]) -> int:
        """Check parents, depth and transforms; returns the triangles drawn."""
        parent: dict[int, int] = {}
        drawn = 0
        for index, node in enumerate(self.nodes):
            children = node.get("children", [])
            if not isinstance(children, list):
                raise BrokenModel(f"The children of node {index} are not a list.")
            for child in children:
                self._reference(self.nodes, child, f"a child of node {index}")
                if parent.setdefault(int(child), index) != index:
                    raise BrokenModel(f"Node {child} has two parents.")
            if "mesh" in node:
                self._reference(self.meshes, node["mesh"], f"the mesh of node {index}")
                drawn += mesh_triangles[int(node["mesh"])]
            for key, length in (("matrix", 16), ("translation", 3), ("rotation", 4), ("scale", 3)):
                _numbers(node.get(key), length, f"The {key} of node {index}")
        self._depths(parent)
        if not sum(mesh_triangles):
            raise BrokenModel("The model holds no triangles.")
        if max(drawn, sum(mesh_triangles)) > MAX_TRIANGLES:
            raise UnsafeModel(f"The model has {drawn:,} triangles; {MAX_TRIANGLES:,} are accepted.")
        return drawn

    def _depths(self, parent: dict[int, int]) -> None:
        depth: dict[int, int] = {}
        for start in range(len(self.nodes)):
            path: list[int] = []
            node: int | None = start
            while node is not None and node not in depth:
                path.append(node)
                node = parent.get(node)
                if len(path) > MAX_DEPTH:
                    raise UnsafeModel(f"The model's nodes form a loop or are nested deeper than {MAX_DEPTH} levels.")
            base = 0 if node is None else depth[node]
            for step, member in enumerate(reversed(path), start=base + 1):
                depth[member] = step
            if path and depth[start] > MAX_DEPTH:
                raise UnsafeModel(f"The model's nodes are nested deeper than {MAX_DEPTH} levels.")

    @staticmethod
    def _reference(items: list[Json], value: object, what: str) -> Json:
        index = _integer(value, f"The index of {what}")
        if index >= len(items):
            raise BrokenModel(f"The model refers to {what} by number {index}, but there are {len(items)}.")
        return items[index]


def _integer(value: object, what: str, *, minimum: int = 0) -> int:
    """The whole number `value`; JSON may write it as 3.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or value < minimum:
        raise BrokenModel(f"{what} is {value!r:.40}, not a whole number of at least {minimum}.")
    return value


def _numbers(value: object, length: int, what: str) -> None:
    if value is None:
        return
    if not isinstance(value, list) or len(value) != length:
        raise BrokenModel(f"{what} is not a list of {length} numbers.")
    if not all(type(number) in (int, float) and math.isfinite(number) for number in value):
        raise BrokenModel(f"{what} holds something that is not a finite number.")


def _data_length(uri: str, what: str) -> int:
    """Bytes in a data: URI, at most (white space and escapes only make it fewer)."""
    head, comma, body = uri.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise BrokenModel(f"The data of {what} is not a base64 data URI.")
    return len(body) * 3 // 4 - body[-2:].count("=")
