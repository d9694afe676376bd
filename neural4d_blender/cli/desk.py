"""What commands work with: the engine, and how a model becomes files. Here without Blender.

Standard library, client and the engine's ``protocol`` only; ``blender.py`` has the same with Blender.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..client.asking import LOOK, ask
from ..client.bridge import Bridge
from ..client.settings import Environment
from ..engine.protocol import (
    SETTLED,
    Declaration,
    EngineStopped,
    InvalidInput,
    JobFailed,
    KeyMissing,
    Neural4DError,
    State,
    UnsupportedFeature,
    declaration,
    is_web_address,
)
from .plan import Plan, numbered

Job = dict[str, Any]


class Desk:
    """A plain Python's desk: models are kept as the service made them.

    Args:
        bridge: to the engine; a new one where it is None.
    """

    #: There is a Blender to prepare, convert and render with.
    blender = False

    def __init__(self, bridge: Bridge | None = None) -> None:
        self.bridge = bridge or Bridge(Environment())

    def allow_network(self) -> None:
        """What ``--online-mode`` asks for; nobody but Blender has a switch for that."""

    def require_ready(self, service: Declaration) -> None:
        """OnlineAccessOff or KeyMissing, with the remedy, where the service cannot be used now."""
        if not self.bridge.settings.services()[service.id]["key"]:
            raise KeyMissing(f"No key is set for {service.name}.", f"Set {service.key_env} in the environment.")

    def pictures(self, paths: Sequence[str], service: Declaration, folder: Path) -> list[str]:
        """The pictures as they are sent: web addresses, and absolute paths."""
        files = [path for path in paths if not is_web_address(path)]
        if missing := [path for path in files if not Path(path).is_file()]:
            raise InvalidInput(f"There is no file {missing[0]}.")
        return [str(Path(path).resolve()) if path in files else path for path in paths]

    def check(self, plan: Plan, service: Declaration) -> None:
        """Refuse, before anything is paid, files that could not be written at the end; InvalidInput."""
        if not plan.as_made:
            raise UnsupportedFeature(
                "Without Blender a model is kept as the service made it.",
                "Add --as-made, or run the command with Blender or with bpy.",
            )
        if plan.thumbnail:
            raise UnsupportedFeature("A thumbnail needs Blender.", "Leave it out, or run the command with Blender.")
        check_as_made(plan, service)

    def write(self, job: Job, plan: Plan) -> list[Path]:
        """Write the plan's files; raises Neural4DError where one could not be."""
        return write_as_made(self, job, plan)

    def ask(self, do: str, **values: Any) -> Job:
        """Send the engine a command and wait for its answer; see client/asking.py for what it raises."""
        return ask(self.bridge, do, **values)

    def work(self, done: Callable[[], object], *, show: Callable[[], None], timeout: float | None = None) -> None:
        """Take in what the engine says until ``done`` says so.

        Raises:
            TimeoutError: the time is up; everything goes on with resume.
            EngineStopped: the engine ended and did not come back.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        while not done():
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError(f"Not done after {timeout:g} s.")
            if not self.bridge.drain():
                if not self.bridge.running:
                    raise EngineStopped("The engine process ended and did not come back; engine.log says why.")
                time.sleep(LOOK)
            show()


def settled(job: Job) -> bool:
    """Nothing more happens to the job by itself."""
    return not job["under_way"] and (job["state"] in SETTLED or job["state"] in (State.READY, State.CHOOSING_CUTOUT))


def check_as_made(plan: Plan, service: Declaration) -> None:
    """Refuse endings that are no format of the service's; UnsupportedFeature."""
    for path in map(Path, plan.outputs):
        if path.suffix[1:].upper() not in (*service.formats, *service.keeps):
            endings = ", ".join(f".{name.lower()}" for name in (*service.formats, *service.keeps))
            raise UnsupportedFeature(
                f"{service.name} makes no {path.name}; it makes {endings}.", "Choose one of those endings."
            )


def write_as_made(desk: Desk, job: Job, plan: Plan) -> list[Path]:
    """Have the engine keep exact copies of what the service made, under the plan's names.

    Raises:
        JobFailed: the service could not convert it, or the file could not be written.
    """
    written = []
    for position, variant in enumerate(plan.variants(job)):
        for output in plan.outputs:
            path = numbered(output, position)
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
                made = _saved(desk, job["id"], variant, path.suffix[1:].upper(), folder)
                # A format of several files comes as a folder, which cannot have a file's ending.
                target = path.with_suffix("") if made.is_dir() else path
                if made.is_dir():
                    shutil.rmtree(target, ignore_errors=True)
                os.replace(made, target)
            written.append(target)
    return written


def _saved(desk: Desk, job_id: str, variant: int, format: str, folder: str) -> Path:
    job = desk.bridge.jobs[job_id]
    size = None if format == declaration(job["provider"]).native else job["request"]["size_mm"]
    save_id = str(uuid.uuid4())
    kept = {"variant": variant, "format": format, "folder": folder, "size_mm": size}
    desk.ask("save", job=job_id, save=save_id, **kept)

    def ended() -> Job | None:
        saves = (save for save in desk.bridge.jobs[job_id]["saves"] if save["id"] == save_id)
        return next((save for save in saves if save["state"] in ("saved", "failed")), None)

    desk.work(ended, show=lambda: None)
    save = ended() or {}
    if save["state"] == "failed":
        raise JobFailed.from_dict(save["error"])
    return Path(save["path"])


def failure_of(job: Job) -> Neural4DError | None:
    """Why the job has no model; None where it has one."""
    if job["state"] == State.CANCELLED:
        return JobFailed("The job was cancelled.", "Run resume --retry to go on with it.", cost=job["note"])
    if job["state"] == State.CHOOSING_CUTOUT:
        return JobFailed("The job waits for a cut-out to be chosen.", "Choose it in Blender's panel.")
    if job["state"] == State.FAILED:
        return JobFailed.from_dict(job["error"]) if job["error"] else JobFailed("The job failed.")
    return None
