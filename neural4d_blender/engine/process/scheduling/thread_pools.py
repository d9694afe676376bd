"""The threads that steps run on, by service and by what a step is going to do: a slow kind never holds up another.

Standard library only. A hundred downloads, background Blenders that wait for one another, or a service that hangs must
not keep a job that is done at another service from being noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from ...model.job import Job
from ...model.states import State, VariantState
from ...system import SYSTEM, System

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: Threads of each pool; one is started only when it is needed.
_THREADS = {"ask": 16, "submit": 16, "fetch": 100, "prepare": 4}


class ThreadPools:
    """One pool of threads for each kind of step at each service. Used on the engine's main thread."""

    def __init__(self, system: System = SYSTEM) -> None:
        self._system = system
        self._pools: dict[tuple[str, str], Executor] = {}
        self._closed = False

    def run(
        self, kind: str, service: str, work: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs
    ) -> Future[_T]:
        """Do the work on a thread of that pool as soon as one is free; RuntimeError where none can be had."""
        if self._closed:
            raise RuntimeError("the engine ends")
        name = (kind, service)
        if name not in self._pools:
            self._pools[name] = self._system.thread_pool(" ".join(name), _THREADS[kind])
        return self._pools[name].submit(work, *arguments, **named)

    def close(self) -> None:
        """What has not begun never does; what has is not waited for."""
        self._closed = True
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def pool_of(job: Job) -> str:
    """The pool for the job's next step. One that turns out to do something else is only less well placed."""
    if job.state in (State.QUEUED, State.PREPARING_INPUT, State.SUBMITTING):
        return "submit"
    primary = job.primary
    settled = job.state in (State.READY, State.PLACED)
    if primary and primary.state is VariantState.DOWNLOADED and not settled:
        return "prepare"
    if any(job.wants_download(variant) for variant in job.variants):
        return "fetch"
    if job.next_to_prepare:
        return "prepare"
    if job.next_save or any(variant.lacks_preview for variant in job.variants):
        return "fetch"
    return "ask"
