"""The commands that show something: jobs, balance, services. None of them starts or goes on with a job.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict

from ..engine import protocol
from ..engine.protocol import Declaration, InvalidInput, Neural4DError, Request
from .codes import Exit
from .console import Console, table
from .desk import Desk, Job

#: How many of the newest jobs are looked through.
_ALL = 10_000


def jobs(desk: Desk, asked: argparse.Namespace, console: Console) -> int:
    """List the jobs, newest first; goes on with none of them."""
    desk.bridge.adopting = False
    listed: list[Job] = desk.ask("list", limit=_ALL)["jobs"]
    found = []
    for job in listed:
        request = Request.from_dict(job["request"])
        text = f"{request.title} {request.prompt}".lower()
        named = asked.state in (None, job["state"]) and asked.provider in (None, job["provider"])
        if named and asked.text.lower() in text:
            found.append(job)
    found = found[: asked.limit]
    rows: list[Sequence[object]] = [("ID", "MADE", "STATE", "POINTS", "SERVICE", "WHAT")]
    for job in found:
        title = Request.from_dict(job["request"]).title
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(job["created"]))
        points = "" if job["cost"] is None else job["cost"]
        rows.append((job["id"][:8], made, job["state"], points, job["provider"], title[:60]))
        if console.as_json:
            keys = ("state", "provider", "created", "progress", "request", "seconds", "error", "placed")
            files = [variant["model"] for variant in job["variants"] if variant["model"]]
            told = {key: job[key] for key in keys}
            console.result("", "job", job=job["id"], points=job["cost"], files=files, **told)
    if not console.as_json:
        console.result(table(rows) if found else "No such job.", "jobs")
    return Exit.DONE


def balance(desk: Desk, asked: argparse.Namespace, console: Console) -> int:
    """Ask the services that can tell for the points that are left."""
    desk.bridge.adopting = False
    named = [protocol.declaration(asked.provider)] if asked.provider else protocol.declarations()
    able = [service for service in named if service.balance]
    if not able:
        raise InvalidInput(f"{named[0].name} does not tell a balance.", "Look at the service's own page.")
    for service in [service for service in able if _ready(desk, service)] or able[:1]:
        desk.require_ready(service)
        left = desk.ask("balance", provider=service.id, timeout=60.0)["balance"]
        kinds = ", ".join(f"{left[kind]} {kind}" for kind in ("monthly", "yearly", "permanent") if left[kind])
        lapse = f"; points lapse on {left['expires']}" if left["expires"] else ""
        text = f"{service.name}: {left['total']} points{f' ({kinds})' if kinds else ''}{lapse}"
        console.result(text, "balance", provider=service.id, **left)
    return Exit.DONE


def _ready(desk: Desk, service: Declaration) -> bool:
    try:
        desk.require_ready(service)
    except Neural4DError:
        return False
    return True


def services(desk: Desk, asked: argparse.Namespace, console: Console) -> int:
    """Show what each service can do."""
    rows: list[Sequence[object]] = [
        ("ID", "NAME", "FROM", "VARIANTS", "IMAGES", "FORMATS", "BALANCE", "KEY IN", "SET", "OPTIONS")
    ]
    keys = desk.bridge.settings.services()
    for service in protocol.declarations():
        inputs, has_key = "+".join(sorted(service.inputs)), bool(keys[service.id]["key"])
        told = asdict(service)
        told["inputs"] = sorted(service.inputs)
        yes = {True: "yes", False: "no"}
        options = ",".join(option.key for option in service.options) or "-"
        rows.append(
            (
                *(service.id, service.name, inputs, service.max_variants, service.max_images),
                *(",".join(service.formats), yes[service.balance], service.key_env, yes[has_key], options),
            )
        )
        if console.as_json:
            console.result("", "service", key_is_set=has_key, **told)
    if not console.as_json:
        console.result(table(rows), "services")
    return Exit.DONE
