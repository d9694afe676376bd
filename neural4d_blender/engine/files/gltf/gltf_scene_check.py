"""Checks the node tree of a glTF and its scenes: importers walk them recursively, and once for each scene.

Pure Python, standard library only.
"""

from __future__ import annotations

from typing import Final

from ...errors import BrokenModel, UnsafeModel
from .gltf_accessor_check import MAX_ITEMS, Json, items_of, reference

MAX_DEPTH: Final = 200  # of the node tree
#: Nodes that all scenes show together: the same ones in each of a thousand scenes are a thousand walks.
MAX_SHOWN: Final = 10 * MAX_ITEMS


def check_scenes(document: Json, nodes: list[Json]) -> None:
    """Raises BrokenModel where it is no tree, UnsafeModel where it is too deep, or walked too often."""
    parents = _parents(nodes)
    depths = _depths(nodes, parents)
    sizes = [1] * len(nodes)
    for node in sorted(parents, key=lambda node: -depths[node]):
        sizes[parents[node]] += sizes[node]
    shown = 0
    for scene in items_of(document, "scenes"):
        roots = scene.get("nodes", [])
        for root in roots if isinstance(roots, list) else []:
            reference(nodes, root, "a node of a scene")
            shown += sizes[root]
    if shown > MAX_SHOWN:
        raise UnsafeModel(f"The model's scenes show {shown:,} nodes in all; {MAX_SHOWN:,} are accepted.")


def _parents(nodes: list[Json]) -> dict[int, int]:
    """Child to parent, of all nodes that have one."""
    parents: dict[int, int] = {}
    for index, node in enumerate(nodes):
        children = node.get("children", [])
        if not isinstance(children, list):
            raise BrokenModel(f"The children of node {index} are not a list.")
        for child in children:
            reference(nodes, child, f"a child of node {index}")
            if child in parents:
                again = "twice the same parent" if parents[child] == index else "two parents"
                raise BrokenModel(f"Node {child} has {again}.")
            parents[child] = index
    return parents


def _depths(nodes: list[Json], parents: dict[int, int]) -> dict[int, int]:
    depths: dict[int, int] = {}
    for start in range(len(nodes)):
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
    return depths
