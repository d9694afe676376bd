"""A journal that is damaged, cut short, older or gone when the next engine starts on it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from neural4d_blender.engine.model.states import JOURNAL
from scripts.fault_injection.engines import JOB, Engine, Kind, kinds
from scripts.fault_injection.trial import Trial, judge
from scripts.simulator.launcher import Simulator
from tests.support.every_service import TODAY

#: The moments in which an engine is killed before its journal is damaged, by the edge: early, half way, nearly done.
_MOMENTS = (14, 30, 60)


def trials() -> Iterator[Trial]:
    """Each damage at each moment, for one job of each service as it is today."""
    chosen = {kind.case.provider: kind for kind in reversed(kinds()) if kind.case.generation == TODAY}
    for kind in chosen.values():
        for moment in _MOMENTS:
            for name, damage in DAMAGES.items():
                yield Trial(f"{kind}, killed at edge {moment}: {name}", partial(_damaged, kind, moment, damage))


def _damaged(kind: Kind, moment: int, damage: Callable[[Path], None], simulator: Simulator, folder: Path) -> str:
    simulator.configure(**kind.case.configured)
    with Engine(folder, simulator) as engine:  # an older copy is one that knows other jobs
        engine.tell("list", tag="list")
        engine.watch(lambda: engine.answered("list") or None)
    shutil.copy(folder / JOURNAL, folder / "yesterday")
    with Engine(folder, simulator, ["--die-at", str(moment)]) as engine:
        engine.take_to_its_end(kind)
    damage(folder)
    journal = folder / JOURNAL
    damaged = journal.read_bytes() if journal.exists() else b""
    with Engine(folder, simulator) as engine:
        engine.tell("list", tag="list")
        known = engine.listed()
        if engine.ended:
            last = next((event for event in engine.events if event["event"] == "ended"), None)
            if last is None:
                return f"it ended without a word: {(folder / 'engine.log').read_text()[-500:]}"
            if damaged not in (path.read_bytes() for path in folder.rglob(f"*{journal.suffix}*")):
                return "a journal that cannot be used was changed"
            return ""
        if not known:
            return _forgotten(kind, engine, simulator)
        job = engine.take_to_its_end(kind)
        return judge(kind.paid, job, simulator.ledger(kind.case.provider))


def _forgotten(kind: Kind, engine: Engine, simulator: Simulator) -> str:
    """A job that nobody knows of any more was paid once at most, and its user has been told of the loss."""
    paid = simulator.ledger(kind.case.provider)
    if paid and not any("notice" in event["event"] or event["event"] == "journal" for event in engine.events):
        return f"a paid job is forgotten, and nobody is told: {[event['event'] for event in engine.events]}"
    return ""


def _cut(folder: Path, suffix: str = "", part: float = 0.5) -> None:
    path = folder / (JOURNAL + suffix)
    if path.exists():
        with path.open("r+b") as file:
            file.truncate(int(path.stat().st_size * part))


def _overwrite(folder: Path, place: float, suffix: str = "") -> None:
    path = folder / (JOURNAL + suffix)
    if path.exists() and path.stat().st_size:
        with path.open("r+b") as file:
            file.seek(int(path.stat().st_size * place) // 4096 * 4096)
            file.write(b"\xff" * 4096)


def _remove(folder: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        (folder / (JOURNAL + suffix)).unlink(missing_ok=True)


def _older(folder: Path) -> None:
    _remove(folder, "-wal", "-shm")
    shutil.copy(folder / "yesterday", folder / JOURNAL)


def _damage_rows(folder: Path, data: str) -> None:
    with sqlite3.connect(folder / JOURNAL) as database:
        database.execute("UPDATE jobs SET data = ? WHERE id = ?", (data, JOB))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "untouched": lambda folder: None,
    "cut to a half": partial(_cut, part=0.5),
    "empty": partial(_cut, part=0.0),
    "its WAL is cut": partial(_cut, suffix="-wal"),
    "its WAL is gone": lambda folder: _remove(folder, "-wal"),
    "its WAL is overwritten": partial(_overwrite, place=0.3, suffix="-wal"),
    "the first page is overwritten": partial(_overwrite, place=0.0),
    "a page is overwritten": partial(_overwrite, place=0.6),
    "gone": lambda folder: _remove(folder, "", "-wal", "-shm"),
    "gone, its WAL left": lambda folder: _remove(folder, "", "-shm"),
    "a copy from before": _older,
    "a row that is no JSON": partial(_damage_rows, data="{"),
    "a row that is no object": partial(_damage_rows, data="[]"),
    "a row of wrong types": partial(_damage_rows, data='{"state": 5, "variants": "two", "request": null}'),
}
