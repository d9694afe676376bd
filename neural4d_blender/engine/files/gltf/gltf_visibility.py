"""What a glTF shows: the nodes of its default scene, less those that it hides (KHR_node_visibility).

Blender's importer brings all nodes, of other scenes and of none too, and until 4.5 mixes them with the rest.
Pure Python, standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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


def drop_hidden(document: dict[str, Any]) -> bool:
    """Take their meshes from the hidden nodes, of a checked document; whether there were any.

    The nodes stay: they may be the joints of a skin.
    """
    nodes: list[Node] = document.get("nodes") or []
    hidden = [nodes[number] for number in hidden_nodes(document) if nodes[number].get("mesh") is not None]
    for node in hidden:
        for key in ("mesh", "skin", "weights", "extensions"):
            node.pop(key, None)
    return bool(hidden)
