"""Nothing outside of the folders that the user has named is read or written for an agent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from neural4d_blender.agents.folders import Folders
from neural4d_blender.agents.main import main
from neural4d_blender.engine.protocol import InvalidInput


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    root = tmp_path / "named"
    (root / "in").mkdir(parents=True)
    (root / "in" / "mug.png").write_bytes(b"mug")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "named-too").mkdir()
    (tmp_path / "named-too" / "secret").write_text("secret")
    return Folders([str(root)])


def test_what_is_inside_is_found_by_either_path(folders: Folders, tmp_path: Path) -> None:
    inside = tmp_path / "named" / "in" / "mug.png"
    assert folders.file("in/mug.png") == folders.file(str(inside)) == inside
    assert folders.copy("in/mug.png", tmp_path / "copies" / "one").read_bytes() == b"mug"
    assert folders.folder("in/new") == tmp_path / "named" / "in" / "new"
    assert folders.new_file("in/room.blend", ".blend").name == "room.blend"


@pytest.mark.parametrize(
    "named",
    [
        *("", "../secret", "in/../../secret", "{outside}/secret", "{outside}/named-too/secret"),
        "{outside}/named/../secret",
        *("~/secret", "//server/share/file", r"\\server\share\file", r"\\?\C:\file", r"in\..\..\secret", r"\secret"),
        *("C:secret", "in/mug.png:stream", "CON", "in/nul.png", "lpt1", "COM¹.txt", "/dev/zero", "/proc/self/environ"),
        *("in/mug.png\0", "in/\nmug.png", "\ud800", "x" * 5000, "file:///etc/passwd"),
    ],
)  # fmt: skip
def test_what_is_outside_is_refused(folders: Folders, tmp_path: Path, named: str) -> None:
    named = named.replace("{outside}", str(tmp_path))
    for refused in (folders.file, folders.folder, lambda one: folders.new_file(one, ".blend")):
        with pytest.raises(InvalidInput):
            refused(named)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "in",
        "mug.png",
        "named",
        "named-too",
        "secret",
        "secret",
    ]


@pytest.mark.skipif(os.name == "nt", reason="making a link needs rights there")
def test_no_link_is_followed(folders: Folders, tmp_path: Path) -> None:
    root = tmp_path / "named"
    (root / "file").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    (root / "own").symlink_to(root / "in")
    os.mkfifo(root / "pipe")
    for named in ("file", "folder/secret", "own/mug.png", "pipe"):
        with pytest.raises(InvalidInput):
            folders.copy(named, tmp_path / "copies" / "one")
    with pytest.raises(InvalidInput):
        folders.folder("folder/new")


def test_without_a_folder_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="named no folder"):
        Folders([]).file(str(tmp_path / "x"))
    for wrong in (str(tmp_path / "is not there"), tmp_path.anchor):
        with pytest.raises(InvalidInput):
            Folders([wrong])


@pytest.mark.parametrize(("named", "code"), [("in", None), ("elsewhere", 1)])
def test_the_studio_says_which_folders_they_may_be(
    named: str, code: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("in", "elsewhere"):
        (tmp_path / name).mkdir()
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[agents]\nfolders = ['{tmp_path / 'in'}']", encoding="utf-8")
    monkeypatch.setenv("NEURAL4D_POLICY", str(policy))
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("neural4d_blender.agents.server.Server.run", lambda *_: None)
    assert main(["--folder", str(tmp_path / named)], "neural4d") == (code or 0)
    assert ("Agents may not have" in capsys.readouterr().err) is bool(code)
