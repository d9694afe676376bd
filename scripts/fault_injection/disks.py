"""A disk that is full from the n-th thing written on, and has room again later; and one that is really small."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.fault_injection.engines import Engine, Kind, kinds
from scripts.fault_injection.trial import Trial, judge
from scripts.simulator.launcher import Simulator

#: Edges of dying_engine.py at which the disk fills up, and for how many it stays so.
_FULL_AT = range(1, 90, 8)
_FOR = (3, 30)
#: Bytes of a disk of one's own: the journal alone, and the journal with a part of the model.
_SIZES = ("100k", "160k", "220k", "300k")


def trials() -> Iterator[Trial]:
    """Each for one of each kind of job."""
    for kind in kinds():
        for edge in _FULL_AT:
            for edges in _FOR:
                name = f"{kind}, the disk is full from edge {edge} on, for {edges}"
                yield Trial(name, partial(_full, kind, edge, edges))
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        for kind in kinds()[::3]:
            for size in _SIZES:
                yield Trial(f"{kind}, on a disk of {size}", partial(_small, kind, size))


def _full(kind: Kind, edge: int, edges: int, simulator: Simulator, folder: Path) -> str:
    simulator.configure(**kind.case.configured)
    more = ["--full-at", str(edge), "--room-after", str(edges)]
    with Engine(folder, simulator, more) as engine:
        job = engine.take_to_its_end(kind)
        if job or not engine.ended:
            return judge(kind.paid, job, simulator.ledger(kind.case.provider))
        if not any(event["event"] == "ended" for event in engine.events):
            return f"it ended without a word: {(folder / 'engine.log').read_text()[-500:]}"
    return _goes_on(kind, simulator, folder)


def _small(kind: Kind, size: str, simulator: Simulator, folder: Path) -> str:
    simulator.configure(**kind.case.configured)
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "neural4d-torture", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        return ""  # not allowed here
    try:
        with Engine(disk, simulator) as engine:
            job = engine.take_to_its_end(kind)
            # Before it is told to end: it stays until all is written.
            subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
            if not job and not engine.ended:
                return judge(kind.paid, job, simulator.ledger(kind.case.provider))
        if job and job["state"] != "failed":
            return judge(kind.paid, job, simulator.ledger(kind.case.provider))
        if job and (broken := judge(kind.paid, job, simulator.ledger(kind.case.provider))):
            return broken
        return _goes_on(kind, simulator, disk)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False)


def _goes_on(kind: Kind, simulator: Simulator, folder: Path) -> str:
    with Engine(folder, simulator) as engine:
        return judge(kind.paid, engine.take_to_its_end(kind), simulator.ledger(kind.case.provider))
