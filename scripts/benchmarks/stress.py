"""Two hundred placings in one file: how long the first and the last take, and what the file and the memory grow by."""

from __future__ import annotations

import argparse
import json
import subprocess
from typing import Any

EXPLAINED = {
    "place_first_ms": "placing, main thread, without the undo push: median of the first tenth",
    "place_last_ms": "the same of the last tenth",
    "place_growth": "how many times longer the last take than the first",
    "push_first_ms": "the undo push after it: median of the first tenth",
    "push_last_ms": "the same of the last tenth; Blender looks through the whole file each time",
    "blender_push_last_ms": "Blender's own undo push beside that, after an Empty was added",
    "gltf_first_ms": "import_scene.gltf of the same model into a file of its own: median of the first tenth",
    "gltf_last_ms": "the same of the last tenth",
    "gltf_growth": "how many times longer the last take than the first",
    "file_growth": "what the second half adds to the saved file, over what the first half adds",
    "leaked_kb": "what a placing leaves in memory that is undone at once, when many others were before",
    "objects": "models, after undo and redo through all of them, saving and opening",
    "bpy": "version of the module",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--count", type=int, default=200, help="placings (default 200; Blender has 256 undo steps)")
    parser.add_argument("--triangles", type=int, default=50_000, help="of the model (default 50000)")
    parser.add_argument("--pixels", type=int, default=512, help="of each side of its two textures (default 512)")
    parser.add_argument("--rigged", action="store_true", help="with an armature and a shape key")
    parser.add_argument("--bpy", default=None, help="version of the module (default: the newest)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds and ratios, all of one process."""
    from scripts.toolbox import environments
    from scripts.toolbox.console import ROOT

    python = environments.ensure(f"scene({options.bpy or list(environments.BPY)[-1]})")
    command = [str(python), "-m", "scripts.benchmarks._stress_in_bpy"]
    command += [str(value) for value in (options.count, options.triangles, options.pixels, int(options.rigged))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    last = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not last:
        raise RuntimeError(done.stderr[-2000:])
    figures: dict[str, Any] = json.loads(last[-1])
    return figures
