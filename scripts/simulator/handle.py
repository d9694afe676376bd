"""Starts a simulator as a child process and steers it: what tests and the demo use.

Imports requests and the standard library only, so that it also runs in Blender's own Python; the child
needs the development libraries, so another interpreter can be named for it.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


class SimulatorError(RuntimeError):
    """The simulator did not start, or refused what it was told."""


class Simulator:
    """One simulator on free loopback ports, for the length of a `with` block (or `start` to `close`).

    Args:
        python: interpreter for the child; it needs aiohttp, numpy, Pillow and trimesh.
        token: the accepted token; a fresh random one where it is not given.
        settings: any setting of the simulator by name (job_seconds=1.0, balance=1000, ...).
    """

    def __init__(self, *, python: str | Path | None = None, token: str | None = None, **settings: Any) -> None:
        self.token = token or f"sim-{secrets.token_hex(16)}"
        self.api_url = ""
        self.files_url = ""
        self.admin_url = ""
        self._python = str(python or sys.executable)
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._session = requests.Session()
        # Proxies of the environment are no business of a loopback address.
        self._session.trust_env = False

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
        command = [self._python, "-m", "scripts.simulator", "--port", "0", "--exit-with-parent", "--json"]
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
            # The token goes this way and not on the command line, where every process could read it.
            self.configure(token=self.token, **self._settings)
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
    def environment(self) -> dict[str, str]:
        """The environment variables that point the extension at this simulator."""
        return {"NEURAL4D_API_URL": self.api_url, "NEURAL4D_API_TOKEN": self.token}

    # Faults and settings

    def set_fault(
        self,
        endpoint: str,
        fault: str,
        times: int | None = 1,
        *,
        after: int = 0,
        match: str = "",
        **params: Any,
    ) -> None:
        """Set a fault for the next calls; several queue up and each call gets the first that fits.

        Args:
            endpoint: "retrieveModel" and so on, "file" for the file host, "*" for every API endpoint.
            fault: one of `known_faults()`.
            times: calls that get it; None for every one until `clear_faults`.
            after: calls that are spared first.
            match: count only calls whose path or body contains this text.
            params: the fault's own, such as retry_after=2.
        """
        body = {"endpoint": endpoint, "fault": fault, "times": times, "after": after, "match": match, **params}
        self._admin("POST", "/faults", body)

    def clear_faults(self) -> None:
        """No faults any more: ports listen again, hanging connections are reset."""
        self._admin("DELETE", "/faults")

    def faults(self) -> list[dict[str, Any]]:
        """The faults that still wait for their calls."""
        found: list[dict[str, Any]] = self._admin("GET", "/faults")["waiting"]
        return found

    def known_faults(self) -> dict[str, str]:
        """Every fault's name and what it does."""
        found: dict[str, str] = self._admin("GET", "/faults")["known"]
        return found

    def configure(self, **settings: Any) -> None:
        """Change settings; a new balance refills the account, everything else holds for what comes next."""
        self._admin("POST", "/configure", settings)
        self.token = settings.get("token", self.token)

    def settings(self) -> dict[str, Any]:
        """All settings but the token."""
        found: dict[str, Any] = self._admin("GET", "/settings")
        return found

    def reset(self) -> None:
        """No jobs, ledger, log or faults; token and settings as this handle was made with."""
        self._admin("POST", "/reset")
        self.configure(token=self.token, **self._settings)

    def finish_jobs(self) -> None:
        """Every job and matting that runs is done now (or failed, where it was to fail)."""
        self._admin("POST", "/finish")

    def expire_urls(self) -> None:
        """Every result URL given out so far has expired."""
        self._admin("POST", "/expire")

    def refuse_connections(self, seconds: float | None = None, *, endpoint: str = "*") -> None:
        """The API port (or the file host's: endpoint="file") stops listening until `clear_faults`, or for a time."""
        self.set_fault(endpoint, "connection_refused", seconds=seconds)

    # What happened

    def ledger(self) -> list[dict[str, Any]]:
        """Rows of operation, points (negative: refund), uuids, balance_after, time."""
        found: list[dict[str, Any]] = self._admin("GET", "/ledger")["rows"]
        return found

    @property
    def balance(self) -> int:
        """Points left."""
        found: int = self._admin("GET", "/ledger")["balance"]
        return found

    @property
    def spent(self) -> int:
        """Points spent by all operations together, refunds taken off."""
        return sum(row["points"] for row in self.ledger())

    def requests(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """Requests so far: time, host, endpoint, method, path, status (None: no answer), has_token, fault, body."""
        entries: list[dict[str, Any]] = self._admin("GET", "/requests")
        return [entry for entry in entries if endpoint in (None, entry["endpoint"])]

    def jobs(self) -> list[dict[str, Any]]:
        """Jobs at the service: uuid, prompt, state, percent, operation, pbr, variant."""
        found: list[dict[str, Any]] = self._admin("GET", "/jobs")
        return found

    def wait_for_request(
        self,
        endpoint: str,
        count: int = 1,
        *,
        timeout: float = 30.0,
        where: Callable[[dict[str, Any]], bool] | None = None,
    ) -> dict[str, Any]:
        """Wait until so many requests to an endpoint have come in; the last of them.

        Raises:
            TimeoutError: they did not come.
        """
        end = time.monotonic() + timeout
        while True:
            found = [entry for entry in self.requests(endpoint) if where is None or where(entry)]
            if len(found) >= count:
                return found[count - 1]
            if time.monotonic() > end:
                raise TimeoutError(f"{len(found)} of {count} requests to {endpoint} came within {timeout:g} s.")
            time.sleep(0.02)

    def _admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._session.request(method, self.admin_url + path, json=body, timeout=30)
        if answer.status_code != 200:
            raise SimulatorError(answer.json().get("message", answer.text))
        return answer.json()
