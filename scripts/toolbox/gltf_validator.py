"""Khronos' own glTF Validator, which runs on Node.js; installed by npm as scripts/locked/gltf-validator locks it.

`npm install --package-lock-only` there locks it anew after a change of its package.json. Standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.toolbox.console import ToolError, run
from scripts.toolbox.environments import DEV, locked
from scripts.toolbox.locks import LOCKED

_FOLDER = DEV / "gltf-validator"
_FILES = ("package.json", "package-lock.json")
#: Reads a JSON list of paths, and answers with a JSON list of reports.
_SCRIPT = """
const fs = require("fs"), path = require("path"), {validateBytes} = require("gltf-validator");
const paths = JSON.parse(fs.readFileSync(0, "utf8"));
Promise.all(paths.map((one) => validateBytes(new Uint8Array(fs.readFileSync(one)), {
  uri: path.basename(one),
  externalResourceFunction: (uri) => fs.promises.readFile(path.join(path.dirname(one), decodeURIComponent(uri))),
}))).then((reports) => process.stdout.write(JSON.stringify(reports)));
"""


def validate(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The validator's report of each .glb or .gltf: of its ``issues`` the ``messages`` of ``severity`` 0 are errors.

    Raises:
        ToolError: there is no Node.js, or the validator could not be installed or run; the text says what to do.
    """
    node = shutil.which("node")
    if node is None:
        raise ToolError("There is no Node.js, which Khronos' glTF Validator runs on: install Node.js 18 or newer.")
    _install()
    done = subprocess.run(
        [node, "-e", _SCRIPT],
        input=json.dumps([str(file) for file in files]),
        env={**os.environ, "NODE_PATH": str(_FOLDER / "node_modules")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise ToolError(f"Khronos' glTF Validator failed: {done.stderr[-2000:]}")
    reports: list[dict[str, Any]] = json.loads(done.stdout)
    return reports


def _install() -> None:
    source = LOCKED / "gltf-validator"
    with locked(_FOLDER.name):
        if all((_FOLDER / name).exists() for name in _FILES) and all(
            (_FOLDER / name).read_bytes() == (source / name).read_bytes() for name in _FILES
        ):
            return
        npm = shutil.which("npm")
        if npm is None:
            raise ToolError("There is no npm, which installs Khronos' glTF Validator: it comes with Node.js.")
        making = _FOLDER.with_name(f"{_FOLDER.name}.part")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for name in _FILES:
            shutil.copyfile(source / name, making / name)
        why = "Khronos' glTF Validator could not be installed"
        run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], why=why, cwd=making)
        shutil.rmtree(_FOLDER, ignore_errors=True)
        making.replace(_FOLDER)
