"""Whether the checks call watertight what trimesh calls so. Needs bpy and trimesh.

Both get the same triangles: those of the planted models as they are built, those of others as the preparer has them and
as trimesh reads the file. Where they differ, the reason is looked for in the model; without one it is a fault.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import trimesh

from neural4d_blender.engine.model.quality.report import Report
from neural4d_blender.prepare import main
from neural4d_blender.prepare.checks import run
from neural4d_blender.prepare.checks.shape.shape import Shape

from .cases import Case
from .trial import placed

_ENDINGS = (".glb", ".obj", ".stl", ".fbx", ".blend", ".gltf")
_TOOLBOX: Any = trimesh


def compared(chosen: Iterable[Case], shared: Path, folder: Path) -> dict[str, Any]:
    """Hold both against each other, and print where they differ; how many agree, or differ for a reason."""
    counts = {"compared": 0, "agree": 0, "explained": 0, "unexplained": 0}
    for name, ours, theirs, why in (*_planted(chosen), *_of_others(shared, folder)):
        counts["compared"] += 1
        outcome = "agree" if ours == theirs else "explained" if why else "unexplained"
        counts[outcome] += 1
        if outcome != "agree":
            told = f"watertight {ours}, by trimesh {theirs}: {why or 'nobody knows why'}"
            print(f"{name}: {told}", file=sys.stderr, flush=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return counts


def _planted(chosen: Iterable[Case]) -> Iterator[tuple[str, bool, bool, str]]:
    for case in chosen:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        items = placed(case)
        yield (case.name, *_both(items))


def _of_others(shared: Path, folder: Path) -> Iterator[tuple[str, bool, bool, str]]:
    folders = [shared / part for part in ("models/good", "cases/real", "cases/look")]
    for path in sorted(path for found in folders for path in found.rglob("*")):
        source = _unpacked(path, folder) if path.suffix == ".zip" else path
        if source is None or source.suffix.lower() not in _ENDINGS:
            continue
        values = {"format": source.suffix[1:].upper(), "source": source, "output": folder / "out.blend", "name": "it"}
        values["format"] = "GLB" if values["format"] == "GLTF" else values["format"]
        if not main.run(values)["ok"]:
            continue
        yield (str(path.relative_to(shared)), *_both([item for item in bpy.data.objects if item.type == "MESH"]))


def _unpacked(path: Path, folder: Path) -> Path | None:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / path.stem)
    return next((one for one in sorted((folder / path.stem).rglob("*")) if one.suffix.lower() in _ENDINGS), None)


def _both(items: list[bpy.types.Object]) -> tuple[bool, bool, str]:
    """Ours, trimesh's of the same triangles, and why they differ."""
    report = run.report(items)
    shape = Shape(items)
    triangles = shape.corner_vertex[shape.triangle_corners]
    theirs = _TOOLBOX.Trimesh(shape.points / 1000, triangles, process=False)
    theirs.merge_vertices(merge_tex=True, merge_norm=True)
    ours = bool(report.watertight)
    return ours, bool(theirs.is_watertight), "" if ours == theirs.is_watertight else _why(report, shape, theirs)


def _why(report: Report, shape: Shape, theirs: Any) -> str:
    """trimesh keeps faces without area, and takes points for one that are equal to 1e-8 of its unit alone."""
    zero = report.finding("zero_area_faces")
    sound = theirs.copy()
    sound.update_faces(sound.nondegenerate_faces(height=1e-9))
    if zero is not None and zero.value and sound.is_watertight == report.watertight:
        return f"{zero.value:.0f} faces without area, which trimesh counts as neighbours"
    welded = _TOOLBOX.Trimesh(shape.points, shape.triangles[shape.topology.kept[shape.triangle_face]], process=False)
    if welded.is_watertight == report.watertight and np.ptp(shape.welded) < len(shape.points):
        apart = len(theirs.vertices) - len(np.unique(shape.welded))
        return f"{apart} points are nearer to others than a millionth of the model's size"
    return ""
