"""All repairs that were asked for, one after the other. May import bpy."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..meshes.extract_model import Model
from . import base, doubles, floaters, holes, normals, printable

#: What each of them is done by, in the order of engine/model/allowed_values.py.
_STEPS: dict[str, Callable[[Model], tuple[Model, list[str]]]] = {
    "doubles": doubles.merge,
    "floaters": floaters.remove,
    "normals": normals.turn,
    "holes": holes.fill,
    "base": base.cut,
    "printable": printable.make,
}
#: Those that take parts away that a rig or an action holds on to.
_STANDING = frozenset({"floaters", "base", "printable"})


def repair(model: Model, wanted: Collection[str], *, moves: bool) -> tuple[Model, list[str]]:
    """Do them in their order; returns the model and, in sentences, what was changed and what was left.

    Args:
        wanted: as a request has them. moves: transforms and rigs are kept, so that the parts have to stay.
    """
    told: list[str] = []
    for name, step in _STEPS.items():
        if name not in wanted:
            continue
        if name in _STANDING and (moves or model.armatures):
            told.append(f"Not repaired ({name}): the model moves, so its parts stay as they are.")
            continue
        model, sentences = step(model)
        told += sentences
    return model, told
