"""How much a model may make of itself: looked at before anything is evaluated. May import bpy and `engine`.

A .blend of a few bytes may hold modifiers and nodes that make billions of faces of one. What can be counted beforehand
is counted; all else has its limits in processor time and memory, where the process is this one model's alone.
"""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...engine.blenders.shared_names import GROWING, GROWN
from ...engine.errors import UnsafeModel
from ...engine.files.gltf.gltf_check import MAX_MATERIALS, MAX_OBJECTS, MAX_TRIANGLES
from ...engine.files.gltf.gltf_images import check_pixels, of_data
from ..open_file import node_trees, own
from . import node_growth
from .growth import Growth

MAX_NODES, MAX_MODIFIERS, MAX_REPEATS = 50_000, 10_000, 10_000
MAX_OPENED = 200_000
#: Objects that show up, instances of instances included.
MAX_SHOWN = 1_000_000
#: More is no number that anyone reads.
_TELLABLE = 1e15
#: Pixels of what Blender draws itself, of all images together.
MAX_GENERATED = 1 << 28
SECONDS, SECONDS_TO_READ, _MEMORY = 8, 4, 1 << 30
#: Of a file's bytes, how many there may be of memory, and how many in a second of processor time.
_SIZE_TIMES, _SIZE_IN_A_SECOND = 20, 5_000_000


def check() -> None:
    """Raises UnsafeModel where what the model holds would become absurdly much."""
    trees: list[Any] = node_trees()
    _at_most("nodes", sum(len(tree.nodes) for tree in trees), MAX_NODES)
    _at_most("nodes once its groups are opened", _opened(trees), MAX_OPENED)
    for tree in trees:
        for node in tree.nodes:
            if node.bl_idname == "GeometryNodeRepeatInput" and (times := node.inputs.get("Iterations")):
                _at_most("repetitions", times.default_value, MAX_REPEATS)
    _at_most("materials", len(own("materials")), MAX_MATERIALS)
    objects = own("objects")
    _at_most("objects", len(objects), MAX_OBJECTS)
    _at_most("modifiers", sum(len(item.modifiers) for item in objects), MAX_MODIFIERS)
    drawn = (one.generated_width * one.generated_height for one in own("images") if one.source == "GENERATED")
    _at_most("drawn pixels", sum(drawn), MAX_GENERATED)
    growth = Growth(objects)
    try:
        _at_most("instances", sum(map(growth.shown, objects)), MAX_SHOWN)
        faces = sum(map(growth.faces, objects))
    except (RecursionError, OverflowError, node_growth.Endless):
        raise UnsafeModel("The model's modifiers or nodes multiply without end; that is not opened.") from None
    _at_most("faces once its modifiers are applied", max(faces, growth.nodes.most), MAX_TRIANGLES)
    _at_most("repetitions", growth.nodes.repeats, MAX_REPEATS)


def check_images() -> None:
    """Raises UnsafeModel where the images that are packed in a .blend have too many pixels, before one is decoded."""
    packed = (part.packed_file for image in own("images") for part in image.packed_files)
    check_pixels(of_data(file.data) for file in packed if file is not None)


def _at_most(what: str, count: float, most: int) -> None:
    if not count <= most:
        told = f"{count:,.0f}" if count < _TELLABLE else "endlessly many"
        raise UnsafeModel(f"The model has {told} {what}; {most:,} are accepted.")


def _opened(trees: Iterable[Any]) -> float:
    """Of the largest tree, with the groups in it as often as they stand there: groups in groups multiply."""
    known: dict[Any, float] = {}

    def nodes(tree: Any) -> float:
        if tree not in known:
            known[tree] = math.inf  # where a file has a group in itself
            inner = (getattr(node, "node_tree", None) for node in tree.nodes)
            known[tree] = len(tree.nodes) + sum(nodes(one) for one in inner if one)
        return known[tree]

    return max(map(nodes, trees), default=0.0)


@contextlib.contextmanager
def limited(source: Path, seconds: float = SECONDS) -> Iterator[None]:
    """Within, this process ends itself (SIGXCPU, or for want of memory) where it takes too much. Not on Windows.

    A model may take so many seconds of processor time, and more the larger its file is.

    Only for a process that is there for this one model.
    """
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError:
        yield
        return
    size = source.stat().st_size
    used = resource.getrusage(resource.RUSAGE_SELF)
    limits = {resource.RLIMIT_CPU: int(used.ru_utime + used.ru_stime + seconds + size / _SIZE_IN_A_SECOND)}
    with contextlib.suppress(OSError, ValueError):  # only Linux counts it so
        held = int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize()
        limits[resource.RLIMIT_DATA] = held + _MEMORY + _SIZE_TIMES * size
    before = {kind: resource.getrlimit(kind) for kind in limits}
    for kind, most in limits.items():
        soft, hard = before[kind]
        known = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(kind, (min(known), hard))
    print(GROWING, flush=True)
    try:
        yield
    finally:
        print(GROWN, flush=True)
        for kind, limit in before.items():
            resource.setrlimit(kind, limit)
