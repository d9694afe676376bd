"""Work that takes time: every service's jobs, and how far each shows itself to be.

Standard library only. Time is what moves a job on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import present
from .state import Call


@dataclass(kw_only=True)
class Timed:
    """Generating until `seconds` have passed since `started`, then done or failed."""

    seconds: float
    fails: bool = False
    started: float = field(default_factory=present.monotonic)
    #: What 'progress_backwards' showed last.
    shown: int | None = None

    @property
    def state(self) -> str:
        """generating, done or failed."""
        if present.monotonic() - self.started < self.seconds:
            return "generating"
        return "failed" if self.fails else "done"

    @property
    def percent(self) -> int:
        """100 when done and never before."""
        if self.state == "done":
            return 100
        share = (present.monotonic() - self.started) / self.seconds if self.seconds else 1.0
        return max(0, min(99, int(100 * share)))

    def end(self) -> None:
        """Now, whatever was left."""
        self.seconds = 0.0
        self.started = min(self.started, present.monotonic())

    def fail(self) -> None:
        self.fails = True
        self.end()


def shown_percent(call: Call, job: Timed) -> int | str:
    """The job's percent, or what the call's fault makes of it."""
    params = call.fault.params if call.fault is not None else {}
    if call.has_fault("progress_stall"):
        return int(params.get("value", 37))
    if call.has_fault("progress_garbage"):
        return str(params.get("value", "abc%"))
    if call.has_fault("progress_backwards"):
        job.shown = max(0, (job.percent if job.shown is None else job.shown) - 10)
        return job.shown
    return job.percent
