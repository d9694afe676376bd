"""Every fault at every endpoint that a job calls: once, and for good."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from scripts.fault_injection.engines import Engine, Kind, kinds
from scripts.fault_injection.trial import Trial, judge, world
from scripts.simulator.launcher import Simulator

#: Those that take a moment instead of an hour, or go wrong in more than one way.
_WAYS: dict[str, list[dict[str, Any]]] = {
    "hang": [{"seconds": 1}],
    "hang_after": [{"seconds": 1}],
    "connection_refused": [{"seconds": 1}],
    "slow_drip": [{"chunk": 50, "delay": 0.05}],
    "no_ids": [{}, {"acted": True}],
    "broken_glb": [{"where": "body"}, {"where": "header"}],
}


def trials() -> Iterator[Trial]:
    """All that the service knows to do wrong."""
    with world() as simulator:
        known = list(simulator.known_faults())
    for kind in kinds():
        for endpoint in _endpoints(kind):
            for fault in known:
                for way in _WAYS.get(fault, [{}, {"acted": True}] if fault.startswith("http_") else [{}]):
                    for times in (1, None):
                        how = {"endpoint": endpoint, "fault": fault, "times": times, **way}
                        name = f"{kind}: " + " ".join(f"{key}={value}" for key, value in how.items())
                        yield Trial(name, partial(_faulty, kind, how))


def _endpoints(kind: Kind) -> list[str]:
    """Those that a job of this kind calls; what is not one of the service's own stands there as a path."""
    with world() as simulator, tempfile.TemporaryDirectory(prefix="neural4d-torture-") as folder:
        simulator.configure(**kind.case.configured)
        with Engine(Path(folder), simulator) as engine:
            engine.take_to_its_end(kind)
        called = {str(request["endpoint"]) for request in simulator.requests()}
        return sorted(name for name in called if not name.startswith("/"))


def _faulty(kind: Kind, fault: dict[str, Any], simulator: Simulator, folder: Path) -> str:
    simulator.configure(**kind.case.configured)
    simulator.set_fault(**fault)
    with Engine(folder, simulator) as engine:
        job = engine.take_to_its_end(kind)
        simulator.clear_faults()
        return judge(kind.paid, job, simulator.ledger(kind.case.provider))
