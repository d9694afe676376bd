"""A copy of a model as a game engine takes it, in a scene of its own: what stands in the open file stays as it is.

May import bpy, mathutils and numpy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..placing import targets
from ..placing.lod_collections import extras_of, model_of
from ..placing.placement import metres_per_unit
from .engines import Engine

_SHAPES = ("BOX", "CONVEX", "PIECES")
#: Characters of a model's name, before what engines want in front of it and behind it.
_NAME = 40
#: What stands for a name that something else has while the copies have it.
_MEANWHILE = "neural4d meanwhile"


@dataclass
class Stage:
    """The copies.

    Attributes:
        scene: what is linked to it is exported. files: the objects of each file, by what goes behind its name.
        still: nothing moves, and no object below the root is turned: the axes can be those of the engine in the data.
        made: what is to be removed. renamed: what is to have its name again.
    """

    scene: bpy.types.Scene
    files: dict[str, list[bpy.types.Object]] = field(default_factory=dict)
    still: bool = True
    made: list[bpy.types.ID] = field(default_factory=list)
    renamed: list[tuple[Any, str]] = field(default_factory=list)


@contextmanager
def staged(root: bpy.types.Object, engine: Engine, suffix: str) -> Iterator[Stage]:
    """A model and what was made of it for games: at the origin, in the engine's units and front, by its names.

    All of it is gone afterwards.
    """
    stage = Stage(bpy.data.scenes.new("Export"))
    try:
        _fill(stage, root, engine, fbx=suffix == ".fbx")
        with_uv_maps(stage.made)
        if engine.flips_green and suffix == ".fbx":
            _flip_green(stage)
        yield stage
    finally:
        bpy.data.batch_remove(stage.made)
        bpy.data.scenes.remove(stage.scene)
        for datablock, name in reversed(stage.renamed):
            datablock.name = name


def with_uv_maps(data: Iterable[bpy.types.ID]) -> None:
    """Give meshes that have none a UV map of zeros, which is what an image is looked up by where there is none.

    Blender's exporter of glTF writes a file with errors otherwise.
    """
    for mesh in data:
        if isinstance(mesh, bpy.types.Mesh) and mesh.materials and not mesh.uv_layers:
            mesh.uv_layers.new(do_init=False)


def _fill(stage: Stage, root: bpy.types.Object, engine: Engine, *, fbx: bool) -> None:
    units = stage.scene.unit_settings
    units.system, units.scale_length = "METRIC", engine.metres if fbx else 1.0
    unit = metres_per_unit(root.users_scene[0]) / units.scale_length
    turn = Matrix.Rotation(math.radians(engine.turn if fbx else 0.0), 4, "Z")
    grown = turn @ Matrix.Diagonal([*(targets.world_matrix(root).to_scale() * unit)[:], 1.0])

    extras = extras_of(root)
    whole = extras.pop("LOD0", None) or model_of(root)
    numbers = sorted(int(found[1]) for kind in extras if (found := re.fullmatch(r"LOD(\d+)", kind)))
    levels = [extras[f"LOD{number}"][0] for number in numbers]
    shapes = [(kind, item) for kind in _SHAPES for item in extras.get(kind, ())]
    together = bool(fbx and engine.lods and levels)
    name = re.sub(r"[^\w-]+", "_", re.sub(r"\.\d+$", "", root.name))[:_NAME].strip("_") or "Model"
    mesh = f"{name}_LOD0" if together else name

    def add(ending: str, items: Sequence[bpy.types.Object], called: str) -> list[bpy.types.Object]:
        copies = _copies(stage, items, grown)
        for item, copy in zip(items, copies, strict=True):
            _call(stage, copy, called if copy == copies[0] else item.name)
        stage.files.setdefault(ending, []).extend(copies)
        return copies

    top = add("", whole, mesh)[0]
    for number, item in enumerate(levels, 1):
        level = add("" if together else f"_LOD{number}", [item], f"{name}_LOD{number}")
        level[0].parent = _group(stage, top, name, engine) if together else None
    for number, (kind, item) in enumerate(shapes):
        wanted = engine.box if kind == "BOX" else engine.hull
        called = wanted.format(mesh=mesh, number=number) if wanted else f"{name}_collision_{number:02d}"
        add("" if wanted else "_collision", [item], called)


def _group(stage: Stage, top: bpy.types.Object, name: str, engine: Engine) -> bpy.types.Object:
    """The Empty that holds the levels, made with the first one."""
    if top.parent is None:
        group: bpy.types.Object = bpy.data.objects.new(name, None)
        stage.made.append(group)
        _call(stage, group, name)
        if engine.lod_group:
            group["fbx_type"] = "LodGroup"  # which Blender's exporter makes the kind of the node
        top.parent = group
        stage.files[""].insert(0, group)
    return top.parent


def _copies(stage: Stage, items: Sequence[bpy.types.Object], grown: Matrix) -> list[bpy.types.Object]:
    """Copies of a root and what is below it, grown in their data, or at the root where they move."""
    moves = any(item.type == "ARMATURE" or item.animation_data for item in items)
    copies = {item: item.copy() for item in items}
    data: dict[bpy.types.ID, Any] = {}
    stage.made += copies.values()
    for item, copy in copies.items():
        local = item.matrix_parent_inverse @ item.matrix_basis
        is_top = item.parent not in copies
        copy.parent = None if is_top else copies[item.parent]
        copy.hide_viewport = copy.hide_render = False
        for modifier in copy.modifiers:
            if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object in copies:
                modifier.object = copies[modifier.object]
        if moves:
            copy.matrix_parent_inverse = Matrix() if is_top else item.matrix_parent_inverse
            copy.matrix_basis = grown if is_top else item.matrix_basis
            continue
        copy.matrix_parent_inverse = Matrix()
        copy.matrix_basis = Matrix() if is_top else grown @ local @ grown.inverted()
        if item.data is not None:
            if item.data not in data:
                data[item.data] = item.data.copy()
                _grow(data[item.data], grown)
            copy.data = data[item.data]
    stage.made += data.values()
    if moves or any(copy.matrix_basis != Matrix() for copy in copies.values()):
        stage.still = False
    return list(copies.values())


def _grow(mesh: bpy.types.Mesh, grown: Matrix) -> None:
    mesh.transform(grown, shape_keys=True)
    if grown.is_negative:
        mesh.flip_normals()


def _call(stage: Stage, item: bpy.types.Object, name: str) -> None:
    """Give an object and its mesh a name, whoever else has it."""
    kinds: list[tuple[Any, Any]] = [(item, bpy.data.objects)]
    if isinstance(item.data, bpy.types.Mesh):
        kinds.append((item.data, bpy.data.meshes))
    for datablock, others in kinds:
        _rename(stage, datablock, others, name)


def _rename(stage: Stage, datablock: Any, others: Any, name: str) -> None:
    other = others.get((name, None))
    if other is not None and other != datablock and other not in stage.made:
        stage.renamed.append((other, name))
        other.name = _MEANWHILE
    datablock.name = name


def _flip_green(stage: Stage) -> None:
    """Copies of the materials with normal maps, and of those, with Y down as DirectX has it."""
    copies: dict[bpy.types.ID, Any] = {}
    for mesh in [one for one in stage.made if isinstance(one, bpy.types.Mesh)]:
        materials: Any = mesh.materials
        for index, material in enumerate(materials):
            maps = list(_normal_maps(material))
            if maps and material not in copies:
                copies[material] = made = material.copy()
                stage.made.append(made)
                _rename(stage, made, bpy.data.materials, material.name)
                for node in _normal_maps(made):
                    if node.image not in copies:
                        copies[node.image] = _flipped(stage, node.image)
                    node.image = copies[node.image]
            if maps:
                materials[index] = copies[material]


def _normal_maps(material: bpy.types.Material | None) -> Iterator[Any]:
    """The nodes of the images that are normal maps."""
    for node in material.node_tree.nodes if material and material.node_tree else ():
        if isinstance(node, bpy.types.ShaderNodeNormalMap):
            for link in node.inputs["Color"].links:
                if isinstance(link.from_node, bpy.types.ShaderNodeTexImage) and link.from_node.image:
                    yield link.from_node


def _flipped(stage: Stage, image: Any) -> Any:
    pixels = np.empty(len(image.pixels), dtype=np.float32)
    image.pixels.foreach_get(pixels)
    pixels[1::4] = 1 - pixels[1::4]
    made: Any = bpy.data.images.new(f"{image.name[:50]} DirectX", image.size[0], image.size[1], alpha=True)
    stage.made.append(made)
    made.colorspace_settings.name = image.colorspace_settings.name
    made.pixels.foreach_set(pixels)
    made.pack()
    made.filepath_raw = f"//textures/{bpy.path.clean_name(made.name)}.png"
    return made
