"""Jobs made of what the host sends, checked before anything else is done. See protocol.py."""

from __future__ import annotations

from typing import Any

from .. import protocol
from ..model.job import Job
from ..model.job_records.delivery import Delivery
from ..model.request import Request
from ..model.states import State
from ..store.journal import Journal


def new_job(entry: dict[str, Any], now: float) -> Job:
    """A queued job; InvalidInput or UnsupportedFeature where it cannot work.

    Args:
        entry: job, provider, request, and target where the host has one. now: seconds since the epoch.
    """
    declared = protocol.declaration(entry["provider"])
    request = Request.from_dict(entry["request"])
    protocol.check(declared.id, request)
    return Job(
        entry["job"],
        declared.id,
        request.to_dict(),
        target=entry.get("target", {}),
        delivery=Delivery(protocol.makes(declared.id, request)),
        created=now,
        entered=now,
    )


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
