"""Asks on a terminal about what would go over an allowance; without one it is declined, and nothing is paid.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import sys

from ..client.jobs.snapshots import Job
from ..engine.protocol import WaitsFor, name_of, unit_of
from .console import Console
from .session import Session

_YES = ("y", "yes")


def answer(session: Session, jobs: list[Job], console: Console, asked: set[tuple[str, int]]) -> None:
    """Ask for each of the jobs that waits for it, once, and tell the engine.

    Args:
        asked: those that were asked for, with the points.
    """
    for job in jobs:
        if job.waits_for is WaitsFor.APPROVAL and job.asks and (job.id, job.asks) not in asked:
            asked.add((job.id, job.asks))
            do = "approve" if _approves(job, console) else "decline"
            session.bridge.send(do, job=job.id, points=job.asks)


def _approves(job: Job, console: Console) -> bool:
    console.note(f"{job.request.title}: {job.note}")
    if not sys.stdin or not sys.stdin.isatty():
        console.note("There is no terminal to ask on, so it is declined.")
        return False
    who = job.agent or job.user
    price = f"up to {job.asks} {unit_of(job.provider)} at {name_of(job.provider)}"
    console.prompt(f"{job.request.title!r}, for {who}: approve of {price}? [y/N] ")
    return sys.stdin.readline().strip().lower() in _YES
