"""Finds a real Blender, one with a window, or installs one where that is possible. Standard library only.

$BLENDER comes first, then `blender` on PATH, then a Debian sid in a folder of the user's cache.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.toolbox import sid
from scripts.toolbox.console import ToolError, run, say

MINIMUM = (4, 2)
#: The package that brings a program on Debian, for a Blender that is not of the Debian folder.
DEBIAN_PACKAGES = {"Xvfb": "xvfb", "import": "imagemagick"}


@dataclass(frozen=True)
class Blender:
    """A Blender that can open a window: its executable, its version, and its Python's version."""

    path: Path
    version: tuple[int, int, int]

    @property
    def label(self) -> str:
        return ".".join(str(part) for part in self.version)

    @functools.cached_property
    def python(self) -> str:
        """The version of Blender's Python, such as "3.13"."""
        program = "import sys; print('PYTHON={}.{}'.format(*sys.version_info[:2]))"
        said = run(
            [self.path, "--background", "--factory-startup", "--python-expr", program],
            why="Blender does not say which Python it brings",
            timeout=120,
        )
        found = re.search(r"PYTHON=(\d+\.\d+)", said)
        if not found:
            raise ToolError(f"{self.path} does not say which Python it brings")
        return found[1]


def installed() -> Blender | None:
    """The Blender that the user has: the one in $BLENDER, else the one on PATH where it is new enough.

    Raises:
        ToolError: $BLENDER names none.
    """
    named = os.environ.get("BLENDER")
    if named:
        return checked(Path(shutil.which(named) or named), "$BLENDER")
    on_path = shutil.which("blender")
    if on_path and (version := _version(Path(on_path))) and version >= MINIMUM:
        return Blender(Path(on_path), version)
    return None


def find() -> Blender:
    """A Blender with a window; made where there is none.

    Raises:
        ToolError: there is none and none can be made; the text says what to install.
    """
    found = installed()
    if found:
        return found
    reason = sid.refusal()
    if reason:
        raise ToolError(
            f"No Blender {MINIMUM[0]}.{MINIMUM[1]} or newer was found and {reason}: install Blender and put it on "
            "PATH, or name its executable in $BLENDER."
        )
    return checked(sid.ensure() / "blender", "the Debian folder")


def older() -> Blender:
    """An older Blender with a window, which nobody has to have installed; ToolError where it cannot be made here."""
    return checked(sid.ensure(sid.CACHE / "older", sid.OLDER) / "blender", "the older Debian folder")


def program(name: str) -> Path:
    """The executable of `Xvfb` or of ImageMagick's `import`, installed where it is missing.

    Raises:
        ToolError: it is missing and cannot be installed; the text says what to install.
    """
    if not sys.platform.startswith("linux"):
        raise ToolError("The window tests run under Xvfb, which Linux has: run them there.")
    if not _on_path(name) and not sid.refusal() and (sid.CACHE / "bin" / name).exists():
        return sid.ensure() / name
    if not _on_path(name) and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"[blender] installing {DEBIAN_PACKAGES[name]}")
        run(["apt-get", "update"], why="the list of Debian's packages could not be fetched")
        run(["apt-get", "install", "-y", DEBIAN_PACKAGES[name]], why=f"{name} could not be installed")
    found = _on_path(name)
    if not found:
        raise ToolError(f"The window tests need {name}: install the package {DEBIAN_PACKAGES[name]}.")
    return found


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    if found and name == "import":
        # Some systems have another program of that name.
        said = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=60, check=False).stdout
        return Path(found) if "ImageMagick" in said else None
    return Path(found) if found else None


def checked(path: Path, where: str) -> Blender:
    """That Blender, named by `where` it is from; ToolError where it does not start or is too old."""
    version = _version(path)
    if version is None:
        raise ToolError(f"{path}, from {where}, is no Blender that starts.")
    if version < MINIMUM:
        raise ToolError(f"{path}, from {where}, is older than Blender {MINIMUM[0]}.{MINIMUM[1]}.")
    return Blender(path, version)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"^Blender (\d+)\.(\d+)\.(\d+)", done.stdout, re.MULTILINE)
    return (int(found[1]), int(found[2]), int(found[3])) if found and done.returncode == 0 else None
