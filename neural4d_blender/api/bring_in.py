"""The Python API for models that are there already: files, and what a service has made, whoever had it made.

The same in a window, with ``blender --background`` and on bpy as a module; see ``generate.py``.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

import bpy

from ..batching import scene_grid
from ..batching.bring_in_sources import Origin, What, listed, origin_of
from ..batching.table.argument_types import checked
from ..engine import protocol
from ..engine.protocol import InvalidInput, Request
from ..scene import user_settings
from ..scene.placing import targets
from ..scene.placing.fitting import fit_into_box
from ..scene.placing.fitting.boxes import given as given_boxes
from ..scene.placing.placement import metres_per_unit
from ..scene.start_job import require_ready, start
from .jobs.job import Job

#: So many complaints are shown; the rest is only counted.
_SHOWN = 10


@checked
def bring_in(
    what: What | Sequence[What],
    *,
    provider: str = "",
    size_mm: float | None = None,
    axis: str = "LONGEST",
    origin: str = "BOTTOM",
    joined: bool = False,
    max_faces: int | None = None,
    recalculate_normals: bool = False,
    quads: bool = False,
    repair: str | Sequence[str] = (),
    retopology: str = "NONE",
    texture_size: int = 0,
    lods: Sequence[float] = (),
    collision: str = "NONE",
    animation: bool = False,
    require: str = "",
    pack_images: bool = True,
    format: str = "",
    name: str = "",
    location: Sequence[float] | None = None,
    collection: str | bpy.types.Collection = "",
    placeholder: bool | None = None,
    fit: bpy.types.Object | Sequence[bpy.types.Object] | None = None,
    seat: str = "FLOOR",
    stretch: str = "",
    quarter_turns: bool = True,
    metadata: Mapping[str, str | int | float | bool | None] | None = None,
) -> Job | list[Job]:
    """Bring in a model that is there already, and return at once: a job like those of :func:`generate`, for 0 points.

    Args:
        what: a model file (.glb, .gltf, .fbx, .obj, .stl, .ply, .usdz, .usd, .blend, or a .zip of one), which is copied
            with the files that it names and lie beside it; or the id of a model at a service; or the link of its page
            there or of the file itself. One that is not done yet is waited for. A list of them, or a folder of
            files, brings in several, side by side.
        provider: id of the service, where an id may be one of several; ``file`` for a file.
        format: where the service has other formats of the model at no cost; what it makes of itself where it is empty.
        name: name of the object; the file's, or the id, where it is empty.
        size_mm: millimetres along the axis, exact to 0.1 %; None keeps the size it has. All that is not named here is
            as :func:`generate` takes it.
        fit: a box that one model is to fill, with seat, stretch and quarter_turns as in :func:`generate`.
        metadata: what the job carries, as in :func:`generate`.

    Returns:
        The job; a list of them where a list or a folder was given.

    Raises:
        InvalidInput, UnsupportedFeature: one of them is no model that can be brought in; no job was started.
        OnlineAccessOff, KeyMissing: the service cannot be asked.
    """
    given = [what] if isinstance(what, str | os.PathLike) else list(what)
    found = [one for each in given for one in listed(_located(each))]
    request = Request(
        size_mm=size_mm,
        axis=axis,
        origin=origin,
        joined=joined,
        max_faces=max_faces,
        recalculate_normals=recalculate_normals,
        quads=quads,
        repair=[repair] if isinstance(repair, str) else list(repair),
        retopology=retopology,
        texture_size=texture_size,
        lods=list(lods),
        collision=collision,
        animation=animation,
        require=require,
        texture_folder="" if pack_images else user_settings.texture_folder(),
        name=name,
        metadata=dict(metadata or {}),
    )
    boxes = [] if fit is None else given_boxes(fit)
    if boxes and (size_mm is not None or location is not None or len(found) != 1):
        raise InvalidInput(
            "The box gives one model its size and place.", "Leave size_mm and location out, or fit one model at a time."
        )
    home = collection if isinstance(collection, str) else collection.name
    if boxes:
        place, sides = fit_into_box.into(boxes, seat=seat, stretch=stretch, turns=quarter_turns, collection=home)
        request = replace(request, size_mm=max(sides), axis="LONGEST", fit_mm=sides)
    else:
        place = targets.bind(location, home)
    origins = _checked(found, request, provider, format)
    step = scene_grid.room_mm(request) / 1000 / metres_per_unit(targets.scene_of(place))
    jobs = []
    for index, (one, asked) in enumerate(origins):
        x, y, z = place["location"]
        job, target = str(uuid.uuid4()), place.copy()
        target["location"] = [x + index * step, y, z]
        start(job, one.provider, asked, target, placeholder, at_cursor=location is None and not boxes)
        jobs.append(Job(job))
    return jobs[0] if isinstance(what, str | os.PathLike) and found == [_located(what)] else jobs


def _located(what: What) -> What:
    """A path that begins with ``//`` is beside the open file."""
    return user_settings.located(what) if os.fspath(what).startswith("//") else what


def _checked(found: list[What], request: Request, provider: str, format: str) -> list[tuple[Origin, Request]]:
    """The origin and the request of each; all that is wrong is said at once."""
    services = user_settings.services()
    if not found:
        raise InvalidInput("There is nothing to bring in.", "Give a file, a link or an id.")
    origins, wrong = [], []
    for what in found:
        try:
            one = origin_of(what, services, provider)
            asked = replace(
                request, bring_in=one.bring_in, format=format.upper() or one.format, name=request.name or one.name
            )
            protocol.check(one.provider, asked)
        except InvalidInput as error:
            if len(found) == 1:
                raise
            wrong.append(error.what)
            continue
        require_ready(protocol.declaration(one.provider))
        origins.append((one, asked))
    if wrong:
        more = f"\n... and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InvalidInput("Nothing was brought in, because of:\n" + "\n".join(wrong[:_SHOWN]) + more)
    return origins
