"""Prepares one of the models, as a download would be, and compares the report with what was planted. Needs bpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from neural4d_blender.engine.model.quality.report import Report
from neural4d_blender.prepare import main

from .bodies import Body, ball
from .cases import Case, Look

_MANY = 330


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Attributes:
        found, missed: of what was planted. false: what was found beside it, and may not. asked: how many checks could
            have raised a false alarm. seconds: what the checks took.
    """

    case: Case
    found: frozenset[str]
    missed: frozenset[str]
    false: frozenset[str]
    asked: int
    seconds: float
    report: Report


def tried(case: Case, folder: Path) -> Outcome:
    """Prepare it; raises RuntimeError where that fails."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    source = _written(case, folder)
    values = {"source": source, "format": source.suffix[1:], "output": folder / "out.blend", "name": "case"}
    facts = main.run(values | {"size_mm": case.size_mm})
    if not facts["ok"]:
        raise RuntimeError(f"{case.name}: {facts['what']}")
    report = Report.from_json(facts["report"])
    amiss = frozenset(finding.name for finding in report.findings if not finding.ok)
    free = frozenset(finding.name for finding in report.findings) - case.expected - case.allowed
    found = amiss & case.expected
    return Outcome(case, found, case.expected - amiss, amiss & free, len(free), facts["seconds"]["checks"], report)


def placed(case: Case) -> list[bpy.types.Object]:
    """The objects of a case in the open file."""
    body = ball(_MANY) if case.way == "dense" else case.build()
    if case.way == "split":
        body = Body(body.points[body.faces.ravel()], np.arange(body.faces.size).reshape(-1, 3), body.uv)
    mesh = mesh_of(body, case.look)
    scene: Any = bpy.context.scene
    items = [bpy.data.objects.new("Case", mesh) for _ in range(3 if case.way == "linked" else 1)]
    for number, item in enumerate(items):
        item.location = (1.5 * number, 0, 0)
        if case.way == "mirrored" or number == 1:  # its front stays its front
            item.scale = (-1, 1, 1)
        scene.collection.objects.link(item)
    return items


def mesh_of(body: Body, look: Look) -> bpy.types.Mesh:
    """A body as a mesh with a material."""
    mesh: Any = bpy.data.meshes.new("Case")
    mesh.from_pydata(body.points.tolist(), [], body.faces.tolist())
    if look.uv:
        mesh.uv_layers.new().uv.foreach_set("vector", body.uv.astype(np.float32).ravel())
    material: Any = bpy.data.materials.new("Case")
    if material.node_tree is None:
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    principled = next(node for node in nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    picture = nodes.new("ShaderNodeTexImage")
    picture.image = bpy.data.images.new("Case", *look.size)
    for channel in look.channels:
        output = picture.outputs["Color"]
        if channel == "Normal":
            bump = nodes.new("ShaderNodeNormalMap")
            links.new(output, bump.inputs["Color"])
            output = bump.outputs["Normal"]
        links.new(output, principled.inputs[channel])
    mesh.materials.append(material)
    return mesh


def _written(case: Case, folder: Path) -> Path:
    items = placed(case)
    if case.way == "GLB":
        path = folder / "case.glb"
        bpy.ops.export_scene.gltf(filepath=str(path))
    else:
        path = folder / "case.blend"
        bpy.data.libraries.write(str(path), set(items))
    return path
