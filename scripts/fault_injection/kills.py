"""An engine killed at every edge of every kind of job; others go on, and one of those is killed as well."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from scripts.fault_injection.engines import Engine, Kind, kinds
from scripts.fault_injection.trial import Trial, judge, world
from scripts.simulator.launcher import Simulator


def trials() -> Iterator[Trial]:
    """Each edge that a job passes on its way, and the same with a second death soon after the first."""
    for kind in kinds():
        edges = _edges(kind)
        for number, edge in enumerate(edges, 1):
            name = f"{kind}, killed at edge {number} of {len(edges)} ({edge})"
            yield Trial(name, partial(_killed, kind, [number]))
            again = 1 + number % 7
            yield Trial(f"{name}, and at edge {again} of the next engine", partial(_killed, kind, [number, again]))


def _edges(kind: Kind) -> list[str]:
    with world() as simulator, tempfile.TemporaryDirectory(prefix="neural4d-torture-") as folder:
        file = Path(folder) / "edges.txt"
        simulator.configure(**kind.case.configured)
        with Engine(Path(folder), simulator, ["--edges", str(file)]) as engine:
            job = engine.take_to_its_end(kind)
        if broken := judge(kind.paid, job, simulator.ledger(kind.case.provider)):
            raise RuntimeError(f"{kind} does not work at all: {broken}")
        return file.read_text(encoding="utf-8").splitlines()


def _killed(kind: Kind, deaths: Sequence[int], simulator: Simulator, folder: Path) -> str:
    simulator.configure(**kind.case.configured)
    for death in (*deaths, 0, 0):
        with Engine(folder, simulator, ["--die-at", str(death)] if death else []) as engine:
            job = engine.take_to_its_end(kind)
            if job or not engine.ended:
                return judge(kind.paid, job, simulator.ledger(kind.case.provider))
    return "an engine that nobody killed ended by itself"
