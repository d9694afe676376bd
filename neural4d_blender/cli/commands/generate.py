"""The command generate: one job, and its files.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

from ...batching.table import identity
from ...batching.table.generate_arguments import USUAL_USE, ModelSettings
from ...batching.table.pictures import front_and_sides
from ...client.jobs.snapshots import Job
from ...client.made_for import MADE_FOR
from ...client.paths import expanded
from ...client.policy_in_force import policy_of
from ...client.request_reply import go_on
from ...engine import protocol
from ...engine.protocol import Declaration, InvalidInput, Neural4DError, Request, State
from ..console import Console
from ..exit_codes import Exit
from ..output import wait_and_write
from ..output.price_text import in_words
from ..output.replacing import is_there, told_there
from ..planned_files import Plan, file_stem
from ..session import Session
from ..settings import settings_of, views_of
from . import check_outputs


def generate(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Make a model and write it to files."""
    service = protocol.declaration(asked.provider)
    job_id, known = _known(session, asked, service)
    if known:
        return _again(session, known, _plan(asked, known.request, service), asked, console)
    folder = session.bridge.settings.data_dir() / "jobs" / job_id
    try:
        request = policy_of(session.bridge.settings).apply(service.id, _request(session, asked, service, folder))
        protocol.check(service.id, request, session.bridge.servers.get(service.id))
        plan = _plan(asked, request, service)
        session.check(plan, service)
        if asked.dry_run:
            return _price(session, service, request, plan, console)
        if is_there(plan.outputs, asked):
            return told_there(plan.outputs, console)
        session.require_ready(service)
    except Neural4DError:
        shutil.rmtree(folder, ignore_errors=True)  # the copies of the images
        raise
    session.bridge.submit(job_id, service.id, request, plan.target())
    return wait_and_write.ended(wait_and_write.finish(session, [job_id], console, asked.timeout), 1)


def _known(session: Session, asked: argparse.Namespace, service: Declaration) -> tuple[str, Job | None]:
    """The job that there is by the command's key, or the id of a new one."""
    if not asked.key:
        return str(uuid.uuid4()), None
    key = identity.check_key(asked.key)
    return identity.known_by_key(session.bridge, key, service.id, _request(session, asked, service, None))


def _again(session: Session, job: Job, plan: Plan, asked: argparse.Namespace, console: Console) -> int:
    """The job of the key goes on, and its files are written where they are not there."""
    if asked.dry_run:
        told = {"points": 0, "measured": True, "provider": job.provider}
        console.result(f"Nothing more: the key is that of job {job.id[:8]}, which is {job.state}.", "price", **told)
        return Exit.DONE
    session.bridge.jobs[job.id] = job
    if job.left:
        session.require_ready(protocol.declaration(job.provider))
        go_on(session.bridge, job.id)
    written = job.target.get("written", [])
    there = all(Path(one).is_file() and one in written for one in plan.outputs)
    if job.state in (State.READY, State.PLACED) and not there:
        if is_there([one for one in plan.outputs if one not in written], asked):
            return told_there(plan.outputs, console)
        session.check(plan, protocol.declaration(job.provider))
        session.ask("retarget", job=job.id, target=plan.target())
        session.bridge.jobs[job.id] = replace(session.bridge.jobs[job.id], target=plan.target())
    return wait_and_write.ended(wait_and_write.finish(session, [job.id], console, asked.timeout), 1)


def _request(session: Session, asked: argparse.Namespace, service: Declaration, folder: Path | None) -> Request:
    """What is asked for; without a folder the pictures are only counted."""
    own: ModelSettings = {
        "format": service.native,
        "best_for": USUAL_USE,
        **settings_of(service, asked),
        "place_all": asked.every_variant,
    }
    front, sides = front_and_sides(asked.image, views_of(asked.view))
    limits = service.limits_of(own.get("options", {}))

    def fitting(files: list[str]) -> list[str]:
        if folder is None:
            return ["?"] * len(files)
        return session.pictures(files, service, folder, limits) if files else []

    return Request(
        prompt=asked.prompt,
        images=fitting(front),
        views=dict(zip(sides, fitting(list(sides.values())), strict=True)),
        references=fitting(asked.reference),
        name=asked.name or (protocol.name_in(front[0]) if front else ""),
        # Nothing has to be prepared for files as they were made, so no Blender has to be there.
        keep_in=str(folder / "as made") if folder and asked.as_made and not asked.thumbnail else "",
        key=asked.key.strip(),
        originals=front,
        **own,
    )


def _plan(asked: argparse.Namespace, request: Request, service: Declaration) -> Plan:
    usual = service.native.lower() if asked.as_made else MADE_FOR.get(asked.made_for, "glb")
    outputs = asked.output or [f"{file_stem(request.title)}.{usual}"]
    check_outputs.made_for(asked)
    if len(set(outputs)) < len(outputs):
        raise InvalidInput("Two outputs have the same name.")
    if asked.thumbnail and Path(asked.thumbnail).suffix.lower() != ".png":
        raise InvalidInput(f"A thumbnail has to end in .png, not {Path(asked.thumbnail).name}.")
    thumbnail = str(expanded(asked.thumbnail).resolve()) if asked.thumbnail else ""
    files = [str(expanded(one).resolve()) for one in outputs]
    return Plan(files, thumbnail, asked.as_made, asked.every_variant, asked.made_for)


def _price(session: Session, service: Declaration, request: Request, plan: Plan, console: Console) -> int:
    prices = session.prices()
    points = protocol.estimate(service.id, request, prices)
    most = protocol.most(service.id, request, prices)
    measured = protocol.measured(service.id, request, prices)
    converted = [path for path in plan.outputs if Path(path).suffix[1:].upper() != service.native]
    if plan.as_made and converted and points is not None:
        each = protocol.conversion_estimate(service.id, prices)
        count = len(converted) * (request.variants if plan.every_variant else 1)
        points = None if each is None else points + count * each
        measured = measured and protocol.conversion_measured(service.id, prices)
    files = ", ".join([*plan.outputs, *([plan.thumbnail] if plan.thumbnail else [])])
    unknown = "A price that nobody documents and no job has measured yet"
    price = unknown if points is None else in_words(points, documented=not measured)
    told = {"points": points, "measured": measured, "provider": service.id}
    console.result(f"{price} at {service.name} for {files}", "price", **told)
    if most is not None and request.max_points is not None and most > request.max_points:
        why = "" if measured else ": until a price was measured, a limit reckons with the highest documented one"
        console.note(
            f"The spending limit of {request.max_points} does not cover {most} points{why}. Nothing would be sent."
        )
    return Exit.DONE
