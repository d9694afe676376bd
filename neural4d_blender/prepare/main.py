"""One job of the preparer: read JOB.json, import, sanitise, size, write the .blend, then the facts.

The facts are written last and atomically, for success and failure alike; whoever started this
process needs nothing but that file. Only a crash leaves no facts behind.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import bpy

from ..engine.blenders.job_file_format import AssetValues
from ..engine.blenders.prepared_file_hash import digest_of
from ..engine.blenders.shared_names import KIT, READY, datablock_name
from ..engine.errors import InvalidInput, ModelTooLarge, Neural4DError, PreparerFailed
from ..engine.model.quality.facts import Facts
from ..engine.system import SYSTEM
from . import boxes, open_file, warming_up
from .checks import run as checks
from .games import lods_and_collision, retopology
from .importing import bounds, color_attributes, importers, multi_part
from .importing.external_files.named_files import NamedFiles
from .meshes import exact_size, extract_model, face_limit, join, moving, reshape
from .output import asset, leftovers, materials, small_pictures, write_blend
from .repairs.repair import repair

AXES = ("X", "Y", "Z", "LONGEST")
ORIGINS = ("BOTTOM", "CENTER", "AUTHORED")


@dataclass(frozen=True)
class PrepareJob:
    """What to do. Paths are absolute.

    Attributes:
        source: the downloaded model.
        format: GLB, BLEND, FBX, OBJ, STL, USDZ, PLY, or KIT for a list of GLBs.
        output: the .blend to write.
        name: what the root object is called (cut to what Blender takes).
        size_mm: wanted size along `axis` in millimetres; None keeps the size it came with.
        axis: X, Y, Z (Blender's, Z up) or LONGEST.
        origin: where the root's origin lies: BOTTOM (centre of the underside), CENTER or AUTHORED.
        joined: one mesh of all parts.
        max_faces: how many faces there may be at most; None keeps them all.
        recalculate_normals: faces outwards, shading by the surface.
        quads: quads of pairs of triangles.
        repair: what is put right of the shape, see repairs.
        animation: keep rigs, actions and what they move.
        retopology: a new mesh of max_faces, with textures of texture_size baked from the model; QUADS or TRIANGLES.
        lods: levels of detail that are made beside it. collision: its shapes, see games/lods_and_collision.py.
        texture_folder: where images go; None packs them.
        download: the folder that it was unpacked to, or the one file that it is: nothing else belongs to it. None:
            the folder that the source stands in.
    """

    source: Path
    format: str
    output: Path
    name: str
    size_mm: float | None = None
    axis: str = "LONGEST"
    origin: str = "BOTTOM"
    joined: bool = False
    max_faces: int | None = None
    recalculate_normals: bool = False
    quads: bool = False
    repair: tuple[str, ...] = ()
    animation: bool = False
    retopology: str = "NONE"
    texture_size: int = 0
    lods: tuple[float, ...] = ()
    collision: str = "NONE"
    texture_folder: Path | None = None
    download: Path | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PrepareJob:
        """Raises InvalidInput for anything out of range."""
        try:
            size = None if values.get("size_mm") is None else float(values["size_mm"])
            job = cls(
                source=Path(values["source"]),
                format=str(values["format"]).upper(),
                output=Path(values["output"]),
                name=datablock_name(str(values.get("name", ""))),
                size_mm=size,
                axis=str(values.get("axis", "LONGEST")).upper(),
                origin=str(values.get("origin", "BOTTOM")).upper(),
                joined=bool(values.get("joined", False)),
                max_faces=None if values.get("max_faces") is None else int(values["max_faces"]),
                recalculate_normals=bool(values.get("recalculate_normals", False)),
                quads=bool(values.get("quads", False)),
                repair=tuple(str(name) for name in values.get("repair", ())),
                animation=bool(values.get("animation", False)),
                retopology=str(values.get("retopology", "NONE")),
                texture_size=int(values.get("texture_size", 0)),
                lods=tuple(float(lod) for lod in values.get("lods", ())),
                collision=str(values.get("collision", "NONE")),
                texture_folder=Path(values["texture_folder"]) if values.get("texture_folder") else None,
                download=Path(values["download"]) if values.get("download") else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"The preparer's job is malformed: {error!r}.") from error
        if size is not None and not (math.isfinite(size) and size > 0):
            raise InvalidInput(f"The size must be a number of millimetres above 0, not {size}.")
        if job.axis not in AXES or job.origin not in ORIGINS:
            raise InvalidInput(f"The axis is one of {', '.join(AXES)}, the origin one of {', '.join(ORIGINS)}.")
        return job

    @property
    def files(self) -> NamedFiles:
        """What came with the source, and where textures are looked for."""
        folder = self.source.parent
        # What lies beside `source/`, as many archives have it, is of the same archive.
        return NamedFiles(self.download or (folder.parent if folder.name.lower() == "source" else folder))


def prepare(job: PrepareJob, *, alone: bool = False) -> Facts:
    """Do the job in this Blender, whose file is emptied first; see :func:`make`."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    open_file.begin()
    return make(job, alone=alone)


def make(job: PrepareJob, *, alone: bool = False) -> Facts:
    """Do the job in the scene that is open and empty. Returns the facts of a success.

    Args:
        alone: this process does nothing else; one that takes too much may end.

    Raises:
        BrokenModel, UnsafeModel, UnsupportedFeature: as engine/errors.py says.
        PreparerFailed: the result could not be written.
    """
    warnings: list[str] = []
    started = time.perf_counter()
    files = job.files
    limited = functools.partial(bounds.limited, job.source) if alone else contextlib.nullcontext
    if job.format == KIT:
        imported = multi_part.import_kit(job.source, warnings)
    else:
        # A .blend is read at once, unless the nodes in it have been made to hold that up.
        with limited(bounds.SECONDS_TO_READ) if job.format == "BLEND" else contextlib.nullcontext():
            imported = importers.import_model(job.source, job.format, warnings, files, animation=job.animation)
    warnings += leftovers.told(imported, job.source, files, job.output)
    after_import = time.perf_counter()

    repaired: list[str] = []
    model, root, fitted = _sized(imported, job, warnings, repaired, limited)
    extract_model.scale_materials(model, fitted.scale)
    materials.move_to_meshes(model.meshes, job.format)
    leftovers.drop(model.meshes)
    color_attributes.show(model.meshes, job.name)
    if job.retopology != "NONE":
        materials.tidy(model.meshes, job.name, files, job.format, None, warnings)
        model, root, told = retopology.make(model, root, job.retopology, job.max_faces, job.texture_size, warnings)
        repaired += told
    images = materials.tidy(model.meshes, job.name, files, job.format, job.texture_folder, warnings)
    made = lods_and_collision.make(model, root, job.lods, job.collision, warnings)
    after_prepare = time.perf_counter()
    report = checks.report(model.meshes, job.max_faces)
    after_checks = time.perf_counter()

    write_blend.write(job.output, [root, *root.children_recursive], images_on_disk=job.texture_folder is not None)
    return {
        "ok": True,
        "sha256": digest_of(job.output),
        "root": root.name,
        "dimensions_mm": [round(length, 6) for length in fitted.dimensions_mm],
        "measured_mm": fitted.measured_mm,
        "scale": fitted.scale,
        **extract_model.count(model),
        "images": images,
        **lods_and_collision.count(made),
        "warnings": warnings,
        "repairs": repaired,
        "seconds": {
            "import": round(after_import - started, 4),
            "prepare": round(after_prepare - after_import, 4),
            "checks": round(after_checks - after_prepare, 4),
            "write": round(time.perf_counter() - after_checks, 4),
        },
        "report": report.to_json(),
    }


def _sized(
    imported: list[bpy.types.Object],
    job: PrepareJob,
    warnings: list[str],
    repaired: list[str],
    limited: Callable[..., contextlib.AbstractContextManager[None]],
) -> tuple[extract_model.Model, bpy.types.Object, exact_size.Fitted]:
    """The model as it was asked for, and its root."""
    size: dict[str, Any] = {"size_mm": job.size_mm, "axis": job.axis, "origin": job.origin}
    moves = job.animation and moving.moves()
    reduce = moving.reduce_to_model if moves else extract_model.reduce_to_model
    with limited():
        model = reduce(imported, warnings)
    model = _reshaped(model, job, warnings, repaired, moves=moves)
    if moves:
        root, fitted = moving.put_under_one_root(model, job.name, **size)
    else:
        fitted = exact_size.fit(model, **size)
        root = extract_model.put_under_one_root(model, job.name)
    return model, root, fitted


def _reshaped(
    model: extract_model.Model, job: PrepareJob, warnings: list[str], repaired: list[str], *, moves: bool = False
) -> extract_model.Model:
    """The parts and faces that were asked for; before the size, which is exact for what comes of this."""
    if job.joined and moves:
        warnings.append("The parts were not joined, since they move.")
    elif job.joined:
        color_attributes.show(model.meshes, job.name)
        model = join.join(model, warnings)
    if job.repair:
        model, told = repair(model, job.repair, moves=moves)
        repaired += told
    if job.max_faces is not None and job.retopology == "NONE":
        face_limit.limit_faces(model, job.max_faces, warnings)
    if job.recalculate_normals:
        reshape.recalculate_normals(model)
    if job.quads and job.retopology == "NONE":
        reshape.make_quads(model)
    for item in model.unique_meshes:
        extract_model.drop_defaults(open_file.mesh_of(item))
    return model


def run(values: Mapping[str, Any], make: Callable[[PrepareJob], Facts] = prepare) -> Facts:
    """The facts of a job, as it stands in a job file, whether it succeeds or fails; never raises for a bad model."""
    try:
        if values.get("task") == "pictures":
            return small_pictures.draw(values["pictures"])
        if values.get("task") == "boxes":
            return boxes.read(values["source"])
        if "task" in values:
            return asset.write_asset(cast("AssetValues", values))
        return make(PrepareJob.from_json(values))
    except Neural4DError as error:
        return {"ok": False, "code": error.code, "what": error.what, "remedy": error.remedy}
    except MemoryError:
        failure: Neural4DError = ModelTooLarge("Preparing the model takes more memory than the preparer may have.")
    except Exception as error:  # the process's outermost frame: what is not caught here is lost to the user
        traceback.print_exc()
        failure = PreparerFailed(f"Preparing the model failed: {type(error).__name__}: {error}.")
    return {"ok": False, "code": failure.code, "what": failure.what, "remedy": failure.remedy}


def main(arguments: list[str]) -> int:
    """Run the job file named by the only argument; 0 also for a failure that the facts tell about."""
    if len(arguments) != 1:
        print("usage: __main__.py JOB.json", file=sys.stderr)
        return 2
    path = _awaited() if arguments[0] == "-" else arguments[0]
    if not path:
        return 0
    values = json.loads(SYSTEM.again(lambda: Path(path).read_text(encoding="utf-8")))
    if "limit" in values:  # whoever started this process watches the clock too, but may be gone
        faulthandler.dump_traceback_later(float(values["limit"]), exit=True, file=2)
    facts = Path(values["facts"])
    text = json.dumps(run(values, make=functools.partial(prepare, alone=True)), indent=1)
    unfinished = facts.with_name(facts.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    SYSTEM.replace(unfinished, facts)
    return 0


def _awaited() -> str:
    """Get everything ready that takes time, say so, and wait for a job; empty where none comes any more."""
    warming_up.run(run)
    print(READY, flush=True)
    with open(0, "rb", closefd=False) as lines:
        return os.fsdecode(lines.readline()).rstrip("\r\n")
