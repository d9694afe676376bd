"""Which objects of a file are to be seen when it is opened: hidden ones are not part of the model. May import bpy.

Hidden is what is so in the viewport or in renders, by itself, by its collections or by the view layer, and what cuts
other objects (a Boolean modifier) and is drawn as a wire for that.
"""

from __future__ import annotations

import bpy

Item = bpy.types.Object

_CUTTER = frozenset({"WIRE", "BOUNDS"})


def seen(scene: bpy.types.Scene, layer_name: str = "") -> set[Item]:
    """The objects that the view layer of a scene shows: in the viewport and in renders; where that is not a single
    mesh, in either; where nothing is, all of them."""
    layer = scene.view_layers.get(layer_name) or scene.view_layers[0]
    cutters = _cutters(scene)
    known = set(layer.objects)
    in_viewport = {
        item
        for item in _in_collections(layer, render=False)
        if not item.hide_viewport and not (item in known and item.hide_get(view_layer=layer))
    } - cutters
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
