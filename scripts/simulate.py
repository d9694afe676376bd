#!/usr/bin/env python3
"""python3 scripts/simulate.py: the proof by simulation, in an environment of its own where its libraries are missing.

--seeds 10000           lives a second, and what broke
--seed 7 --story        one world line by line, the same every time; --shrink makes it short
--planted               small changes to the engine, each of which has to be found
--hours 8               a night's run
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("aiohttp", "greenlet", "numpy", "PIL", "requests")


def _python() -> str:
    """An interpreter that has what is needed."""
    if all(importlib.util.find_spec(name) for name in LIBRARIES):
        return sys.executable
    from scripts.toolbox import environments
    from scripts.toolbox.console import ToolError

    try:
        return str(environments.ensure_tool("simulation"))
    except ToolError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if os.environ.get("PYTHONHASHSEED") != "0" or not all(importlib.util.find_spec(name) for name in LIBRARIES):
        # The order of sets is a part of what a seed decides.
        command = [_python(), str(Path(__file__).resolve()), *sys.argv[1:]]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        if os.name == "posix":
            os.execve(command[0], command, environment)
        sys.exit(subprocess.run(command, check=False, env=environment).returncode)
    from scripts.simulation.campaigns.command_line import main

    sys.exit(main())
