"""Small models with textures for tests of how a prepared model looks: an OBJ and what belongs to it, a GLB by hand."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import bpy

from neural4d_blender.prepare import main
from tests.support.glb_files import BINARY, glb, triangle

Links = set[tuple[str, str, str, str]]


def png(colour: tuple[int, int, int, int] = (255, 128, 0, 255), side: int = 4) -> bytes:
    """A picture of one colour."""
    rows = (b"\0" + bytes(colour) * side) * side
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def obj(path: Path, material: bytes | None, library: bytes = b"model.mtl") -> Path:
    """A triangle, with the lines of its material, at `path`; None writes no .mtl."""
    path.parent.mkdir(parents=True, exist_ok=True)
    corners = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"
    path.write_bytes(b"mtllib " + library + b"\n" + corners + b"usemtl skin\nf 1/1 2/2 3/3\n")
    if material is not None:
        path.with_suffix(".mtl").write_bytes(b"newmtl skin\nKd 0.2 0.4 0.6\n" + material)
    return path


def textured_glb(path: Path, materials: Iterable[Mapping[str, Any]], picture: bytes = b"", **attributes: int) -> Path:
    """A triangle for each material, all of them with one texture, number 0; `attributes` name accessors."""
    document = triangle()
    picture = picture or png()
    binary = BINARY + struct.pack("<6f", 0, 0, 1, 0, 0, 1) + struct.pack("<12f", *(1, 0, 0, 1) * 3)
    start = len(BINARY)
    document["bufferViews"] += [
        {"buffer": 0, "byteOffset": start, "byteLength": 24},
        {"buffer": 0, "byteOffset": start + 24, "byteLength": 48},
        {"buffer": 0, "byteOffset": start + 72, "byteLength": len(picture)},
    ]
    document["accessors"] += [
        {"bufferView": 2, "componentType": 5126, "count": 3, "type": "VEC2"},
        {"bufferView": 3, "componentType": 5126, "count": 3, "type": "VEC4"},
    ]
    document["buffers"] = [{"byteLength": len(binary) + len(picture)}]
    document["images"], document["textures"] = [{"bufferView": 4, "mimeType": "image/png"}], [{"source": 0}]
    document["materials"] = list(materials)
    used = {name for material in document["materials"] for name in material.get("extensions", {})}
    document["extensionsUsed"] = sorted(used) or ["KHR_materials_unlit"]
    primitive = document["meshes"][0]["primitives"][0]
    primitive["attributes"] |= {"TEXCOORD_0": 2, **attributes}
    document["meshes"] = [
        {"primitives": [primitive | {"material": index}]} for index in range(len(document["materials"]))
    ]
    document["nodes"] = [{"mesh": index, "translation": [2 * index, 0, 0]} for index in range(len(document["meshes"]))]
    document["scenes"] = [{"nodes": list(range(len(document["nodes"])))}]
    path.write_bytes(glb(document, binary + picture))
    return path


def prepare(source: Path, model_format: str, output: Path, **wanted: Any) -> dict[str, Any]:
    """The facts of the prepared model, which is open then."""
    values = {"source": source, "format": model_format, "output": output, "name": "bird", "size_mm": 100}
    facts = main.run(values | wanted)
    if facts["ok"]:
        bpy.ops.wm.open_mainfile(filepath=str(output))
    return facts


def links(tree: bpy.types.NodeTree) -> Links:
    """What is connected to what in a material: node, socket, node, socket, by their types and names."""
    return {
        (link.from_node.bl_idname, link.from_socket.name, link.to_node.bl_idname, link.to_socket.name)
        for link in tree.links
    }


def values(tree: bpy.types.NodeTree) -> dict[tuple[str, str], list[float]]:
    """The numbers and colours in sockets that nothing is connected to."""
    found: dict[tuple[str, str], list[float]] = {}
    for node in tree.nodes:
        for entry in node.inputs:
            value = getattr(entry, "default_value", None)
            if not entry.is_linked and isinstance(value, float | bpy.types.bpy_prop_array):
                numbers = [value] if isinstance(value, float) else list(value)
                found[node.bl_idname, entry.identifier] = [round(number, 4) for number in numbers]
    return found


def node_of(tree: bpy.types.NodeTree, kind: str) -> Any:
    """The one node of a kind: "BsdfPrincipled"."""
    (found,) = (node for node in tree.nodes if node.bl_idname == f"ShaderNode{kind}")
    return found
