"""Builds dist/neural4d-VERSION.zip: `python3 scripts/build.py`.

Staged, built and validated with Blender's own extension tool. Needs nothing but Python 3.11 or newer.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one reads this)
    sys.exit("Python 3.11 or newer is needed to build; this one is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import package
from scripts.toolbox.console import ToolError


def main() -> int:
    """Build and say what came out; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print path, size, version and files as one JSON object")
    options = parser.parse_args()
    try:
        built = package.build()
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({**asdict(built), "path": str(built.path)}))
    else:
        print(f"{built.path}: version {built.version}, {built.size} bytes, {len(built.files)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
