"""What runs on Node.js, installed by npm as scripts/locked/NAME locks it.

`npm install --package-lock-only` there locks it anew after a change of its package.json. Standard library only.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.toolbox.console import ToolError, run
from scripts.toolbox.environments import DEV, locked
from scripts.toolbox.locks import LOCKED

_FILES = ("package.json", "package-lock.json")


def node() -> str:
    """Node.js; ToolError where there is none."""
    found = shutil.which("node")
    if found is None:
        raise ToolError("There is no Node.js: install Node.js 18 or newer.")
    return found


def installed(name: str) -> Path:
    """The folder node_modules with the packages of scripts/locked/NAME; ToolError where they could not be installed."""
    source, folder = LOCKED / name, DEV / name
    with locked(name):
        if all((folder / file).exists() for file in _FILES) and all(
            (folder / file).read_bytes() == (source / file).read_bytes() for file in _FILES
        ):
            return folder / "node_modules"
        npm = shutil.which("npm")
        if npm is None:
            raise ToolError(f"There is no npm, which installs {name}: it comes with Node.js.")
        making = folder.with_name(f"{name}.part")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for file in _FILES:
            shutil.copyfile(source / file, making / file)
        why = f"{name} could not be installed"
        run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], why=why, cwd=making)
        shutil.rmtree(folder, ignore_errors=True)
        making.replace(folder)
    return folder / "node_modules"
