"""Makes the Python environments under .dev/ that checks, tests and scripts run in. Standard library only.

Which there are and what is in them say noxfile.py and pyproject.toml. nox and uv make them; of an environment that
fits, they look at the pins and leave it alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scripts.toolbox import blender, locks
from scripts.toolbox.console import ROOT, ToolError, run, say

DEV = ROOT / ".dev"
RUNNING = "{}.{}".format(*sys.version_info[:2])
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
#: The versions of Blender as a module that tests run on, oldest first, with the Python of each one.
BPY: dict[str, str] = PYPROJECT["tool"]["neural4d"]["bpy"]


def newest_bpy(python: str) -> str | None:
    """The newest version of Blender as a module for a Python version such as "3.11"; None where there is none."""
    return next((version for version in reversed(BPY) if BPY[version] == python), None)


def ensure(session: str) -> Path:
    """Make the environment of a session of noxfile.py such as "unit", and return its interpreter.

    Raises:
        ToolError: there is no such session, its environment could not be made, or it needs a Blender with a window
            and there is none; the text says what to install.
    """
    if session.startswith("gui") and session != "gui(older)":
        blender.find()
    folder = DEV / re.sub(r"\W+", "-", session).strip("-")
    with locked(folder.name):
        if not folder.exists():
            say(f"[{folder.name}] making an environment")
        run(
            nox("--session", session, "--install-only"),
            why=f"The environment of {session} could not be made (a Python that is missing: install it, as with pyenv)",
        )
    return _python_in(folder)


def run_in(session: str, script: str, arguments: Sequence[str] | None) -> int | None:
    """Run a script again in the environment of a session; its exit code, None where this already is that.

    Args:
        script: its ``__file__``. arguments: those that its ``main`` got; None: the command line's.
    """
    try:
        python = ensure(session)
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    if Path(sys.prefix) == python.parent.parent:
        return None
    command = [str(python), script, *(sys.argv[1:] if arguments is None else arguments)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def ensure_tool(group: str) -> Path:
    """The same for what a script needs in the Python that runs it: "simulator", "schemas" or "simulation"."""
    return ensure(f"tool({group}-{RUNNING})")


def ensure_site(version: str, group: str = "pytest") -> Path:
    """A folder of packages for the Python `version` that a real Blender brings; goes on its PYTHONPATH."""
    folder = DEV / f"site-{version}-{group}"
    options = ["--target", folder, "--python-version", version, "--only-binary", ":all:"]
    options += ["--require-hashes", "-r", locks.file_of(group)]
    with locked(folder.name):
        run([uv(), "pip", "install", *options], why=f"Packages for Blender's Python {version}", cwd=ROOT)
    return folder


def nox(*arguments: str) -> list[str | Path]:
    """The command that runs nox, with the Python that runs this."""
    pin = PYPROJECT["dependency-groups"]["nox"][0]
    tool = [uv(), "tool", "run", "--quiet", "--python", sys.executable, "--from", pin]
    return [*tool, "nox", "--noxfile", ROOT / "noxfile.py", *arguments]


def uv() -> Path:
    """The uv that belongs to this checkout, installed from PyPI on first use."""
    pin = PYPROJECT["dependency-groups"]["bootstrap"][0]
    folder = DEV / pin.replace("==", "-")
    program = folder / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    with locked(folder.name):
        if not program.exists():
            say(f"[uv] installing {pin}")
            _bootstrap(folder)
    return program


def _bootstrap(folder: Path) -> None:
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install += ["--require-hashes", "-r", str(locks.file_of("bootstrap"))]
    try:
        venv.create(folder, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError):
        # Debian ships Python without ensurepip; a pip that is there can still install into a folder.
        shutil.rmtree(folder, ignore_errors=True)
        install += ["--target", str(folder)]
        python = Path(sys.executable)
    else:
        python = _python_in(folder)
    run([python, *install], why="uv could not be installed (on Debian and Ubuntu: apt install python3-venv)")


def _python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Two runs in one checkout make an environment once: the second one waits."""
    DEV.mkdir(exist_ok=True)
    with (DEV / f".{name}.lock").open("a+") as file:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
