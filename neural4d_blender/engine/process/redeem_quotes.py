"""What agents are told a request costs, and that none of theirs is paid without. Runs on the engine's main thread.

The journal is the witness: whoever asks in an agent's name, through whatever host, pays what it was told, once.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import protocol
from ..errors import InvalidInput, QuoteMissing
from ..model.job import Job
from ..model.request import Request
from ..policy.policy import Policy
from ..store import quotes_table
from ..store.journal import Journal
from .identity import hashed, pictures
from .new_jobs import new_job
from .outbox import Message

#: Seconds for which a quote is valid.
VALID = 600.0
#: What decides neither the model nor its price: names of the user's own, folders, and the limit that a quote sets.
_NEITHER = ("key", "keep_in", "texture_folder", "originals", "max_points")


def quote(journal: Journal, message: Message) -> Message:
    """Tell an agent what jobs cost together, at most, and note it; see protocol.py.

    Raises:
        InvalidInput, UnsupportedFeature: one of them cannot work, or nobody knows its price.
    """
    now = journal.clock.now()
    policy = Policy.at(journal.folder)
    jobs = [new_job({"job": "", **entry}, now, policy) for entry in message["jobs"]]
    agent = jobs[0].agent if jobs else ""
    if not agent or any(job.agent != agent for job in jobs):
        raise InvalidInput("A quote is for jobs of one agent.")
    points = [_points(journal, job) for job in jobs]
    prices = journal.prices()
    known = all(protocol.measured(job.provider, Request.from_dict(job.request), prices) for job in jobs)
    made = quotes_table.Quoted(journal.system.new_id(), agent, _identity(jobs), sum(points), now, now + VALID)
    with journal.transaction() as db:
        quotes_table.note(db, made)
    told = {"id": made.id, "points": made.points, "each": points, "measured": known, "until": made.until}
    return {"quote": told}


def redeem(journal: Journal, quote_id: str, jobs: Sequence[Job], used_by: str) -> None:
    """Use the quote up for the jobs of agents among these, which may cost what they are quoted at from now on.

    What is brought in costs nothing, and needs none.

    Args:
        used_by: id of the job, or of the batch.

    Raises:
        QuoteMissing, QuoteExpired: nothing may be sent.
    """
    paid = [job for job in jobs if job.agent and not job.request["bring_in"]]
    if not paid:
        return
    if len({job.agent for job in paid}) > 1:
        raise QuoteMissing("A quote is for jobs of one agent.")
    points = [_points(journal, job) for job in paid]
    with journal.transaction() as db:
        quotes_table.use(db, quote_id, paid[0].agent, _identity(paid), sum(points), journal.clock.now(), used_by)
    for job, most in zip(paid, points, strict=True):
        own = job.request["max_points"]
        job.request["max_points"] = most if own is None else min(own, most)


def _points(journal: Journal, job: Job) -> int:
    """What it costs at most, further tries and all."""
    request = Request.from_dict(job.request)
    most = protocol.most(job.provider, request, journal.prices())
    if most is None:
        name = protocol.name_of(job.provider)
        raise InvalidInput(
            f"Nobody knows what {name} takes for this, so no quote can be given.",
            "Have the user make one like it in Blender, which measures the price, or choose another service.",
        )
    return most * (request.max_tries if request.retry_below is not None else 1)


def _identity(jobs: Sequence[Job]) -> str:
    """What the jobs are, pictures by what is in them: equal for equal ones alone."""
    return hashed(sorted(hashed([job.provider, _plain(job)]) for job in jobs))


def _plain(job: Job) -> dict[str, object]:
    told = {name: value for name, value in job.request.items() if name not in _NEITHER}
    return {**told, **pictures(Request.from_dict(job.request))}
