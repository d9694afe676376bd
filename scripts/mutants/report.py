"""What came of it: how much of each room was noticed, and what was not. Imports Cosmic Ray."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult

from .rooms import Room
from .run import NO_TEST

#: Survivors that were looked at and may stay, with the reason of each.
ACCEPTED = Path(__file__).with_name("accepted.toml")


@dataclass
class Count:
    """Of one room: how many changes were tried, noticed, and accepted as they cannot be noticed."""

    tried: int = 0
    noticed: int = 0
    accepted: int = 0
    survivors: list[str] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Noticed, of those that should be."""
        return 100 * self.noticed / max(self.tried - self.accepted, 1)


def count(db: WorkDB, rooms: Mapping[Path, Room]) -> dict[str, Count]:
    """The figures of each room that anything was tried in."""
    accepted = {(one["file"], one["line"].strip(), one["becomes"].strip()) for one in read_accepted()}
    counts: dict[str, Count] = {}
    for item, result in db.completed_work_items:
        one = item.mutations[0]
        of_room = counts.setdefault(rooms[one.module_path].name, Count())
        of_room.tried += 1
        if result.test_outcome is not TestOutcome.SURVIVED:
            of_room.noticed += 1
        elif (one.module_path.as_posix(), *changed(result)) in accepted:
            of_room.accepted += 1
        else:
            of_room.survivors.append(_told(one, result))
    return counts


def read_accepted() -> list[dict[str, str]]:
    """Of each survivor that may stay: file, line, what it becomes, and why."""
    found: list[dict[str, str]] = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))["survivor"]
    return found


def changed(result: WorkResult) -> tuple[str, str]:
    """The lines before and after the change, each as one text without indentation."""
    lines = (result.diff or "").splitlines()
    before = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    after = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    return " ".join(before), " ".join(after)


def _told(one: MutationSpec, result: WorkResult) -> str:
    before, after = changed(result)
    place = f"{one.module_path.as_posix()}:{one.start_pos[0]} {one.definition_name or ''}"
    if result.output == NO_TEST:
        return f"{place}\n    {one.operator_name}: {NO_TEST}"
    return f"{place}\n  - {before}\n  + {after}"


def table(counts: Mapping[str, Count], wishes: Mapping[str, int]) -> str:
    """A line for each room."""
    lines = [f"{'room':<10} {'tried':>6} {'noticed':>8} {'accepted':>9} {'%':>6} {'wish':>5}"]
    for name, one in counts.items():
        lines.append(
            f"{name:<10} {one.tried:>6} {one.noticed:>8} {one.accepted:>9} {one.percent:>6.1f} {wishes[name]:>5}"
        )
    return "\n".join(lines)


def survivors(counts: Mapping[str, Count]) -> str:
    """Those of each room, with their place and what was changed."""
    parts = [f"{name}: {len(one.survivors)}\n\n" + "\n".join(sorted(one.survivors)) for name, one in counts.items()]
    return "\n\n".join(parts) + "\n"
