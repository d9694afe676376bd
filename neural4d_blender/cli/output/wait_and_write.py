"""Waits for jobs, and writes the files that each one was asked for as soon as it is ready.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...client.jobs import ranking
from ...client.jobs.job_target import Target
from ...client.jobs.snapshots import Job
from ...client.remedies import for_command_line
from ...engine.protocol import IDLE, ErrorTexts, Facts, JobFailed, Neural4DError, NotFit, State
from .. import approvals
from ..console import Console
from ..exit_codes import code_of_many
from ..planned_files import Plan
from ..session import Patience, Session, failure_of
from . import event_facts, report_text


def finish(session: Session, ids: Sequence[str], console: Console, timeout: float | None) -> dict[str, Neural4DError]:
    """Wait for the jobs and write their files; returns what failed, by job.

    Raises:
        TimeoutError: the time is up; everything goes on with resume.
    """
    jobs = session.bridge.jobs
    titles = {one: _title(jobs[one]) for one in ids}
    failures: dict[str, Neural4DError] = {}
    left = list(ids)
    patience = Patience(timeout)
    asked: set[tuple[str, int]] = set()

    def show() -> None:
        console.watch([jobs[one] for one in ids], titles)
        approvals.answer(session, [jobs[one] for one in ids], console, asked)

    # An engine that has not heard of the jobs yet would end without them: they could not go on with resume.
    session.ask("list", timeout=120.0, limit=0)
    while left:
        session.work(lambda: any(session.settled(jobs[one]) for one in left), show=show, patience=patience)
        for one in [one for one in left if session.settled(jobs[one])]:
            left.remove(one)
            try:
                _deliver(session, jobs[one], titles[one], console)
                if short := ranking.shortfall(jobs[one]):
                    raise short
            except Neural4DError as error:
                failures[one] = error
                for picture in _pictures(jobs[one]):
                    console.note(f"{titles[one]}: a picture that was made of it is kept: {picture}")
                if len(ids) > 1:
                    event, became = ("not_fit", "not fit") if isinstance(error, NotFit) else ("failed", "failed")
                    words = told(error)
                    text = " ".join(filter(None, (words["what"], words["kept"], words["cost"], words["remedy"])))
                    console.result(f"{titles[one]}: {became}. {text}", event, **event_facts.which(jobs[one]), **words)
    console.clear()
    return failures


def ended(failures: dict[str, Neural4DError], count: int) -> int:
    """The exit code of so many jobs; where there was one only, its error is the command's, and raised."""
    if count == 1 and failures:
        raise next(iter(failures.values()))
    return code_of_many(count - len(failures), list(failures.values()))


def told(error: Neural4DError) -> ErrorTexts:
    """An error for a program; its code is the reason why the job failed."""
    code = error.reason if isinstance(error, JobFailed) else error.code
    return for_command_line({**error.to_dict(), "code": code})


def unfinished(job: Job) -> bool:
    """The job is under way, or its files are not written."""
    return job.under_way or job.left or bool(Plan.of(job) and job.state in (State.READY, State.PLACED))


def written(job: Job) -> list[str]:
    """The files that the job has become."""
    kept = [save.path for save in job.saves if save.path] if job.request.keep_in else []
    return job.target.get("written") or kept


def _deliver(session: Session, job: Job, title: str, console: Console) -> None:
    """Write the job's files and say what it came to; raises why there are none."""
    if failure := failure_of(job):
        raise failure
    plan = Plan.of(job)
    files = written(job)
    if plan:
        console.note(f"{title}: writing {', '.join(Path(path).name for path in plan.outputs)}")
        files = [str(path) for path in session.write(job, plan)]
        target = Target(written=files)
        session.ask("placed", job=job.id, variant=plan.variants(job)[0], target=target)
        session.bridge.jobs[job.id] = replace(session.bridge.jobs[job.id], target=target)
    own = ranking.own(job) or next((variant for variant in job.variants if variant.facts), None)
    facts, report = (own.facts, own.report) if own else (Facts(), None)
    seconds = round(sum(spent for state, spent in job.seconds.items() if state not in IDLE), 1)
    sides, pictures = facts.get("dimensions_mm"), _pictures(job)
    size = " x ".join(f"{side:.4g}" for side in sides) + " mm, " if sides else ""
    points = "points unknown" if job.cost is None else f"{'about ' * job.cost_estimated}{job.cost} points"
    lines = [f"{title}: {size}{points}, {seconds:g} s", *(f"  {path}" for path in files)]
    lines += [f"  {report_text.in_short(own)}"] if own and report else []
    lines += [f"  picture: {path}" for path in pictures]
    if not files:
        lines.append("  waits for its Blender file")
    console.result(
        "\n".join(lines),
        "done",
        **event_facts.of_files(job, own, session.bridge.servers, files),
        provider=job.provider,
        points=job.cost,
        points_estimated=job.cost_estimated,
        seconds=seconds,
        size_mm=sides,
        faces=facts.get("faces", facts.get("triangles")),  # nothing makes quads of a file as it was made
        files=files,
        pictures=pictures,
        report=report.to_json() if report else None,
    )


def _pictures(job: Job) -> list[str]:
    """The pictures that were made of the prompt first: files that ``generate --image`` takes."""
    return [path for path in job.pictures if path] if job.request.picture_first else []


def _title(job: Job) -> str:
    title = job.request.title
    return f"{job.item + 1:04d} {title}" if job.batch else title
