"""What commands work with: the engine, and how a model becomes files. Here without Blender.

Standard library, client, batching and the engine's ``protocol`` only; ``blender_session.py`` has the same with Blender.
"""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..batching.batch import Batch, OnProgress
from ..batching.host_without_blender import Host
from ..batching.preflight import Estimate, Item
from ..batching.table.generate_arguments import Arguments
from ..client.jobs import origin
from ..client.jobs.job_target import Target
from ..client.jobs.replies import Answer
from ..client.jobs.snapshots import Job, Save
from ..client.paths import beside, check_writable
from ..client.request_reply import LOOK, ask
from ..engine.file_replacement import reason
from ..engine.protocol import (
    Declaration,
    JobFailed,
    Neural4DError,
    State,
    UnsupportedFeature,
    declaration,
    declarations,
    write_sidecar,
)
from ..engine.system import SYSTEM
from .planned_files import Plan, numbered

_Found = TypeVar("_Found")


class Patience:
    """How long a command waits, all of its jobs and files together: from now on so many seconds, or without end."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._began = time.monotonic()

    def check(self) -> None:
        """Raise TimeoutError where the time is up."""
        if self._seconds is not None and time.monotonic() > self._began + self._seconds:
            raise TimeoutError(f"Not done after {self._seconds:g} s.")


class Session(Host):
    """A plain Python's session: models are kept as the service made them."""

    #: There is a Blender to prepare, convert and render with.
    blender = False
    #: The files that each item of a batch is to become; None where there is no batch.
    planned: Callable[[Item], Plan] | None = None

    def allow_network(self) -> None:
        """What ``--online-mode`` asks for; nobody but Blender has a switch for that."""

    def target(self, item: Item, offset: tuple[float, float], own: tuple[str, str] | None) -> Target:
        """Files, and no place in a scene."""
        return self.planned(item).target() if self.planned else {}

    def check(self, plan: Plan, service: Declaration) -> None:
        """Refuse, before anything is paid, files that could not be written at the end; InvalidInput."""
        if not plan.as_made:
            raise UnsupportedFeature(
                "Without Blender a model is kept as the service made it.",
                "Add --as-made, or run the command with Blender or with bpy.",
            )
        if plan.thumbnail:
            raise UnsupportedFeature("A thumbnail needs Blender.", "Leave it out, or run the command with Blender.")
        check_folders(plan)
        check_as_made(plan, service)

    def write(self, job: Job, plan: Plan) -> list[Path]:
        """Write the plan's files; raises Neural4DError where one could not be."""
        return write_as_made(self, job, plan)

    def dress(self, settings: Arguments, asked: argparse.Namespace, on_progress: OnProgress) -> Batch | Estimate:
        """Fill the boxes of a collection of the open file, or go on with that; with --dry-run what it costs.

        Raises:
            InvalidInput: there is no such collection, or no box in it; or the same was begun before.
        """
        raise UnsupportedFeature("Without Blender there is no blockout.", "Run the command with Blender.")

    def save(self, path: Path) -> None:
        """Write the open file; raises Neural4DError."""
        raise UnsupportedFeature("Without Blender there is no file.", "Run the command with Blender.")

    def plate(
        self, files: list[Path], output: Path, size_mm: tuple[float, float], gap_mm: float
    ) -> tuple[list[str], list[Path]]:
        """Lay figures out on plates; what is to be said of each, and the files. Raises InvalidInput, Neural4DError."""
        raise UnsupportedFeature("Plates are laid out by Blender.", "Run the command with Blender.")

    def ask(self, do: str, **values: Any) -> Answer:
        """Send the engine a command and wait for its answer; see client/request_reply.py for what it raises."""
        return ask(self.bridge, do, **values)

    def work(
        self, done: Callable[[], _Found | None], *, show: Callable[[], None], patience: Patience | None = None
    ) -> _Found:
        """Take in what the engine says until ``done`` finds something, and return that.

        Raises:
            TimeoutError: the time is up; everything goes on with resume.
            EngineStopped, JobFailed: the engine ended and did not come back, or cannot start.
        """
        while not (found := done()):
            if patience:
                patience.check()
            if not self.pump():
                if not self.bridge.running:
                    raise self.bridge.ending
                time.sleep(LOOK)
            show()
        return found


def check_folders(plan: Plan) -> None:
    """Refuse files that are folders, and folders that cannot be written, or made; InvalidInput."""
    most = max(service.max_variants for service in declarations()) if plan.every_variant else 1
    for path in [*plan.outputs, *([plan.thumbnail] if plan.thumbnail else [])]:
        for position in range(most):
            check_writable(numbered(path, position))


def check_as_made(plan: Plan, service: Declaration) -> None:
    """Refuse endings that are no format of the service's; UnsupportedFeature."""
    for path in map(Path, plan.outputs):
        if path.suffix[1:].upper() not in (*service.formats, *service.keeps):
            endings = ", ".join(f".{name.lower()}" for name in (*service.formats, *service.keeps))
            raise UnsupportedFeature(
                f"{service.name} makes no {path.name}; it makes {endings}.", "Choose one of those endings."
            )


def write_as_made(session: Session, job: Job, plan: Plan) -> list[Path]:
    """Have the engine keep exact copies of what the service made, under the plan's names.

    Raises:
        JobFailed: the service could not convert it. Neural4DError: the file could not be written.
    """
    wanted = [(numbered(output, at), one) for at, one in enumerate(plan.variants(job)) for output in plan.outputs]
    try:
        return [_write(session, job, variant, path) for path, variant in wanted]
    except OSError as error:
        raise Neural4DError(
            f"{error.filename} could not be written: {reason(error)}.",
            "Make room for it, or close it where it is open, and run resume.",
        ) from error


def _write(session: Session, job: Job, variant: int, path: Path) -> Path:
    with beside(path) as folder:
        made = _saved(session, job.id, variant, path.suffix[1:].upper(), folder)
        # A format of several files comes as a folder, which cannot have a file's ending.
        target = path.with_suffix("") if made.is_dir() else path
        if made.is_dir():
            SYSTEM.discard(target)
        SYSTEM.replace(made, target)
    made_of = next(one for one in session.bridge.jobs[job.id].variants if one.index == variant)
    write_sidecar(target, origin.record(job, made_of, session.bridge.servers, as_made=True))
    return target


def _saved(session: Session, job_id: str, variant: int, format: str, folder: str) -> Path:
    job = session.bridge.jobs[job_id]
    size = None if format == declaration(job.provider).native else job.request.size_mm
    save_id = str(uuid.uuid4())
    kept = {"variant": variant, "format": format, "folder": folder, "size_mm": size}
    session.ask("save", job=job_id, save=save_id, **kept)

    def ended() -> Save | None:
        return next((save for save in session.bridge.jobs[job_id].saves if save.id == save_id and save.over), None)

    return session.work(ended, show=lambda: None).kept()


def failure_of(job: Job) -> Neural4DError | None:
    """Why the job has no model, or no files where it was to keep them by itself; None where it has."""
    if job.state == State.CANCELLED:
        return JobFailed("The job was cancelled.", "Run resume --retry to go on with it.", cost=job.note)
    if job.state == State.CHOOSING_CUTOUT:
        return JobFailed("The job waits for a picture to be chosen.", "Choose it in Blender's panel.")
    own = (save for save in job.saves if save.folder == job.request.keep_in)
    told = [job.error, *(save.error for save in own)]
    if error := next((error for error in told if error), None):
        return JobFailed.from_dict(error)
    return JobFailed("The job failed.") if job.state == State.FAILED else None
