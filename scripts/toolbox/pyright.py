"""Pyright on what a caller of the Python API writes: `python -m scripts.toolbox.pyright`.

What it looks at, and how strictly, stands in pyproject.toml. It runs on Node.js. Standard library only.
"""

from __future__ import annotations

import subprocess
import sys

from scripts.toolbox import npm
from scripts.toolbox.console import ROOT, ToolError


def main() -> int:
    """Its exit code."""
    try:
        own = npm.installed("pyright") / "pyright" / "index.js"
        command = [npm.node(), str(own), "--pythonpath", sys.executable, *sys.argv[1:]]
    except ToolError as error:
        print(error, file=sys.stderr)
        return 2
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
