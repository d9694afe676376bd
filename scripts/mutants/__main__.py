"""Entry point: `nox -s mutants -- --rooms money steps --sample 200 --seed 1`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db

from . import reach, report, run
from .rooms import ROOMS, Room, files_of, tests_of

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out" / "mutants"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the changes and say what was not noticed; 1 where a room has less than its wish."""
    options = _options(arguments)
    rooms = tuple(room for room in ROOMS if room.bpy is options.bpy and room.name in (options.rooms or room.name))
    files = files_of(rooms, ROOT)
    if options.files:
        files = {file: room for file, room in files.items() if any(part in file.as_posix() for part in options.files)}
    if not files:
        print("None of these rooms is tested here.")
        return 0
    kind = "bpy" if options.bpy else "plain"
    session, lines = OUT / f"{kind}.sqlite", OUT / f"{kind}-lines"
    OUT.mkdir(parents=True, exist_ok=True)
    if options.measure or not (lines / "durations.json").exists():
        print("Finding out which tests get to which line ...", flush=True)
        everywhere = tuple(room for room in ROOMS if room.bpy is options.bpy)
        reach.measure(ROOT, lines, tests_of(everywhere, ROOT), options.workers)
    anew = not (options.resume or options.again)
    if anew:
        session.unlink(missing_ok=True)
    with use_db(str(session), WorkDB.Mode.create) as db:
        if anew:
            run.begin(db, ROOT, list(files), options.sample, options.seed)
        limits = run.Limits(options.budget, options.workers)
        items = run.survivors(db) if options.again else db.pending_work_items
        print(f"{len(items)} changes to try.", flush=True)
        for left in run.go_on(db, items, ROOT, OUT, reach.Reach(lines), limits):
            print(f"\r{left} left ", end="", flush=True)
        return _tell(db, files, kind)


def _tell(db: WorkDB, files: dict[Path, Room], kind: str) -> int:
    counts = report.count(db, files)
    wishes = {room.name: room.wish for room in ROOMS}
    told = report.table(counts, wishes)
    listed = OUT / f"{kind}-survivors.txt"
    listed.write_text(f"{told}\n\n{report.survivors(counts)}", encoding="utf-8")
    print(f"\n{told}\nNot noticed: {listed}")
    return int(any(one.percent < wishes[name] for name, one in counts.items()))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s mutants --", description=__doc__)
    parser.add_argument("--rooms", nargs="+", choices=[room.name for room in ROOMS], help="all where none is named")
    parser.add_argument("--files", nargs="+", help="only files of theirs whose path has one of these texts in it")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="as many changes, drawn; else all there are")
    parser.add_argument("--seed", type=int, default=1, help="what they are drawn by")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="so many at once, each in a copy")
    parser.add_argument("--budget", type=float, default=60.0, metavar="S", help="seconds of tests for one change")
    parser.add_argument("--measure", action="store_true", help="find out anew which tests get to which line")
    parser.add_argument("--resume", action="store_true", help="go on where the last run was ended")
    parser.add_argument("--again", action="store_true", help="try what the last run's tests did not notice once more")
    parser.add_argument("--bpy", action="store_true", help="the rooms whose tests need Blender as a module")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
