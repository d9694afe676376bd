"""What hangs below what: the parents of the file that hold parts of the model together stay. May import bpy.

All transforms are identity by the time this is put together, so only the grouping is at stake.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import bpy

from .evaluate import Part

Item = bpy.types.Object


def parents_of(parts: Iterable[Part]) -> dict[Item, Item]:
    """For each part that does not stand at the top: the part above it, or an Empty in place of whatever held several.

    What held a single thing together, and what held all of it (that is the root's business), is passed over.
    """
    parts = list(parts)
    kept = {part.item for part in parts}
    above: dict[Item, Item | None] = {part.item: part.parent for part in parts}
    below: dict[Item | None, set[Item]] = defaultdict(set)
    for item in list(above):
        while item not in below[parent := above.setdefault(item, item.parent)]:
            below[parent].add(item)
            if parent is None:
                break
            item = parent

    def holder(item: Item) -> Item | None:
        parent = above[item]
        while parent is not None and parent not in kept and len(below[parent]) < 2:
            parent = above[parent]
        return parent

    stand_ins = {item: None for item in above if item not in kept and len(below[item]) > 1}
    holders = {item: holder(item) for item in [*kept, *stand_ins]}
    tops = [item for item, parent in holders.items() if parent is None]
    if len(tops) == 1 and tops[0] in stand_ins:
        del holders[tops[0]]
        holders = {item: None if parent == tops[0] else parent for item, parent in holders.items()}
    made = {item: item if item in kept else _empty(item) for item in holders}
    return {made[item]: made[parent] for item, parent in holders.items() if parent is not None}


def _empty(stood: Item) -> Item:
    name, stood.name = stood.name, "gone"  # it makes way for its name, and is removed with all that is not kept
    return bpy.data.objects.new(name, None)
