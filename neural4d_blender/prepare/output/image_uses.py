"""What images are used for: those that show colours are sRGB, those that hold numbers Non-Color.

May import bpy. An image is followed from its node to the shaders, into node groups and out of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import bpy

#: An image's node; both kinds have an image and its colour and alpha as outputs.
ImageNode = bpy.types.ShaderNodeTexImage | bpy.types.ShaderNodeTexEnvironment
#: Node groups that were entered on the way, the innermost last.
_Entered = tuple[bpy.types.Node, ...]
#: How many sockets are looked at for one link: groups in groups multiply.
_MOST_SOCKETS = 5_000

COLOUR, DATA, MASK = "colour", "data", "mask"


def trees_of(materials: Iterable[bpy.types.Material]) -> list[bpy.types.NodeTree]:
    """The node trees of materials, those of their groups included, once each."""
    waiting: list[bpy.types.NodeTree] = [material.node_tree for material in materials if material.node_tree]
    found: dict[bpy.types.NodeTree, None] = {}
    while waiting:
        tree = waiting.pop(0)
        if tree not in found:
            found[tree] = None
            waiting += [inner for node in tree.nodes if (inner := _inside(node)) is not None]
    return list(found)


def image_nodes(trees: Iterable[bpy.types.NodeTree]) -> Iterator[tuple[bpy.types.NodeTree, ImageNode]]:
    """The nodes that show an image, and the trees they stand in."""
    for tree in trees:
        yield from ((tree, node) for node in list(tree.nodes) if isinstance(node, ImageNode))


def set_colour_spaces(trees: list[bpy.types.NodeTree]) -> None:
    """Give each image the colour space of its use; one that is used as colour and as data is there twice then."""
    instances: dict[bpy.types.NodeTree, list[bpy.types.Node]] = defaultdict(list)
    for tree in trees:
        for node in tree.nodes:
            if (inner := _inside(node)) is not None:
                instances[inner].append(node)
    users: dict[bpy.types.Image, list[_User]] = defaultdict(list)
    for tree, node in image_nodes(trees):
        if node.image is not None:
            users[node.image].append(_User(tree, node))
            for link in node.outputs["Color"].links or ():
                users[node.image][-1].links[_use(link, instances)].append(link)
    for image, nodes in users.items():
        _separate(image, nodes)


@dataclass(frozen=True)
class _User:
    tree: bpy.types.NodeTree
    node: ImageNode
    links: dict[str, list[bpy.types.NodeLink]] = field(default_factory=lambda: defaultdict(list))


def _separate(image: bpy.types.Image, users: list[_User]) -> None:
    settings: Any = image.colorspace_settings  # the stubs know only the names of no configuration
    if settings is None or image.is_float:
        return
    uses = {use for user in users for use, links in user.links.items() if links}
    if COLOUR in uses and settings.is_data:
        settings.name = "sRGB"
    if DATA not in uses or settings.is_data:
        return
    numbers: Any = image
    if uses & {COLOUR, MASK}:
        numbers = image.copy()
        numbers.name = f"{image.name[:50]} data"
        for user in users:
            if user.links[DATA]:
                _take(user, numbers)
    numbers.colorspace_settings.name = "Non-Color"


def _take(user: _User, image: bpy.types.Image) -> None:
    """Have what is data come of `image`."""
    node: Any = user.node
    if user.links[COLOUR] or user.links[MASK]:
        node = _twin(user.tree, user.node)
        for link in user.links[DATA]:
            user.tree.links.new(node.outputs["Color"], link.to_socket)
    node.image = image


def _twin(tree: bpy.types.NodeTree, node: ImageNode) -> bpy.types.Node:
    twin: Any = tree.nodes.new(node.bl_idname)
    for old, new in ((node, twin), (node.texture_mapping, twin.texture_mapping)):
        for known in old.bl_rna.properties:
            if not known.is_readonly and known.type != "POINTER" and known.identifier not in ("name", "select"):
                setattr(new, known.identifier, getattr(old, known.identifier))
    twin.location = node.location.x, node.location.y - 280
    for entry in node.inputs:
        for link in entry.links or ():
            tree.links.new(link.from_socket, twin.inputs[entry.identifier])
    return twin


def _use(link: bpy.types.NodeLink, instances: dict[bpy.types.NodeTree, list[bpy.types.Node]]) -> str:
    """COLOUR where the link leads to a shader's colour, DATA where it ends in a number or a direction.

    MASK: it takes part in mixing colours only, which says nothing of how it is meant. Empty: it leads nowhere.
    """
    uses: set[str] = set()
    waiting: list[tuple[bpy.types.NodeLink, _Entered, bool]] = [(link, (), True)]
    seen: set[tuple[bpy.types.NodeSocket, _Entered, bool]] = set()
    while waiting and len(seen) < _MOST_SOCKETS:
        here, entered, coloured = waiting.pop()
        node, socket = here.to_node, here.to_socket
        if node is None or socket is None or here.is_muted or (socket, entered, coloured) in seen:
            continue
        seen.add((socket, entered, coloured))
        if isinstance(node, bpy.types.NodeGroupOutput):
            left = entered[-1:] or instances[node.id_data]
            outputs = [(_twin_of(socket, group.outputs), entered[:-1]) for group in left]
        elif (inner := _inside(node)) is not None:
            starts = [start for start in inner.nodes if isinstance(start, bpy.types.NodeGroupInput)]
            outputs = [(_twin_of(socket, start.outputs), (*entered, node)) for start in starts]
        elif isinstance(node, bpy.types.ShaderNodeOutputMaterial):
            uses.add(DATA)
            continue
        elif any(output.type == "SHADER" for output in node.outputs):
            uses.add(DATA if socket.type != "RGBA" else COLOUR if coloured else MASK)
            continue
        else:
            coloured = coloured and socket.type == "RGBA"
            outputs = [(output, entered) for output in node.outputs]
        waiting += [(after, way, coloured) for output, way in outputs if output for after in output.links or ()]
    return next((use for use in (COLOUR, DATA, MASK) if use in uses), "")


def _inside(node: bpy.types.Node) -> bpy.types.NodeTree | None:
    return node.node_tree if isinstance(node, bpy.types.ShaderNodeGroup) else None


def _twin_of(socket: bpy.types.NodeSocket, sockets: Any) -> bpy.types.NodeSocket | None:
    """The socket that a group's input or output is on its other side."""
    return next((other for other in sockets if other.identifier == socket.identifier), None)
