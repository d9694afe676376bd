"""How far each batch is, kept up to date job by job: a panel may not pass over thousands of jobs to draw a line."""

from __future__ import annotations

from collections import Counter
from typing import Any

import bpy

from ...client.jobs.snapshots import Job
from ...engine.protocol import SETTLED, BudgetUsedUp, ErrorTexts, State
from ...scene.finished_jobs import recover_unsaved as lost
from ...scene.session import session
from ...scene.shared_engine import bridge

_DONE = {State.READY, State.PLACED}


class Tally:
    """The counts of one batch.

    Attributes:
        points: what was spent so far. estimated: of how many jobs that is estimated.
        providers: ids of the services it is made with.
        paused: the job that is held back longest; see ``state_labels.waits``.
    """

    def __init__(self, batch: str) -> None:
        self.points = self.estimated = 0
        self.providers: set[str] = set()
        self.paused: Job | None = None
        self._trouble: ErrorTexts | None = None
        self._errors: dict[str, ErrorTexts] = {}
        self._known: dict[str, tuple[str, int, bool]] = {}
        self._states: Counter[str] = Counter()
        self._lost: tuple[Any, int] = (None, 0)
        for job in bridge.jobs.values():
            if job.batch == batch:
                self._take(job)
        bridge.jobs.watch(batch, self._take)

    @property
    def done(self) -> int:
        """Models that stand in the scene, or are on disk."""
        return sum(self._states[state] for state in _DONE)

    @property
    def waiting(self) -> int:
        """Not sent yet."""
        return self._states[State.QUEUED]

    @property
    def failed(self) -> int:
        """Ended without a model."""
        return self._states[State.FAILED]

    @property
    def over_budget(self) -> int:
        """Those of them that the batch's budget did not cover."""
        return sum(error["code"] == BudgetUsedUp.__name__ for error in self._errors.values())

    @property
    def error(self) -> ErrorTexts | None:
        """Why the engine would not do what was asked last, or why the last one of those that failed did."""
        return self._trouble or next(reversed(self._errors.values()), None)

    @error.setter
    def error(self, error: ErrorTexts | None) -> None:
        self._trouble = error

    @property
    def stopped(self) -> int:
        """Never sent, because the batch was stopped."""
        return self._states[State.CANCELLED]

    @property
    def working(self) -> int:
        """On their way."""
        return sum(count for state, count in self._states.items() if state not in SETTLED | _DONE) - self.waiting

    def jobs(self) -> list[Job]:
        """All of them, in the order of the input."""
        there = (bridge.jobs.get(job) for job in self._known)
        return sorted((job for job in there if job), key=lambda job: job.item)

    def lost(self) -> int:
        """How many models stand nowhere, because their file is no more; looked up anew when anything changed."""
        seen = (bridge.revision, session.file.id, bpy.data.filepath, len(bpy.data.objects))
        if self._lost[0] != seen:
            there = [job for job in map(bridge.jobs.get, self._known) if job and job.state in _DONE]
            self._lost = (seen, len(lost.among(there)))
        return self._lost[1]

    def _take(self, job: Job) -> None:
        before, cost, estimated = self._known.get(job.id, ("", 0, False))
        self.providers.add(job.provider)
        held = self.paused
        if held is None or job.id == held.id or job.until > held.until:
            self.paused = job
        self._known[job.id] = (job.state, job.cost or 0, job.cost_estimated)
        if before:
            self._states[before] -= 1
        self._states[job.state] += 1
        self.points += (job.cost or 0) - cost
        self.estimated += job.cost_estimated - estimated
        self._errors.pop(job.id, None)
        if job.state == State.FAILED and job.error:
            self._errors[job.id] = job.error


def tally(batch: str) -> Tally:
    """The counts of a batch that the bridge knows."""
    found = session.shown.tallies.get(batch)
    if not isinstance(found, Tally):
        found = session.shown.tallies[batch] = Tally(batch)
    return found


def forget(batch: str = "") -> None:
    """Show a batch no more, or none at all."""
    for one in [batch] if batch else list(session.shown.tallies):
        session.shown.tallies.pop(one, None)
        bridge.batches.pop(one, None)
    if not batch:
        bridge.batches.clear()
