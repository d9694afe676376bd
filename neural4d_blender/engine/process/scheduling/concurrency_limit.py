"""Whose turn it is: of each batch only so many jobs are at a service at once; the others wait here.

Standard library only; no I/O. Used on the engine's main thread. Nobody looks whether a turn has come: a job that
leaves the service names the ones that may go instead.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable

from ...model.job import Job
from ...model.states import State
from ...steps.active_job import ActiveJob

#: A batch and a service: the two that a limit is for.
Key = tuple[str, str]


class ConcurrencyLimit:
    """The waiting and the going jobs of all batches.

    Args:
        limit: how many jobs of that batch may be at one service at once.
        choosing: ids of those of that batch at that service which wait for a choice there, whoever has sent them.
    """

    def __init__(
        self, limit: Callable[[str], int], choosing: Callable[[str, str], set[str]] = lambda *_: set()
    ) -> None:
        self._limit, self._choosing = limit, choosing
        self._lines: dict[Key, list[tuple[int, str]]] = defaultdict(list)
        self._waiting: set[str] = set()
        self._going: dict[Key, set[str]] = defaultdict(set)

    def may_go(self, active: ActiveJob) -> bool:
        """Whether the job may take its next step; one that may not is in the line from now on."""
        job, going = active.job, self._going[_key(active.job)]
        if not job.batch or active.unwanted or job.id in going:
            self._waiting.discard(job.id)
            return True
        if job.state is not State.QUEUED:
            if job.at_service:  # it got there under an engine that is no more, or by somebody's Retry
                going.add(job.id)
            return True
        if self._free(_key(job)) > 0:
            self._waiting.discard(job.id)
            going.add(job.id)
            return True
        if job.id not in self._waiting:
            self._waiting.add(job.id)
            heapq.heappush(self._lines[_key(job)], (job.item, job.id))
        return False

    def stepped(self, job: Job) -> list[str]:
        """A job has taken a step; returns the ids of those that may go because it has left the service."""
        if not job.batch or job.at_service or job.state is State.QUEUED:
            return []
        self._going[_key(job)].discard(job.id)
        return self._next(_key(job))

    def reopened(self, batch: str) -> list[str]:
        """The batch's limit may have risen; returns the ids of those that may go now."""
        return [job for key in list(self._lines) if key[0] == batch for job in self._next(key)]

    def waiting(self, batch: str, provider: str | None = None) -> set[str]:
        """The ids of a batch's jobs (at one service) that are in the line."""
        return {job for line in self._lines_of(batch, provider) for _, job in line if job in self._waiting}

    def clear(self, batch: str, provider: str | None = None) -> None:
        """Take them out of it."""
        self._waiting -= self.waiting(batch, provider)
        for line in self._lines_of(batch, provider):
            line.clear()

    def _lines_of(self, batch: str, provider: str | None) -> list[list[tuple[int, str]]]:
        return [line for key, line in self._lines.items() if key[0] == batch and provider in (None, key[1])]

    def _free(self, key: Key) -> int:
        return self._limit(key[0]) - len(self._going[key] | self._choosing(*key))

    def _next(self, key: Key) -> list[str]:
        line, free = self._lines[key], self._free(key)
        called: list[str] = []
        while line and len(called) < free:
            _, job = heapq.heappop(line)
            if job in self._waiting:
                self._waiting.discard(job)
                called.append(job)
        return called


def _key(job: Job) -> Key:
    return job.batch, job.provider
