"""Models in boxes: fitted anew, and a whole blockout dressed. May import scene and the rest of the API."""

from __future__ import annotations

import bpy

from ..engine.protocol import InvalidInput, Neural4DError
from ..scene.placing import fitting, targets
from ..scene.placing.placement import undo_step

__all__ = ["refit"]


def refit(thing: bpy.types.Object) -> list[bpy.types.Object]:
    """Fit a model to its box anew, or all models to the box that is given, as it is now; costs nothing.

    One undo step. Returns the models' root objects.

    Raises:
        InvalidInput: it has no box, or is none of a model here. Neural4DError: the scene is busy.
    """
    roots = fitting.to_refit(thing)
    if not roots:
        raise InvalidInput(f"{thing.name} is no box that is filled, and no model that fills one.")
    if why := targets.blocked():
        raise Neural4DError(why, "Try again then.")
    with undo_step(f"Refit {thing.name}"[:60]):
        fitting.refit(roots, thing.users_scene[0] if thing.users_scene else roots[0].users_scene[0])
    return roots
