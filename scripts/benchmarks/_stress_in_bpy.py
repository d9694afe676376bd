"""Takes the figures of `stress` where bpy is a module: python -m ..._stress_in_bpy COUNT TRIANGLES PIXELS RIGGED.

Prints one JSON object in its last line.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.protocol import Request, State
from neural4d_blender.prepare import main as preparer
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.placing import placement, targets
from neural4d_blender.scene.shared_engine import bridge


def main(count: int, triangles: int, pixels: int, rigged: int) -> dict[str, Any]:
    """Placing and importing, each from an empty file to a full one."""
    bridge.send = lambda *_arguments, **_values: None  # no engine has to hear of it
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        glb, blend = _model(folder, triangles, pixels, bool(rigged))
        figures = _placings(folder, blend, count)
        took = _imports(glb, count)
    figures |= {"gltf_first_ms": _early(took), "gltf_last_ms": _late(took)}
    for way in ("place", "gltf"):
        figures[f"{way}_growth"] = round(figures[f"{way}_last_ms"] / figures[f"{way}_first_ms"], 2)
    return {**figures, "count": count, "triangles": triangles, "bpy": bpy.app.version_string}


def _placings(folder: Path, blend: Path, count: int) -> dict[str, Any]:
    _empty_file()
    pushes, places, own_pushes, sizes = [], [], [], [_saved(folder)]
    push = placement.undo_push
    placement.undo_push = lambda message: pushes.append(_ms(lambda: push(message)))
    for number in range(count):
        told = _job(number, blend)
        _ask_for_memory(blend)
        whole = _ms(lambda told=told: place_finished_models.place_job(told))
        places.append(whole - pushes[-1])
        if number >= count - max(1, count // 10):
            bpy.context.scene.collection.objects.link(bpy.data.objects.new("Empty", None))
            own_pushes.append(_ms(lambda: bpy.ops.ed.undo_push(message="Add Empty")))
        if number + 1 in (count // 2, count):
            sizes.append(_saved(folder))
    for _ in range(count + len(own_pushes)):
        bpy.ops.ed.undo()
    if bpy.data.objects:
        raise RuntimeError(f"{len(bpy.data.objects)} objects are left after undo through all placings.")
    for _ in range(count + len(own_pushes)):
        bpy.ops.ed.redo()
    memory = []
    for number in range(count):
        place_finished_models.place_job(_job(count + number, blend))
        bpy.ops.ed.undo()
        memory.append(_memory_kb())
    leaked = (memory[-1] - memory[count // 2]) / (count - count // 2)
    _saved(folder)
    bpy.ops.wm.open_mainfile(filepath=str(folder / "full.blend"))
    return {
        "place_first_ms": _early(places),
        "place_last_ms": _late(places),
        "push_first_ms": _early(pushes[:count]),
        "push_last_ms": _late(pushes[:count]),
        "blender_push_last_ms": _late(own_pushes),
        "file_growth": round((sizes[2] - sizes[1]) / (sizes[1] - sizes[0]), 3),
        "leaked_kb": round(leaked, 1),
        "objects": sum(item.parent is None for item in bpy.data.objects) - len(own_pushes),
    }


def _imports(glb: Path, count: int) -> list[float]:
    _empty_file()
    took = []
    for _ in range(count):
        _ask_for_memory(glb)
        took.append(_ms(lambda: bpy.ops.import_scene.gltf(filepath=str(glb))))
        bpy.ops.ed.undo_push(message="Import")
    return took


def _job(number: int, blend: Path) -> Job:
    """A job whose model is ready."""
    variant = Variant(0, "prepared", blend=str(blend))
    request = Request("a sculpture", size_mm=120.0, format="GLB")
    job = Job(f"job-{number}", "neural4d", request, targets.bind((number, 0, 0)), State.READY, variants=[variant])
    bridge.jobs[job.id] = job
    return job


def _model(folder: Path, triangles: int, pixels: int, rigged: bool) -> tuple[Path, Path]:
    """A sphere with textures and occlusion: as the service would send it, and as the preparer makes it of that."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sides = round((triangles / 2) ** 0.5)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=sides, ring_count=sides)
    sphere = bpy.context.object
    sphere.data.materials.append(_material(pixels))
    bpy.ops.object.shade_smooth()
    if rigged:
        _rig(sphere)
    glb, blend = folder / "model.glb", folder / "model.blend"
    bpy.ops.export_scene.gltf(filepath=str(glb))
    facts = preparer.run({"source": glb, "format": "GLB", "output": blend, "name": "a sculpture", "size_mm": 120.0})
    if not facts["ok"]:
        raise RuntimeError(facts["what"])
    return glb, blend


def _material(pixels: int) -> bpy.types.Material:
    """Base colour and, in one image as services have it, roughness and occlusion (a node group of glTF's own)."""
    material = bpy.data.materials.new("Skin")
    if material.node_tree is None:
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    for socket in ("Base Color", "Roughness"):
        image = bpy.data.images.new(socket, pixels, pixels)
        tones = np.tile(np.linspace(0, 1, pixels * 4, dtype=np.float32), pixels)
        image.pixels.foreach_set(tones)
        image.pack()
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = image
        links.new(texture.outputs["Color"], nodes["Principled BSDF"].inputs[socket])
    groups: Any = bpy.data.node_groups  # the stubs know no kinds of trees
    settings = groups.new("glTF Material Output", "ShaderNodeTree")
    settings.interface.new_socket("Occlusion", socket_type="NodeSocketFloat")
    group = nodes.new("ShaderNodeGroup")
    group.node_tree = settings
    links.new(texture.outputs["Color"], group.inputs["Occlusion"])
    return material


def _rig(item: bpy.types.Object) -> None:
    """One bone that moves all of it, and one shape key."""
    bpy.ops.object.armature_add()
    armature = bpy.context.object
    item.parent = armature
    item.vertex_groups.new(name=armature.data.bones[0].name).add(range(len(item.data.vertices)), 1.0, "REPLACE")
    item.modifiers.new("Armature", "ARMATURE").object = armature
    for name in ("Basis", "Wide"):
        key = item.shape_key_add(name=name)
    key.data[0].co.x += 0.1


def _empty_file() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.edit.undo_steps = 256
    bpy.context.preferences.edit.undo_memory_limit = 0


def _saved(folder: Path) -> int:
    """Bytes of the open file, saved."""
    path = folder / "full.blend"
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False, copy=True)
    return path.stat().st_size


def _ms(work: Callable[[], object]) -> float:
    """What the main thread's processor worked: how long other programs had their turn does not count."""
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1000


def _ask_for_memory(model: Path) -> None:
    """Have the system give the memory that a model needs before it is measured.

    On a virtual machine a page that no program has used yet takes fifty times as long as another one (10 against 0.2
    microseconds), which comes in the middle of the placings and has nothing to do with them.
    """
    np.ones(model.stat().st_size * 2, dtype=np.uint8)


def _early(took: list[float]) -> float:
    return round(statistics.median(took[: max(1, len(took) // 10)]), 2)


def _late(took: list[float]) -> float:
    return round(statistics.median(took[-max(1, len(took) // 10) :]), 2)


def _memory_kb() -> float:
    """What the system books for this process (Linux; 0 elsewhere)."""
    gc.collect()
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))), flush=True)
    os._exit(0)  # a bpy module can crash while its interpreter ends
