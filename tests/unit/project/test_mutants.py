"""The rooms of the mutation run are there, with their tests, and what may go unnoticed has its reason."""

from __future__ import annotations

import tomllib

from scripts.mutants.rooms import PACKAGE, ROOMS, files_of
from scripts.toolbox.console import ROOT


def test_each_room_has_its_files_and_its_tests() -> None:
    for room in ROOMS:
        assert all((ROOT / PACKAGE / source).exists() for source in room.sources), room.name
        assert all((ROOT / test).exists() for test in room.tests), room.name
    assert {room.name for room in files_of(ROOMS, ROOT).values()} == {room.name for room in ROOMS}


def test_a_file_belongs_to_the_narrowest_room() -> None:
    rooms = {file.as_posix().removeprefix(f"{PACKAGE}/"): room.name for file, room in files_of(ROOMS, ROOT).items()}
    assert rooms["engine/spending/spending.py"] == "money"
    assert rooms["engine/steps/polling.py"] == "steps"
    assert rooms["engine/protocol.py"] == "engine"
    assert not any(name.startswith(("ui/", "cli/", "api/")) for name in rooms)


def test_what_may_go_unnoticed_says_why() -> None:
    accepted = tomllib.loads((ROOT / "scripts" / "mutants" / "accepted.toml").read_text(encoding="utf-8"))["survivor"]
    for one in accepted:
        assert sorted(one) == ["becomes", "file", "line", "why"]
        text = " ".join((ROOT / one["file"]).read_text(encoding="utf-8").split())
        assert " ".join(one["line"].split()) in text, f"{one['file']} has no such line any more: {one['line']}"
        assert len(one["why"]) > 10
