"""Khronos' own glTF Validator, which runs on Node.js. Standard library only."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.toolbox import npm
from scripts.toolbox.console import ToolError

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
    done = subprocess.run(
        [npm.node(), "-e", _SCRIPT],
        input=json.dumps([str(file) for file in files]),
        env={**os.environ, "NODE_PATH": str(npm.installed("gltf-validator"))},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise ToolError(f"Khronos' glTF Validator failed: {done.stderr[-2000:]}")
    reports: list[dict[str, Any]] = json.loads(done.stdout)
    return reports
