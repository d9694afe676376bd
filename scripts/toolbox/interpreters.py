"""Finds a Python of a wanted version on this machine. Standard library only."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.toolbox.console import ToolError, say


def find_python(version: str, uv: Path) -> Path:
    """The interpreter for a version such as "3.11".

    The running one is taken first, then PATH, then pyenv's folder, then whatever uv knows of or
    is able to download.

    Raises:
        ToolError: none is to be had; the text says what to install.
    """
    for candidate in _candidates(version):
        if _starts(candidate, version):
            return candidate
    found = _ask_uv(uv, version)
    if found is None:
        say(f"Python {version} is not on this machine: asking uv to download it")
        subprocess.run([uv, "python", "install", version], check=False, timeout=900)
        found = _ask_uv(uv, version)
    if found is None:
        raise ToolError(
            f"Python {version} is needed and was not found: install it (for example with pyenv, or the "
            f"package python{version} of your system) so that 'python{version}' is on PATH."
        )
    return found


def _candidates(version: str) -> Iterator[Path]:
    if "{}.{}".format(*sys.version_info[:2]) == version:
        # The base interpreter, not the virtual environment it may run in: that one may be removed.
        yield Path(getattr(sys, "_base_executable", None) or sys.executable)
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    yield from sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python"), reverse=True)


def _starts(python: Path, version: str) -> bool:
    """Whether it runs and is that version: a pyenv shim on PATH may be neither."""
    program = "import sys; print('{}.{}'.format(*sys.version_info[:2]))"
    try:
        done = subprocess.run([python, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def _ask_uv(uv: Path, version: str) -> Path | None:
    done = subprocess.run(
        [uv, "python", "find", "--no-python-downloads", "--no-project", version],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = Path(done.stdout.strip()) if done.returncode == 0 and done.stdout.strip() else None
    return found if found and _starts(found, version) else None
