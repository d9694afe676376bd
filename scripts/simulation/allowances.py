"""What may be spent, and on whose word: allowances, approvals and agents' quotes, held against the book.

The third part of what the witness holds. Each rule is a bound that no honest count can exceed: jobs that a user had
sent again at a risk are left out, and a day is counted for each that the computer's clock has shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .plan import Job, Plan

if TYPE_CHECKING:
    from .witness import Witness

_DAY = 86_400.0


@dataclass(frozen=True)
class Allowance:
    """So many points for each job, day or month of those jobs."""

    span: str
    points: int
    whose: str
    jobs: frozenset[int]


def allowances_of(plan: Plan, policy: Mapping[str, Any]) -> Iterator[Allowance]:
    """All that hold in a world, with that policy."""
    everybody = frozenset(job.number for job in plan.jobs)

    def those(name: str, value: str) -> frozenset[int]:
        found = (job for job in plan.jobs if value == (job.provider if name == "service" else job.request.get(name)))
        return frozenset(job.number for job in found)

    of_policy: Mapping[str, Any] = policy.get("points", {})
    for span, points in [*plan.environment.items(), *of_policy.items()]:
        if span in ("job", "day", "month"):
            yield Allowance(span, points, "everybody", everybody)
    for kind in ("project", "agent", "service"):
        for name, limits in of_policy.get(kind, {}).items():
            for span, points in limits.items():
                yield Allowance(span, points, f"{kind} {name}", those(kind, name))
    for agent in {job.request["agent"] for job in plan.jobs if job.request.get("agent")}:
        if not plan.environment and agent not in of_policy.get("agent", {}):
            for span, points in (plan.of_agents or {"day": 0}).items():
                yield Allowance(span, points, f"agent {agent}", those("agent", agent))
        above = policy.get("agents", {}).get("approve_above")
        if above is not None:
            yield Allowance("job", above, f"agent {agent}", those("agent", agent))


def write(policy: Mapping[str, Any], path: Path) -> None:
    """Write the policy as a file."""

    def table(name: str, content: Mapping[str, Any]) -> Iterator[str]:
        yield f"[{name}]"
        yield from (f"{key} = {str(value).lower()}" for key, value in content.items() if not isinstance(value, dict))
        for key, value in content.items():
            if isinstance(value, dict):
                yield from table(f"{name}.{key}", value)

    path.write_text("\n".join(line for name, content in policy.items() for line in table(name, content)), "utf-8")


def _doubled(limits: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _doubled(one) if isinstance(one, Mapping) else 2 * one for name, one in limits.items()}


class Allowances:
    """Args:
    witness: is told what is found.
    """

    def __init__(self, witness: Witness, plan: Plan) -> None:
        self._witness, self._plan = witness, plan
        self._jobs: dict[int, Job] = {job.number: job for job in plan.jobs}
        self._held = list(allowances_of(plan, plan.policy))
        #: By job, up to how many points a user has approved of it.
        self._approved: defaultdict[int, int] = defaultdict(int)
        #: By job, what all had paid when its user first wanted it.
        self._before: dict[int, dict[int, int]] = {}
        #: Jobs that a user has declined to pay for, and said nothing of since.
        self._declined: set[int] = set()
        #: By agent's job, the quote that it was sent with.
        self._quote: dict[int, str] = {}
        #: Points that quotes name.
        self._quoted: dict[str, int] = {}
        #: Agents' jobs that were sent without a quote which was good for them, or were refused.
        self._unfounded: dict[int, str] = {}
        #: Agents' jobs of which the engine has said that it has taken them in.
        self.taken_in: set[int] = set()
        self._days: set[int] = set()
        self.harmed = any(event.more.get("journal") for event in plan.events)

    def double(self) -> None:
        """The studio allows twice as much from now on."""
        world = self._witness.world
        if world.plan.policy.get("points"):
            world.policy = {**world.plan.policy, "points": _doubled(world.plan.policy["points"])}
            self._held = list(allowances_of(self._plan, world.policy))
            world.write_policy()

    def observe(self) -> None:
        """Look at the computer's calendar."""
        self._days.add(int(self._witness.world.wall() // _DAY))

    # Users' and agents' words

    def wanted(self, number: int) -> None:
        """A user, or an agent, wants a job."""
        self._declined.discard(number)
        if number not in self._before:
            self._before[number] = {one: self._witness.paid(one, net=True) for one in self._jobs}

    def approves(self, number: int, points: int) -> None:
        """A user is about to say that a job may come to so many points."""
        self._declined.discard(number)
        self._approved[number] = max(self._approved[number], points)

    def declined(self, number: int) -> None:
        """A user has said that it may not, and was heard."""
        self._declined.add(number)

    def goes_on(self, number: int | None = None) -> None:
        """A user has the job, or all, go on."""
        self._declined -= self._declined if number is None else {number}

    def quoted(self, quote: str, points: int) -> None:
        """An agent was told what a job costs."""
        self._quoted[quote] = points

    def sends(self, number: int, quote: str, unfounded: str) -> None:
        """An agent sends a job.

        Args:
            unfounded: why it may not be paid, where that is so.
        """
        self._quote[number] = quote
        if unfounded:
            self._unfounded[number] = unfounded

    def sent_with(self, quote: str, but: int) -> list[int]:
        """Other jobs that an agent has sent with the same quote."""
        return [job for job, same in self._quote.items() if quote and same == quote and job != but]

    def refused(self, number: int, code: str) -> None:
        """The engine has refused it."""
        self._unfounded[number] = f"it was refused with {code}"

    # What is paid

    def paid(self, number: int) -> None:
        """A job has paid."""
        self.observe()
        if number in self._declined:
            self._found("declined", f"job {number} pays, of which its user has said that it may not")
        self._check_quote(number)
        if self._harmed_past_counting():
            return
        for held in self._held:
            if number not in held.jobs or not self._once(number):
                continue
            if held.span == "job":
                if (over := self._over(number)) > held.points:
                    self._found("allowance", f"job {number} has paid {over}; {held.whose} may take {held.points} a job")
                continue
            most = held.points * (max(self._days) - min(self._days) + 1 if held.span == "day" else 1)
            unasked = sum(self._over(one) for one in held.jobs if self._once(one))
            before = sum(self._before[number][one] for one in held.jobs if one != number and self._once(one))
            if not self._approved[number]:
                unasked = max(unasked, before + self._witness.paid(number, net=True))
            if unasked > most:
                what = f"job {number} pays: {unasked} in all; {held.whose} may take {held.points} a {held.span}"
                self._found("allowance", what)

    def _check_quote(self, number: int) -> None:
        if not self._jobs[number].request.get("agent"):
            return
        if number in self._unfounded:
            self._found("quote", f"job {number} of an agent pays, and {self._unfounded[number]}")
        quote = self._quote.get(number, "")
        if paid := [one for one in self.sent_with(quote, but=number) if self._witness.paid(one)]:
            self._found("quote", f"jobs {number} and {paid} pay by one quote")
        conversions = sum(
            one.points
            for one in self._witness.world.services.charges
            if one.job == number and one.operation == "conversion"
        )
        cost = self._witness.paid(number, net=True) - max(0, conversions)  # which the user may have asked for since
        if quote in self._quoted and self._once(number) and cost > self._quoted[quote]:
            self._found("quote", f"job {number} has paid {cost}; its quote says {self._quoted[quote]}")

    def _over(self, number: int) -> int:
        """Points that it has paid beyond what a user has approved of."""
        cost = self._witness.paid(number, net=True)
        return cost if cost > self._approved[number] else 0

    def _once(self, number: int) -> bool:
        """No user has risked a second payment."""
        return self._witness.jobs[number] <= 1

    def _harmed_past_counting(self) -> bool:
        """The journal is gone, and with it what was deleted."""
        return self.harmed and bool(self._witness.gone)

    def _found(self, rule: str, what: str) -> None:
        self._witness.found(rule, what)
