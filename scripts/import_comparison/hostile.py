"""Hostile files: refused or done, in bounded time and memory, with nothing outside their folder reached."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .preparing import Prepared, prepare, watched
from .sound import Tried, format_of

#: Beyond what a plain file of the kind takes: seconds of processor time, and bytes.
MOST_SECONDS, MOST_MEMORY = 10.0, 2 * 1024**3
_NOT_WORDS = ("internal error", "no answer", "no end", "PreparerFailed")


class Cage:
    """Tries hostile files against a baseline: what a harmless file of the format opens, takes and needs.

    Args:
        harmless: a file of each format. folder: where to work. baits: what may never be opened, and must stay as it is.
    """

    def __init__(self, harmless: dict[str, Path], folder: Path, baits: Path) -> None:
        self._folder, self._baits = folder, baits
        self._there = self._bait()
        self._baseline = {
            kind: prepare(path, kind, folder / f"baseline-{kind}", watch=watched()) for kind, path in harmless.items()
        }
        self._usual = set().union(*(one.reached or set() for one in self._baseline.values()))

    def try_one(self, path: Path, folder: Path) -> Tried:
        """One file, in an empty folder."""
        kind = format_of(path)
        found = prepare(path, kind, folder, watch=watched())
        plain = self._baseline.get(kind) or next(iter(self._baseline.values()))
        # What Blender loads of its own where a model needs it (its library for Draco) is no file of anybody's.
        own = (sys.prefix, os.path.realpath(sys.prefix))
        reached = sorted(path for path in (found.reached or set()) - self._usual if not path.startswith(own))
        processor, memory = found.processor - plain.processor, found.memory - plain.memory
        wrong = []
        if reached:
            wrong.append(f"reached {', '.join(reached[:5])}")
        if self._bait() != self._there:
            wrong.append("changed what was put out as bait")
        if processor > MOST_SECONDS or memory > MOST_MEMORY:
            wrong.append(f"took {processor:.0f} s and {memory / 1024**2:.0f} MB beyond a harmless file")
        if found.code in _NOT_WORDS:
            wrong.append(f"{found.code}: {found.what}")
        if found.ok and self._brought(found):
            wrong.append("brought what lies outside its folder along")
        outcome = "wrong" if wrong else "same" if found.ok else "refused rightly"
        why = "; ".join(wrong) or ("" if found.ok else f"{found.code}: {found.what}")
        return Tried(path.name, outcome, why, max(processor, 0), max(memory, 0), len(reached), hostile=True)

    def _bait(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self._baits.rglob("*") if path.is_file()}

    def _brought(self, found: Prepared) -> bool:
        """A marker of a bait is in what was prepared, which is not compressed."""
        made = [path.read_bytes() for path in Path(found.blend).parent.rglob("*") if path.is_file()]
        return any(data[-64:] in one for data in self._there.values() for one in made)
