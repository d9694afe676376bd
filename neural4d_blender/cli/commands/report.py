"""The command report: what the checks found in the models of jobs.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse

from ..console import Console
from ..exit_codes import Exit
from ..output import report_text
from ..session import Session
from .resume import listed


def report(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Show it; goes on with none of the jobs."""
    session.bridge.adopting = False
    for job in listed(session, asked.job):
        found = list(report_text.lines(job)) or [
            "  not checked: no model of it is prepared yet, or it was by an earlier version"
        ]
        text = "\n".join([f"{job.request.title} ({job.id[:8]})", *found])
        console.result(text, "report", job=job.id, variants=report_text.variants(job))
    return Exit.DONE
