"""Draws the changes that are to be tried and tries them, each in a copy of the tree. Imports Cosmic Ray."""

from __future__ import annotations

import compileall
import os
import py_compile
import random
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import Queue, get_context
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult

from . import operators
from .reach import Reach
from .rooms import PACKAGE

#: Seconds that pytest and the first simulator take to start, on a machine that does other things too.
_START = 60.0
#: What the tests took when they were measured, on a busy machine.
_SLOWER = 3.0
NO_TEST = "no test gets there"


@dataclass(frozen=True)
class Limits:
    """Seconds of tests for one change, and how many changes are tried at once."""

    budget: float
    workers: int


def begin(db: WorkDB, root: Path, files: Sequence[Path], sample: int, seed: int) -> None:
    """Note in the database what is to be tried of these files; all of it where ``sample`` is 0."""
    operators.register()
    os.chdir(root)
    init(files, db, {})
    sources = _sources(root, files)

    def is_wanted(one: MutationSpec) -> bool:
        seen = sources[one.module_path].can_be_seen(one.operator_name, one.start_pos)
        return seen and operators.is_wanted(one.operator_name)

    wanted = [item for item in db.work_items if is_wanted(item.mutations[0])]
    # The database gives ids by chance, and the same seed is to draw the same changes.
    wanted.sort(key=lambda item: (item.mutations[0].module_path.as_posix(), *_place(item.mutations[0])))
    if sample and sample < len(wanted):
        wanted = random.Random(seed).sample(wanted, sample)  # noqa: S311 (no secret)
    db.clear()
    db.add_work_items(wanted)


def _sources(root: Path, files: Iterable[Path]) -> dict[Path, operators.Source]:
    return {file: operators.Source((root / file).read_text(encoding="utf-8")) for file in files}


def _place(one: MutationSpec) -> tuple[object, ...]:
    return one.start_pos, one.operator_name, one.occurrence


def survivors(db: WorkDB) -> list[WorkItem]:
    """What was tried and not noticed."""
    return [item for item, result in db.completed_work_items if result.test_outcome is TestOutcome.SURVIVED]


def go_on(
    db: WorkDB, items: Sequence[WorkItem], root: Path, folder: Path, reach: Reach, limits: Limits
) -> Iterator[int]:
    """Try these and note what came of them; yields how many are left.

    Args:
        root: the tree. folder: for the copies. reach: which tests get where.
    """
    context = get_context("spawn")
    copies = context.Queue()
    for number in range(limits.workers):
        copies.put(str(_copy(root, folder / f"copy{number}")))
    sources = _sources(root, {item.mutations[0].module_path for item in items})
    with ProcessPoolExecutor(limits.workers, context, _enter, (copies,)) as pool:
        futures: dict[Future[WorkResult], WorkItem] = {}
        for item in items:
            one = item.mutations[0]
            lines = sources[one.module_path].lines(one.start_pos, one.end_pos)
            tests, seconds = reach.tests(one.module_path, lines, limits.budget)
            futures[pool.submit(_try, one, tests, _START + _SLOWER * seconds)] = item
        left = len(futures)
        for future in as_completed(futures):
            db.set_result(futures[future].job_id, future.result())
            left -= 1
            yield left


def _enter(copies: Queue[str]) -> None:
    os.chdir(copies.get())
    operators.register()


def _try(one: MutationSpec, tests: Sequence[str], limit: float) -> WorkResult:
    """Make the change in this process's copy and run the tests, which have so many seconds."""
    if not tests:
        return WorkResult(WorkerOutcome.NO_TEST, NO_TEST, TestOutcome.SURVIVED)
    chosen = Path("chosen-tests.txt")
    chosen.write_text("\n".join(tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"@{chosen}"]
    return mutate_and_test([one], shlex.join(command), limit)


def _copy(root: Path, folder: Path) -> Path:
    """What git knows, or would, of the tree; the code is compiled so that only what changes is compiled again."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
    hashed = py_compile.PycInvalidationMode.CHECKED_HASH  # by times, two changes within a second look alike
    for part in (PACKAGE, "scripts", "tests"):
        compileall.compile_dir(folder / part, quiet=2, invalidation_mode=hashed)
    return folder
