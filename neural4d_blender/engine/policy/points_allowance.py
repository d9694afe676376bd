"""Allowances: how many points jobs may take in all, a day and a month, by everybody, user, project, agent and service.

Counted in the journal, over all processes that share it. What a job may cost counts from the moment it is held for it,
at the highest price, and so does what nobody knows to be unpaid.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import AllowanceUsedUp, PolicyUnusable
from ..model.job import Job
from ..store.journal import Journal
from ..store.points_by_day import day_of
from .policy import Policy

#: Whose a limit can be, by the columns of the journal.
_WHOSE = {"user": "user", "project": "project", "agent": "agent", "service": "provider"}
_SPANS = ("job", "day", "month")
#: Ends with JOB, DAY or MONTH: an allowance for everybody, from the environment.
VARIABLE = "NEURAL4D_ALLOWANCE_"


@dataclass(frozen=True)
class Allowance:
    """So many points at the most.

    Args:
        span: "job", "day" or "month". points: how many.
        column, name: of the journal, and the value whose jobs share it; empty for all jobs.
        whose: whose it is, in words.
    """

    span: str
    points: int
    column: str = ""
    name: str = ""
    whose: str = "everybody together"


def allowances(policy: Policy, job: Job, of_agents: Mapping[str, int]) -> list[Allowance]:
    """Those that hold for a job.

    Args:
        of_agents: what the user allows each agent, by span.

    Raises:
        PolicyUnusable: the environment names no number.
    """
    return [one for one in _all(policy, job, of_agents) if one.column == "" or one.name]


def _all(policy: Policy, job: Job, of_agents: Mapping[str, int]) -> Iterator[Allowance]:
    environment = [Allowance(span, limit) for span in _SPANS if (limit := _from_environment(span)) is not None]
    yield from environment
    for span in _SPANS:
        if span in policy.points:
            yield Allowance(span, policy.points[span])
    for whose, column in _WHOSE.items():
        name = str(getattr(job, column))
        for span, limit in policy.points.get(whose, {}).get(name, {}).items():
            yield Allowance(span, limit, column, name, f"{whose} {name!r}")
    if not job.agent:
        return
    # The studio's word on an agent goes before the user's, and the environment before the preferences.
    if not (job.agent in policy.points.get("agent", {}) or environment):
        for span, limit in of_agents.items():
            yield Allowance(span, limit, "agent", job.agent, f"agent {job.agent!r}")
    if policy.approve_above is not None:
        yield Allowance("job", policy.approve_above, "agent", job.agent, f"agent {job.agent!r}")


def _from_environment(span: str) -> int | None:
    text = os.environ.get(f"{VARIABLE}{span.upper()}", "").strip()
    if not text:
        return None
    if not text.isdecimal():
        raise PolicyUnusable(
            f"{VARIABLE}{span.upper()} is to be a whole number of points, not {text!r}. So nothing is sent.",
            "Correct that variable of the environment, then press Retry.",
        )
    return int(text)


def check(journal: Journal, job: Job, held: Sequence[Allowance], in_all: int) -> None:
    """Whether a job may come to that many points in all; in the transaction that holds them for it.

    Raises:
        AllowanceUsedUp: with the sentence of the first one that it would exceed.
    """
    today = day_of(journal.clock.now())
    more = in_all - sum(journal.points_of(job.id).values())
    for one in held:
        # To the month's end: the clock may have been set back since.
        first, last = (today, today) if one.span == "day" else (f"{today[:8]}01", f"{today[:8]}31")
        taken = 0 if one.span == "job" else journal.points_between(first, last, one.column, one.name)
        together = in_all if one.span == "job" else taken + max(0, more)
        if together > one.points:
            raise AllowanceUsedUp(_said(one, in_all, taken), points=in_all)


def _said(one: Allowance, in_all: int, taken: int) -> str:
    whose, points = one.whose, one.points
    if one.span == "job":
        return f"This would cost up to {in_all} points, and {whose} may take {points} for a job."
    if one.span == "day":
        return f"This would cost up to {in_all} points; {whose} may take {points} a day, of which {taken} are taken."
    return f"This would cost up to {in_all} points; {whose} may take {points} a month, of which {taken} are taken."
