"""How much a model may make of itself: looked at before anything is evaluated. May import bpy and `engine`.

A .blend of a few bytes may hold modifiers and nodes that make billions of faces of one. What can be counted beforehand
is counted; all else has its limits in processor time and memory, where the process is this one model's alone.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from ...engine.errors import UnsafeModel
from ...engine.files.gltf_check import MAX_TRIANGLES
from ..open_file import node_trees, own

MAX_NODES, MAX_MODIFIERS, MAX_REPEATS = 50_000, 10_000, 10_000
#: Pixels of what Blender draws itself, of all images together.
MAX_GENERATED = 1 << 28
_SECONDS, _MEMORY = 8, 1 << 30
#: Of a file's bytes, how many there may be of memory, and how many in a second of processor time.
_SIZE_TIMES, _SIZE_IN_A_SECOND = 20, 5_000_000


def check() -> None:
    """Raises UnsafeModel where what the model holds would become absurdly much."""
    trees: list[Any] = node_trees()
    _at_most("nodes", sum(len(tree.nodes) for tree in trees), MAX_NODES)
    for tree in trees:
        for node in tree.nodes:
            if node.bl_idname == "GeometryNodeRepeatInput" and (times := node.inputs.get("Iterations")):
                _at_most("repetitions", times.default_value, MAX_REPEATS)
    objects = own("objects")
    _at_most("modifiers", sum(len(item.modifiers) for item in objects), MAX_MODIFIERS)
    _at_most("faces once its modifiers are applied", sum(map(_faces, objects)), MAX_TRIANGLES)
    drawn = (one.generated_width * one.generated_height for one in own("images") if one.source == "GENERATED")
    _at_most("drawn pixels", sum(drawn), MAX_GENERATED)


def _at_most(what: str, count: float, most: int) -> None:
    if count > most:
        raise UnsafeModel(f"The model has {count:,.0f} {what}; {most:,} are accepted.")


def _faces(item: bpy.types.Object) -> float:
    """About how many faces an object has when its modifiers are applied; those that only move or remove count once."""
    faces = float(len(item.data.polygons)) if isinstance(item.data, bpy.types.Mesh) else 0.0
    for modifier in item.modifiers:
        if modifier.show_viewport:
            faces *= _times(modifier)
    return faces


def _times(modifier: Any) -> float:
    match modifier.type:
        case "SUBSURF":
            return 4.0 ** min(modifier.levels, 64)
        case "ARRAY" if getattr(modifier, "fit_type", "") == "FIXED_COUNT":
            return float(modifier.count)
        case "MIRROR":
            return 2.0 ** sum(modifier.use_axis)
        case "SCREW":
            return float(modifier.steps * modifier.iterations)
        case "BEVEL":
            return 1.0 + modifier.segments
        case "SOLIDIFY" | "WIREFRAME":
            return 2.0
    return 1.0


@contextlib.contextmanager
def limited(source: Path) -> Iterator[None]:
    """Within, this process ends itself (SIGXCPU, or for want of memory) where it takes too much. Not on Windows.

    Only for a process that is there for this one model.
    """
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError:
        yield
        return
    size = source.stat().st_size
    used = resource.getrusage(resource.RUSAGE_SELF)
    limits = {resource.RLIMIT_CPU: int(used.ru_utime + used.ru_stime + _SECONDS + size / _SIZE_IN_A_SECOND)}
    with contextlib.suppress(OSError, ValueError):  # only Linux counts it so
        held = int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize()
        limits[resource.RLIMIT_DATA] = held + _MEMORY + _SIZE_TIMES * size
    before = {kind: resource.getrlimit(kind) for kind in limits}
    for kind, most in limits.items():
        soft, hard = before[kind]
        known = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(kind, (min(known), hard))
    try:
        yield
    finally:
        for kind, limit in before.items():
            resource.setrlimit(kind, limit)
