"""python3 -m scripts.simulator: starts the simulator, in an environment of its own where its libraries are missing.

Installed it is neural4d_blender.testing, and says what to install.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

LIBRARIES = ("aiohttp", "numpy", "PIL", "requests", "trimesh")


def _missing() -> list[str]:
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def _elsewhere() -> int:
    """Make the environment, which takes a moment the first time, and run there."""
    if __package__ != "scripts.simulator":
        print(f"{sys.executable} lacks the simulator's libraries: {', '.join(_missing())}.", file=sys.stderr)
        print("Install them with: pip install 'neural4d-blender[testing]'", file=sys.stderr)
        return 1
    from scripts.toolbox import environments
    from scripts.toolbox.console import ToolError

    try:
        python = environments.ensure_tool("simulator")
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    command = [str(python), "-m", "scripts.simulator", *sys.argv[1:]]
    if os.name == "posix":
        os.execv(command[0], command)  # the same process, so that a signal reaches the simulator itself
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    if _missing():
        sys.exit(_elsewhere())
    from .command_line import main

    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: that would wait for a heavy model that is still being made and that nobody wants any more.
    os._exit(status)
