"""Asks the engine something and waits for the answer: what a script does, and no button ever.

An answer comes in moments, except for a job whose present step is a request that hangs: the engine
obeys when that is over.
"""

from __future__ import annotations

import time
from typing import Any

from ..engine.protocol import JobFailed, JobInterrupted, WorkedOnElsewhere
from .engine_client import Bridge
from .jobs.replies import Answer

#: Seconds between two looks at the engine's pipe where no timer does it.
LOOK = 0.02


def ask(bridge: Bridge, do: str, timeout: float = 30.0, **values: Any) -> Answer:
    """Send a command and wait for its answer.

    Raises:
        JobFailed: the engine refused it. TimeoutError: it did not answer.
    """
    answers: list[Answer] = []
    bridge.send(do, answers.append, **values)
    ends = time.monotonic() + timeout
    while not answers:
        if time.monotonic() > ends:
            raise TimeoutError(f"The engine did not answer within {timeout:g} s.")
        if not bridge.drain():
            time.sleep(LOOK)
    if told := answers[0].error:
        raise JobFailed.from_dict(told)
    return answers[0]


def check_going(bridge: Bridge, job_id: str) -> None:
    """Refuse to wait for a job that nobody goes on with here.

    Raises:
        JobInterrupted: what worked on it is no more. WorkedOnElsewhere: another process works on it.
    """
    if job_id in bridge.jobs and not bridge.jobs[job_id].left:
        return
    told = ask(bridge, "find", job=job_id).jobs
    if not told:
        raise WorkedOnElsewhere("Another process works on this job.")
    bridge.jobs[job_id] = told[0]
    if told[0].left:
        raise JobInterrupted("This job was interrupted, and nothing goes on with it.", cost=told[0].note)


def go_on(bridge: Bridge, job_id: str) -> None:
    """Have the engine work on a job that was interrupted; see :func:`check_going` for what it raises."""
    told = bridge.jobs.get(job_id)
    answer = ask(bridge, "follow", jobs={job_id: told.revision if told else 0})
    for job in answer.jobs:
        bridge.jobs[job_id] = job
    check_going(bridge, job_id)
