"""Starts a real engine process and talks to it over its pipe, as Blender does; for tests without bpy."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.simulator.launcher import SERVICES
from tests.support import record_lines
from tests.support.engine_template import Forked

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "neural4d_blender" / "engine" / "__main__.py"
#: What Job.enter warns of fails the job.
UNKNOWN_TRANSITION = "error::RuntimeWarning"
#: An engine as Blender starts it.
STARTED = [sys.executable, "-I", "-W", UNKNOWN_TRANSITION, str(ENGINE)]
#: Makes result and facts out of nothing, or does what the file named like the wanted behaviour says.
PREPARER = [sys.executable, str(Path(__file__).with_name("stand_in_preparer.py"))]
#: Waits that are seconds for a user are moments for a test.
TIMING = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.05, "minute": 0.5, "preparer_limit": 5.0, "outage": 0.0}

#: Seconds after which something that does not come will not come on a busy machine either.
PATIENCE = 120.0

Snapshot = dict[str, Any]


class EngineProcess:
    """An engine on a data folder.

    Args:
        url: every service's address. key: the key for all of them, or one each by service (a simulator's ``keys``).
        command: what is started; without it, on Linux, the engine is not started but forked (engine_template.py).

    Attributes:
        jobs: the newest snapshot of each job by id. seen: every (id, state) in the order it was told.
        reading: ends when the engine has closed its end of the pipe.
        sent: everything that went down the pipe and came back, for looking for secrets in it.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        key: str | Mapping[str, str],
        *,
        online: bool = True,
        preparer: list[str] = PREPARER,
        imports: bool = False,
        timing: dict[str, float] = TIMING,
        command: list[str] | None = None,
    ) -> None:
        self.folder = folder
        self.jobs: dict[str, Snapshot] = {}
        self.seen: list[tuple[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self._lines: queue.Queue[bytes] = queue.Queue()
        recorded = [record_lines.__file__] if record_lines.FOLDER_ENV in os.environ else []
        python = [sys.executable, "-I", "-W", UNKNOWN_TRANSITION, *recorded]
        self.process = (
            Forked(python, folder)
            if sys.platform == "linux" and not command
            else subprocess.Popen(
                [*(command or [*python, str(ENGINE)]), "--data-dir", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=(folder / "engine.log").open("ab"),
            )
        )
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()
        with suppress(BrokenPipeError):  # it may end as soon as it begins
            self.configure(url, key, online=online, preparer=preparer, imports=imports, timing=timing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def configure(
        self,
        url: str,
        key: str | Mapping[str, str],
        *,
        online: bool = True,
        preparer: list[str] = PREPARER,
        imports: bool = False,
        timing: dict[str, float] = TIMING,
    ) -> None:
        keys = dict.fromkeys(SERVICES, key) if isinstance(key, str) else key
        services = {name: {"url": url, "key": key} for name, key in keys.items()}
        self.send("configure", services=services, online=online, preparer=preparer, imports=imports, timing=timing)

    def send(self, do: str, **values: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **values}).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, do: str, **values: Any) -> dict[str, Any]:
        """Send a command and return its answer."""
        tag = uuid.uuid4().hex
        self.send(do, tag=tag, **values)
        return self.until(lambda: next((e for e in self.events if e.get("tag") == tag), None), do)

    def submit(self, prompt: str = "a cute bird", *, provider: str = "neural4d", **request: Any) -> str:
        """Start a job and return its id."""
        job_id = str(uuid.uuid4())
        asked = {"prompt": prompt, "size_mm": 120.0, **request}
        answer = self.ask("submit", job=job_id, provider=provider, request=asked)
        assert answer["error"] is None, answer["error"]
        return job_id

    def wait(self, job_id: str, *states: str, seconds: float = PATIENCE) -> Snapshot:
        """Wait until the job is in one of the states and return its snapshot."""
        return self.until(
            lambda: self.jobs[job_id] if job_id in self.jobs and self.jobs[job_id]["state"] in states else None,
            f"{states}, is {self.jobs.get(job_id, {}).get('state')}",
            seconds,
        )

    def states(self, job_id: str) -> list[str]:
        """Every state the job was told to be in, each change once."""
        told = [state for job, state in self.seen if job == job_id]
        return [state for number, state in enumerate(told) if number == 0 or told[number - 1] != state]

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Close the pipe, as Blender's end does, and see it end by itself."""
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            assert self.process.wait(15) == 0, (self.folder / "engine.log").read_text()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, found: Any, what: str, seconds: float = PATIENCE) -> Any:
        """Take in events until ``found()`` is something, and return that."""
        ends = time.monotonic() + seconds
        while True:
            value = found()
            if value is not None:
                return value
            left = ends - time.monotonic()
            assert left > 0, f"waited {seconds} s for {what}; log: {(self.folder / 'engine.log').read_text()}"
            self._take_in(min(left, 0.5))

    def take(self, found: Any, seconds: float) -> Any:
        """Take in events for as long as they come, that far apart at most, or until ``found()`` is something: that."""
        while (value := found()) is None and self._take_in(seconds):
            pass
        return value

    def _take_in(self, seconds: float) -> bool:
        """The next event, if one comes within that time."""
        try:
            event = json.loads(self._lines.get(timeout=seconds))
        except queue.Empty:
            return False
        self.events.append(event)
        if event["event"] == "job":
            job = event["job"]
            self.jobs[job["id"]] = job
            self.seen.append((job["id"], job["state"]))
        return True
