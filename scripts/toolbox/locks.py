"""Locks every package of every environment with its hash: `python3 -m scripts.toolbox.locks`, after a change of pins.

uv resolves each group of pyproject.toml for all systems and writes scripts/locked/GROUP.txt; environments are made of
these files alone. What is locked already stays at its version where the pins allow that. Standard library only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.toolbox.console import ROOT, run

LOCKED = ROOT / "scripts" / "locked"
#: Each group that an environment is made of, with the oldest Python that it is made for.
GROUPS = {
    **dict.fromkeys(("bootstrap", "pytest", "lint", "docs", "unit", "tester", "mutants"), "3.11"),
    **dict.fromkeys(("simulator", "schemas", "simulation"), "3.11"),
    **dict.fromkeys(("bpy-4.2.23", "bpy-4.5.15", "bpy-5.0.1"), "3.11"),
    **dict.fromkeys(("bpy-5.2.3", "mutants-bpy"), "3.13"),
}


def file_of(group: str) -> Path:
    """The lock file of a group."""
    return LOCKED / f"{group}.txt"


def main() -> int:
    """Write all of them anew."""
    from scripts.toolbox.environments import uv  # which installs itself by one of them

    options = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    for group, python in GROUPS.items():
        compiled = [*options, "--python-version", python, "--group", group, "--output-file", file_of(group)]
        run([uv(), "pip", "compile", *compiled], why=f"The group {group} could not be locked", cwd=ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
