"""Paths as users give them: ~ is their own folder, one file has many spellings, and some cannot be written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import neural4d_blender as neural4d
from neural4d_blender.batching import standalone
from neural4d_blender.client.environment_variables import Environment
from neural4d_blender.client.paths import check_writable, expanded
from neural4d_blender.engine.blenders.shared_names import name_of_file
from neural4d_blender.engine.errors import InvalidInput
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home, paid, run, table
from tests.support.simulator_client import Caller, picture

FILES = ("--files-only", "--output", "models")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    return folder


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    service.sim.configure(triangles=200, texture_size=16)
    return at_home(service.sim, tmp_path, monkeypatch)


def test_a_name_that_begins_with_a_tilde_is_no_users_folder(home: Path) -> None:
    assert expanded("~/a.png") == home / "a.png"
    assert expanded("~backup of a.png") == Path("~backup of a.png")


def test_the_data_folder_is_below_the_users_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", "~/models")
    assert Environment().data_dir() == home.resolve() / "models"


def test_every_path_of_a_command(sim: Simulator, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A shell leaves alone what has = before it, and Windows' shells all of them."""
    (home / "mug.png").write_bytes(picture((300, 300)))
    one = ("generate", "--as-made", "--data-dir=~/data")
    assert run(*one, "--image=~/mug.png", "--output=~/mug.glb") == 0
    assert (home / "mug.glb").is_file()
    assert (home / "data" / "journal.sqlite3").is_file()
    views = ("--provider", "csm", "--view", "front=~/mug.png", "--view", "left=~/none.png", "--dry-run")
    assert run(*one, *views) == 2
    assert f"{home / 'none.png'} cannot be read" in capsys.readouterr().err
    Path(table("things.csv", "a cup")).rename(home / "things.csv")
    batch = ("batch", "~/things.csv", "--data-dir=~/data", "--files-only", "--output=~/models", "--report=~/report.csv")
    assert run(*batch) == 0
    assert (home / "report.csv").is_file()
    assert len(list((home / "models").glob("*.glb"))) == 1
    assert not Path("~").exists()


def test_a_batch_is_found_by_its_folder(
    sim: Simulator, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", "~/data")
    assert run("batch", table("things.csv", "a mug"), "--files-only", "--output", "~/models") == 0
    assert len(neural4d.resume("~/models").wait(20).results) == 1
    standalone.host().bridge.stop()


def test_a_batch_under_another_spelling_of_its_folder_is_not_paid_again(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows and macOS, where letters of either case are the same, and drives have several names."""
    monkeypatch.setattr(os.path, "samefile", lambda one, other: str(one).casefold() == str(other).casefold())
    assert run("batch", table("things.csv", "a mug"), *FILES) == 0
    assert run("batch", "things.csv", "--files-only", "--output", "MODELS", "--continue") == 0
    table("things.csv", "a mug", "a cup")
    assert run("batch", "things.csv", "--files-only", "--output", "Models") == 2
    assert len(paid(sim)) == 1


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.touch()
    check_writable(file)
    check_writable(tmp_path / "new" / "folder" / "mug.glb")
    with pytest.raises(InvalidInput, match=r"is a folder, and cannot become a file"):
        check_writable(tmp_path)
    with pytest.raises(InvalidInput, match="Nothing can be written into"):
        check_writable(file / "mug.glb")


def test_a_folder_that_only_looks_writable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where os.access finds every folder writable, and on a disk that is full."""
    monkeypatch.setattr(os, "access", lambda *_: True)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(InvalidInput, match="No space left on device"):
        check_writable(tmp_path / "mug.glb")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path / "mug.glb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [("con", "_con"), ("COM1.glb", "_COM1.glb"), ("aux .x", "_aux .x"), ("console", "console"), ("com10", "com10")],
)
def test_no_file_is_named_as_windows_names_a_device(text: str, name: str) -> None:
    assert name_of_file(text) == name


@pytest.mark.parametrize(
    "argv",
    [
        ["generate", "a mug", "--as-made", "-o", "folder.glb"],
        ["generate", "a mug", "--as-made", "--variants", "2", "--every-variant", "-o", "second.glb"],
        ["batch", "things.csv", "--files-only", "--output", "a file"],
    ],
)
def test_a_folder_where_the_file_would_go_is_refused_before_anything_is_paid(
    sim: Simulator, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    table("things.csv", "a mug")
    Path("a file").touch()
    for folder in ("folder.glb", "second-2.glb"):
        Path(folder).mkdir()
    assert run(*argv) == 2
    assert "is a folder" in (said := capsys.readouterr().err) or "Nothing can be written into" in said
    assert sim.requests() == []


def test_a_batch_in_python_whose_folder_is_a_file_is_refused(sim: Simulator) -> None:
    Path("models").touch()
    with pytest.raises(InvalidInput, match="Nothing can be written into"):
        standalone.batch(["a mug"], output="models")
    assert sim.requests() == []
