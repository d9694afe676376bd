"""What goes into the extension's zip, and what its manifest says that it uses."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts.toolbox import package
from scripts.toolbox.console import ToolError

#: How each permission shows in the code.
USES = {
    "network": r"\bimport requests\b",
    "files": r"\.write_bytes\(",
    "clipboard": r"\.clipboard\b",
    "camera": r"VideoCapture",
    "microphone": r"(?i)pyaudio|sounddevice|\bInputStream\b",  # Blender's own aud only plays
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an extension of two files, and the manifest."""
    source = tmp_path / "neural4d_blender"
    (source / "engine").mkdir(parents=True)
    for name in ("__init__.py", "engine/a.py", "engine/.secret", "engine/a.pyc"):
        (source / name).touch()
    (tmp_path / package.MANIFEST.name).touch()
    monkeypatch.setattr(package, "ROOT", tmp_path)
    monkeypatch.setattr(package, "SOURCE", source)
    return tmp_path


def staged(checkout: Path) -> set[str]:
    package.stage(checkout / "out")
    return {str(path.relative_to(checkout / "out")) for path in (checkout / "out").rglob("*") if path.is_file()}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


def test_only_what_git_tracks_is_packed(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(checkout, "init")
    git(checkout, "add", "neural4d_blender/__init__.py", "neural4d_blender/engine/a.py")
    (checkout / "neural4d_blender" / "key.txt").write_text("a key")
    git(checkout, "add", "neural4d_blender/engine/.secret")
    (checkout / "neural4d_blender" / "engine" / ".secret").unlink()
    assert staged(checkout) == {"__init__.py", "engine/a.py", package.MANIFEST.name}
    captured = capsys.readouterr()
    assert "key.txt" in captured.out + captured.err


def test_without_git_it_is_all_there_is(checkout: Path) -> None:
    assert staged(checkout) == {"__init__.py", "engine/a.py", package.MANIFEST.name}


def test_a_checkout_that_git_cannot_read_is_not_packed(checkout: Path) -> None:
    (checkout / ".git").write_text("gitdir: nowhere")
    with pytest.raises(ToolError, match="git cannot tell"):
        staged(checkout)


def test_a_build_that_is_told_where_the_project_is_says_so(checkout: Path) -> None:
    (checkout / package.MANIFEST.name).write_text(package.MANIFEST.read_text("utf-8"), "utf-8")
    package.stage(checkout / "out", "https://a.b/c")
    told = tomllib.loads((checkout / "out" / package.MANIFEST.name).read_text("utf-8"))
    assert told["website"] == "https://a.b/c"
    assert told["permissions"]


def test_the_manifest_names_every_permission_that_is_used_and_no_other() -> None:
    manifest = tomllib.loads(package.MANIFEST.read_text(encoding="utf-8"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in package.SOURCE.rglob("*.py"))
    assert set(manifest["permissions"]) == {name for name, use in USES.items() if re.search(use, code)}
    assert all(len(why) <= 64 and why[-1].isalnum() for why in manifest["permissions"].values())
