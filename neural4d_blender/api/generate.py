"""The Python API: what a script, the Python console and the panel's own operators use.

The same in a window, with ``blender --background`` and on bpy as a module. Errors are the classes
of ``engine/errors.py``; each carries ``what``, ``kept``, ``cost`` and ``remedy``.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

import bpy

from ..batching.table.argument_types import checked
from ..batching.table.identity import check_key, known_by_key
from ..batching.table.pictures import front_and_sides
from ..client.jobs.box_fit import prompt_of
from ..client.jobs.job_target import Target
from ..client.jobs.replies import Total
from ..engine import protocol
from ..engine.protocol import (
    Balance,
    Declaration,
    Feature,
    InvalidInput,
    Neural4DError,
    OptionValue,
    Request,
)
from ..scene import main_thread, user_settings
from ..scene.ask_engine import ask
from ..scene.placing import targets
from ..scene.placing.fitting import fit_into_box
from ..scene.placing.fitting.boxes import given as given_boxes
from ..scene.shared_engine import bridge
from ..scene.start_job import require_ready, start
from .history import delete, history, job_of, totals
from .host_in_blender import HOST
from .jobs.job import Job
from .jobs.job_files import add_library
from .jobs.status_and_wait import Variant
from .pictures import Picture, exported, listed, name_of
from .points import balance, conversion_estimate, estimate, spent

__all__ = [
    "Balance", "Job", "Total", "Variant", "add_library", "balance", "conversion_estimate", "delete",
    "estimate", "generate", "history", "job_of", "jobs", "providers", "require_ready", "spent", "totals",
]  # fmt: skip


@checked
def generate(
    prompt: str = "",
    *,
    image: Picture | Sequence[Picture] | None = None,
    views: Mapping[str, Picture | None] | None = None,
    picture_first: bool = False,
    pictures: int = 1,
    references: Picture | Sequence[Picture] = (),
    provider: str = "neural4d",
    variants: int = 1,
    pbr: bool | None = None,
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
    pack_images: bool = True,
    format: str = "",
    name: str = "",
    location: Sequence[float] | None = None,
    collection: str | bpy.types.Collection = "",
    options: Mapping[str, OptionValue] | None = None,
    choose_cutout: bool = False,
    place_all: bool = False,
    best_for: str = "render",
    require: str = "",
    retry_below: float | None = None,
    max_tries: int = 3,
    placeholder: bool | None = None,
    max_points: int | None = None,
    group: str = "",
    group_points: int | None = None,
    project: str = "",
    sample: str = "",
    fit: bpy.types.Object | Sequence[bpy.types.Object] | None = None,
    seat: str = "FLOOR",
    stretch: str = "",
    quarter_turns: bool = True,
    key: str = "",
    output: str | os.PathLike[str] = "",
    metadata: Mapping[str, str | int | float | bool | None] | None = None,
) -> Job:
    """Start a job and return at once.

    Args:
        prompt: what to make.
        image: make it of a picture instead: a path or a bpy.types.Image; a list of them where the service takes several
            at once; an address where it fetches them from the web. What is sent is a copy that fits its limits.
        views: pictures of the same thing by side, "front", "left", "back" or "right", where the service takes
            several views. The front is the image, so that one of the two is given.
        picture_first: have the service make pictures of the prompt, and the model of one of them: of the first, or
            with ``choose_cutout`` of the one that ``job.choose(n)`` names. They are paid for on their own and stay
            in ``job.pictures``. pictures: how many. references: pictures that they go by.
        provider: id of the service, see :func:`providers`. variants: how many models to make.
        pbr: with roughness, metallic and normal maps, or without; None takes them where the service has them.
        size_mm: millimetres along the axis, exact to 0.1 %; None keeps the size the model came with.
        axis: X, Y, Z or LONGEST. origin: BOTTOM (centre of the bottom), CENTER or AUTHORED.
        joined: one mesh instead of the parts it came in.
        max_faces: at most this many faces (triangles, before ``quads`` pairs them); None keeps them all.
        recalculate_normals: faces outwards, smooth up to 30 degrees. quads: pairs of triangles become quads.
        repair: what is to be put right of the shape, in this order: ``doubles`` merged, ``floaters`` removed,
            ``normals`` turned, ``holes`` filled, ``base`` cut flat, all ``printable``; told in ``facts["repairs"]``.
        retopology: QUADS or TRIANGLES: a new mesh of ``max_faces`` (20,000 where that is None), with textures
            baked from the model; how much it differs is in ``facts["repairs"]``. texture_size: pixels of a side,
            0 as the largest of the model, up to 2048.
        lods: levels of detail beside the model, hidden: (0.5, 0.1) of its faces, or (20000, 2000) of them. collision: a
            shape beside it, NONE, BOX, CONVEX or PIECES (several convex ones). For :meth:`Job.export`.
        animation: rigs and actions stay, and one mesh is not made; without any, the model comes as ever.
        pack_images: images become part of the .blend; otherwise they are written to ``textures`` beside it.
        format: GLB, and what else the service offers; empty for what it makes of itself.
        name: name of the object; the prompt, or the image's name, where it is empty.
        location: in Blender units; None: the 3D cursor. collection: where to link it; the active one where it is empty.
        options: the service's own options, see ``providers()``.
        choose_cutout: stop when the service has made pictures to choose from (of the prompt, cut-outs of the image,
            spins of its subject), until ``job.choose(n)`` says which to take; otherwise the first one is taken.
        place_all: put every variant into the scene, side by side.
        best_for: which of several variants is placed when all are there: the best one for "render", "game" or "print",
            see ``job.ranking``. "" places the first one at once.
        require: a use that the model has to be fit for. One that is not is placed all the same, see ``job.shortfall``.
        retry_below: while the best score is lower than this (0 to 1), the same is ordered, and paid, once more: up to
            max_tries times in all, and within max_points, by the highest price. All models are kept, and the best is
            placed. max_tries: see there.
        placeholder: put an Empty of the wanted size there at once, which can be moved, renamed and parented until the
            model takes its place. None: in a window only.
        max_points: the job may not cost more than this; it stops before it would.
        group: a name that several jobs share here. group_points: they may not cost more than this together.
        project: what it is for, by which a policy may limit points; ``NEURAL4D_PROJECT`` where it is empty.
        sample: instead of a prompt a built-in model: bird, chair or robot; with no key, no network, for nothing.
        fit: a box that the model is to fill: any object; of several, each gets a linked duplicate. The box gives the
            size, the place and, where there is nothing else, the prompt: its name. Its Z is up, and the model's front
            looks to its -Y. It is hidden in the collection Blockout when the model is there, which ``refit`` fits to
            it anew. Of several variants the one is taken that fits best, see ``job.variants[0].fit``.
        seat: what of the box it touches: FLOOR, WALL (with its back), CEILING or MIDDLE. stretch: "" keeps the
            proportions; X, Y or Z fills that side of the box too; ALL fills all of it.
        quarter_turns: turn it by 90 degrees about the box's Z where that fits better; not on a WALL.
        key: your own name for the job. Called once more with it, in this process or a later one, the same job is
            returned and goes on, and nothing is paid twice; as long as the journal (the folder for files) is the same.
        output: a folder: the models go there as the service makes them, see ``job.files``, and nothing into the scene.
        metadata: texts, numbers, True, False and None by names of your own, up to 4 kB, which the job carries into the
            journal, reports, events, the objects' custom properties and the ``FILE.json`` beside each file. No secrets.

    Raises:
        InvalidInput, UnsupportedFeature, OnlineAccessOff, KeyMissing: nothing was sent.
    """
    main_thread.require("generate()")
    boxes = [] if fit is None else given_boxes(fit)
    if boxes and (size_mm is not None or location is not None):
        raise InvalidInput("The box gives size and place.", "Leave size_mm and location out, or fit.")
    if boxes and output:
        raise InvalidInput("A model goes into a folder or into a box.", "Leave output or fit out.")
    if boxes and not (sample or prompt.strip() or image or views or options):
        prompt = prompt_of(boxes[0].name)
    if sample:
        prompt, provider = f"{prompt} {sample}".strip(), "sample"
    service = protocol.declaration(provider)
    front, sides = front_and_sides(listed(image), views)
    shown = listed(references)
    limits = service.limits_of(options or {})
    keep_in = HOST.folder(os.fspath(output)) if output else ""
    home = collection if isinstance(collection, str) else collection.name
    if boxes:
        target, fit_mm = fit_into_box.into(boxes, seat=seat, stretch=stretch, turns=quarter_turns, collection=home)
    else:
        target, fit_mm = Target() if keep_in else targets.bind(location, home), []
    request = Request(
        prompt=prompt,
        # Copies of the pictures are made of what is not there yet alone.
        images=["?"] * len(front),
        views=dict.fromkeys(sides, "?"),
        picture_first=picture_first,
        pictures=pictures,
        references=["?"] * len(shown),
        variants=variants,
        pbr=pbr,
        size_mm=max(fit_mm, default=size_mm),
        axis="LONGEST" if boxes else axis,
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
        fit_mm=fit_mm,
        texture_folder="" if pack_images else user_settings.texture_folder(),
        format=format or service.native,
        name=name or name_of(front),
        options=dict(options or {}),
        choose_cutout=choose_cutout,
        place_all=place_all,
        best_for=best_for,
        require=require,
        retry_below=retry_below,
        max_tries=max_tries,
        max_points=max_points,
        group=group,
        group_points=group_points,
        project=project,
        originals=[str(getattr(one, "name", one)) for one in front],
        key=check_key(key) if key else "",
        keep_in=keep_in,
        metadata=dict(metadata or {}),
    )
    job_id, known = str(uuid.uuid4()), None
    if request.key:
        job_id, known = known_by_key(bridge, request.key, provider, request)
    if known:
        bridge.jobs[job_id] = known
        return Job(job_id).resume() if known.left else Job(job_id)
    folder = user_settings.data_dir() / "jobs" / job_id
    try:
        request = replace(
            request,
            images=[exported(one, service, limits, folder) for one in front],
            views={side: exported(one, service, limits, folder, Feature.VIEWS) for side, one in sides.items()},
            references=[exported(one, service, limits, folder, Feature.PICTURE) for one in shown],
        )
        start(job_id, provider, request, target, placeholder, at_cursor=location is None and not boxes)
    except Neural4DError:
        shutil.rmtree(folder, ignore_errors=True)  # the copies of the images
        raise
    return Job(job_id)


@checked
def jobs(limit: int = 200, *, adopt: bool = False) -> list[Job]:
    """The newest jobs of the journal, of this and earlier sessions, newest first.

    Args:
        adopt: go on with all that were interrupted, whatever process they are of, from now on until this one ends. A
            window does so by itself; elsewhere nothing is gone on with that nobody asked for, since it may be paid.
    """
    if adopt:
        bridge.adopting = True
    for job in ask("list", limit=limit).jobs:
        bridge.jobs[job.id] = job
    newest = sorted(bridge.jobs.values(), key=lambda job: -job.created)[:limit]
    return [Job(job.id) for job in newest]


@checked
def providers() -> list[Declaration]:
    """What each service can do; each has ``id``, ``name``, ``features``, ``formats``, ``options``, ..."""
    return protocol.declarations()
