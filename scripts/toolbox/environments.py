"""Makes the Python environments under .dev/ that checks and tests run in. Standard library only.

pyproject.toml says which there are and what is in them. An environment whose stamp fits its
requirements is left alone, so asking for one costs nothing when nothing changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.toolbox.console import ROOT, ToolError, run, say
from scripts.toolbox.interpreters import find_python

DEV = ROOT / ".dev"
PYPROJECT = ROOT / "pyproject.toml"
STAMP = "neural4d-stamp.json"


def _pyproject() -> dict[str, Any]:
    return tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))


def environments() -> dict[str, dict[str, str]]:
    """Every environment's name with its `python` version and dependency `group`."""
    return dict(_pyproject()["tool"]["neural4d"]["environments"])


def bpy_versions() -> list[str]:
    """The versions of Blender as a module that tests run on, oldest first."""
    return [name.removeprefix("bpy-") for name in environments() if name.startswith("bpy-")]


def newest_bpy(python: str) -> str | None:
    """The newest version of Blender as a module for a Python version such as "3.11"; None where there is none."""
    known = environments()
    fitting = [version for version in bpy_versions() if known[f"bpy-{version}"]["python"] == python]
    return fitting[-1] if fitting else None


def requirements(group: str) -> list[str]:
    """The pins of a dependency group, included groups resolved."""
    groups = _pyproject()["dependency-groups"]
    if group not in groups:
        raise ToolError(f"pyproject.toml has no dependency group {group!r}")
    pins: list[str] = []
    for entry in groups[group]:
        pins += requirements(entry["include-group"]) if isinstance(entry, dict) else [entry]
    return pins


def python_in(folder: Path) -> Path:
    """Where the interpreter of a virtual environment stands."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure(name: str) -> Path:
    """Make the environment `name` if it is missing or out of date, and return its interpreter.

    Raises:
        ToolError: an unknown name, or the environment could not be made.
    """
    known = environments()
    if name not in known:
        raise ToolError(f"There is no environment {name!r}; pyproject.toml knows {', '.join(known)}.")
    return _ensure(name, known[name]["python"], requirements(known[name]["group"]))


def ensure_group(group: str, version: str) -> Path:
    """The same for a dependency group alone, in a Python of that version such as "3.12"."""
    return _ensure(f"{group}-{version}", version, requirements(group))


def _ensure(name: str, version: str, pins: list[str]) -> Path:
    wanted = _digest([version, pins])
    folder = DEV / name
    with _locked(name):
        if _stamp(folder) != wanted or not python_in(folder).exists():
            _install(folder, version, pins)
            _write_stamp(folder, wanted)
    return python_in(folder)


def ensure_site(version: str, group: str = "pytest") -> Path:
    """A folder of packages for the Python `version` that a real Blender brings; goes on its PYTHONPATH."""
    pins = requirements(group)
    folder = DEV / f"site-{version}-{group}"
    wanted = _digest([version, pins])
    with _locked(folder.name):
        if _stamp(folder) != wanted:
            say(f"[{folder.name}] installing {', '.join(pins)}")
            shutil.rmtree(folder, ignore_errors=True)
            options = ["--target", folder, "--python-version", version, "--only-binary", ":all:"]
            run([uv(), "pip", "install", "--quiet", *options, *pins], why=f"packages for Blender's Python {version}")
            _write_stamp(folder, wanted)
    return folder


def uv() -> Path:
    """The uv that belongs to this checkout, installed from PyPI on first use."""
    folder = DEV / "uv"
    program = folder / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    pins = requirements("bootstrap")
    with _locked("uv"):
        if _stamp(folder) != _digest(pins) or not program.exists():
            say(f"[uv] installing {', '.join(pins)}")
            shutil.rmtree(folder, ignore_errors=True)
            _bootstrap(folder, pins)
            _write_stamp(folder, _digest(pins))
    return program


def _bootstrap(folder: Path, pins: list[str]) -> None:
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError):
        # Debian ships Python without ensurepip; a pip that is there can still install into a folder.
        shutil.rmtree(folder, ignore_errors=True)
        install += ["--target", str(folder)]
        python = Path(sys.executable)
    else:
        python = python_in(folder)
    run([python, *install, *pins], why="uv could not be installed (on Debian and Ubuntu: apt install python3-venv)")


def _install(folder: Path, version: str, pins: list[str]) -> None:
    tool = uv()
    kept = python_in(folder).exists() and _version_of(folder) == version
    if not kept:
        say(f"[{folder.name}] making an environment for Python {version}")
        shutil.rmtree(folder, ignore_errors=True)
        python = find_python(version, tool)
        run([tool, "venv", "--quiet", "--no-project", "--python", python, folder], why=f"environment {folder.name}")
    say(f"[{folder.name}] installing {len(pins)} pinned packages")
    # A folder that was made by hand keeps what else is in it; one of ours holds what is listed only.
    exact = ["--exact"] if kept and _stamp(folder) else []
    options = ["--quiet", "--python", python_in(folder), *exact]
    run([tool, "pip", "install", *options, *pins], why=f"packages of environment {folder.name}")


def _version_of(folder: Path) -> str:
    config = (folder / "pyvenv.cfg").read_text(encoding="utf-8")
    values = dict(line.split(" = ", 1) for line in config.splitlines() if " = " in line)
    return ".".join(values.get("version_info", values.get("version", "")).split(".")[:2])


def _stamp(folder: Path) -> str:
    try:
        return str(json.loads((folder / STAMP).read_text(encoding="utf-8"))["digest"])
    except (OSError, ValueError, KeyError):
        return ""


def _write_stamp(folder: Path, digest: str) -> None:
    (folder / STAMP).write_text(json.dumps({"digest": digest}), encoding="utf-8")


def _digest(wanted: object) -> str:
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
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
