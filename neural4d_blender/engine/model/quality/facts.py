"""What was measured of a model. Standard library only."""

from __future__ import annotations

from typing import Any, TypedDict


class Facts(TypedDict, total=False):
    """What a preparer tells when it is done; of a model that nothing prepares, its triangles and dimensions alone.

    Attributes:
        ok: it succeeded. code, what, remedy: why it did not.
        root: name of the root object. dimensions_mm: width, depth and height. measured_mm: along the chosen axis.
        scale: factor between the size the model came with and the size it has now.
        triangles, faces, vertices, objects, materials, images: how many there are.
        lods: faces of each level of detail. shapes: how many collision shapes there are.
        warnings: what had to be left out or changed, in sentences. seconds: what each part of the work took.
        repairs: what was put right, and what of that is left, in sentences.
        sha256: of the .blend. stamp: what the engine noted of that file (see blenders/prepared_file_hash.py).
        boxes: of a .blend, what could be boxes for models: name, collection and size_mm of each.
        kind, preview: of an asset, its type of ID and whether it has a picture.
        report: what the checks found, as model/quality/report.py has it; models that were prepared earlier have none.
    """

    ok: bool
    code: str
    what: str
    remedy: str
    root: str
    dimensions_mm: list[float]
    measured_mm: float
    scale: float
    triangles: int
    faces: int
    vertices: int
    objects: int
    materials: int
    images: int
    lods: list[int]
    shapes: int
    warnings: list[str]
    repairs: list[str]
    seconds: dict[str, float]
    sha256: str
    stamp: list[int]
    boxes: list[dict[str, Any]]
    kind: str
    preview: bool
    report: dict[str, Any]
