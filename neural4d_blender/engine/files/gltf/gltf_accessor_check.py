"""Checks where a glTF's numbers come from: buffers, buffer views and accessors, of those that an importer reads.

Pure Python, standard library only. Every count is held against the bytes that are really there, because
importers allocate what a count says: one near 2^31 costs Blender 12 to 49 seconds or all memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...errors import BrokenModel, UnsafeModel
from .gltf_repair import in_base64, outside_its_file

MAX_ITEMS: Final = 100_000  # of each kind: nodes, meshes, accessors, images ...
MAX_ZEROED: Final = 10_000_000  # elements that accessors may claim without any bytes behind them (Draco, sparse)
MAX_DECODED: Final = 2**30  # bytes that compressed buffer views may claim to become

_COMPONENT_BYTES: Final = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_COMPONENTS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_LARGEST: Final = 2**53  # beyond it JSON's numbers are not exact
_MESHOPT: Final = ("EXT_meshopt_compression", "KHR_meshopt_compression")
#: Bytes of an element that meshoptimizer's decoders take, by mode and by filter; they do not look themselves.
_STRIDES: Final = {
    "ATTRIBUTES": range(4, 257, 4),
    "TRIANGLES": (2, 4),
    "INDICES": (2, 4),
    "NONE": range(1, 257),
    "OCTAHEDRAL": (4, 8),
    "QUATERNION": (8,),
    "EXPONENTIAL": range(4, 257, 4),
    "COLOR": (4, 8),
}

Json = dict[str, Any]


class DataCheck:
    """The data part of one document: what is asked for is checked when it is, and once. Raises at the first fault.

    Args:
        document: the parsed JSON, repaired.
        binary_length: bytes in the BIN chunk it came with; None for a lone .gltf.
        outside: buffers, by number, whose data is in other files.
    """

    def __init__(self, document: Json, binary_length: int | None, outside: Mapping[int, str]) -> None:
        self.document = document
        self.binary_length = binary_length
        self.outside = outside
        self.buffers = items_of(document, "buffers")
        self.views = items_of(document, "bufferViews")
        self.accessors = items_of(document, "accessors")
        self.images = items_of(document, "images")
        self._checked: set[int] = set()
        self._lengths: dict[int, int] = {}
        self._zeroed = self._decoded = 0

    def accessor(self, index: object, what: str, *, packed: int = 0) -> Json:
        """The accessor of that index, all of whose values are there.

        Args:
            packed: values that the compressed data of its primitive may well hold (Draco).

        Raises:
            UnsafeModel, BrokenModel: as `check_gltf` says.
        """
        accessor = reference(self.accessors, index, what)
        if id(accessor) not in self._checked:
            self._checked.add(id(accessor))
            claimed = self._accessor(f"accessor {index}", accessor)
            self._zeroed += max(claimed - packed, 0)
            if self._zeroed > MAX_ZEROED:
                raise UnsafeModel(f"The model claims {self._zeroed:,} values that are not in the file.")
        return accessor

    def view(self, index: object, what: str) -> int:
        """How many bytes there are in a buffer view, once it is decoded; fewer than it claims, where it does."""
        view = reference(self.views, index, what)
        if id(view) not in self._lengths:
            name = f"buffer view {index}"
            extensions = view.get("extensions")
            packed = [extensions[n] for n in _MESHOPT if n in extensions] if isinstance(extensions, dict) else []
            self._lengths[id(view)] = self._decoded_length(name, packed[0]) if packed else self._part(name, view)
        return self._lengths[id(view)]

    def _part(self, what: str, view: Json) -> int:
        """Bytes of that part of a buffer that are there."""
        buffer = reference(self.buffers, view.get("buffer"), f"the buffer of {what}")
        offset = integer(view.get("byteOffset", 0), f"The byteOffset of {what}")
        held, named = self._held(view["buffer"], buffer), f"The byteLength of {what}"
        length = view.get("byteLength")
        return max(
            min(length if isinstance(length, int) and length > held else integer(length, named), held - offset), 0
        )

    def _held(self, index: int, buffer: Json) -> int:
        if index in self.outside:
            raise UnsafeModel(outside_its_file(self.outside[index]))
        if "uri" in buffer:
            return _data_length(buffer["uri"])
        if index == 0 and self.binary_length is not None:
            return self.binary_length
        raise BrokenModel(f"Buffer {index} has no data in the file.")

    def _decoded_length(self, what: str, packed: object) -> int:
        if not isinstance(packed, dict) or not isinstance(packed.get("filter", "NONE"), str):
            raise BrokenModel(f"The compressed part of {what} is malformed.")
        self._part(f"the compressed part of {what}", packed)
        count = integer(packed.get("count"), f"The count of {what}")
        stride = integer(packed.get("byteStride"), f"The byteStride of {what}")
        mode, kind = str(packed.get("mode")), packed.get("filter", "NONE")
        wanted = _STRIDES.get(mode, ()) if mode in ("ATTRIBUTES", "TRIANGLES", "INDICES") else ()
        if stride not in wanted or stride not in _STRIDES.get(kind, ()) or (mode == "TRIANGLES" and count % 3):
            raise BrokenModel(f"The compressed part of {what} is of a kind that there is none of.")
        self._decoded += count * stride
        if self._decoded > MAX_DECODED:
            raise UnsafeModel(f"The model claims to unpack to {self._decoded:,} bytes; {MAX_DECODED:,} are accepted.")
        return count * stride

    def _accessor(self, what: str, accessor: Json) -> int:
        """Returns how many elements it claims without any bytes behind them."""
        component = _COMPONENT_BYTES.get(integer(accessor.get("componentType"), f"The component type of {what}"))
        components = _COMPONENTS.get(str(accessor.get("type")))
        if component is None or components is None:
            raise BrokenModel(f"The type of {what} is none that glTF has.")
        count = integer(accessor.get("count"), f"The count of {what}")
        if "sparse" in accessor:
            self._sparse(what, accessor["sparse"], count, component, components)
        if "bufferView" not in accessor:
            return count
        self._fits(what, accessor, count, component, components, strided=True)
        return 0

    def _sparse(self, what: str, sparse: object, count: int, component: int, components: int) -> None:
        if not isinstance(sparse, dict) or not all(isinstance(sparse.get(k), dict) for k in ("indices", "values")):
            raise BrokenModel(f"The sparse part of {what} is malformed.")
        replaced = integer(sparse.get("count"), f"The sparse count of {what}")
        width = _COMPONENT_BYTES.get(integer(sparse["indices"].get("componentType"), f"The index type of {what}"))
        if replaced > count or width is None:
            raise BrokenModel(f"The sparse part of {what} replaces {replaced:,} of {count:,} values.")
        self._fits(f"the sparse indices of {what}", sparse["indices"], replaced, width, 1)
        self._fits(f"the sparse values of {what}", sparse["values"], replaced, component, components)

    def _fits(
        self, what: str, item: Json, count: int, component: int, components: int, *, strided: bool = False
    ) -> None:
        there = self.view(item.get("bufferView"), f"the buffer view of {what}")
        offset = integer(item.get("byteOffset", 0), f"The byteOffset of {what}")
        size = stride = component * components
        if strided and "byteStride" in (view := self.views[int(item["bufferView"])]):
            stride = integer(view["byteStride"], f"The byteStride of {what}", minimum=1)
            if stride % component:
                raise BrokenModel(f"The elements of {what} are cut in two by a byteStride of {stride}.")
        needed = offset + stride * (count - 1) + size if count else 0
        if needed > there:
            raise BrokenModel(f"The model claims {needed:,} bytes for {what}; {there:,} are there.")


def items_of(document: Json, key: str) -> list[Json]:
    """The list of objects at `key`, empty where there is none."""
    items = document.get(key, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BrokenModel(f"The model's {key} are not a list of objects.")
    if len(items) > MAX_ITEMS:
        raise UnsafeModel(f"The model claims {len(items):,} {key}; {MAX_ITEMS:,} are accepted.")
    return items


def reference(items: list[Json], value: object, what: str) -> Json:
    """The item that the index `value` refers to."""
    index = integer(value, f"The index of {what}")
    if index >= len(items):
        raise BrokenModel(f"The model refers to {what} as number {index}, but there are {len(items)}.")
    return items[index]


def integer(value: object, what: str, *, minimum: int = 0) -> int:
    """The whole number `value`."""
    if type(value) is not int or not minimum <= value <= _LARGEST:
        raise BrokenModel(f"{what} is {str(value)[:40]}, not a whole number of at least {minimum}.")
    return value


def _data_length(uri: str) -> int:
    """Bytes in a base64 data: URI, at most (white space only makes it fewer)."""
    body = in_base64(uri)
    return len(body) * 3 // 4 - body[-2:].count("=")
