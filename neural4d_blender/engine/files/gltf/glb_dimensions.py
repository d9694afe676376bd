"""Measures how large a GLB's model stands in its scene, vertex by vertex.

Pure Python, standard library only. For services that are told the size of a model in all three
directions: what is told has to have the model's own proportions, or the service stretches it.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import BrokenModel
from .glb_check import read_parts
from .gltf_visibility import hidden_nodes

#: A row-major 3 x 4 matrix: rotation and scale, and the translation behind each row.
_Matrix = tuple[tuple[float, float, float, float], ...]

#: What takes a few seconds here; a sketch of a model has a hundredth of it.
MAX_VERTICES = 3_000_000
_IDENTITY: _Matrix = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0))
_FLOAT = 5126


def size_of(path: Path) -> tuple[float, float, float]:
    """Width, height and depth in the file's units (metres), along glTF's X, Y and Z.

    Raises:
        BrokenModel, UnsafeModel: the file is damaged, or its positions are packed in a way not read here.
    """
    document, binary = read_parts(path)
    low, high = [math.inf] * 3, [-math.inf] * 3
    left = MAX_VERTICES
    for matrix, mesh in _placed_meshes(document):
        for primitive in document["meshes"][mesh]["primitives"]:
            if "POSITION" not in primitive["attributes"]:
                continue  # nothing to see
            accessor = document["accessors"][primitive["attributes"]["POSITION"]]
            left -= accessor["count"]
            if left < 0:
                raise BrokenModel(f"The model has more than {MAX_VERTICES:,} vertices; it is not measured here.")
            for point in _positions(document, binary, accessor):
                for axis, (a, b, c, d) in enumerate(matrix):
                    value = a * point[0] + b * point[1] + c * point[2] + d
                    low[axis] = min(low[axis], value)
                    high[axis] = max(high[axis], value)
    if not all(map(math.isfinite, [*low, *high])):
        raise BrokenModel("The model has no positions that can be measured.")
    return high[0] - low[0], high[1] - low[1], high[2] - low[2]


def _placed_meshes(document: dict[str, Any]) -> Iterator[tuple[_Matrix, int]]:
    """Each mesh that a node shows, with the node's world matrix."""
    nodes = document.get("nodes", [])
    hidden = hidden_nodes(document)
    children = {child for node in nodes for child in node.get("children", [])}
    open_nodes = [(index, _IDENTITY) for index in range(len(nodes)) if index not in children]
    while open_nodes:
        index, parent = open_nodes.pop()
        matrix = _product(parent, _local(nodes[index]))
        if "mesh" in nodes[index] and index not in hidden:
            yield matrix, int(nodes[index]["mesh"])
        open_nodes += [(child, matrix) for child in nodes[index].get("children", [])]


def _local(node: dict[str, Any]) -> _Matrix:
    if "matrix" in node:
        m = node["matrix"]  # column-major
        return tuple((m[row], m[row + 4], m[row + 8], m[row + 12]) for row in range(3))
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    rotation = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    scale, move = node.get("scale", (1.0, 1.0, 1.0)), node.get("translation", (0.0, 0.0, 0.0))
    return tuple((r[0] * scale[0], r[1] * scale[1], r[2] * scale[2], t) for r, t in zip(rotation, move, strict=True))


def _product(a: _Matrix, b: _Matrix) -> _Matrix:
    def row(r: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        x, y, z, t = (r[0] * b[0][c] + r[1] * b[1][c] + r[2] * b[2][c] for c in range(4))
        return x, y, z, t + r[3]

    return tuple(row(r) for r in a)


def _positions(document: dict[str, Any], binary: bytes, accessor: dict[str, Any]) -> Iterator[tuple[float, ...]]:
    if accessor.get("componentType") != _FLOAT or "bufferView" not in accessor or "sparse" in accessor:
        raise BrokenModel("The model's positions are packed in a way that is not measured here.")
    view = document["bufferViews"][accessor["bufferView"]]
    if "uri" in document["buffers"][view["buffer"]]:
        raise BrokenModel("The model's positions are not in its binary part, which alone is measured here.")
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride = view.get("byteStride", 12)
    end = start + stride * (accessor["count"] - 1) + 12
    if stride == 12:
        return struct.iter_unpack("<3f", binary[start:end])
    return (struct.unpack_from("<3f", binary, offset) for offset in range(start, end, stride))
