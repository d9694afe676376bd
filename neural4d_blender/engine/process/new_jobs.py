"""Jobs made of what the host sends, checked before anything else is done. See protocol.py."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .. import protocol
from ..model.inputs.metadata import check_no_secret
from ..model.job import Job
from ..model.job_records.delivery import Delivery
from ..model.request import Request
from ..model.states import State
from ..policy.policy import Policy
from ..store.journal import Journal
from .identity import identity

#: The environment variable with the project of jobs that name none.
PROJECT = "NEURAL4D_PROJECT"


def new_job(entry: dict[str, Any], now: float, policy: Policy, secrets: Iterable[str] = ()) -> Job:
    """A queued job; InvalidInput or UnsupportedFeature where it cannot work, ForbiddenByPolicy where it may not.

    Args:
        entry: job, provider, request, and target where the host has one. now: seconds since the epoch.
        secrets: the services' keys, which get into no journal.
    """
    declared = protocol.declaration(entry["provider"])
    request = Request.from_dict(entry["request"])
    request = replace(request, project=request.project.strip() or os.environ.get(PROJECT, "").strip())
    request = policy.apply(declared.id, request)
    protocol.check(declared.id, request)
    check_no_secret(request.metadata, secrets)
    makes = protocol.makes(declared.id, request)
    return Job(
        entry["job"],
        declared.id,
        request.to_dict(),
        target=entry.get("target", {}),
        delivery=Delivery(makes),
        created=now,
        entered=now,
        user=user(),
        project=request.project,
        agent=request.agent,
        identity=identity(declared.id, request, makes) if policy.audit and not request.bring_in else "",
    )


def user() -> str:
    """Who is logged in here; empty where the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's number without a name, say
        return ""


def typical_seconds(journal: Journal, provider: str) -> float:
    """How long the newest jobs of the service took to be made there."""
    took = [
        job.seconds["generating"]
        for job in journal.newest(20)
        if job.provider == provider
        and job.state in (State.READY, State.PLACED)
        and job.seconds.get("generating")  # 0 where the clock was set back meanwhile
    ]
    return sum(took) / len(took) if took else Job.typical
