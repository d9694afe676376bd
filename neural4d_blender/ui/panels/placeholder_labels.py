"""Writes beside each placeholder in the 3D Viewport what its job is doing.

Drawn over the scene, so nothing in the file changes for it. The clock has the viewport drawn again when a stage or
a tenth of the progress is reached, and not more often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import blf
import bpy
from mathutils import Vector

from ...engine.protocol import State
from ...scene import place_finished_models
from ...scene.engine_process import bridge
from ...scene.placing import placeholder
from ...scene.session import session
from ..drawing import state_labels

if TYPE_CHECKING:
    from ...client.snapshots import Job

_FONT = 0
_LONGEST = 70  # characters
_BLACK, _WHITE, _RED = (0.0, 0.0, 0.0, 0.8), (1.0, 1.0, 1.0, 1.0), (1.0, 0.55, 0.5, 1.0)


def words(job: Job) -> str:
    """What the label of a job's placeholder says."""
    state = job.state
    error = session.placings.trouble.get(job.id) or job.error
    said, _icon = state_labels.state(job)
    if error:
        said = f"{said}: {error['what']}" if state == State.FAILED else error["what"]
    elif state == State.PLACED:  # and undone, or placed in another file
        said = "Place Again puts the model here"
    elif state == State.READY:
        said = place_finished_models.waiting_for(job) or said
    elif state == State.GENERATING:
        said = f"{said} {int(job.progress * 10) * 10} %"
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST].rstrip()} ..."


def _draw() -> None:
    context = bpy.context
    if not context.space_data.overlay.show_overlays:
        return
    if not (standing := placeholder.standing()):
        return
    from bpy_extras.view3d_utils import location_3d_to_region_2d  # Blender's start does without

    region, view = context.region, context.region_data
    blf.size(_FONT, context.preferences.ui_styles[0].widget.points * context.preferences.system.ui_scale)
    blf.enable(_FONT, blf.SHADOW)
    blf.shadow(_FONT, 5, *_BLACK)
    for job_id, thing in standing.items():
        job = bridge.jobs.get(job_id)
        if job is None or not thing.visible_get():
            continue
        top = thing.matrix_world @ Vector((0, 0, thing.empty_display_size))
        if (where := location_3d_to_region_2d(region, view, top)) is None:
            continue
        said = words(job)
        width, height = blf.dimensions(_FONT, said)
        blf.color(_FONT, *(_RED if job.error else _WHITE))
        blf.position(_FONT, where.x - width / 2, where.y + height, 0)
        blf.draw(_FONT, said)
    blf.disable(_FONT, blf.SHADOW)


def register() -> None:
    """Draw from now on; in background there is nothing to draw in."""
    if not bpy.app.background:
        session.registered.labels = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    """Draw no more."""
    if session.registered.labels is not None:
        bpy.types.SpaceView3D.draw_handler_remove(session.registered.labels, "WINDOW")
        session.registered.labels = None
