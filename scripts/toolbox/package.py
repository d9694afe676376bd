"""Builds the extension's zip with Blender's own tool. Standard library only."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tempfile
import threading
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from scripts.toolbox import environments
from scripts.toolbox.console import ROOT, ToolError, say

MANIFEST = ROOT / "blender_manifest.toml"
SOURCE = ROOT / "neural4d_blender"
#: What a user who unpacks the zip finds beside the code and the documentation.
PAPERS = ("LICENSE", "README.md", "CHANGELOG.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "*~")
#: One date and one mode for every file, so that the same source gives the same bytes.
DATE = 1577836800  # 2020-01-01, later than the first date a zip can hold


@dataclass(frozen=True)
class Package:
    """A built extension: `size` in bytes, `files` as they stand in the zip."""

    path: Path
    version: str
    size: int
    files: list[str]


_building = threading.Lock()


def build(website: str = "") -> Package:
    """Stage, build and validate to dist/; once a process.

    Args:
        website: where the project is hosted, for the manifest.

    Raises:
        ToolError: the source is incomplete, or Blender's tool refuses it; its output is in the text.
    """
    with _building:  # stages that run at the same time want the same zip
        return _build(ROOT / "dist", website)


def version() -> str:
    """The version that the manifest names."""
    return str(tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["version"])


def list_repository(folder: Path) -> None:
    """Have Blender's own tool list the zips of a folder: index.json for Blender, index.html with links to drag.

    Raises:
        ToolError: it refuses to.
    """
    _tool(*_extension_tool(), "server-generate", "--repo-dir", folder, "--html")


@functools.cache
def _build(folder: Path, website: str) -> Package:
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    name = f"{manifest['id']}-{manifest['version']}.zip"
    if not (SOURCE / "__init__.py").is_file():
        raise ToolError(f"{SOURCE.name}/__init__.py is missing: Blender would take the zip and fail to load it.")
    python, tool = _extension_tool()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="neural4d-build-") as scratch:
        staged = Path(scratch) / "staged"
        stage(staged, website)
        fresh = Path(scratch) / name
        _tool(python, tool, "build", "--source-dir", staged, "--output-filepath", fresh)
        _tool(python, tool, "validate", fresh)
        # Copied aside first: whoever reads the old zip now keeps a whole one.
        arriving = folder / f".{name}.{os.getpid()}"
        shutil.copyfile(fresh, arriving)
        arriving.replace(folder / name)
    path = folder / name
    with zipfile.ZipFile(path) as archive:
        files = sorted(archive.namelist())
    return Package(path, manifest["version"], path.stat().st_size, files)


def stage(staged: Path, website: str = "") -> None:
    """Lay the extension out in a new folder as it is in the zip: what git tracks, as it is now.

    Without a git checkout, as in an archive of the source, it is all there is.

    Raises:
        ToolError: git cannot tell what it tracks.
    """
    if (ROOT / ".git").exists():
        for name in _tracked():
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(SOURCE / name, staged / name)
    else:
        shutil.copytree(SOURCE, staged, ignore=LEFT_OUT)
    (staged / "docs").mkdir()
    pages = [f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")]
    for paper in (MANIFEST.name, *pages, *(name for name in PAPERS if (ROOT / name).exists())):
        shutil.copyfile(ROOT / paper, staged / paper)
    if website:
        manifest = MANIFEST.read_text(encoding="utf-8")
        line = f"website = {json.dumps(website)}\n\n[permissions]"
        (staged / MANIFEST.name).write_text(manifest.replace("\n[permissions]", line, 1), encoding="utf-8")
    for path in staged.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (DATE, DATE))


def _tracked() -> list[str]:
    """Files of the extension that git tracks and that are there; of new ones it is said that they stay out."""

    def listed(*options: str) -> list[str]:
        git: list[str | Path] = ["git", "-C", SOURCE, "ls-files", "-z", *options]
        try:
            told = subprocess.run(git, capture_output=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            why = os.fsdecode(getattr(error, "stderr", None) or b"") or error
            raise ToolError(f"git cannot tell what belongs to the extension: {why}") from error
        return [path for path in os.fsdecode(told).split("\0") if path]

    if new := listed("--others", "--exclude-standard"):
        say(f"[build] left out, for git does not track it: {', '.join(new)}")
    return [path for path in listed() if (SOURCE / path).is_file()]


def _extension_tool() -> tuple[Path, Path]:
    """The interpreter and the blender_ext.py of the newest bpy that this machine can have."""
    problems = []
    for version in reversed(environments.BPY):
        try:
            python = environments.ensure(f"scene({version})")
        except ToolError as error:
            problems.append(str(error).splitlines()[0])
            continue
        pattern = "**/site-packages/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
        for tool in python.parents[1].glob(pattern):
            return python, tool
        problems.append(f"bpy {version} has no blender_ext.py")
    raise ToolError("No bpy to build with: " + "; ".join(problems))


def _tool(python: Path, tool: Path, *arguments: str | Path) -> None:
    done = subprocess.run(
        [python, "-I", tool, *arguments],
        env={**os.environ, "TZ": "UTC"},  # a zip holds local times
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = (done.stdout + done.stderr).strip()
    # Some releases report an error and exit with 0 all the same.
    if done.returncode or any(line.startswith(("ERROR", "FATAL_ERROR")) for line in said.splitlines()):
        raise ToolError(f"Blender's extension tool refuses to {arguments[0]} the extension:\n{said}")
    say("\n".join(f"[build] {line}" for line in said.splitlines()))
