"""Draws each placeholder in the 3D Viewport: the cube of one that stands on the floor, its name, what its job is doing.

Drawn over the scene, so nothing in the file changes for it. The clock has the viewport drawn again when a stage or
a tenth of the progress is reached, and not more often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import blf
import bpy
from mathutils import Vector

from ...engine.protocol import State
from ...scene.finished_jobs import place_finished_models
from ...scene.placing import placeholder
from ...scene.session import session
from ...scene.shared_engine import bridge
from ..drawing import state_labels
from ..drawing.languages import sentence, tr

if TYPE_CHECKING:
    from ...client.jobs.snapshots import Job

_FONT = 0
_LONGEST = 70  # characters
_BLACK, _WHITE, _RED = (0.0, 0.0, 0.0, 0.8), (1.0, 1.0, 1.0, 1.0), (1.0, 0.55, 0.5, 1.0)
#: Between which of ``placeholder.corners`` the edges of the cube are.
_EDGES = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 3), (2, 6), (3, 7), (4, 5), (4, 6), (5, 7), (6, 7))


class Label:
    """Lines of text: where the lowest one begins in the region, in pixels, and how large they are together."""

    def __init__(self, lines: list[str], x: float, y: float, width: float, height: float, alert: bool = False) -> None:
        self.lines, self.alert = lines, alert
        self.x, self.y, self.width, self.height = x, y, width, height


def words(job: Job) -> str:
    """What the label of a job's placeholder says below its name."""
    state = job.state
    error = session.placings.trouble.get(job.id) or job.error
    said, _icon = state_labels.state(job)
    if error:
        what = sentence(error["what"])
        said = f"{said}: {what}" if state == State.FAILED else what
    elif state == State.PLACED:  # and undone, or placed in another file
        said = tr("Place Again puts the model here")
    elif state == State.READY:
        said = sentence(place_finished_models.waiting_for(job)) or said
    elif state == State.GENERATING:
        said = f"{said} {int(state_labels.progress(job) * 10) * 10} %"
    return _cut(said)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} ..."


def spread(labels: list[Label]) -> list[Label]:
    """The labels, none of them over another: what would be goes up until there is room."""
    placed: list[Label] = []
    for label in sorted(labels, key=lambda one: one.y):
        for other in placed:  # from the lowest one on
            beside = label.x + label.width <= other.x or other.x + other.width <= label.x
            if not beside and other.y - label.height < label.y < other.y + other.height:
                label.y = other.y + other.height
        placed.append(label)
        placed.sort(key=lambda one: one.y)
    return placed


def _seen() -> dict[str, bpy.types.Object]:
    context = bpy.context
    if not context.space_data.overlay.show_overlays:
        return {}
    standing = placeholder.standing().items()
    return {job_id: thing for job_id, thing in standing if job_id in bridge.jobs and thing.visible_get()}


def _draw_labels() -> None:
    if not (seen := _seen()):
        return
    from bpy_extras.view3d_utils import location_3d_to_region_2d  # Blender's start does without

    context = bpy.context
    region, view = context.region, context.region_data
    blf.size(_FONT, context.preferences.ui_styles[0].widget.points * context.preferences.system.ui_scale)
    row = 1.4 * blf.dimensions(_FONT, "Xg")[1]  # type: ignore[index]  # a gap of the stubs
    labels = []
    for job_id, thing in seen.items():
        job = bridge.jobs[job_id]
        top = max(corner.z for corner in placeholder.corners(thing))
        where = location_3d_to_region_2d(region, view, thing.matrix_world @ Vector((0, 0, top)))
        if where is not None:
            lines = [words(job), _cut(thing.name)]
            width = max(blf.dimensions(_FONT, line)[0] for line in lines)  # type: ignore[index]
            left = where.x - width / 2
            if 0 <= where.x <= region.width:  # all of it is seen where there is room
                left = max(min(left, region.width - width - row), row)
            low = where.y + row / 2
            labels.append(Label(lines, left, low, width, row * len(lines), alert=bool(job.error)))
    blf.enable(_FONT, blf.SHADOW)
    blf.shadow(_FONT, 5, *_BLACK)
    for label in spread(labels):
        blf.color(_FONT, *(_RED if label.alert else _WHITE))
        for number, line in enumerate(label.lines):
            blf.position(_FONT, label.x, label.y + number * row, 0)
            blf.draw(_FONT, line)
    blf.disable(_FONT, blf.SHADOW)


def _draw_cubes() -> None:
    """An Empty cannot show a cube that stands on its origin."""
    context = bpy.context
    for thing in _seen().values():
        if not placeholder.stands_on_floor(thing):
            continue
        import gpu  # Blender's start does without
        from gpu_extras.batch import batch_for_shader

        corners = [thing.matrix_world @ corner for corner in placeholder.corners(thing)]
        theme = context.preferences.themes[0].view_3d
        color = theme.object_active if thing.select_get() else theme.empty
        shader = gpu.shader.from_builtin("UNIFORM_COLOR")
        shader.uniform_float("color", (*color, 1.0))
        batch_for_shader(shader, "LINES", {"pos": corners}, indices=_EDGES).draw(shader)


def register() -> None:
    """Draw from now on; in background there is nothing to draw in."""
    if not bpy.app.background:
        add = bpy.types.SpaceView3D.draw_handler_add
        drawn = ((_draw_cubes, "POST_VIEW"), (_draw_labels, "POST_PIXEL"))
        session.registered.labels = [add(draw, (), "WINDOW", kind) for draw, kind in drawn]


def unregister() -> None:
    """Draw no more."""
    for handle in session.registered.labels:
        bpy.types.SpaceView3D.draw_handler_remove(handle, "WINDOW")
    session.registered.labels = []
