"""What the engine keeps in memory of a job that it works on, and the waits that tests make small."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from ..http.rate_limit import MINUTE
from ..model.job import Job
from ..model.states import FREE_TO_CANCEL
from .exchange_log import Recording
from .poll_schedule import QUICKEST, Pace


@dataclass
class Timing:
    """Seconds and counts that tests make small."""

    #: Between two requests for one job.
    quickest: float = QUICKEST
    backoff: float = 0.5
    attempts: int = 6
    #: What is not taken yet fails after so many refusals in a row that ask to slow down: an hour, by then.
    refusals: int = 12
    #: Three looks, this far apart, before a lost submission counts as never arrived.
    look_again: float = 4.0
    looks: int = 3
    #: What a service means by "a minute" (see rate_limit.py).
    minute: float = MINUTE
    preparer_limit: float = 600.0
    #: Pictures that are paid for are given up then.
    picture_limit: float = 1800.0

    @property
    def watch(self) -> float:
        """For how long the balance has to stand still before a lost submission counts as not taken: over a minute."""
        return 20 * self.look_again


@dataclass
class Live:
    """What the engine keeps in memory for a job that it works on; nothing in here outlives it."""

    job: Job
    cancelled: threading.Event = field(default_factory=threading.Event)
    #: Set while nothing more of the job's batch may be submitted; one for all of them.
    halted: threading.Event = field(default_factory=threading.Event)
    paces: dict[str, Pace] = field(default_factory=dict)
    attempts: int = 0
    looks: int = 0
    #: It has come further than the journal knows, which could not be written.
    unwritten: bool = False
    #: When a wait within the present state began (monotonic seconds).
    since: float = 0.0
    #: The facts of the variants that the host was asked to prepare, by index; empty while it is at it.
    handed_over: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: What the balance was while it is found out whether the job was taken; None where it could not be read.
    readings: list[int | None] = field(default_factory=list)
    #: The submission that was looked for at the service before the next one is sent.
    looked_for: int = 0
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
