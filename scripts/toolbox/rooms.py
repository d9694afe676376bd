"""How much of each room of the package the unit tests run, by what coverage.py measured and their engines wrote down.

`python -m scripts.toolbox.rooms FOLDER` in the environment of the stage `unit`, after its tests; in the folder engines
wrote which of their lines ran, see tests/support/record_lines.py.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import coverage

from scripts.toolbox.console import ROOT

PACKAGE = ROOT / "neural4d_blender"
#: What runs without Blender, so that no file of it should be left out here.
WITHOUT_BLENDER = ("engine", "client", "batching")


def main(engines: Path) -> None:
    """Print a row for each room, and the files that ought to have run and did not."""
    measured = coverage.Coverage(config_file=str(ROOT / "pyproject.toml"))
    measured.load()
    for file in engines.glob("*.json"):
        measured.get_data().add_lines(json.loads(file.read_text(encoding="utf-8")))
    rooms: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    untouched = []
    for path in sorted(PACKAGE.rglob("*.py")):
        _, lines, _, missing, _ = measured.analysis2(str(path))
        place = path.relative_to(PACKAGE)
        room = rooms["/".join(place.parts[:-1][:2])]
        room[0] += len(lines)
        room[1] += len(lines) - len(missing)
        if lines and len(lines) == len(missing) and place.parts[0] in WITHOUT_BLENDER:
            untouched.append(place.as_posix())
    print(f"\n{'room':24} {'lines':>6} {'run':>5}   by the unit tests; what needs Blender runs in other stages")
    for name, (total, run) in sorted(rooms.items()):
        print(f"{name or '.':24} {total:6} {run / max(total, 1):5.0%}")
    print("NOT RUN AT ALL, and needs no Blender:", *(untouched or ["nothing"]), sep="\n    ")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
