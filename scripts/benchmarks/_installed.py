"""Blender with the built extension, all that is its own in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.benchmarks._killing import kill

#: Run in Blender, with the zip as the last argument.
INSTALL = """
import bpy, sys
bpy.ops.extensions.package_install_files(filepath=sys.argv[-1], repo="user_default", enable_on_install=True)
bpy.ops.wm.save_userpref()
"""


def environment(home: Path) -> dict[str, str]:
    """What Blender is started with, its user's folders below `home`."""
    from scripts.toolbox.console import clean_environment

    # Blender 5.2 looks for its online assets at every start: no benchmark's traffic leaves this machine.
    return clean_environment(home) | {"TMPDIR": str(home), "HTTPS_PROXY": "http://127.0.0.1:9"}


class Blenders:
    """Blenders without a window; none of them outlives the `with` block.

    Args:
        home: a folder for all that they write. variables: for their environment.

    Attributes:
        environment: what each is started with.
    """

    def __init__(self, home: Path, variables: Mapping[str, str]) -> None:
        self._log = home / "log.txt"
        self.environment = {**environment(home), **variables}
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Blenders:
        from scripts.toolbox import package

        zipped = str(package.build().path)
        if self.start("--background", "--python-exit-code", "1", "--python-expr", INSTALL, "--", zipped).wait(120):
            raise RuntimeError(f"The extension could not be installed:\n{self.said()}")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for process in self._started:
            if process.poll() is None:
                kill(process)
        if kind:
            print(self.said(), file=sys.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one with these arguments."""
        from scripts.toolbox import blender

        command = [str(blender.find().path), *arguments]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._started.append(process)
        return process

    def said(self) -> str:
        """All that they have printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")
