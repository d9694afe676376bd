"""Reads which objects of a stranger's .blend could be boxes for models, with their sizes. May import bpy and `engine`.

The file is opened whole, in a background Blender that is confined: no script of it runs, and what it links from other
files is not told of.
"""

from __future__ import annotations

import math
from typing import Any

import bpy

from ..engine.errors import BrokenModel
from ..engine.model.quality.facts import Facts

#: So many are told of at the most.
MOST = 500
_SOLID = frozenset({"MESH", "CURVE", "SURFACE", "FONT", "META"})


def read(source: str) -> Facts:
    """The boxes, by name, each with its collection and its sides in millimetres; BrokenModel for what is no .blend."""
    try:
        bpy.ops.wm.open_mainfile(filepath=source, load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise BrokenModel("This .blend cannot be read.", "Save it anew in Blender.") from error
    found = [thing for thing in bpy.data.objects if thing.type in _SOLID and thing.users_collection]
    own = sorted((thing for thing in found if not (thing.library or thing.override_library)), key=lambda one: one.name)
    return {"ok": True, "boxes": [told for thing in own if (told := _told(thing))][:MOST]}


def _told(thing: bpy.types.Object) -> dict[str, Any] | None:
    """None for what has no size: it is flat in two directions, or no number."""
    metres = bpy.context.scene.unit_settings.scale_length
    sides = [round(side * metres * 1000, 3) for side in thing.dimensions[:]]
    if not all(map(math.isfinite, sides)) or sum(side > 0 for side in sides) < 2:
        return None
    return {"name": thing.name, "collection": thing.users_collection[0].name, "size_mm": sides}
