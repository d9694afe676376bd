"""The commands that make something: generate, and resume for what was interrupted. Each returns the exit code.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from ..engine import protocol
from ..engine.protocol import Declaration, InvalidInput, Neural4DError, Request, State
from . import finishing
from .codes import Exit, code_of_many
from .console import Console
from .desk import Desk, Job
from .options import options_of
from .plan import Plan, file_stem

#: How many of the newest jobs are looked through.
_ALL = 2000
_ENDED = (State.FAILED, State.CANCELLED)


def generate(desk: Desk, asked: argparse.Namespace, console: Console) -> int:
    """Make a model and write it to files."""
    service = protocol.declaration(asked.provider)
    job_id = str(uuid.uuid4())
    folder = desk.bridge.settings.data_dir() / "jobs" / job_id
    try:
        request = _request(desk, asked, service, folder)
        protocol.check(service.id, request)
        plan = _plan(asked, request, service)
        desk.check(plan, service)
        if asked.dry_run:
            return _price(desk, service, request, plan, console)
        desk.require_ready(service)
    except Neural4DError:
        shutil.rmtree(folder, ignore_errors=True)  # the copies of the images
        raise
    desk.bridge.adopting = False  # what earlier commands left is resume's business
    desk.bridge.submit(job_id, service.id, request, plan.target())
    return _ended(finishing.finish(desk, [job_id], console, asked.timeout), 1)


def _request(desk: Desk, asked: argparse.Namespace, service: Declaration, folder: Path) -> Request:
    images = desk.pictures(asked.image, service, folder) if asked.image else []
    return Request(
        prompt=asked.prompt,
        images=images,
        variants=asked.variants,
        pbr=asked.pbr,
        size_mm=asked.size_mm,
        axis=asked.axis,
        origin=asked.origin,
        joined=asked.joined,
        max_faces=asked.max_faces,
        recalculate_normals=asked.recalculate_normals,
        quads=asked.quads,
        format=asked.format or service.native,
        name=asked.name or (protocol.name_in(asked.image[0]) if asked.image else ""),
        options=options_of(service, asked.option),
        place_all=asked.every_variant,
        max_points=asked.max_points,
        # Nothing has to be prepared for files as they were made, so no Blender has to be there.
        keep_in=str(folder / "as made") if asked.as_made and not asked.thumbnail else "",
    )


def _plan(asked: argparse.Namespace, request: Request, service: Declaration) -> Plan:
    usual = service.native.lower() if asked.as_made else "glb"
    outputs = asked.output or [f"{file_stem(request.title)}.{usual}"]
    if len(set(outputs)) < len(outputs):
        raise InvalidInput("Two outputs have the same name.")
    if asked.thumbnail and Path(asked.thumbnail).suffix.lower() != ".png":
        raise InvalidInput(f"A thumbnail has to end in .png, not {Path(asked.thumbnail).name}.")
    thumbnail = str(Path(asked.thumbnail).resolve()) if asked.thumbnail else ""
    return Plan([str(Path(one).resolve()) for one in outputs], thumbnail, asked.as_made, asked.every_variant)


def _price(desk: Desk, service: Declaration, request: Request, plan: Plan, console: Console) -> int:
    points = protocol.estimate(service.id, request, desk.bridge.prices)
    converted = [path for path in plan.outputs if Path(path).suffix[1:].upper() != service.native]
    if plan.as_made and converted and points is not None:
        each = protocol.conversion_estimate(service.id, desk.bridge.prices)
        count = len(converted) * (request.variants if plan.every_variant else 1)
        points = None if each is None else points + count * each
    files = ", ".join([*plan.outputs, *([plan.thumbnail] if plan.thumbnail else [])])
    price = f"{points} points" if points is not None else "A price that nobody documents and no job has measured yet"
    console.result(f"{price} at {service.name} for {files}", "price", points=points, provider=service.id)
    return Exit.DONE


def resume(desk: Desk, asked: argparse.Namespace, console: Console) -> int:
    """Go on with everything that was interrupted."""
    desk.bridge.adopting = False  # offline, an adopted job would fail: look first
    unfinished = _unfinished(_chosen(desk.ask("list", limit=_ALL)["jobs"], asked.job), retry=asked.retry)
    wanted = [job for job in unfinished if desk.blender or job["request"].get("keep_in")]
    if others := len(unfinished) - len(wanted):
        console.note(f"{others} unfinished jobs need Blender: run resume with it.")
    if not wanted:
        console.result("Nothing is unfinished.", "nothing")
        return Exit.DONE
    for provider in {job["provider"] for job in wanted}:
        desk.require_ready(protocol.declaration(provider))
    for job in wanted:
        desk.bridge.jobs[job["id"]] = job
    desk.bridge.adopting = True
    for job in wanted:
        if job["state"] in _ENDED:
            desk.ask("retry", job=job["id"])
    desk.ask("list", limit=0)  # by its answer the jobs are the engine's own
    ids = [job["id"] for job in wanted]
    return _ended(finishing.finish(desk, ids, console, asked.timeout), len(ids))


def _ended(failures: dict[str, Neural4DError], count: int) -> int:
    """The exit code; where there was one job only, its error is the command's."""
    if count == 1 and failures:
        raise next(iter(failures.values()))
    return code_of_many(count - len(failures), list(failures.values()))


def _unfinished(jobs: Sequence[Job], *, retry: bool) -> list[Job]:
    """The jobs that are under way, or whose files are not written; with retry those, too, that cost nothing again."""
    return [
        job for job in jobs if finishing.unfinished(job) or (retry and job["state"] in _ENDED and not job["retry_pays"])
    ]


def _chosen(listed: Sequence[Job], ids: Sequence[str]) -> list[Job]:
    unknown = [one for one in ids if not any(job["id"].startswith(one) for job in listed)]
    if unknown:
        raise InvalidInput(f"There is no job {unknown[0]}.", "The command jobs lists those there are.")
    return [job for job in reversed(listed) if not ids or job["id"].startswith(tuple(ids))]
