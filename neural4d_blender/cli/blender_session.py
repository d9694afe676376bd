"""A command's session with Blender: models are prepared, written in real size, and rendered.

May import bpy, scene and api. The process is the command's own: its open file is emptied for each model.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import bpy

from ..batching.batch import Batch, OnProgress
from ..batching.preflight import Estimate
from ..batching.table.generate_arguments import Arguments
from ..client.jobs import origin
from ..client.jobs.snapshots import Job, Target
from ..engine.protocol import BrokenModel, Declaration, Feature, ImageLimits, OnlineAccessOff, is_web_address
from ..scene import user_settings
from ..scene.exporting import export
from ..scene.finished_jobs import place_finished_models
from ..scene.images.export import export_image
from ..scene.placing import targets
from ..scene.printing.body import Body
from ..scene.printing.print_verdict import judge
from ..scene.shared_engine import bridge
from ..scene.start_job import require_ready
from .main import main
from .output import preview
from .planned_files import Plan, numbered
from .session import Session, check_as_made, check_folders, failure_of, write_as_made


class BlenderSession(Session):
    """The session of ``blender --command`` and of a Python that has bpy."""

    blender = True

    def __init__(self) -> None:
        super().__init__(bridge)

    def allow_network(self) -> None:
        """Switch Blender's online access on, for this process; --offline-mode goes before that."""
        bpy.context.preferences.system.use_online_access = True

    def require_ready(self, service: Declaration) -> None:
        """OnlineAccessOff or KeyMissing, with the remedy, where the service cannot be used now."""
        if not (service.built_in or user_settings.online()):
            raise OnlineAccessOff(
                "Blender's online access is off, so nothing was sent.",
                "Add --online-mode to this command, or allow it in Blender for all.",
            )
        require_ready(service)

    def pictures(self, paths: list[str], service: Declaration, folder: Path, limits: ImageLimits) -> list[str]:
        """Web addresses as they are, and copies of the other pictures that fit the limits."""
        files = [path for path in paths if not is_web_address(path)]
        if files:
            service.require(Feature.IMAGE)
        copies = {path: str(export_image(path, limits, folder)) for path in files}
        return [copies.get(path, path) for path in paths]

    def check(self, plan: Plan, service: Declaration) -> None:
        """Refuse, before anything is paid, files that could not be written at the end; InvalidInput."""
        check_folders(plan)
        if plan.as_made:
            check_as_made(plan, service)
        else:
            export.check([Path(path) for path in plan.outputs], plan.made_for)

    def write(self, job: Job, plan: Plan) -> list[Path]:
        """Write the plan's files from the prepared model; raises Neural4DError where one could not be."""
        written = write_as_made(self, job, plan) if plan.as_made else []
        wanted = [] if plan.as_made else [Path(path) for path in plan.outputs]
        if plan.thumbnail:
            wanted.append(Path(plan.thumbnail))
        if not wanted:
            return written
        log = user_settings.data_dir() / "jobs" / job.id / "files.log"
        for position, variant in enumerate(plan.variants(job)):
            record = origin.record(job, next(one for one in job.variants if one.index == variant), bridge.servers)
            with _into_a_log(log):
                export.empty_file()
                roots = self._placed(job, variant)
                told = [str(judge(Body.of(root))) for root in roots] if plan.made_for == "print" else []
            for sentence in told:
                if self.bridge.notices.tell:
                    self.bridge.notices.tell(sentence)
            with _into_a_log(log):
                for path in wanted:
                    file = numbered(str(path), position)
                    if str(path) == plan.thumbnail:
                        preview.render(roots, file)
                        written.append(file)
                    else:
                        written += export.write(roots, file, plan.made_for, record)
        return written

    def dress(self, settings: Arguments, asked: argparse.Namespace, on_progress: OnProgress) -> Batch | Estimate:
        """Fill the boxes of a collection of the open file; see :meth:`.session.Session.dress`."""
        from . import dress_session  # with the API of batches, which other commands do without

        return dress_session.dress(settings, asked, on_progress)

    def save(self, path: Path) -> None:
        """Write the open file; raises Neural4DError."""
        from . import dress_session

        with _into_a_log(user_settings.data_dir() / "dress.log"):
            dress_session.save(path)

    def plate(
        self, files: list[Path], output: Path, size_mm: tuple[float, float], gap_mm: float
    ) -> tuple[list[str], list[Path]]:
        """See :meth:`.session.Session.plate`."""
        from ..api import printing

        made = printing.plate(files, output, plate_mm=size_mm, gap_mm=gap_mm)
        return [str(check) for check in made.checks], list(made.files)

    def _placed(self, job: Job, variant: int) -> list[bpy.types.Object]:
        # "beside" leaves the job's target, and with it the plan, as it is.
        target: Target = {**targets.bind((0, 0, 0)), "beside": True}
        try:
            return place_finished_models.place_job(job, variant, target)
        except BrokenModel:
            self.ask("prepare", job=job.id, variant=variant, anew=True)
            self.work(lambda: self.settled(bridge.jobs[job.id]), show=lambda: None)
        if failure := failure_of(bridge.jobs[job.id]):
            raise failure
        return place_finished_models.place_job(job, variant, target)


def as_a_module(argv: Sequence[str], prog: str) -> int:
    """Run a command where bpy is a module in a Python that ends with it; returns the exit code."""
    code = main(argv, prog, BlenderSession)
    if Path(bpy.app.tempdir).name.startswith("blender_"):
        shutil.rmtree(bpy.app.tempdir, ignore_errors=True)  # what Blender's own clean-up would have removed
    return code


@contextmanager
def _into_a_log(log: Path) -> Iterator[None]:
    """Blender's exporters and Cycles talk on standard output and error, where a program reads JSON."""
    log.parent.mkdir(parents=True, exist_ok=True)
    kept = [(stream, os.dup(stream)) for stream in (1, 2)]
    _flush()
    try:
        with log.open("a", encoding="utf-8") as sink, redirect_stdout(sink), redirect_stderr(sink):
            for stream, _ in kept:
                os.dup2(sink.fileno(), stream)
            yield
    finally:
        _flush()
        for stream, copy in kept:
            os.dup2(copy, stream)
            os.close(copy)


def _flush() -> None:
    """Write out what Python, and what Blender's C code, has printed so far."""
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)
