"""The command resume: goes on with what was interrupted, and tries again what failed.

Standard library, client and the engine's ``protocol`` only. Any job of the journal can be unfinished, however old it
is: all of them are looked through, a page at a time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

from ...client.jobs.snapshots import Job
from ...engine import protocol
from ...engine.protocol import InvalidInput, State
from ..console import Console
from ..exit_codes import Exit
from ..output import wait_and_write
from ..session import Session

#: Jobs of one page. An answer is a line of a pipe: each job has some thousand bytes in it.
PAGE = 500
#: As long as an id is when nothing of it is left out.
_WHOLE_ID = 36
_ENDED = (State.FAILED, State.CANCELLED)


def resume(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Go on with everything that was interrupted."""
    retry = asked.retry or asked.pay_again

    def waits(job: Job) -> bool:
        return wait_and_write.unfinished(job) or (retry and job.state in _ENDED)

    found = [job for job in listed(session, asked.job, waits) if waits(job)]
    able = [job for job in found if session.blender or job.request.keep_in]
    if others := len(found) - len(able):
        console.note(f"{others} unfinished jobs need Blender: run resume with it.")
    again = [job for job in able if retry and job.state in _ENDED]
    paying = {job.id for job in again if job.retry_pays and not asked.pay_again}
    if paying:
        _leave_out(len(paying), console, named=bool(asked.job))
    wanted = [job for job in able if job.id not in paying or wait_and_write.unfinished(job)]
    if not wanted:
        text = "Nothing else is unfinished." if paying else "Nothing is unfinished."
        console.result(text, "nothing", paid_again=len(paying))
        return Exit.DONE
    for provider in {job.provider for job in wanted}:
        session.require_ready(protocol.declaration(provider))
    for job in wanted:
        session.bridge.jobs[job.id] = job
    for job in (one for one in again if one.id not in paying):
        session.ask("retry", job=job.id)
    session.ask("follow", jobs={job.id: job.revision for job in wanted})  # by its answer they are the engine's own
    ids = [job.id for job in wanted]
    return wait_and_write.ended(wait_and_write.finish(session, ids, console, asked.timeout), len(ids))


def _leave_out(count: int, console: Console, *, named: bool) -> None:
    """Say that so many jobs would be paid again; InvalidInput where just those were asked for."""
    jobs = f"{count} failed job{'s' * (count != 1)} would be paid again"
    if named:
        raise InvalidInput(f"{jobs}, so nothing was sent.", "Add --pay-again, or leave them out.")
    console.note(f"{jobs}: resume --pay-again tries them.")


def listed(session: Session, ids: Sequence[str], waits: Callable[[Job], bool] = lambda _: True) -> list[Job]:
    """The jobs of these ids, or beginnings of ids, else those that wait; less those that another Blender works on.

    Raises:
        InvalidInput: there is none of such an id.
    """
    if ids and all(len(one) == _WHOLE_ID for one in ids):
        fits = list(ids)
    else:
        fits = [job.id for job in _all(session) if (job.id.startswith(tuple(ids)) if ids else waits(job))]
    found = {one: job for one in fits for job in session.ask("find", job=one).jobs}
    if unknown := [one for one in ids if not any(job.startswith(one) for job in found)]:
        raise InvalidInput(f"There is no job {unknown[0]}.", "The command jobs lists those there are.")
    return sorted(found.values(), key=lambda job: job.created)


def _all(session: Session) -> Iterator[Job]:
    """Every job of the journal."""
    seen, total = 0, 1
    while seen < total:
        answer = session.ask("history", limit=PAGE, offset=seen)
        seen, total = seen + PAGE, answer.total
        yield from answer.jobs
