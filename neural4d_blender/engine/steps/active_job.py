"""What the engine keeps in memory of a job that it works on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ..model.job import Job
from ..model.quality.facts import Facts
from ..model.states import FREE_TO_CANCEL
from ..services.results import Trace
from .exchange_log import Recording
from .poll_schedule import Pace


@dataclass
class ActiveJob:
    """What the engine keeps in memory for a job that it works on; nothing in here outlives it."""

    job: Job
    cancelled: threading.Event = field(default_factory=threading.Event)
    #: Set while nothing more of the job's batch may be submitted; one for all of them.
    halted: threading.Event = field(default_factory=threading.Event)
    paces: dict[str, Pace] = field(default_factory=dict)
    attempts: int = 0
    #: How often in a row the address of a finished file had expired; asking for another one is no success before that.
    expired: int = 0
    #: When the first of these attempts failed (monotonic seconds).
    failing_since: float = 0.0
    looks: int = 0
    #: It has come further than the journal knows, which could not be written.
    unwritten: bool = False
    #: Another engine has it now.
    lost: bool = False
    #: When a wait within the present state began (monotonic seconds).
    since: float = 0.0
    #: The facts of the variants that the host was asked to prepare, by index; empty while it is at it.
    handed_over: dict[int, Facts] = field(default_factory=dict)
    #: What the balance was while it is found out whether the job was taken; None where it could not be read.
    readings: list[float | None] = field(default_factory=list)
    #: What the service said of a lost submission, and when (monotonic seconds), until the balance was read as well.
    trace: tuple[Trace | None, float] | None = None
    #: How often in a row the service asked to slow down.
    refusals: int = 0
    #: How often in a row the server turned out to be of another generation.
    detours: int = 0
    #: What was said between here and the service, from the first word on.
    recording: Recording | None = None

    @property
    def unwanted(self) -> bool:
        """It is to be given up: cancelled itself, or its batch was stopped while that is still free."""
        return self.cancelled.is_set() or (self.halted.is_set() and self.job.state in FREE_TO_CANCEL)

    def was_away(self, now: float) -> None:
        """The service could not be asked until now (monotonic seconds): that is no time it was given for its models."""
        for pace in self.paces.values():
            pace.first = now
