"""The commands that show something: jobs, balance, services. None of them starts or goes on with a job.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import asdict

from ...client.jobs import ranking
from ...client.remedies import for_command_line
from ...engine import protocol
from ...engine.protocol import Declaration, Feature, InvalidInput, Neural4DError, Option, UnsupportedFeature
from ..console import Console, table
from ..exit_codes import Exit
from ..output import event_facts, report_text
from ..output.wait_and_write import written
from ..session import Session

_INPUTS = {
    Feature.TEXT: "prompt",
    Feature.PICTURE: "picture of a prompt",
    Feature.IMAGE: "image",
    Feature.VIEWS: "views",
    Feature.IMAGE_URL: "web address",
}


def jobs(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """List the jobs, newest first; goes on with none of them."""
    if asked.totals:
        return _totals(session, console)
    answer = session.ask(
        "history",
        text=asked.text,
        provider=asked.provider or "",
        states=[asked.state] if asked.state else [],
        since=_moment(asked.since, "--since"),
        until=_moment(asked.until, "--until"),
        limit=asked.limit,
    )
    rows: list[Sequence[object]] = [("ID", "MADE", "STATE", "POINTS", "SERVICE", "WHAT")]
    for job in answer.jobs:
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created))
        points = "" if job.cost is None else f"{'~' * job.cost_estimated}{job.cost}"
        rows.append((job.id[:8], made, job.state, points, job.provider, job.request.title[:60]))
        if console.as_json:
            names = ("state", "provider", "created", "progress", "seconds", "placed")
            told: dict[str, object] = {name: getattr(job, name) for name in names} | {"request": job.request.to_dict()}
            files = [variant.model for variant in job.variants if variant.model]
            told |= {"delivered": written(job), "error": for_command_line(job.error) if job.error else None}
            told["variants"] = report_text.variants(job)
            told |= event_facts.of_job(job, ranking.own(job), session.bridge.servers)
            console.result("", "job", points=job.cost, points_estimated=job.cost_estimated, files=files, **told)
    if not console.as_json:
        console.result(table(rows) if answer.jobs else "No such job.", "jobs")
        if len(answer.jobs) < answer.total:
            console.note(f"{len(answer.jobs)} of {answer.total}; --limit shows more")
    return Exit.DONE


def _moment(text: str, option: str) -> float | None:
    """A day or a moment of this computer's time in seconds since the epoch; ``--until`` a day means until its end.

    As ``history`` in Python reads it, which is not there without Blender.
    """
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInput(f"{option} takes a date like 2031-05-24, not {text!r}.") from error
    if option == "--until" and len(text.strip()) <= len("2031-05-24"):
        moment += dt.timedelta(days=1)
    return moment.timestamp()


def _totals(session: Session, console: Console) -> int:
    rows: list[Sequence[object]] = [("MONTH", "SERVICE", "JOBS", "POINTS", "MB")]
    for row in session.ask("totals").totals:
        rows.append((row.month, row.provider, row.jobs, row.points, f"{row.bytes / 1e6:.1f}"))
        if console.as_json:
            console.result("", "total", **asdict(row))
    if not console.as_json:
        console.result(table(rows), "totals")
    return Exit.DONE


def balance(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Ask the services that can tell for the points that are left."""
    named = [protocol.declaration(asked.provider)] if asked.provider else protocol.declarations()
    able = [service for service in named if service.can(Feature.BALANCE)]
    if not able:
        raise UnsupportedFeature(named[0].lacks(Feature.BALANCE), "Look at the service's own page.")
    ready = [service for service in able if _ready(session, service)] or able[:1]
    silent: list[Neural4DError] = []
    for service in ready:
        session.require_ready(service)
        try:
            left = session.ask("balance", provider=service.id, timeout=60.0).points
        except Neural4DError as error:  # some servers tell no balance: the others may
            silent.append(error)
            continue
        kept = (("monthly", left.monthly), ("yearly", left.yearly), ("permanent", left.permanent))
        kinds = ", ".join(f"{points} {kind}" for kind, points in kept if points)
        lapse = f"; points lapse on {left.expires}" if left.expires else ""
        text = f"{service.name}: {left.total} points{f' ({kinds})' if kinds else ''}{lapse}"
        console.result(text, "balance", provider=service.id, **asdict(left))
    if len(silent) == len(ready):
        raise silent[0]
    for one in silent:
        console.note(one.what)
    return Exit.DONE


def _ready(session: Session, service: Declaration) -> bool:
    try:
        session.require_ready(service)
    except Neural4DError:
        return False
    return True


def _option(option: Option) -> dict[str, object]:
    limits = option.image_limits
    return option.as_dict() | {"image_limits": limits.as_dict() if limits else None}


def services(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Show what each service can do."""
    rows: list[Sequence[object]] = [("ID", "NAME", "FROM", "IMAGES", "VARIANTS", "FORMATS", "BALANCE", "KEY IN", "SET")]
    keys, yes = session.bridge.settings.services(), {True: "yes", False: "no"}
    for service in protocol.declarations():
        inputs = ", ".join(words for feature, words in _INPUTS.items() if service.can(feature))
        has_key, balance = bool(keys[service.id]["key"]), service.can(Feature.BALANCE)
        most = (service.max_images, service.max_variants)
        formats = " ".join((*service.formats, *service.keeps))
        rows.append((service.id, service.name, inputs, *most, formats, yes[balance], service.key_env, yes[has_key]))
        if console.as_json:
            told = service.as_dict() | {
                "features": sorted(service.features),
                "reasons": dict(service.reasons),
                "options": [_option(option) for option in service.options],
                "image_limits": service.image_limits.as_dict(),
            }
            console.result("", "service", key_is_set=has_key, **told)
    if not console.as_json:
        console.result(table(rows), "services")
        console.note("The options of each are shown by: generate --help")
    return Exit.DONE
