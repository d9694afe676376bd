"""Checks where a glTF's numbers come from: buffers, buffer views, accessors and images.

Pure Python, standard library only. Every count is held against the bytes that are really there, because
importers allocate what a count says: one near 2^31 costs Blender 12 to 49 seconds or all memory.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import BrokenModel, UnsafeModel

MAX_ITEMS: Final = 100_000  # of each kind: nodes, meshes, accessors, images ...
MAX_ZEROED: Final = 10_000_000  # elements that accessors may claim without any bytes behind them (Draco, sparse)

_COMPONENT_BYTES: Final = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_COMPONENTS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_LARGEST: Final = 2**53  # beyond it JSON's numbers are not exact
#: What an importer takes for data inside the file; anything else it would open as a path.
_DATA_URI: Final = "data:"
_BASE64: Final = ";base64,"

Json = dict[str, Any]


class DataCheck:
    """The data part of one document. Every method raises at the first fault.

    Args:
        document: the parsed JSON.
        binary_length: bytes in the BIN chunk it came with; None for a lone .gltf.
    """

    def __init__(self, document: Json, binary_length: int | None) -> None:
        self.document = document
        self.binary_length = binary_length
        self.buffers = items_of(document, "buffers")
        self.views = items_of(document, "bufferViews")
        self.accessors = items_of(document, "accessors")
        self.images = items_of(document, "images")

    def run(self) -> None:
        """Raises UnsafeModel or BrokenModel, as `check_gltf` says."""
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

    def _no_foreign_paths(self) -> None:
        """No 'uri' anywhere but data: URIs; 'extras' are the author's notes and are never followed."""
        waiting: list[object] = [self.document]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, dict):
                uri = value.get("uri")
                if uri is not None and not (isinstance(uri, str) and uri.startswith(_DATA_URI) and _BASE64 in uri):
                    raise UnsafeModel(f"The model points at something outside its file: {str(uri)[:80]!r}.")
                waiting.extend(item for key, item in value.items() if key != "extras")

    def _buffer(self, index: int, buffer: Json) -> None:
        length = integer(buffer.get("byteLength"), f"The byteLength of buffer {index}", minimum=1)
        extensions = buffer.get("extensions")
        if "uri" in buffer:
            held = _data_length(buffer["uri"])
        elif index == 0 and self.binary_length is not None:
            held = self.binary_length
        elif isinstance(extensions, dict) and "EXT_meshopt_compression" in extensions:
            return  # a stand-in that is never read: its views are decompressed from another buffer
        else:
            raise BrokenModel(f"Buffer {index} has no data in the file.")
        if length > held:
            raise BrokenModel(f"Buffer {index} claims {length:,} bytes; the file holds {held:,}.")

    def _view(self, index: int, view: Json) -> None:
        buffer = reference(self.buffers, view.get("buffer"), f"the buffer of buffer view {index}")
        offset = integer(view.get("byteOffset", 0), f"The byteOffset of buffer view {index}")
        length = integer(view.get("byteLength"), f"The byteLength of buffer view {index}", minimum=1)
        stride = view.get("byteStride")
        if stride is not None and not 4 <= integer(stride, f"The byteStride of buffer view {index}") <= 252:
            raise BrokenModel(f"Buffer view {index} has a byteStride of {stride}; 4 to 252 are allowed.")
        if offset + length > buffer["byteLength"]:
            raise BrokenModel(f"Buffer view {index} ends at byte {offset + length:,} of {buffer['byteLength']:,}.")

    def _accessor(self, index: int, accessor: Json) -> int:
        """Returns how many elements it claims without any bytes behind them."""
        what = f"accessor {index}"
        component = _COMPONENT_BYTES.get(integer(accessor.get("componentType"), f"The component type of {what}"))
        components = _COMPONENTS.get(str(accessor.get("type")))
        if component is None or components is None:
            raise BrokenModel(f"The type of {what} is none that glTF has.")
        count = integer(accessor.get("count"), f"The count of {what}", minimum=1)
        if "sparse" in accessor:
            self._sparse(what, accessor["sparse"], count, component * components)
        if "bufferView" not in accessor:
            return count
        self._fits(what, accessor, count, component * components, strided=True)
        return 0

    def _sparse(self, what: str, sparse: object, count: int, size: int) -> None:
        if not isinstance(sparse, dict) or not all(isinstance(sparse.get(k), dict) for k in ("indices", "values")):
            raise BrokenModel(f"The sparse part of {what} is malformed.")
        replaced = integer(sparse.get("count"), f"The sparse count of {what}", minimum=1)
        width = _COMPONENT_BYTES.get(integer(sparse["indices"].get("componentType"), f"The index type of {what}"))
        if replaced > count or width is None:
            raise BrokenModel(f"The sparse part of {what} replaces {replaced:,} of {count:,} values.")
        self._fits(f"the sparse indices of {what}", sparse["indices"], replaced, width)
        self._fits(f"the sparse values of {what}", sparse["values"], replaced, size)

    def _fits(self, what: str, item: Json, count: int, size: int, *, strided: bool = False) -> None:
        view = reference(self.views, item.get("bufferView"), f"the buffer view of {what}")
        offset = integer(item.get("byteOffset", 0), f"The byteOffset of {what}")
        stride = view.get("byteStride", size) if strided else size
        if stride < size:
            raise BrokenModel(f"The elements of {what} overlap: {size} bytes every {stride} bytes.")
        needed = offset + stride * (count - 1) + size
        if needed > view["byteLength"]:
            raise BrokenModel(f"The model claims {needed:,} bytes for {what}; {view['byteLength']:,} are there.")

    def _image(self, index: int, image: Json) -> None:
        if "bufferView" in image:
            reference(self.views, image["bufferView"], f"the buffer view of image {index}")
        elif "uri" not in image and "extensions" not in image:
            raise BrokenModel(f"Image {index} has no data in the file.")


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
    """The whole number `value`; JSON may write it as 3.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not minimum <= value <= _LARGEST:
        raise BrokenModel(f"{what} is {str(value)[:40]}, not a whole number of at least {minimum}.")
    return value


def _data_length(uri: str) -> int:
    """Bytes in a base64 data: URI, at most (white space only makes it fewer)."""
    body = uri.partition(_BASE64)[2]
    return len(body) * 3 // 4 - body[-2:].count("=")
