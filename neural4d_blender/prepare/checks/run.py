"""All checks on one model: their findings, and what they found marked in its meshes. May import bpy and numpy."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from ...engine.model.quality.report import ATTRIBUTES, Finding, Report, attribute_of
from ...engine.model.quality.verdicts import verdicts
from ..open_file import mesh_of, update
from . import body, look, surface
from .check import Check, Mask, Measured
from .shape.shape import Shape

#: After so many seconds what is left is not measured any more.
_PATIENCE = 60.0
#: How far from the middle of the model, as a share of half its size, what is marked must be to be told to be on a side.
_ASIDE = 0.3
_SIDES = (("left", "right"), ("front", "back"), ("bottom", "top"))


def checks() -> list[Check]:
    """All there are, folder by folder."""
    found: list[Check] = []
    for folder in (surface, body, look):
        for name in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
            module = importlib.import_module(f"{folder.__name__}.{name}")
            found += getattr(module, "CHECKS", None) or [module.CHECK]
    return found


def report(items: Sequence[bpy.types.Object], face_limit: int | None = None) -> Report:
    """Measure the objects as they stand, and mark what was found. Never raises for what they are.

    Args:
        items: mesh objects. face_limit: how many faces were asked for at most.
    """
    _unmark(items)
    update()
    began = time.monotonic()
    there_are = checks()
    shape = _tried(lambda: Shape(items, face_limit))
    findings: list[Finding] = []
    for check in there_are:
        late = time.monotonic() - began > _PATIENCE
        found = None if shape is None or late else _tried(lambda check=check: _found(check, shape))
        findings.append(found or check.finding(Measured(None)))
    return Report(tuple(findings), verdicts(findings))


def _tried(work: Any) -> Any:
    """What it returns; None where it fails, of which the log tells."""
    try:
        with np.errstate(all="ignore"):
            return work()
    except (Exception, MemoryError):  # a model that cannot be measured is a model all the same
        traceback.print_exc(file=sys.stderr)
        return None


def _found(check: Check, shape: Shape) -> Finding:
    measured = check.measure(shape)
    marked, where = 0, ""
    for domain, mask in (("FACE", measured.faces), ("EDGE", measured.edges)):
        if mask is not None and mask.any():
            marked, where = int(mask.sum()), _where(shape, domain, mask)
            for piece in shape.pieces:
                _mark(
                    piece.mesh, attribute_of(check.name), domain, mask[piece.faces if domain == "FACE" else piece.edges]
                )
    return check.finding(measured, marked=marked, where=where)


def _mark(mesh: bpy.types.Mesh, name: str, domain: Any, mask: Mask) -> None:
    if not mask.any():
        return
    attribute: Any = mesh.attributes.get(name)
    if attribute is None:
        attribute = mesh.attributes.new(name, "BOOLEAN", domain)
    else:  # what stands there several times
        before = np.empty(len(mask), dtype=bool)
        attribute.data.foreach_get("value", before)
        mask = mask | before
    attribute.data.foreach_set("value", mask)


def _unmark(items: Sequence[bpy.types.Object]) -> None:
    for mesh in {mesh_of(item) for item in items}:
        for name in [attribute.name for attribute in mesh.attributes if attribute.name.startswith(ATTRIBUTES)]:
            mesh.attributes.remove(mesh.attributes[name])


def _where(shape: Shape, domain: str, mask: Mask) -> str:
    """The side of the model that most of what is marked is on: one of `_SIDES`, or "middle"."""
    vertices = shape.ends[mask, 0] if domain == "EDGE" else shape.corner_vertex[shape.face_start[mask]]
    half = np.maximum((shape.upper - shape.lower) / 2, 1e-30)
    aside = (shape.points[vertices].mean(axis=0) - (shape.lower + shape.upper) / 2) / half
    axis = int(np.argmax(np.abs(aside)))
    return _SIDES[axis][int(aside[axis] > 0)] if abs(aside[axis]) > _ASIDE else "middle"
