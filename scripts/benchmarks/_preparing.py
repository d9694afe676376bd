"""Models for the preparer, and what it takes to prepare one; shared by `arrival` and `report`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any


def model(triangles: int, pixels: int, instances: int = 1) -> Path:
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


def prepare(python: Path, glb: Path, blend: Path, rounds: int) -> dict[str, Any]:
    """Have the preparer make the .blend, as the engine would have it; what that took (medians), without the checks."""
    from scripts.toolbox.console import ROOT

    facts, order = blend.with_suffix(".facts.json"), blend.with_suffix(".json")
    values = {"source": str(glb), "format": "GLB", "output": str(blend), "facts": str(facts)}
    order.write_text(json.dumps({**values, "name": "a sculpture", "size_mm": 120}), encoding="utf-8")
    command = blend.with_suffix(".command")
    command.write_bytes(os.fsencode(order) + b"\n")
    script = ROOT / "neural4d_blender" / "prepare" / "__main__.py"
    took: list[tuple[float, float, float, int]] = []
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
        checks = told["seconds"].pop("checks")
        took.append((whole, sum(told["seconds"].values()), checks, usage.ru_maxrss // 1024))
    whole, work, checks, memory = (statistics.median(column) for column in zip(*took, strict=True))
    figures = {"prepare_s": round(whole, 2), "work_s": round(work, 4), "checks_s": round(checks, 4)}
    return figures | {"prepare_mb": memory}
