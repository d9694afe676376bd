"""What a trial is, the service it runs on, and how its outcome is held against the ledger."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.simulator.launcher import Simulator

#: States in which the engine does no more for a job unasked, and its user knows why.
ENDED = ("ready", "placed", "failed", "cancelled", "choosing_cutout")
#: Words that only a mistake of our own brings before a user.
_MISTAKES = ("internal error", "Traceback", "Report this text")

_idle: queue.SimpleQueue[Simulator] = queue.SimpleQueue()


@dataclass(frozen=True)
class Trial:
    """One thing that is done.

    Args:
        name: what it is, for whoever reads that it broke.
        run: does it on that service, in that empty folder, and says what broke; "" where everything held.
    """

    name: str
    run: Callable[[Simulator, Path], str]


@dataclass(frozen=True)
class Verdict:
    """What came of it."""

    name: str
    broken: str


class Part(Protocol):
    """A module of this folder with trials of one kind. One with ``AT_ONCE`` has no more than that run at a time."""

    def trials(self) -> Iterable[Trial]:
        """All there are."""


@contextmanager
def world() -> Iterator[Simulator]:
    """A service of one's own, as new; it is left running for the next trial, and ends with this process."""
    try:
        simulator = _idle.get_nowait()
    except queue.Empty:
        simulator = Simulator(triangles=80, texture_size=16, job_seconds=0.1).start()
    try:
        simulator.reset()
        yield simulator
    finally:
        _idle.put(simulator)


def judge(asked: Sequence[str], job: Mapping[str, Any] | None, ledger: Iterable[Mapping[str, Any]]) -> str:
    """What of the job's end is not so, by the service's ledger; "" where all is.

    Args:
        asked: the operations that its user asked for, each as often as here.
        job: its last snapshot, None where it never came to an end. ledger: the service's.
    """
    points = sum(int(entry["points"]) for entry in ledger)
    paid = Counter(str(entry["operation"]) for entry in ledger if int(entry["points"]) > 0)
    if job is None:
        return f"it never ends; the ledger has {dict(paid)}"
    told = f"{job['state']}, {job['error']}, cost {job['cost']}; the ledger has {dict(paid)}"
    error = job["error"] or {}
    said = str([error, *(save["error"] for save in job["saves"])])
    if more := [name for name, times in paid.items() if times > asked.count(name)]:
        return f"paid more often than asked for: {more} ({told})"
    if any(words in said for words in _MISTAKES):
        return f"a mistake of our own is shown to the user ({told})"
    if "othing was paid" in str(error.get("cost")) and points:
        return f"paid, though it says that nothing was ({told})"
    known = job["cost"] is not None and not job["cost_estimated"] and not job["in_doubt"]
    if known and error.get("code") != "PaymentUnknown" and job["cost"] != points:
        return f"the cost is another one ({told})"
    if job["state"] == "ready" and not paid:
        return f"ready without being paid ({told})"
    return ""
