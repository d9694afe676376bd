"""What a model costs Blender's main thread: its glTF importer against placing what was prepared in the background."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.benchmarks._preparing import model, prepare

EXPLAINED = {
    "ratio": "import_scene.gltf over placing, on the bpy module, for the largest of these models",
    "gltf_s": "import_scene.gltf of it on the main thread: median",
    "place_s": "the extension's whole placing call for it, undo step included: median",
    "gltf_mb": "what the process grew by at most while it imported",
    "place_mb": "the same while it placed",
    "over_import": "reading, preparing and writing in the background over import_scene.gltf, for the same model",
    "over_import_median": "the same for a median model (20,000 triangles, textures of 1024 pixels)",
    "over_import_instances": "the same for 2,000 instances of one mesh",
    "prepare_s": "the background Blender from its start to its end, before that",
    "prepare_mb": "the most memory that the background Blender took",
    "bpy": "version of the module",
}
_TEXTURES = {"2K": 2048, "4K": 4096}
#: Triangles, pixels of the textures, and how often it stands there: what is measured beside the models asked for.
_MEDIAN, _INSTANCES = (20_000, 1024, 1), (200, 64, 2000)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument(
        "--triangles", type=int, nargs="+", default=[50_000, 200_000, 1_000_000, 1_300_000], help="of the models"
    )
    parser.add_argument("--textures", nargs="+", choices=list(_TEXTURES), default=list(_TEXTURES), help="two of these")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement, in turns (default 3)")
    parser.add_argument("--bpy", default=None, help="version of the module (default: the newest)")
    parser.add_argument("--window", action="store_true", help="measure in a window as well")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds and megabytes by model, in ``arrival``; beside that those of the largest one."""
    from scripts.toolbox import environments

    version = options.bpy or list(environments.BPY)[-1]
    python = environments.ensure(f"scene({version})")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="neural4d-arrival-") as folder:
        for triangles in options.triangles:
            for texture in options.textures:
                row: dict[str, Any] = {"triangles": triangles, "texture": texture, "bpy": version}
                row |= _both_ways(python, model(triangles, _TEXTURES[texture]), Path(folder), options.rounds)
                print(json.dumps(row), file=sys.stderr, flush=True)
                rows.append(row)
        others = [_both_ways(python, model(*one), Path(folder), options.rounds) for one in (_MEDIAN, _INSTANCES)]
        if options.window:
            _in_window(rows, Path(folder), options.rounds)
    names = ("over_import_median", "over_import_instances")
    return {"arrival": rows, **rows[-1]} | {name: one["over_import"] for name, one in zip(names, others, strict=True)}


def _both_ways(python: Path, glb: Path, folder: Path, rounds: int) -> dict[str, Any]:
    blend = folder / f"{glb.stem}.blend"  # below the machine's temporary folder, which a Blender in a chroot sees
    figures = prepare(python, glb, blend, rounds) | _on_module(python, glb, blend, rounds)
    shutil.copy(glb, blend.with_suffix(".glb"))
    return figures | {"over_import": round(figures["work_s"] / figures["gltf_s"], 2)}


def _on_module(python: Path, glb: Path, blend: Path, rounds: int) -> dict[str, Any]:
    from scripts.toolbox.console import ROOT

    command = [str(python), "-m", "scripts.benchmarks._arrival_in_bpy", str(glb), str(blend), str(rounds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    last = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not last:
        raise RuntimeError(done.stderr[-2000:])
    figures: dict[str, Any] = json.loads(last[-1])
    return {**figures, "ratio": round(figures["gltf_s"] / figures["place_s"], 1)}


def _in_window(rows: list[dict[str, Any]], folder: Path, rounds: int) -> None:
    """Add the largest gaps between the ticks of a window's timer, drawing included."""
    from tests.gui.harness import run_scenario

    models = [str(folder / f"{row['triangles']}-{_TEXTURES[row['texture']]}") for row in rows]
    gaps = run_scenario(
        "bench_arrival",
        arguments={"models": models, "rounds": rounds},
        timeout=60 + 40 * rounds * len(models),
        size=(1000, 640),
    )
    for row, gap in zip(rows, gaps, strict=True):
        row |= gap
