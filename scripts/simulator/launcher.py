"""Starts a simulator as a child process and steers it: what tests and the demo use.

Imports requests (in `steering`) and the standard library only, so that it also runs in Blender's own
Python; the child needs the development libraries, so another interpreter can be named for it.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from .admin_client import SimulatorError, Steering, key_setting

__all__ = ["ROOT", "Simulator", "SimulatorError"]

#: Where Python finds this package: the checkout, or the folder that it is installed in.
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0  # of a machine that is very busy
SERVICES = ("neural4d", "csm", "goneural", "modelslab")


class Simulator(Steering):
    """One simulator on free loopback ports, for the length of a `with` block (or `start` to `close`).

    Args:
        python: interpreter for the child; it needs aiohttp, numpy, Pillow and trimesh.
        token: the token that Neural4D accepts; like the other services' keys (csm_key=...) a fresh random one
            where it is not given. `keys` holds them by service.
        generation: what all services are, "today" or "2024"; `generations={"csm": "2024"}` says it for some.
        settings: any setting of the simulator by name (job_seconds=1.0, balance=1000, ...).
    """

    def __init__(
        self,
        *,
        python: str | Path | None = None,
        token: str | None = None,
        generation: str = "today",
        **settings: Any,
    ) -> None:
        settings["generations"] = dict.fromkeys(SERVICES, generation) | settings.get("generations", {})
        keys = {name: f"sim-{secrets.token_hex(16)}" for name in SERVICES}
        given = {name: settings.pop(key_setting(name), None) for name in SERVICES if name != "neural4d"}
        super().__init__(keys | {name: key for name, key in given.items() if key}, settings)
        if token:
            self.keys["neural4d"] = token
        self.api_url = ""
        self.files_url = ""
        self._python = str(python or sys.executable)
        self._process: subprocess.Popen[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The process

    def start(self) -> Simulator:
        """Start the child and wait until it answers.

        Raises:
            SimulatorError: it did not come up; the text holds what it said.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="simulator-")
        command = [self._python, "-m", __package__, "--port", "0", "--exit-with-parent", "--json"]
        line = ""
        try:
            with self._said.open("w", encoding="utf-8") as errors:
                self._process = subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
                )
            line = self._first_line(self._process)
            addresses = json.loads(line)
        except (OSError, ValueError):
            said = self.stderr() or line or "nothing"
            self.close()
            raise SimulatorError(f"The simulator did not start with {self._python}. It said: {said}") from None
        self.api_url, self.files_url = addresses["api_url"], addresses["files_url"]
        self.admin_url = addresses["admin_url"]
        try:
            # The keys go this way and not on the command line, where every process could read them.
            self._configure_all()
        except BaseException:
            self.close()
            raise
        return self

    @staticmethod
    def _first_line(process: subprocess.Popen[str]) -> str:
        """What the child printed first, or nothing when it ended or START_SECONDS have passed."""
        lines: list[str] = []

        def read() -> None:
            if process.stdout is not None:
                lines.append(process.stdout.readline())

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(START_SECONDS)
        return lines[0] if lines else ""

    def close(self) -> None:
        """End the child: it leaves by itself when its input closes; if not, it is ended by its id."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            for end in (process.poll, process.terminate, process.kill):
                end()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                    break
            if process.stdout is not None:
                process.stdout.close()
        self._session.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def pid(self) -> int:
        """The child's process id."""
        if self._process is None:
            raise SimulatorError("The simulator is not running.")
        return self._process.pid

    def stderr(self) -> str:
        """What the child wrote to standard error: empty when all is well."""
        return self._said.read_text(encoding="utf-8")

    @property
    def _said(self) -> Path:
        if self._folder is None:
            raise SimulatorError("The simulator is not running.")
        return Path(self._folder.name) / "stderr.txt"

    @property
    def addresses(self) -> dict[str, str]:
        """Each service's address: one and the same, since their documented paths do not clash."""
        return dict.fromkeys(SERVICES, self.api_url)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point the extension at this simulator, for every service."""
        found: dict[str, str] = {}
        for name, key in self.keys.items():
            found[f"{name.upper()}_API_URL"] = self.api_url
            found[f"{name.upper()}_API_{'TOKEN' if name == 'neural4d' else 'KEY'}"] = key
        return found
