"""The rooms of the extension that are changed, with the tests that are to notice. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "neural4d_blender"
_ENGINE = tuple(f"tests/unit/{part}" for part in ("engine", "steps", "commands", "files", "whole_engine"))
_HOST = ("tests/unit/host",)
_SCENE = ("tests/scene/placing", "tests/scene/api/test_again.py")
_PREPARE = ("tests/scene/prepare",)


@dataclass(frozen=True)
class Room:
    """A part of the code.

    Args:
        name: as the command line has it. sources: files and folders below the package.
        tests: files and folders with the tests that belong to it. wish: how many of 100 changes are to be noticed.
        bpy: its tests need Blender as a module.
    """

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    wish: int = 80
    bpy: bool = False

    def files(self, root: Path) -> Iterator[Path]:
        """Its files as paths below ``root``; a file belongs to the first room that names it."""
        for source in self.sources:
            path = root / PACKAGE / source
            for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                yield file.relative_to(root)


_MONEY = (
    "engine/spending",
    *(
        f"engine/steps/{name}.py"
        for name in ("paid_requests/paid_request", "paid_requests/lost_answers", "failure_texts")
    ),
)
ROOMS = (
    Room("money", (*_MONEY, "engine/model/job_records/costs.py"), _ENGINE, 90),
    Room("steps", ("engine/steps",), _ENGINE, 90),
    Room("journal", ("engine/store",), _ENGINE, 90),
    Room("transport", ("engine/http",), _ENGINE, 90),
    Room("process", ("engine/process",), _ENGINE),
    Room("model", ("engine/model",), (*_ENGINE, *_HOST)),
    Room("services", ("engine/services",), _ENGINE),
    Room("files", ("engine/files", "engine/blenders"), _ENGINE),
    Room("engine", ("engine",), (*_ENGINE, *_HOST)),
    Room("client", ("client",), _HOST),
    Room("cleaning", ("prepare",), _PREPARE, 90, bpy=True),
    Room("placing", ("scene/placing",), _SCENE, bpy=True),
)


def files_of(rooms: tuple[Room, ...], root: Path) -> dict[Path, Room]:
    """The room of each file of theirs, in which the narrower rooms come first."""
    found: dict[Path, Room] = {}
    for room in ROOMS:
        for file in room.files(root):
            found.setdefault(file, room)
    return {file: room for file, room in found.items() if room in rooms}


def tests_of(rooms: tuple[Room, ...], root: Path) -> list[str]:
    """The files and folders of tests that belong to any of them, as far as they are there."""
    named = dict.fromkeys(test for room in rooms for test in room.tests)
    return [test for test in named if (root / test).exists()]
