"""What a glTF shows: the nodes of its default scene, less those that it hides (KHR_node_visibility).

Blender's importer brings all nodes, of other scenes and of none too, and until 4.5 mixes them with the rest.
Pure Python, standard library only.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .glb_check import read_parts

Node = dict[str, Any]


def hidden_nodes(document: dict[str, Any]) -> set[int]:
    """The numbers of the nodes that are not to be seen; none where that would leave no mesh. Of a checked document.

    A file that names no default scene shows its first one, as viewers have it; one without scenes shows all nodes.
    """
    nodes: list[Node] = document.get("nodes") or []
    scenes: list[Node] = document.get("scenes") or []
    if not scenes:
        tops: Iterable[int] = set(range(len(nodes))) - {child for node in nodes for child in node.get("children") or ()}
    else:
        number = int(document.get("scene") or 0)
        tops = (scenes[number].get("nodes") or ()) if number < len(scenes) else ()
    shown: set[int] = set()
    waiting = [int(top) for top in tops]
    while waiting:
        number = waiting.pop()
        extensions = nodes[number].get("extensions") or {}
        if number not in shown and (extensions.get("KHR_node_visibility") or {}).get("visible", True):
            shown.add(number)
            waiting += [int(child) for child in nodes[number].get("children") or ()]
    return set(range(len(nodes))) - shown if any("mesh" in nodes[number] for number in shown) else set()


def without_hidden_meshes(source: Path, folder: Path) -> Path:
    """The GLB itself where all its meshes are to be seen, else a copy in `folder` whose hidden nodes have none.

    The nodes stay: they may be the joints of a skin.

    Raises:
        BrokenModel, UnsafeModel: as glb_check.check_glb. OSError: the copy cannot be written.
    """
    document, binary = read_parts(source)
    nodes: list[Node] = document.get("nodes") or []
    hidden = [nodes[number] for number in hidden_nodes(document) if nodes[number].get("mesh") is not None]
    if not hidden:
        return source
    for node in hidden:
        for key in ("mesh", "skin", "weights", "extensions"):
            node.pop(key, None)
    text = json.dumps(document).encode()
    chunks = [(b"JSON", text + b" " * (-len(text) % 4)), (b"BIN\0", binary)]
    body = b"".join(struct.pack("<I4s", len(data), kind) + data for kind, data in chunks if data)
    copy = folder / "shown.glb"
    copy.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)
    return copy
