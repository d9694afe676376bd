"""Model files through the checks and the preparer, beside Blender's own import: `python3 scripts/gauntlet.py [PART...]`

Sound files are held against what Blender makes of them: faces, materials, images, UV maps, colours, proportions, and
a small picture. Hostile ones are held against what they reached outside their folder, how long they took and how much
memory. The script makes files of its own; those of other people are tried where they lie beside the checkout. Prints
what was tried and what came of it, and exits with 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import environments
from scripts.toolbox.console import ROOT, run, shared

if TYPE_CHECKING:
    from scripts.import_comparison.sound import Tried

PARTS = {
    "sound": "files made here, of all six formats, with what strangers' models have",
    "hostile": "files made here that reach outside, lie, never end or would run code",
    "cases": "other people's small files, where ../shared/cases is there",
    "models": "other people's models, sound and broken, where ../shared/models is there",
}
_SHARED = shared()
_OUTCOMES = ("same", "better", "refused rightly", "wrong")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts; returns the exit code."""
    options = _options(arguments)
    if (code := environments.run_in(f"scene({options.blender})", __file__, arguments)) is not None:
        return code
    with tempfile.TemporaryDirectory(prefix="neural4d-gauntlet-") as folder:
        return _tell(_try(options, Path(folder)))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="\n".join(f"{name:8} {meaning}" for name, meaning in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    newest = list(environments.BPY)[-1]
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help="which of them (default: all)")
    parser.add_argument("--blender", choices=list(environments.BPY), default=newest, help=f"(default: {newest})")
    parser.add_argument("--only", default="", metavar="TEXT", help="files with this in their path")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="files at a time (default: the cores)")
    return parser.parse_args(arguments)


def _try(options: argparse.Namespace, scratch: Path) -> list[Tried]:
    from scripts.import_comparison.hostile import Cage
    from scripts.import_comparison.sound import try_one
    from scripts.import_comparison.views import Viewer

    parts = options.parts or list(PARTS)
    bait = _bait(scratch / "bait")
    maker = [sys.executable, "-m", "scripts.import_comparison._make_in_bpy", scratch / "made", bait]
    run(maker, why="The files could not be made", cwd=ROOT)
    sound, hostile = _chosen(parts, scratch / "made", scratch / "foreign")
    viewers: queue.SimpleQueue[Viewer] = queue.SimpleQueue()
    for number in range(options.jobs):
        viewers.put(Viewer(scratch / f"viewer-{number}.log"))

    def beside_blender(path: Path, folder: Path) -> Tried:
        viewer = viewers.get()
        try:
            return try_one(path, folder, viewer)
        finally:
            viewers.put(viewer)

    work: list[tuple[Callable[[Path, Path], Tried], Path]] = [(beside_blender, path) for path in sound]
    if hostile:
        harmless = {"GLB": "painted.glb", "BLEND": "painted.blend", "FBX": "painted.fbx", "OBJ": "painted.obj.zip"}
        harmless |= {"STL": "painted.stl", "USDZ": "painted.usdz"}
        made = {kind: scratch / "made" / "sound" / name for kind, name in harmless.items()}
        cage = Cage(made, scratch / "cage", bait)
        work += [(cage.try_one, path) for path in hostile]
    work = [(how, path) for how, path in work if options.only in str(path)]

    def one(numbered: tuple[int, tuple[Callable[[Path, Path], Tried], Path]]) -> Tried:
        number, (how, path) = numbered
        folder = scratch / "tried" / str(number)
        folder.mkdir(parents=True)
        tried = how(path, folder)
        if tried.outcome == "wrong":
            print(f"{tried.name}: {tried.why}", flush=True)
        return tried

    with ThreadPoolExecutor(options.jobs) as pool:
        found = list(pool.map(one, enumerate(work)))
    while not viewers.empty():
        viewers.get().close()
    return found


def _bait(folder: Path) -> Path:
    """A folder for what a thief would look for, with the mark that all of it ends with."""
    folder.mkdir()
    (folder / "id_key").write_text(f"# {os.urandom(32).hex()}")
    return folder


def _chosen(parts: Sequence[str], made: Path, scratch: Path) -> tuple[list[Path], list[Path]]:
    """The sound files and the hostile ones."""
    sound, hostile = [], []
    if "sound" in parts:
        sound += [path for path in sorted((made / "sound").iterdir()) if path.suffix not in (".mtl", ".png")]
    if "hostile" in parts:
        hostile += sorted((made / "hostile").iterdir())
    if "cases" in parts:
        for folder in ("look", "opens", "real"):
            sound += [_packed(path, scratch) for path in sorted((_SHARED / "cases" / folder).glob("*"))]
        for archive in sorted((_SHARED / "cases" / "hostile").glob("*.zip")):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(scratch / archive.stem)
            hostile += sorted(path for path in (scratch / archive.stem).rglob("*") if path.is_file())
    if "models" in parts:
        sound += sorted((_SHARED / "models" / "good").glob("*"))
        hostile += sorted((_SHARED / "models" / "broken").glob("*.glb"))
    return sound, hostile


def _packed(path: Path, scratch: Path) -> Path:
    """A folder as the archive that a service would send."""
    if not path.is_dir():
        return path
    scratch.mkdir(parents=True, exist_ok=True)
    archive = scratch / f"{path.name}.obj.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(path.rglob("*")):
            packed.write(file, file.relative_to(path))
    return archive


def _tell(found: Sequence[Tried]) -> int:
    print(f"\n{'':8} {'tried':>6}" + "".join(f"{name:>17}" for name in _OUTCOMES))
    for title, tried in {
        "sound": [one for one in found if not one.hostile],
        "hostile": [one for one in found if one.hostile],
    }.items():
        count = Counter(one.outcome for one in tried)
        print(f"{title:8} {len(tried):6}" + "".join(f"{count[name]:17}" for name in _OUTCOMES))
        if tried and title == "hostile":
            print(f"{'':8} reached outside their folder: {sum(one.reached for one in tried)}", end=", ")
            print(f"longest {max(one.processor for one in tried):.1f} s and", end=" ")
            print(f"most {max(one.memory for one in tried) / 1024**2:.0f} MB beyond a harmless file")
    return int(not found or any(one.outcome == "wrong" for one in found))


if __name__ == "__main__":
    sys.exit(main())
