"""The part that costs points: one job of a prompt and one of a picture, with the product's own calls."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from neural4d_blender.engine.errors import (
    JobNotFound,
    Neural4DError,
    OtherGeneration,
    ServiceUnreachable,
    UnsupportedFeature,
)
from neural4d_blender.engine.files.download import download
from neural4d_blender.engine.model.declaration import Quote
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.services.results import Outcome, Poll, Submission
from neural4d_blender.engine.steps.paid_requests.paid_request import REFUSALS

from .files import look_at
from .findings import Findings
from .free_checks import balance
from .repeat import Asking, explained
from .spending import Budget, Cost

#: Questions in a row that find the service not knowing a model it has accepted.
_UNKNOWN = 3


class Stop(Exception):
    """This job goes no further; the text is a sentence."""


class Jobs:
    """Args:
    asking: calls the service. budget: what may be spent. folder: where models go.
    """

    def __init__(self, asking: Asking, found: Findings, budget: Budget, folder: Path) -> None:
        self.asking = asking
        self.session = asking.session
        self.found = found
        self.budget = budget
        self.folder = folder
        self._cost: Cost | None = None
        self._before: int | None = None
        self._answered = 0.0
        self._quotes: Sequence[Quote] = ()

    def make(self, step: str, request: Request) -> None:
        """One job, to its file."""
        self.session.step = step
        try:
            self.found.jobs[step] = self._make(step, request)
        except Stop as end:
            self.found.jobs[step] = str(end)
        except UnsupportedFeature as error:
            self.found.jobs[step] = f"Not made. {error.what}"
            self.found.left_out.append(f"{step}: {error.what}")
        except Neural4DError as error:
            self.found.jobs[step] = f"It came to no model. {explained(error)}"
            self.found.differs(f"The {step} job: {explained(error)}")
        if self._cost:
            self._settle()

    def _make(self, step: str, request: Request) -> str:
        provider, asking = self.session.provider, self.asking
        quotes = provider.quotes(request)
        cutout = picture = ""
        if provider.makes_pictures(request):
            first, *quotes = quotes
            made = self._pay(step, [first], lambda: provider.order_pictures(request))
            chosen = self._until(lambda: provider.pictures(made.uuids), "The pictures")[0]
            cutout, picture = chosen.key, str(self.folder / f"{step}.picture.png")
            download(chosen.url, Path(picture))
        tickets = provider.tickets(request, str(uuid.uuid4()))

        def submit() -> Submission:
            key = cutout or (self._cut_out(request) if provider.needs_cutout(request) else "")
            return self._pay(step, quotes[:1], lambda: provider.submit(request, tickets, key, picture))

        since = time.time()
        submission = asking.by_generation(submit)
        if tickets:
            self._look_at_ids(request, tickets, submission, since)
        poll = self._follow(step, submission, request, tickets)
        if poll.outcome is Outcome.FAILED:
            self.found.differs(f"The {step} job failed at the service: {poll.message or 'no reason given'}")
            raise Stop(f"The service took it and failed to make the model: {poll.message or 'no reason given'}")
        return self._fetch(step, poll)

    def _cut_out(self, request: Request) -> str:
        provider = self.session.provider
        matting, _ = self.asking.free(lambda: provider.cut_out(request.images[0]))
        return self._until(lambda: provider.cutouts(matting), "The cut-outs")[0].key

    def _until(self, ask: Callable[[], Sequence[Any]], what: str) -> Sequence[Any]:
        ends = time.monotonic() + self.session.timing.patience
        while time.monotonic() < ends:
            if came := self.asking.free(ask):
                return came
            time.sleep(self.session.timing.poll)
        raise Stop(f"{what} were not there after {self.session.timing.patience:g} s.")

    # Money

    def _pay(self, step: str, quotes: Sequence[Quote], send: Callable[[], Any]) -> Any:
        """Send one request that costs points, at most once.

        Raises:
            Stop: it may cost too much.
        """
        if self._cost:
            self._settle()
        self._before = balance(self.asking)
        if why := self.budget.refuses(quotes, self._before):
            self.found.left_out.append(f"{step}, {quotes[0].operation}: {why}")
            raise Stop(f"Not sent. {why}")
        cost = Cost(step, quotes[0].operation, quotes[0].points, quotes[0].most)
        try:
            answer = self.asking.paid(send)
        except OtherGeneration:
            raise
        except Neural4DError as error:
            self._cost, self._answered, self._quotes = cost, time.monotonic(), quotes
            if not isinstance(
                error, (*REFUSALS, ServiceUnreachable)
            ):  # it may have been taken, and is never sent again
                self.found.costs.append(cost)
            raise
        cost.told = getattr(answer, "points", None)
        self._cost, self._answered, self._quotes = cost, time.monotonic(), quotes
        self.found.costs.append(cost)
        self._watch()
        return answer

    def _watch(self) -> bool:
        """Look at the balance; True where it shows the purchase, or nobody tells one."""
        cost = self._cost
        if cost is None or cost.fell is not None or self._before is None:
            return True
        now = balance(self.asking)
        if now is not None and now < self._before:
            cost.fell, cost.after = self._before - now, time.monotonic() - self._answered
        elif now is not None:
            cost.late = True
        return cost.fell is not None

    def _settle(self) -> None:
        """Wait until the balance shows the last purchase, or for as long as one may be late."""
        cost = self._cost
        if cost is None:
            return
        taken = cost in self.found.costs
        ends = self._answered + self.session.timing.booking
        while taken and cost.told != 0 and not self._watch() and time.monotonic() < ends:
            time.sleep(min(self.session.timing.poll, 2.0))
        if not taken:
            self._watch()
            if cost.fell is None:
                self._cost = None
                return
            self.found.costs.append(cost)
            self.found.differs(f"The {cost.step} job was refused, and the balance fell by {cost.fell} all the same.")
        if taken and cost.fell is None and self._before is not None:
            cost.fell = 0
        self.budget.book(cost, self._quotes)
        self._cost = None

    # Ids, and the way to the file

    def _look_at_ids(self, request: Request, tickets: list[str], submission: Submission, since: float) -> None:
        ids = self.found.ids
        paid = next((said for said in reversed(self.session.log) if said.exchange.paid and not said.aside), None)
        answer = json.dumps(paid.exchange.answer) if paid else ""
        ids.sent += len(tickets)
        ids.back = all(ticket in answer for ticket in tickets)
        ids.used = submission.uuids == tickets
        try:
            trace = self.asking.free(lambda: self.session.provider.look_for(request, tickets, since, False))
        except Neural4DError as error:
            self.found.differs(f"Asking about ids of ours: {explained(error)}")
            return
        ids.known = None if trace is None else bool(trace.found)

    def _follow(self, step: str, submission: Submission, request: Request, tickets: list[str]) -> Poll:
        """Ask about the first model until it is done or has failed, and order what it needs."""
        provider, model = self.session.provider, submission.uuids[0]
        ends = time.monotonic() + self.session.timing.patience
        poll = submission.polls.get(model)
        unknown, ordered, number = 0, "", 0
        while time.monotonic() < ends:
            if poll is None:
                number += 1
                expect_done = number % 2 == 0
                try:
                    poll = self.asking.free(lambda model=model, done=expect_done: provider.poll(model, done))  # type: ignore[misc]
                except JobNotFound as error:
                    unknown += 1
                    if unknown >= _UNKNOWN:
                        self.found.differs(
                            f"The {step} job was accepted, and the service does not know it. {error.what}"
                        )
                        raise Stop("The service accepted it and does not know the id that it gave.") from error
                    time.sleep(self.session.timing.poll)
                    continue
            if poll.points is not None and self._cost:
                self._cost.told = poll.points
            if tickets == submission.uuids and (poll.progress is not None or poll.outcome is not Outcome.GENERATING):
                provider.remember(model, tickets)
            if poll.outcome in (Outcome.DONE, Outcome.FAILED):
                return poll
            if poll.outcome is Outcome.NEXT and poll.order != ordered:
                ordered = poll.order
                model = self._order(step, model, poll, request) or model
            poll = None
            self._watch()
            time.sleep(self.session.timing.poll)
        self.found.differs(f"The {step} job was not done after {self.session.timing.patience:g} s.")
        raise Stop(f"It was accepted, and not done after {self.session.timing.patience:g} s.")

    def _order(self, step: str, model: str, poll: Poll, request: Request) -> str:
        quote = self.session.provider.order_quote(poll.order)
        choice = poll.choices[0].key if poll.choices else ""
        return str(
            self._pay(step, [quote], lambda: self.session.provider.order(model, poll.order, request, choice, None))
            or ""
        )

    def _fetch(self, step: str, poll: Poll) -> str:
        native = self.session.provider.declaration.native
        path = self.folder / f"{step}.{native.lower()}"
        error: Neural4DError | None = None
        for url in (poll.model_url, *poll.mirrors):
            try:
                download(url, path)
            except Neural4DError as trouble:
                error = trouble
                continue
            facts = look_at(path, url, native)
            if facts["format"] and facts["format"] != native:
                path = path.replace(path.with_suffix(f".{facts['format'].lower()}"))
            self.found.files[step] = facts | {"name": path.name}
            for wrong in facts["wrong"]:
                self.found.differs(f"The {step} job's file: {wrong}")
            size = f"{facts['bytes']:,} bytes" + (f", {facts['triangles']:,} triangles" if "triangles" in facts else "")
            return f"It became {path.name}, {facts['format'] or 'of an unknown format'}, {size}."
        self.found.differs(f"The {step} job's file could not be fetched. {explained(error) if error else ''}".strip())
        raise Stop("It is done at the service, and its file could not be fetched.")
