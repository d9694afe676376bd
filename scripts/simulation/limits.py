"""Limits that users set, and what a service could have been asked: the second half of what the witness holds.

Caps and budgets against the book, how many of a batch are at a service at once, what a stopped batch still sends, what
is given up too soon, and what could have been known of a payment and was said not to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from neural4d_blender.client.jobs.snapshots import Job

from .plan import Plan

if TYPE_CHECKING:
    from .witness import Witness

#: Codes of trouble that passes by itself.
_OUTAGE = {"ServiceUnreachable", "AnswerLost", "ServiceDown"}
#: Services of which no balance can be asked, by generation.
_UNTOLD = {("csm", "2024"), ("goneural", "2024"), ("modelslab", "2024"), ("modelslab", "today")}


class Limits:
    """Args:
    witness: is told what is found.
    """

    def __init__(self, witness: Witness, plan: Plan) -> None:
        self._witness, self._plan = witness, plan
        self._jobs = {job.number: job for job in plan.jobs}
        #: When a user's stop of the batch was answered; None where it goes on.
        self.stopped: dict[int, float | None] = {}
        #: How often its user had it go on: the answer to a stop before that comes too late.
        self.continued: defaultdict[int, int] = defaultdict(int)
        #: The caps that hold, which users may raise.
        self.budgets = {number: batch["record"].get("budget") for number, batch in enumerate(plan.batches)}
        #: Jobs that a user had go on by themselves.
        self._alone: set[int] = set()
        self._sent: defaultdict[int, int] = defaultdict(int)
        #: Jobs of which an answer was lost, and which no user has sent again since.
        self.lost: set[int | None] = set()
        settings = plan.settings
        #: Neural4D's balance shows purchases late, and its records do not have the ids that a request carries.
        self._cannot_know = settings["booking_seconds"] and settings["ids"] == "ignored"

    def sends(self, number: int | None, endpoint: str, now: float) -> None:
        """A request that costs points leaves for the job."""
        if number in self.lost and endpoint.startswith("generateModel") and self._cannot_know:
            what = f"job {number} is sent again, and nobody can know that it was not taken before"
            self._witness.found("uncertain", what)
        job = self._jobs.get(-1 if number is None else number)
        if job is None:
            return
        since = self.stopped.get(-1 if job.batch is None else job.batch)
        if since is not None and not self._sent[job.number]:
            self._witness.found("stopped", f"job {job.number} is sent {now - since:.1f} s after its batch was stopped")
        self._sent[job.number] += 1

    def goes_on_alone(self, number: int) -> None:
        """A user has this one go on, whatever its batch does."""
        self.lost.discard(number)
        self._alone.add(number)
        self._sent[number] += 1

    def paid(self, number: int) -> None:
        """A job has paid."""
        job = self._jobs[number]
        own, cost = job.request.get("max_points"), self._witness.paid(number)
        if own is not None and self._witness.jobs[number] == 1 and cost > own:
            self._witness.found("cap", f"job {number} has paid {cost}; its cap is {own}")
        group = job.request.get("group_points")
        if group is not None:
            together = [one for one in self._plan.jobs if one.request.get("group")]
            if len({one.request["group_points"] for one in together}) == 1 and self._once(together):
                self._hold("group", sum(self._witness.paid(one.number) for one in together), group)
        budget = self.budgets.get(-1 if job.batch is None else job.batch)
        items = [one for one in self._plan.jobs if one.batch == job.batch]
        if budget is not None and self._once(items):
            self._hold("budget", sum(self._witness.paid(one.number) for one in items), budget)

    def _once(self, jobs: Iterable[Any]) -> bool:
        """No user has risked a second payment for one of them."""
        return all(self._witness.jobs[one.number] <= 1 for one in jobs)

    def _hold(self, what: str, cost: int, most: int) -> None:
        if cost > most:
            self._witness.found("cap", f"a {what} of {most} has paid {cost}")

    def at_once(self, running: dict[int, str], *, again: bool = False) -> None:
        """Look which jobs services work on, each with its service; what was given up does not count.

        Args:
            again: it is the second look, when whatever was on its way has been told.
        """
        counts: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for job, service in running.items():
            batch = self._jobs[job].batch
            # What its user has go on, or sends again, waits for no other; the first model may be at work still.
            if batch is not None and not self._witness.given_up(job) and job not in self._alone:
                counts[batch, service].append(job)
        for (batch, service), jobs in counts.items():
            most = self._plan.batches[batch]["record"]["concurrency"]
            if len(jobs) > most and again:
                self._witness.found("at once", f"jobs {jobs} of batch {batch} are at {service}; {most} may be")
            elif len(jobs) > most:
                self._witness.look_again(lambda: self.at_once(running, again=True))

    def told(self, number: int, job: Job) -> None:
        """A job has failed."""
        code = job.error["code"] if job.error else ""
        if code in _OUTAGE and (job.variants or job.picture_ids):
            self._witness.found("gives up", f"job {number} is paid, and fails of an outage: {code}")
        error = job.error if code == "PaymentUnknown" else None
        if error and "Unknown" in error["cost"] and self._could_be_known(number, job):
            self._witness.found("could be known", f"job {number}: {error['what']}")

    def _could_be_known(self, number: int, job: Job) -> bool:
        """The balance was there to be asked, and nothing else has moved it."""
        plan, settings = self._plan, self._plan.settings
        if (job.provider, settings["generations"][job.provider]) in _UNTOLD or plan.deaths or plan.events:
            return False
        asked = any(fault.where in ("balance", "ask", "any") for fault in plan.faults)
        alone = sum(one.provider == job.provider for one in plan.jobs) == 1
        acts = any(act.do in ("key", "online", "retry", "cancel") for act in plan.acts)
        quick = not settings["booking_seconds"] and settings.get("calls_per_minute") is None
        late = {"arrives_late", "hang_after"} & self._witness.trouble[number]
        return alone and quick and not asked and not acts and not late and not settings["refund_failed"]
