"""Runs in Blender (or a Python with bpy): reads a job file, imports its GLB, exports it in another format.

May import bpy. Started by `convert` with the job file's path as the last argument; a failure is an exit
code other than 0 with the reason in the last line.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix


def main(job_path: str) -> None:
    job = json.loads(Path(job_path).read_text())
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=job["source"])
    _scale(job["scale"])
    EXPORTS[job["kind"]](Path(job["target"]), job["alone"])
    print(f"wrote {job['target']}")


def _scale(factor: float) -> None:
    """Size everything by way of the objects without a parent."""
    for thing in bpy.data.objects:
        if thing.parent is None:
            thing.matrix_world = Matrix.Scale(factor, 4) @ thing.matrix_world


def _call(operator: Any, **options: Any) -> None:
    """Call an exporter with those of the options that this Blender's version of it has."""
    known = operator.get_rna_type().properties.keys()
    result = operator(**{name: value for name, value in options.items() if name in known})
    if "FINISHED" not in result:
        raise RuntimeError(f"{operator.idname()} ended with {result}")


# Exporters: `alone` says that only the target itself will be passed on, not the files beside it.


def _images_to_files(folder: Path) -> None:
    """Exporters that name image files need files: the ones from a GLB live in the .blend only."""
    for number, image in enumerate(bpy.data.images):
        if image.packed_file is None:
            continue
        suffix = ".jpg" if image.file_format == "JPEG" else ".png"
        path = folder / f"texture_{number}{suffix}"
        packed: Any = image.packed_file.data
        path.write_bytes(packed)
        image.filepath_raw = str(path)
        image.unpack(method="REMOVE")


def _fbx(target: Path, alone: bool) -> None:
    _images_to_files(target.parent)
    _call(
        bpy.ops.export_scene.fbx,
        filepath=str(target),
        path_mode="COPY" if alone else "RELATIVE",
        embed_textures=alone,
        object_types={"MESH", "EMPTY"},
    )


def _obj(target: Path, alone: bool) -> None:
    _images_to_files(target.parent)
    _call(bpy.ops.wm.obj_export, filepath=str(target), path_mode="RELATIVE", export_pbr_extensions=True)


def _stl(target: Path, alone: bool) -> None:
    _call(bpy.ops.wm.stl_export, filepath=str(target))


def _blend(target: Path, alone: bool) -> None:
    bpy.ops.file.pack_all()
    bpy.ops.wm.save_as_mainfile(filepath=str(target), compress=True)


def _usdz(target: Path, alone: bool) -> None:
    if "usd_export" not in dir(bpy.ops.wm):
        raise RuntimeError("this Blender was built without USD")
    _call(bpy.ops.wm.usd_export, filepath=str(target), export_textures=True, export_textures_mode="NEW")


def _glb(target: Path, alone: bool) -> None:
    _call(bpy.ops.export_scene.gltf, filepath=str(target), export_format="GLB")


EXPORTS: dict[str, Callable[[Path, bool], None]] = {
    "fbx": _fbx,
    "glb": _glb,
    "obj": _obj,
    "stl": _stl,
    "blend": _blend,
    "usdz": _usdz,
}

if __name__ == "__main__":
    code = 0
    try:
        main(sys.argv[-1])
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
        code = 3
    # Without the usual way out: bpy 4.2 crashes on it once it has exported a glTF.
    sys.stdout.flush()
    os._exit(code)
