"""Paths that Windows refuses are refused before anything is paid, in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from neural4d_blender.client import windows_paths
from neural4d_blender.client.paths import check_writable, is_same_file, quoted
from neural4d_blender.engine.errors import InvalidInput
from tests.support.scanner import held

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", ["Q:/models/mug.glb", "Q:/mug.glb", "//no-such-host/share/mug.glb"])
def test_a_drive_or_share_that_is_missing(path: str) -> None:
    with pytest.raises(InvalidInput, match=r"There is no|Nothing can be written into"):
        check_writable(Path(path))


@pytest.mark.parametrize("name", ["con.glb", "aux/mug.glb", "a mug?.glb", "mugs./mug.glb", "LPT1"])
def test_a_name_that_windows_does_not_take(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Windows makes no file or folder named"):
        check_writable(tmp_path / name)


@pytest.mark.parametrize("takes", [True, False])
def test_a_path_of_more_than_260_characters(takes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_paths, "_takes_long_paths", lambda: takes)
    long = tmp_path.joinpath(*["a folder of some length"] * 12, "mug.glb")
    if takes:
        check_writable(long)
        return
    with pytest.raises(InvalidInput, match="longer than the 259 characters"):
        check_writable(long)


def test_whether_windows_takes_long_paths_can_be_asked() -> None:
    assert windows_paths._takes_long_paths() in (True, False)


def test_an_output_that_another_program_has_open(tmp_path: Path) -> None:
    (tmp_path / "mug.glb").touch()
    check_writable(tmp_path / "mug.glb")
    with held(tmp_path / "mug.glb"), pytest.raises(InvalidInput, match=r"mug\.glb cannot be replaced: another program"):
        check_writable(tmp_path / "mug.glb")


def test_a_folder_is_the_same_however_it_is_spelled(tmp_path: Path) -> None:
    assert is_same_file(tmp_path / "Models", tmp_path / "MODELS")
    (tmp_path / "Models").mkdir()
    assert is_same_file(tmp_path / "Models", str(tmp_path / "models").replace("\\", "/"))


def test_a_remedy_can_be_put_into_the_shell_that_is_there() -> None:
    assert quoted(r"C:\models") == r"C:\models"
    assert quoted(r"C:\my models\it's") == '"C:\\my models\\it\'s"'


def test_a_reader_that_leaves_is_no_failure() -> None:
    """As `neural4d jobs | more` that is quit; the C runtime calls it "Invalid argument"."""
    program = [sys.executable, "-m", "neural4d_blender", "services"]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b"", 141)
