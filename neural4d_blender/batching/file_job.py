"""A job whose result is files: what it is now, and waiting for it, where there is no scene.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Self

from ..client.engine_client import Bridge
from ..client.jobs.snapshots import Job
from ..client.request_reply import LOOK, ask, check_going, go_on
from ..engine.protocol import SETTLED, JobFailed, State
from .table.argument_types import checked


class FileJob:
    """A job whose result is files, as of the last look at the engine."""

    def __init__(self, bridge: Bridge, job_id: str, past: Job | None = None) -> None:
        self.id = job_id
        self._bridge = bridge
        self._past = past  # what the journal knows of a job that nobody works on

    def __repr__(self) -> str:
        return f"<FileJob {self.id[:8]} {self.state} {self.title[:40]!r}>"

    @property
    def _data(self) -> Job:
        return self._bridge.jobs[self.id] if self._past is None else self._bridge.jobs.get(self.id, self._past)

    @property
    def state(self) -> str:
        """queued, submitting, generating, downloading, ... and at the end ready, failed or cancelled."""
        return str(self._data.state)

    @property
    def title(self) -> str:
        """Its name, else its prompt or its image's name."""
        return self._data.request.title

    @property
    def cost(self) -> int | None:
        """Points that were spent; None before the service accepted the job."""
        return self._data.cost

    @property
    def cost_estimated(self) -> bool:
        """What a part of it cost is not known, or whether something more was paid."""
        return self._data.cost_estimated

    @property
    def files(self) -> list[Path]:
        """What was kept of it so far."""
        return [Path(save.path) for save in self._data.saves if save.path]

    @property
    def error(self) -> JobFailed | None:
        """What went wrong, with ``what``, ``kept``, ``cost``, ``remedy`` and ``reason`` (a class name)."""
        told = [self._data.error, *(save.error for save in self._data.saves)]
        return next((JobFailed.from_dict(error) for error in told if error), None)

    @property
    def request(self) -> dict[str, Any]:
        """What was asked for: prompt, variants, size_mm, ... A copy."""
        return self._data.request.to_dict()

    @checked
    def wait(self, timeout: float | None = None, *, place: bool = False) -> Self:
        """Work until its files are there; on any thread. Returns the job.

        Args:
            timeout: seconds; None waits as long as it takes. place: there is no scene here, so it says nothing.

        Raises:
            JobFailed: it failed or was cancelled. TimeoutError: the time is up; the job goes on.
            JobInterrupted: it is one of an earlier process, and nothing goes on with it, see :meth:`resume`.
            WorkedOnElsewhere: another process works on it.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        self._check()
        while not self._settled:
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError(f"The job is {self.state} after {timeout:g} s; it goes on, ask again later.")
            if not self._look():
                time.sleep(LOOK)
        return self._ended()

    def __await__(self) -> Generator[Any, None, Self]:
        """The same in an event loop."""
        return self._awaited().__await__()

    async def _awaited(self) -> Self:
        self._check()
        while not self._settled:
            if not self._look():
                await asyncio.sleep(LOOK)
        return self._ended()

    @checked
    def on_change(self, callback: Callable[[Self], object]) -> Self:
        """Have it called with the job whenever that has come to another state, by whoever waits. Returns the job."""
        before = [self._data.state]

        def changed(job: Job) -> None:
            if job.state != before[0]:
                before[0] = job.state
                try:
                    callback(self)
                except Exception:  # somebody else's mistake must not keep the models from arriving
                    traceback.print_exc(file=sys.stderr)

        self._bridge.jobs.watch(self.id, changed)
        return self

    def resume(self) -> Self:
        """Go on with the job where the process that worked on it is no more; pays nothing that was paid."""
        go_on(self._bridge, self.id)
        return self

    def cancel(self) -> None:
        """Stop following the job. Free until the service has accepted it; what is paid stays retryable."""
        ask(self._bridge, "cancel", job=self.id)

    def retry(self) -> None:
        """Take a failed or cancelled job up again where it stopped; pays nothing that was paid already.

        A job whose models the service itself failed to make is sent, and paid, anew.
        """
        ask(self._bridge, "retry", job=self.id)

    @property
    def _settled(self) -> bool:
        data = self._data
        return not data.under_way and data.state in {*SETTLED, State.READY, State.CHOOSING_CUTOUT}

    def _check(self) -> None:
        if not self._settled:
            check_going(self._bridge, self.id)

    def _look(self) -> bool:
        if self._bridge.drain():
            return True
        if not self._bridge.running:
            raise self._bridge.ending
        return False

    def _ended(self) -> Self:
        if self.state == State.CANCELLED:
            raise JobFailed("The job was cancelled.", "Call retry() to go on with it.", cost=self._data.note)
        if error := self.error:
            raise error
        return self
