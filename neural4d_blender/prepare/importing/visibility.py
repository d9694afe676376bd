"""Which objects of a file are to be seen when it is opened: hidden ones are not part of the model. May import bpy.

Hidden is what is so in the viewport or in renders, by itself, by its collections or by the view layer, and what cuts
other objects (a Boolean modifier) and is drawn as a wire for that.
"""

from __future__ import annotations

import contextlib
import gzip
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import bpy

Item = bpy.types.Object

#: A .blend before it is looked for the scene that was open: that stands before all big things.
_LOOKED_THROUGH = 256 * 2**20
_CUTTER = frozenset({"WIRE", "BOUNDS"})


def seen(scene: bpy.types.Scene, layer_name: str = "") -> set[Item]:
    """The objects that the view layer of a scene shows: in the viewport and in renders; where that is not a single
    mesh, in either; where nothing is, all of them."""
    layer = scene.view_layers.get(layer_name) or scene.view_layers[0]
    cutters = _cutters(scene)
    in_viewport = {item for item in _in_collections(layer, render=False) if not _is_hidden(item, layer)} - cutters
    in_renders = {item for item in _in_collections(layer, render=True) if not item.hide_render} - cutters
    everything = set(scene.collection.all_objects)
    for chosen in (in_viewport & in_renders, in_viewport, in_renders):
        if any(item.type != "ARMATURE" and (item.data or item.instance_collection) for item in chosen):
            return chosen
    return everything


def hidden_in(collection: bpy.types.Collection) -> set[Item]:
    """The objects of an instanced collection that its instances do not show."""
    shown: set[Item] = set()
    waiting = [collection]
    while waiting:
        one = waiting.pop()
        if not (one.hide_render or one.hide_viewport):
            shown |= {item for item in one.objects if not (item.hide_render or item.hide_viewport)}
            waiting += one.children
    return set(collection.all_objects) - shown


def _is_hidden(item: Item, layer: bpy.types.ViewLayer) -> bool:
    return item.hide_viewport or (item.name in layer.objects and item.hide_get(view_layer=layer))


def _in_collections(layer: bpy.types.ViewLayer, *, render: bool) -> set[Item]:
    found: set[Item] = set()
    waiting = [layer.layer_collection]
    while waiting:
        one = waiting.pop()
        collection = one.collection
        if one.exclude or (collection.hide_render if render else one.hide_viewport or collection.hide_viewport):
            # What is excluded may hold what is not; hidden hides all below.
            waiting += one.children if one.exclude else ()
            continue
        found.update(collection.objects)
        waiting += one.children
    return found


def _cutters(scene: bpy.types.Scene) -> set[Item]:
    cutters: set[Item] = set()
    for item in scene.collection.all_objects:
        for modifier in item.modifiers:
            if isinstance(modifier, bpy.types.BooleanModifier):
                by = modifier.collection.all_objects if modifier.collection else [modifier.object]
                cutters |= {cutter for cutter in by if cutter and cutter.display_type in _CUTTER}
    return cutters


def open_scene(blend: Path) -> tuple[str, str]:
    """The names of the scene and the view layer that a .blend was saved with, as its blocks say; empty where it is
    not to be found out."""
    with contextlib.suppress(Exception), _uncompressed(blend) as file:  # Blender says better what is wrong with it
        return _open_scene(file)
    return "", ""


@contextlib.contextmanager
def _uncompressed(blend: Path) -> Iterator[BinaryIO]:
    with blend.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start[:2] == b"\x1f\x8b":
            with gzip.open(file) as unpacked:
                yield unpacked  # type: ignore[misc]
        elif start == b"\x28\xb5\x2f\xfd":
            import zstandard  # Blender brings it along for exactly this

            with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as unpacked:
                yield unpacked
        else:
            yield file


def _open_scene(file: BinaryIO) -> tuple[str, str]:
    """Walks the blocks: the GLOB block holds the addresses, a scene's block its name, and so does a view layer's."""
    magic = file.read(12)
    large = magic[7:9].isdigit()  # since 5.0: BLENDER17-01v0500
    if large:
        file.read(int(magic[7:9]) - 12)
    head = struct.Struct("<4sIQqq") if large else struct.Struct("<4siQii")
    scene = layer = 0
    scene_name, read = "", 0
    while read < _LOOKED_THROUGH:
        block = file.read(head.size)
        if large:
            code, _, address, length, _ = head.unpack(block)
        else:
            code, length, address, _, _ = head.unpack(block)
        code = code.rstrip(b"\0")
        if code == b"GLOB":
            scene, layer = struct.unpack_from("<QQ", file.read(length), 24)
        elif code == b"SC" and address == scene:
            data = file.read(length)
            start = data.index(b"SC", 24)
            scene_name = data[start + 2 : data.index(b"\0", start)].decode("utf-8", "replace")
        elif code == b"DATA" and scene_name and address == layer:
            data = file.read(length)
            return scene_name, data[16 : data.index(b"\0", 16)].decode("utf-8", "replace")
        elif scene_name and code != b"DATA":
            return scene_name, ""
        else:
            _skip(file, length)
        read += length
    return scene_name, ""


def _skip(file: BinaryIO, length: int) -> None:
    while length > 0:
        length -= len(file.read(min(length, 2**20))) or length
