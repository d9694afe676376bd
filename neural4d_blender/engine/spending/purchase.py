"""A request that may cost points, on its way. Standard library and the model only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..model.job import Job


@dataclass
class Purchase:
    """A request that may cost points.

    Args:
        expected: points it is going to cost, None where nobody knows. reserved: points held for it against caps.
        before: the balance before it, None where unknown. begun: when it is sent (seconds since the epoch).
        others: points, at most, that the balance can have fallen by for others' sake since the job was sent last.
        accepted: set by whoever sends it, when the service has taken it.
        told: what the service says it costs, None where it says nothing.
    """

    expected: int | None
    reserved: int
    before: float | None
    begun: float
    others: float = 0.0
    accepted: bool = False
    told: int | None = None


@contextmanager
def buying(job: Job) -> Iterator[None]:
    """What is held for the job counts meanwhile, also of one that is ready and buys another format."""
    job.costs.buying = True
    try:
        yield
    finally:
        job.costs.buying = False
