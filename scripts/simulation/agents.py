"""Agents, as the extension's own server has them: a quote, then the job that it is for; and what bad ones try.

And users who are asked whether a job may go over an allowance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neural4d_blender.client.jobs.replies import Answer
from neural4d_blender.client.jobs.snapshots import Job as Snapshot
from neural4d_blender.engine.protocol import WaitsFor

from . import plan, users
from .services import job_id

if TYPE_CHECKING:
    from .host import Host

#: Seconds after which an agent that has heard nothing sends the same once more, and how often.
_AGAIN, _TIMES = 3.0, 3
#: Seconds that a quote is good for, by the documents.
_VALID = 600.0


def submit(host: Host, job: plan.Job) -> None:
    """Ask for a quote, then send the job with it, as ``job.quote`` says."""
    asked = users.request_of(job, host.world.folder)
    if job.quote == "none":
        _send(host, job, asked, "", "it was sent without a quote")
        return
    if job.quote.startswith("of "):  # another job's
        quote = host.world.quotes.get(int(job.quote[3:]), ("", 0.0))[0]
        _send(host, job, asked, quote, "" if quote else "it was sent without a quote")
        return

    def answered(told: Answer) -> None:
        if told.error:
            host.world.tell(f"the agent: no quote for job {job.number}: {told.error['what']}")
            return
        quote = told.quote
        host.world.witness.allowances.quoted(quote["id"], quote["points"])
        host.world.quotes[job.number] = (quote["id"], quote["until"])
        wait = {"late": _VALID + 30.0, "other": 1.0}.get(job.quote, job.at % 20.0)

        def send() -> None:
            late = host.world.wall() > quote["until"] + 1.0
            unfounded = "its quote was over by then" if late else ""
            unfounded = "its quote was for something else" if job.quote == "other" else unfounded
            _send(host, job, asked, quote["id"], unfounded)

        host.later("agent", wait, send)

    of = {**asked, "name": "something else"} if job.quote == "other" else asked
    host.bridge.send("quote", answered, jobs=[{"provider": job.provider, "request": of}])


def _send(host: Host, job: plan.Job, asked: dict[str, Any], quote: str, unfounded: str, times: int = _TIMES) -> None:
    allowances = host.world.witness.allowances
    if times == _TIMES:
        host.world.witness.word(job.number, f"(an agent) submits with the quote {quote[:8] or 'of nobody'}:")
        allowances.sends(job.number, quote, unfounded)

    def answered(told: Answer) -> None:
        code = told.error["code"] if told.error else ""
        if code == "EngineStopped" and times > 1:
            host.later("agent", _AGAIN, lambda: _send(host, job, asked, quote, unfounded, times - 1))
        elif code and code != "EngineStopped":
            host.world.tell(f"the agent: job {job.number} is refused: {code}")
            allowances.refused(job.number, code)
            sound = not unfounded and job.quote == "good" and code in ("QuoteMissing", "QuoteExpired")
            sound &= not allowances.sent_with(quote, but=job.number)
            if sound and not host.world.clock_moved and host.world.wall() < host.world.quotes[job.number][1]:
                host.world.witness.found("refused", f"job {job.number} has a good quote, and is refused with {code}")
        elif not code:
            allowances.taken_in.add(job.number)

    values = {"provider": job.provider, "request": asked, "target": {"scene": "Scene"}, "quote": quote}
    host.bridge.send("submit", answered, job=job_id(job.number), **values)


def asked(host: Host, job: Snapshot, before: Snapshot | None, number: int) -> None:
    """A job may wait for the user's word, who gives it, or not, as the plan says."""
    waits = job.waits_for == WaitsFor.APPROVAL and job.asks
    if not waits or (before and (before.waits_for, before.asks) == (job.waits_for, job.asks)):
        return
    what, seconds, by = host.world.plan.answers.get(number, ("", 0.0, 0))
    if what:
        others = [one for one in host.world.hosts if one.process.alive]
        answers = others[by % len(others)] if others else host
        answers.later(what, seconds, lambda: _answer(answers, job, number, what))


def _answer(host: Host, job: Snapshot, number: int, what: str) -> None:
    allowances = host.world.witness.allowances
    host.world.tell(f"the user: about {job.asks} points of job {number}: {what}")
    if what == "approve":
        allowances.approves(number, job.asks)
        host.bridge.send("approve", job=job.id, points=job.asks)
        return

    def answered(told: Answer) -> None:
        if not told.error:
            allowances.declined(number)
            if what != "decline":
                allowances.double()

    host.bridge.send("decline", answered, job=job.id, points=job.asks)
