"""What the engine writes into its data folder is the user's alone, whatever the umask is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from neural4d_blender.client import engine_process
from neural4d_blender.engine.http.exchange import Exchange
from neural4d_blender.engine.model.server_facts import Server
from neural4d_blender.engine.model.states import JOURNAL, State
from neural4d_blender.engine.steps.exchange_log import Recording
from neural4d_blender.engine.store import damaged_rows
from tests.support.one_thread import World

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Of a folder, its subfolders and the files at its top; what lies deeper is behind these."""
    subfolders = [path for path in folder.rglob("*") if path.is_dir()]
    paths = [folder, *subfolders, *folder.glob("journal*.sqlite3*"), *folder.glob("engine.log")]
    return {path.name: f"{path.stat().st_mode & 0o777:o}" for path in paths}


def test_a_new_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "data"
    world = World(folder)
    active = world.job()
    world.until(active, State.READY)
    damaged_rows.set_aside(folder, "x", "y")
    Recording(folder / "jobs" / "other" / "exchanges.jsonl", []).add(
        Server(), Exchange(1.0, 0.1, "https://a.example", "/x", "POST", False, False)
    )
    engine_process._log(folder / "engine.log").close()
    found = modes(folder)
    world.close()
    assert {"made", "data", "jobs", "1", "other", "set aside"} <= {*found, "made"}
    assert {f"{JOURNAL}-wal", f"{JOURNAL}-shm", JOURNAL, "engine.log"} <= set(found)
    assert {name: mode for name, mode in found.items() if mode not in ("700", "600")} == {}
    assert found["data"] == found["jobs"] == "700"
    assert found[JOURNAL] == "600"


@pytest.mark.parametrize("shared", [False, True])
def test_what_an_earlier_version_has_left_open_is_shut(tmp_path: Path, shared: bool) -> None:
    """But for the folder itself where the user has other things in it."""
    if shared:
        (tmp_path / "thesis.odt").touch(0o644)
    (tmp_path / "jobs" / "1").mkdir(parents=True)
    World(tmp_path).close()
    for path in (tmp_path / JOURNAL, tmp_path / "engine.log"):
        path.touch()
        path.chmod(0o644)
    (tmp_path / "jobs").chmod(0o755)
    tmp_path.chmod(0o755)
    world = World(tmp_path)
    found = modes(tmp_path)
    world.close()
    assert found[tmp_path.name] == ("755" if shared else "700")
    assert not shared or (tmp_path / "thesis.odt").stat().st_mode & 0o777 == 0o644
    assert (found["jobs"], found[JOURNAL], found["engine.log"]) == ("700", "600", "600")
