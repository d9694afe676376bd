"""Runs the package tests in real Blenders by way of blender-addon-tester; started by scripts/test.py.

Without releases it is the Blender of this machine (see scripts/toolbox/blender.py). With such,
blender-addon-tester downloads those releases, as it does in a user's own CI.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import blender_addon_tester
from blender_addon_tester import run_blender
from blender_addon_tester.get_blender import get_blender_from_suffix as download

from scripts.simulator.launcher import Simulator
from scripts.toolbox import blender, environments, package
from scripts.toolbox.console import ROOT, ToolError
from scripts.toolbox.sid import CACHE

FOLDER = Path(__file__).parent


def main() -> int:
    """Test on every Blender asked for; the number of those that failed is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="X.Y", help="releases to download")
    parser.add_argument("--report", required=True, help="folder for the JUnit reports")
    parser.add_argument("-k", default="", help="as in pytest")
    options = parser.parse_args()
    failed = 0
    for version in options.versions or [""]:
        report = Path(options.report) / f"tester-{version or 'here'}.xml"
        failed += bool(_test(version, [f"--junitxml={report}", *(["-k", options.k] if options.k else [])]))
    return failed


def _test(version: str, arguments: list[str]) -> int:
    # The simulator's libraries are not in Blender's Python, so it runs out here.
    simulator = Simulator(generation="2024", python=environments.ensure("unit"), job_seconds=1.0, balance=1000)
    with tempfile.TemporaryDirectory(prefix="neural4d-tester-") as scratch, simulator:
        run_blender.get_blender_from_suffix = lambda asked: str(_folder(asked if version else "", Path(scratch)))
        reached = {name: getattr(simulator, name) for name in ("api_url", "files_url", "admin_url", "token")}
        os.environ["NEURAL4D_TEST_SIMULATOR"] = json.dumps(reached)
        config = {
            "tests": str(FOLDER),
            "blender_load_tests_script": str(FOLDER / "loader.py"),
            "pytest_args": "\n".join(arguments),
        }
        os.environ["NEURAL4D_TEST_ZIP"] = zip_path = str(package.build().path)
        return int(blender_addon_tester.test_blender_addon(zip_path, version or "0.0", config))


def _folder(version: str, scratch: Path) -> Path:
    """A folder with an executable `blender`, which is what blender-addon-tester asks for.

    It is a script that starts the Blender meant, because the real one's path may hold a space, and
    because these tests need Blender's factory settings and its errors in the exit code.
    """
    if version:
        cache = CACHE / "releases"
        cache.mkdir(parents=True, exist_ok=True)
        os.environ["BLENDER_CACHE"] = str(cache)
        name = "MacOS/Blender" if sys.platform == "darwin" else "blender"
        path = Path(download(version)) / name
        found = blender.checked(path, f"the download of {version}")
    else:
        found = blender.find()
    print(f"Blender {found.label} at {found.path}, Python {found.python}", flush=True)
    os.environ["NEURAL4D_TEST_SITE"] = str(environments.ensure_site(found.python))
    script = scratch / ("MacOS/blender" if sys.platform == "darwin" else "blender")
    script.parent.mkdir(exist_ok=True)
    script.write_text(
        f"#!/bin/sh\nexec '{found.path}' --factory-startup --python-exit-code 71 \"$@\"\n", encoding="utf-8"
    )
    script.chmod(0o755)
    return scratch


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main())
    except ToolError as problem:
        sys.exit(str(problem))
