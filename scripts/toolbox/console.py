"""Printing and running for the command-line tools. Standard library only."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

#: The checkout this file stands in.
ROOT = Path(__file__).resolve().parents[2]
#: A developer's own account, settings and files must not reach a test, nor a test them.
PRIVATE = ("NEURAL4D_", "CSM_", "GONEURAL_", "MODELSLAB_", "BLENDER_USER_", "BLENDER_SYSTEM_", "PYTEST_")
#: With it, each of some thousand processes of a test run compiles all that it imports.
SLOW = "PYTHONDONTWRITEBYTECODE"


class ToolError(Exception):
    """Something a tool needs is missing or failed; the text is a sentence for the developer."""


def shared() -> Path:
    """The folder of that name beside the repository, from whichever of its worktrees; beside a clone there is none."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "--path-format=absolute", "--git-common-dir"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git: a checkout that was unpacked
        told = ""
    return (Path(told).parent if told else ROOT).parent / "shared"


def say(text: str) -> None:
    """Print one line to stderr at once, so that stdout stays free for results."""
    print(text, file=sys.stderr, flush=True)


def not_here(report: Path, why: ToolError) -> None:
    """Say that a stage cannot be run on this machine, and why; in its JUnit report too, which the summary reads."""
    print(f"Not run here: {why}", flush=True)
    case = ET.Element("testcase", classname=report.stem, name="here")
    ET.SubElement(case, "skipped", message=str(why))
    report.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(case).write(report)


def run(command: Sequence[object], *, why: str, cwd: Path | None = None, timeout: float = 1800) -> str:
    """Run a command quietly and return its output.

    Raises:
        ToolError: it could not start, took longer than `timeout` seconds or exited non-zero; the
            text holds `why` and the last lines of what the command printed.
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{why}: {error}") from error
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-25:])
        raise ToolError(f"{why}: {command[0]} exited with {done.returncode}\n{tail}")
    return done.stdout


def clean_environment(scratch: Path) -> dict[str, str]:
    """This process's environment without anything of the developer's, everything kept in `scratch`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith((*PRIVATE, SLOW))}
    return env | {
        "BLENDER_USER_RESOURCES": str(scratch / "blender"),
        "NEURAL4D_DATA_DIR": str(scratch / "data"),
        **({"NEURAL4D_CONFIG": os.devnull} if os.name == "posix" else {}),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }
