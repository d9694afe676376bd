"""What a model costs Blender's main thread: its glTF importer against placing what was prepared in the background."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

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
                row |= _both_ways(python, _model(triangles, _TEXTURES[texture]), Path(folder), options.rounds)
                print(json.dumps(row), file=sys.stderr, flush=True)
                rows.append(row)
        others = [_both_ways(python, _model(*one), Path(folder), options.rounds) for one in (_MEDIAN, _INSTANCES)]
        if options.window:
            _in_window(rows, Path(folder), options.rounds)
    names = ("over_import_median", "over_import_instances")
    return {"arrival": rows, **rows[-1]} | {name: one["over_import"] for name, one in zip(names, others, strict=True)}


def _both_ways(python: Path, glb: Path, folder: Path, rounds: int) -> dict[str, Any]:
    blend = folder / f"{glb.stem}.blend"  # below the machine's temporary folder, which a Blender in a chroot sees
    figures = _prepare(python, glb, blend, rounds) | _on_module(python, glb, blend, rounds)
    shutil.copy(glb, blend.with_suffix(".glb"))
    return figures | {"over_import": round(figures["work_s"] / figures["gltf_s"], 2)}


def _model(triangles: int, pixels: int, instances: int = 1) -> Path:
    """A GLB with two textures of so many pixels, made once and kept below out/."""
    import trimesh
    from PIL import Image

    from scripts.simulator.models.catalogue import build
    from scripts.toolbox.console import ROOT

    name = f"{triangles}-{pixels}" + (f"-{instances}" if instances > 1 else "")
    path = ROOT / "out" / "arrival" / f"{name}.glb"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    model = build("a sculpture", 0, triangles=triangles, texture_size=pixels)
    toolbox: Any = trimesh
    pictures = [Image.fromarray(pixels) for pixels in (model.textures.base, model.textures.metallic_roughness)]
    for picture in pictures:
        picture.format = "JPEG"
    material = toolbox.visual.material.PBRMaterial(
        baseColorTexture=pictures[0], metallicRoughnessTexture=pictures[1], metallicFactor=1.0, roughnessFactor=1.0
    )
    mesh = toolbox.Trimesh(
        model.vertices[:, [0, 2, 1]] * (1, 1, -1),
        model.faces,
        vertex_normals=model.normals[:, [0, 2, 1]] * (1, 1, -1),
        visual=toolbox.visual.TextureVisuals(uv=model.uv, material=material),
        process=False,
    )
    scene = toolbox.Scene(mesh)
    (shared,) = scene.geometry
    for number in range(1, instances):
        where = toolbox.transformations.translation_matrix([number % 50, number // 50, number % 7])
        scene.graph.update(frame_to=f"instance {number}", geometry=shared, matrix=where)
    path.write_bytes(scene.export(file_type="glb", include_normals=True))
    return path


def _prepare(python: Path, glb: Path, blend: Path, rounds: int) -> dict[str, Any]:
    """Have the preparer make the .blend, as the engine would have it; what that took (medians)."""
    from scripts.toolbox.console import ROOT

    facts, order = blend.with_suffix(".facts.json"), blend.with_suffix(".json")
    values = {"source": str(glb), "format": "GLB", "output": str(blend), "facts": str(facts)}
    order.write_text(json.dumps({**values, "name": "a sculpture", "size_mm": 120}), encoding="utf-8")
    command = blend.with_suffix(".command")
    command.write_bytes(os.fsencode(order) + b"\n")
    script = ROOT / "neural4d_blender" / "prepare" / "__main__.py"
    took: list[tuple[float, float, int]] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        # As the engine has it: started while the download is on its way, and told of the job when that is there.
        with command.open("rb") as told_later:
            starts = [str(python), "-I", str(script), "-"]
            process = subprocess.Popen(starts, stdin=told_later, stdout=subprocess.DEVNULL)
        usage = os.wait4(process.pid, 0)[2]
        whole = time.perf_counter() - begun
        told = json.loads(facts.read_text(encoding="utf-8"))
        if not told["ok"]:
            raise RuntimeError(told["what"])
        work = sum(seconds for part, seconds in told["seconds"].items() if part != "checks")  # see `report`
        took.append((whole, work, usage.ru_maxrss // 1024))
    whole, work, memory = (statistics.median(column) for column in zip(*took, strict=True))
    return {"prepare_s": round(whole, 2), "work_s": round(work, 4), "prepare_mb": memory}


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
