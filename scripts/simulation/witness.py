"""What is held all along: what was paid, by the services' own book, against what users did and what they were told.

Each rule is exact: what nobody could know, and was said not to be known, is no fault.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neural4d_blender.client.jobs.snapshots import Job
from neural4d_blender.engine.protocol import State

from .allowances import Allowances
from .limits import Limits
from .services import FILES, Came, job_id, number_of

if TYPE_CHECKING:
    import requests

    from .host import Host
    from .world import World

#: Says that nothing was paid.
_NOTHING = re.compile(r"nothing was (sent and nothing was )?paid", re.IGNORECASE)
#: Says that Retry does not pay, or asks first.
_FREE = re.compile(r"does not pay|at no cost|asks before|ask the service|costs nothing", re.IGNORECASE)
_WERE_PAID = re.compile(r"(\d+) \w+ were paid(?! \(estimated)")
#: Requests about one job to one endpoint in so many seconds: more are a busy loop.
_MOST, _WITHIN = 20, 5.0
#: Faults of a paid request after which nobody knows whether it was taken.
LOST = {"reset_before", "hang_before", "reset_after", "hang_after", "arrives_late"}
#: Those that leave a good answer, or none that could have been paid.
HARMLESS = {"late", "gzip", "text_numbers", "emoji", "null_ids", "drip", "refused", "unconnected", "others"}
_OVER = (State.READY, State.PLACED, State.FAILED, State.CANCELLED)


@dataclass(frozen=True)
class Finding:
    """What is not as it has to be."""

    rule: str
    what: str


class Witness:
    """Sees everything in a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.findings: list[Finding] = []
        self.jobs: Counter[int] = Counter()
        #: What befell a job's paid requests.
        self.trouble: defaultdict[int | None, set[str]] = defaultdict(set)
        self._asked: defaultdict[tuple[str, int | None], deque[float]] = defaultdict(deque)
        self._formats: defaultdict[int, set[tuple[str, float | None]]] = defaultdict(set)
        self.gone: set[str] = set()
        #: Jobs of models that are there already.
        self.brought: set[int] = set()
        #: What has happened: a service has asked to be called less often, a connection has broken.
        self.hurried = self.broken = False
        self._told: dict[str, Job] = {}
        self.limits = Limits(self, world.plan)
        self.allowances = Allowances(self, world.plan)

    def found(self, rule: str, what: str) -> None:
        """Something is wrong."""
        finding = Finding(rule, what)
        if finding not in self.findings:
            self.findings.append(finding)
            self.world.tell(f"!! {rule}: {what}")

    # The user's word

    def word(self, job: int, what: str) -> None:
        """A user wants a job, knowing what that may cost."""
        self.jobs[job] += 1
        self.allowances.wanted(job)
        self.world.tell(f"the user: {what} job {job}")

    def brings_in(self, job: int, what: str) -> None:
        """A user wants a model that is there already, which costs nothing."""
        self.brought.add(job)
        self.word(job, f"brings in {what!r}:")

    def may_pay(self, job: Job) -> bool:
        """Whether a user who reads what is told of the job knows that Retry may be paid."""
        text = _words(job)
        return not (_NOTHING.search(text) or _FREE.search(text))

    def retries(self, job: Job) -> None:
        """A user presses Retry."""
        number = number_of(job.id)
        if number is None or job.state not in (State.FAILED, State.CANCELLED):
            return
        self.limits.goes_on_alone(number)
        self.allowances.goes_on(number)
        if self.may_pay(job):
            self.word(number, f"knows that this may be paid: {_words(job)!r}: retries")

    def converts(self, job: Job, format: str, size: float | None) -> None:
        """A user wants a file in that format."""
        number = number_of(job.id)
        if number is not None:
            self._formats[number].add((format, size))

    def deleted(self, id: str) -> None:
        """A job is no more, by its user's wish."""
        self.gone.add(id)

    # What services see

    def asked(
        self,
        endpoint: str,
        job: int | None,
        request: requests.PreparedRequest,
        body: bytes,
        *,
        paid: bool,
    ) -> None:
        """A request leaves."""
        keys = (b"simulator-token", b"simulator-csm-key", b"simulator-goneural-key", b"simulator-modelslab-key")
        head = f"{request.url} {request.headers}".encode()
        if str(request.url).startswith(FILES) and any(key in head + body for key in keys):
            self.found("key", f"the key goes to the file host: {request.url}")
        if job is not None and not paid:
            times = self._asked[endpoint, job]
            now = self.world.scheduler.now
            times.append(now)
            while times[0] < now - _WITHIN:
                times.popleft()
            if len(times) > _MOST:
                self.found("busy", f"{endpoint} is asked {len(times)} times in {_WITHIN:g} s about job {job}")
        if paid:
            self.world.tell(f"{endpoint} for job {job}")
            self.limits.sends(job, endpoint, self.world.scheduler.now)

    def troubled(self, job: int | None, kind: str) -> None:
        """A fault befalls a paid request of the job."""
        self.trouble[job].add(kind)
        if kind in LOST:
            self.limits.lost.add(job)

    def acted(self, came: Came, job: int | None) -> None:
        """A service has acted on a request."""
        if not came.charged:
            return
        charge = self.world.services.charges[-1]
        self.world.tell(f"{came.service}: job {job} pays {charge.points} for {charge.operation}")
        if job is None or job < 0:
            self.found("stray", f"a payment that no user asked for: {came.endpoint} {came.body[:100]!r}")
            return
        rows = [one for one in self.world.services.charges if one.job == job]
        number = sum(1 for one in rows if one.operation == charge.operation and one.points > 0)
        number -= sum(1 for one in rows if one.operation == f"{charge.operation} refund")
        allowed = self.jobs[job]
        if charge.operation == "conversion":
            allowed = len(self._formats[job] | self._wanted(job)) * max(1, allowed)
        self.limits.paid(job)
        self.allowances.paid(job)
        self.limits.at_once(self.world.services.running())
        if number > allowed * self._each(job, charge.operation):
            self.found("twice", f"job {job} pays {charge.operation} {number} times; the user's word covers {allowed}")

    def _wanted(self, job: int) -> set[tuple[str, float | None]]:
        request = next(one.request for one in self.world.plan.jobs if one.number == job)
        models = range(request.get("variants", 1))
        return {(f"{request['format']} {index}", request.get("size_mm")) for index in models if request.get("format")}

    def _each(self, job: int, operation: str) -> int:
        """How many rows of the ledger one word is."""
        request = next(one.request for one in self.world.plan.jobs if one.number == job)
        return len(request["images"]) if operation == "chibi" else 1

    # What users see

    def told(self, host: Host, job: Job, before: Job | None) -> None:
        """A Blender has heard of a job."""
        number = number_of(job.id)
        if number is None:
            return
        known = self._told.get(job.id)
        gone = job.error is not None and job.error["code"] == "InvalidInput" and "was deleted" in job.error["what"]
        if job.id in self.gone and not gone:  # that is what another Blender finds out of it
            self.found("revived", f"job {number} was deleted, and is {job.state} again")
        if job.state == State.FAILED:
            self.limits.told(number, job)
        if before is None or before.state != job.state or (before.error, before.note) != (job.error, job.note):
            why = f": {job.error['code']}: {job.error['what']} {job.error['cost']}" if job.error else ""
            self.world.tell(f"told: job {number} is {job.state}{why}{' ' + job.note if job.note else ''}")
        if before and before.entered == job.entered and before.state == job.state and job.state == State.GENERATING:
            same = [v.state for v in before.variants] == [v.state for v in job.variants]
            same &= "history" not in before.note  # its user was told that it could not be written
            if same and job.progress < before.progress - 1e-9 and not _stages(job):
                self.found("backwards", f"job {number} goes from {before.progress:.2f} to {job.progress:.2f}")
        if known is None or known.revision <= job.revision:
            self._told[job.id] = job
        if job.state in (State.FAILED, State.CANCELLED):
            self._check_words(number, job)
        said = f"{job.note} {job.error['what'] if job.error else ''}"
        for words, happened in (("asks to slow down", self.hurried), ("broke before the answer", self.broken)):
            if words in said and not happened:
                self.found("untrue", f"that has not happened, and job {number} is told: {said!r}")
        self._check_cost(number, job)

    def _check_words(self, number: int, job: Job) -> None:
        text, gross, net = _words(job), self.paid(number), self.paid(number, net=True)
        if _NOTHING.search(text) and gross and net:
            self.found("untrue", f"job {number} has paid {gross}, and is told: {text!r}")
        if (found := _WERE_PAID.search(text)) and int(found[1]) not in (gross, net):
            self.found("untrue", f"job {number} has paid {gross}, and is told: {text!r}")
        if job.state == State.FAILED:
            error = job.error
            if not (error and error["what"] and error["cost"] and error["code"]):
                self.found("speechless", f"job {number} fails without a word: {error}")
            elif error["code"] == "Neural4DError":
                self.found("internal", f"job {number}: {error['what']}")

    def _check_cost(self, number: int, job: Job) -> None:
        if number in self.brought:
            done = job.state in (State.READY, State.PLACED)
            if job.cost or job.cost_estimated or (done and job.cost is None) or self.paid(number):
                self.found("brought in", f"job {number} was brought in, and is told to have cost {job.cost}")
            return
        booked = sum(bool(entry["points"]) for entry in job.spent if entry["operation"] == "conversion")
        wanted = len(self._formats[number] | self._wanted(number)) * max(1, self.jobs[number])
        if booked > wanted and not any(fault.kind == "conversion_failed" for fault in self.world.plan.faults):
            self.found("booked", f"job {number} has {booked} conversions in its costs; {wanted} were wanted")
        if job.cost is None or job.cost_estimated or job.state not in _OVER:
            return
        gross, net = self.paid(number), self.paid(number, net=True)
        if job.cost not in (gross, net):
            self.found("cost", f"job {number} is {job.state} and said to have cost {job.cost}; it has cost {gross}")

    def quote_of(self, number: int) -> str:
        """How an agent's job comes by its quote; empty for a user's."""
        return next((job.quote for job in self.world.plan.jobs if job.number == number), "")

    def given_up(self, job: int) -> bool:
        """Its user was told that it is over."""
        told = self._told.get(job_id(job))
        return told is not None and told.state in (State.FAILED, State.CANCELLED)

    def look_again(self, act: Callable[[], None]) -> None:
        """Do it when what is on its way has arrived."""

        def later() -> None:
            self.world.scheduler.block(None, 3.0)
            act()

        self.world.scheduler.spawn(self.world.outside, "a second look", later)

    def paid(self, job: int, *, net: bool = False) -> int:
        """Points that a job has paid; net: less those that came back."""
        rows = [one.points for one in self.world.services.charges if one.job == job]
        return sum(rows) if net else sum(points for points in rows if points > 0)

    # The end

    def conclude(self) -> None:
        """All is well and at rest: what is left is what stays."""
        world = self.world
        for process, error in world.scheduler.crashes:
            self.found("crash", f"{process.name}: {type(error).__name__}: {error}")
        for host in world.hosts:
            if host.bridge._answers:
                self.found("unanswered", f"{len(host.bridge._answers)} commands of {host.process.name}")
        for number in (*(job.number for job in world.plan.jobs), *sorted(self.brought)):
            if self.jobs[number]:
                self._conclude(number)
        self._look_for_keys()
        if (log := world.log.getvalue()) and "Error" in log and "JournalUnusable" not in log:
            self.found("log", log.strip().splitlines()[-1][:200])

    def _conclude(self, number: int) -> None:
        id = job_id(number)
        if id in self.gone:
            return
        job = self._told.get(id)
        if job is None and self.quote_of(number) and number not in self.allowances.taken_in:
            return  # its agent was refused, or is no more
        if job is None:
            self.found("lost", f"nobody was ever told of job {number}")
            return
        if job.state not in _OVER:
            self.found("stuck", f"job {number} stays {job.state}: {job.note}")
            return
        self._check_cost(number, job)
        if job.state in (State.FAILED, State.CANCELLED):
            self._check_words(number, job)
        if job.state == State.FAILED:
            self._check_failure(number, job)

    def _check_failure(self, number: int, job: Job) -> None:
        code, what = (job.error["code"], job.error["what"]) if job.error else ("", "")
        harmed = self.trouble[number] - HARMLESS
        shaken = self.world.plan.deaths or self.world.plan.events
        if code in ("PaymentUnknown", "SubmissionLost") and not harmed and not shaken:
            self.found("thrown away", f"job {number} was answered, and yet: {what}")
        allowed = {"PaymentUnknown", "GenerationFailed"}
        allowed |= {"CapReached", "BudgetUsedUp", "NotEnoughPoints", "AllowanceUsedUp"}
        if self.world.plan.settings["ids"] == "echoed":
            allowed.add("JobNotFound")  # the service has told ids that it does not know itself
        if number in self.brought:
            allowed.add("ModelNotFound")
        known = any(job.id in host.bridge.jobs for host in self.world.hosts)  # else it was never journaled: not sent
        if code not in allowed and known and not job.retry_pays and not self.may_pay(job):
            self.found("fails", f"job {number} fails although all is well: {code}: {what}")

    def _look_for_keys(self) -> None:
        keys = [b"simulator-token", b"simulator-csm-key", b"simulator-goneural-key", b"simulator-modelslab-key"]
        for folder, _, names in os.walk(self.world.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                if any(key in content for key in keys):
                    self.found("key", f"a key stands in {name}")


def _words(job: Job) -> str:
    """What the user reads about money."""
    return (job.error["cost"] if job.error else "") if job.state == State.FAILED else job.note


def _stages(job: Job) -> bool:
    """Each stage has a progress of its own."""
    return job.provider == "csm"


def summary(findings: list[Finding]) -> dict[str, Any]:
    """How many of each rule."""
    return dict(Counter(finding.rule for finding in findings))
