"""The command bring-in: models that are there already, and their files.

Standard library, client, batching and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
import uuid
from dataclasses import replace
from pathlib import Path

from ...batching.bring_in_sources import listed, origin_of
from ...client.jobs.job_target import Target
from ...client.paths import expanded
from ...engine import protocol
from ...engine.protocol import InvalidInput, Request
from ..argument_types import kinds_of
from ..arguments import FILE_TYPES
from ..console import Console
from ..output import wait_and_write
from ..output.replacing import is_there, told_there
from ..planned_files import Plan, file_stem
from ..session import Session
from ..settings import arrival_of
from . import check_outputs


def bring_in(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Bring in models, all of them at once, and write them to files; everything is looked at before the first one."""
    services = session.bridge.settings.services()
    found = [origin_of(one, services, asked.provider or "") for what in asked.what for one in listed(what)]
    folder, files = _outputs(asked, len(found))
    taken: set[str] = set()
    jobs, planned = [], list[str]()
    for origin in found:
        service = protocol.declaration(origin.provider)
        request = replace(
            Request(**arrival_of(asked)),
            bring_in=origin.bring_in,
            format=origin.format,
            name=asked.name or origin.name,
            keep_in=str(folder) if asked.as_made else "",
        )
        protocol.check(service.id, request, session.bridge.servers.get(service.id))
        plan = _plan(asked, request, folder, files, taken)
        if asked.as_made:
            session.folder(str(folder))  # what comes is what it is, and named by that
        else:
            session.check(plan, service)
            planned += plan.outputs
        session.require_ready(service)
        jobs.append((str(uuid.uuid4()), origin, request, Target() if asked.as_made else plan.target()))
    if planned and is_there(planned, asked):
        return told_there(planned, console)
    for job, origin, request, target in jobs:
        session.bridge.submit(job, origin.provider, request, target)
    ids = [job for job, *_ in jobs]
    return wait_and_write.ended(wait_and_write.finish(session, ids, console, asked.timeout), len(ids))


def _outputs(asked: argparse.Namespace, count: int) -> tuple[Path, list[str]]:
    """The folder, and the files where those are named."""
    outputs = [expanded(one).resolve() for one in asked.output]
    files = [str(one) for one in outputs if one.suffix[1:].lower() in FILE_TYPES and not one.is_dir()]
    if files and (count > 1 or asked.as_made or asked.type or len(files) < len(outputs)):
        raise InvalidInput(
            "A file can be named for one model alone, and without --as-made and --type.", "Give a folder after -o."
        )
    if len(outputs) > 1 and not files:
        raise InvalidInput("There is one folder for all files.", "Give one folder after -o.")
    if len(set(files)) < len(files):
        raise InvalidInput("Two outputs have the same name.")
    return (outputs[0] if outputs and not files else Path.cwd()), files


def _plan(asked: argparse.Namespace, request: Request, folder: Path, files: list[str], taken: set[str]) -> Plan:
    """Files under the model's name, which no other model of this command has."""
    stem = name = file_stem(request.title)
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem} ({number})"
    taken.add(name.casefold())
    outputs = files or [str(folder / f"{name}.{kind}") for kind in kinds_of(asked)]
    thumbnail = str(Path(files[0]).with_suffix(".png") if files else folder / f"{name}.png")
    check_outputs.made_for(asked)
    return Plan(outputs, thumbnail if asked.thumbnails else "", made_for=asked.made_for)
