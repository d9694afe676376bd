"""Writes a placed model to a file, in real size.

May import bpy. A .blend, .glb, .fbx, .obj or .usdz is in metres, as its format or Blender has it; a .3mf in
millimetres, and so is an .stl, which has no unit: that is what programs for printers take it for.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import addon_utils
import bpy

from ...client.paths import beside
from ...engine.file_replacement import reason
from ...engine.protocol import InvalidInput, Neural4DError, UnsupportedFeature, embed, write_sidecar
from ...engine.system import SYSTEM
from ..placing.lod_collections import model_of
from ..placing.marks import unmarked
from ..printing import plates, stl_and_3mf
from ..printing.body import Body
from .engines import ENGINES, Engine
from .staging import staged, with_uv_maps

#: The importers and exporters that are add-ons, which a user may have switched off.
_ADDONS = {".glb": "io_scene_gltf2", ".fbx": "io_scene_fbx"}
Roots = Sequence[bpy.types.Object]
Record = Mapping[str, Any]


def empty_file() -> bpy.types.Scene:
    """A new file with nothing in it, in metres; returns its scene."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene: bpy.types.Scene = bpy.context.scene
    scene.unit_settings.system, scene.unit_settings.scale_length = "METRIC", 1.0
    return scene


def check(paths: Sequence[Path], made_for: str = "") -> None:
    """Refuse, before anything is paid, what could not be written at the end.

    Raises:
        InvalidInput: an unknown ending, or none that is made for this use.
        UnsupportedFeature: this Blender cannot write that format.
    """
    if made_for in ENGINES and not any(path.suffix.lower() in _FOR_ENGINES for path in paths):
        raise InvalidInput(f"For {made_for} a .glb or a .fbx is written.", "Choose one of them, or leave that out.")
    if made_for == "print" and not any(path.suffix.lower() in stl_and_3mf.ENDINGS for path in paths):
        raise InvalidInput("For a printer a .3mf or an .stl is written.", "Choose one of them, or leave that out.")
    for path in paths:
        if path.suffix.lower() not in WRITERS:
            raise InvalidInput(f"{path.name} has to end in one of {', '.join(WRITERS)}.")
        if path.suffix.lower() == ".usdz" and "usd_export" not in dir(bpy.ops.wm):
            raise UnsupportedFeature("This Blender was built without USD.", "Leave the .usdz out, or use --as-made.")


def write(roots: Roots, path: Path, made_for: str = "", record: Record | None = None) -> list[Path]:
    """Write models to the file as they stand, alone in the open file; see :func:`write_for` for a game engine.

    Args:
        record: what they came from, for a file beside it, and in a .glb itself.

    Returns:
        The file, and those beside it for what the engine wants in files of their own.

    Raises:
        Neural4DError: Blender could not export it, or the folder cannot be written.
    """
    if made_for in ENGINES and path.suffix.lower() in _FOR_ENGINES:
        return write_for(roots[0], path, made_for, record)
    with _made(path, record) as file:
        _select(roots)
        WRITERS[path.suffix.lower()](roots, file)
    return [path]


def write_for(root: bpy.types.Object, path: Path, made_for: str = "", record: Record | None = None) -> list[Path]:
    """Write one model to a .glb or a .fbx with its levels of detail and collision shapes, as a game engine takes it.

    Args:
        made_for: the engine's name in ENGINES; where it is empty, all but the model goes to files of its own.
        record: see :func:`write`.

    Returns:
        The file, and those beside it: NAME_LOD1.glb, NAME_collision.glb.

    Raises:
        Neural4DError: as :func:`write`.
    """
    engine, files = ENGINES.get(made_for, Engine()), []
    with _made(path, record) as first, staged(root, engine, path.suffix.lower()) as stage:
        for ending, items in stage.files.items():
            files.append(first.with_stem(first.stem + ending))
            for item in items:
                stage.scene.collection.objects.link(item)
            with bpy.context.temp_override(scene=stage.scene, view_layer=stage.scene.view_layers[0]):
                _FOR_ENGINES[path.suffix.lower()](files[-1], engine, still=stage.still)
            for item in items:
                stage.scene.collection.objects.unlink(item)
    return [path.parent / file.name for file in files]


@contextmanager
def _made(path: Path, record: Record | None) -> Iterator[Path]:
    """Where a file is to be made, with others beside it: whole or not at all, in place of those that are there."""
    addon = _ADDONS.get(path.suffix.lower())
    if addon and addon not in bpy.context.preferences.addons:
        addon_utils.enable(addon)
    try:
        with beside(path) as folder:
            yield Path(folder) / path.name
            if not (Path(folder) / path.name).is_file():
                raise Neural4DError(f"Blender wrote no {path.name}.", _AGAIN)
            if record:
                _say_where_from(Path(folder), path.suffix, record)
            for made in Path(folder).iterdir():
                SYSTEM.replace(made, path.parent / made.name)
    except (OSError, RuntimeError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error).strip().splitlines()[-1]
        raise Neural4DError(f"{path} could not be written: {why}.", _AGAIN) from error


def _say_where_from(folder: Path, suffix: str, record: Record) -> None:
    for made in [one for one in folder.iterdir() if one.suffix == suffix]:
        if suffix.lower() == ".glb":
            embed(made, record)
        write_sidecar(made, record)


#: What a failed export tells: the model itself is safe.
_AGAIN = "Choose another folder or format and run resume: the model is ready and costs nothing again."


def _glb(roots: Roots, path: Path) -> None:
    with_uv_maps(item.data for root in roots for item in model_of(root))
    _call(bpy.ops.export_scene.gltf, path, export_format="GLB", use_selection=True)


def _fbx(_roots: Roots, path: Path) -> None:
    _call(
        bpy.ops.export_scene.fbx,
        path,
        use_selection=True,
        apply_scale_options="FBX_SCALE_ALL",  # objects of scale 1 everywhere, and a file that says it is in metres
        path_mode="COPY",
        embed_textures=True,
    )


def _glb_for(path: Path, _engine: Engine, *, still: bool) -> None:
    _call(bpy.ops.export_scene.gltf, path, export_format="GLB", use_active_scene=True, export_animations=not still)


def _fbx_for(path: Path, engine: Engine, *, still: bool) -> None:
    _call(
        bpy.ops.export_scene.fbx,
        path,
        apply_scale_options=engine.scale,
        bake_space_transform=still,  # Y up in the data itself, so that nothing is turned
        bake_anim=not still,
        mesh_smooth_type="FACE",
        add_leaf_bones=False,
        path_mode="COPY",
        embed_textures=True,
    )


_FOR_ENGINES: dict[str, Callable[..., None]] = {".glb": _glb_for, ".fbx": _fbx_for}


def _obj(roots: Roots, path: Path) -> None:
    with _on_disk(roots, path.parent, path.stem):
        _call(
            bpy.ops.wm.obj_export,
            path,
            export_selected_objects=True,
            forward_axis="NEGATIVE_Z",
            up_axis="Y",
            export_pbr_extensions=True,
            path_mode="STRIP",
        )


def _stl(_roots: Roots, path: Path) -> None:
    _call(bpy.ops.wm.stl_export, path, export_selected_objects=True, global_scale=1000.0, forward_axis="Y", up_axis="Z")


def _3mf(roots: Roots, path: Path) -> None:
    path.write_bytes(stl_and_3mf.content(plates.on_the_ground([Body.of(root) for root in roots]), path.suffix))


def _usdz(roots: Roots, path: Path) -> None:
    textures = tempfile.TemporaryDirectory(prefix="neural4d-")
    everything = [item for root in roots for item in model_of(root)]
    with textures as folder, _on_disk(roots, Path(folder), path.stem), unmarked(everything):
        _call(
            bpy.ops.wm.usd_export,
            path,
            selected_objects_only=True,
            export_textures=True,
            export_textures_mode="NEW",
            convert_orientation=True,
            export_global_forward_selection="NEGATIVE_Z",
            export_global_up_selection="Y",
            convert_world_material=False,
        )


def _blend(_roots: Roots, path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False)


#: How to write each kind of file, by its ending.
WRITERS: dict[str, Callable[[Roots, Path], None]] = {
    ".blend": _blend,
    ".glb": _glb,
    ".fbx": _fbx,
    ".obj": _obj,
    ".stl": _stl,
    ".3mf": _3mf,
    ".usdz": _usdz,
}


def _call(operator: Any, path: Path, **wanted: object) -> None:
    """Call an exporter with those of the wanted arguments that this Blender's version of it knows."""
    known = operator.get_rna_type().properties.keys()
    operator(filepath=str(path), check_existing=False, **{k: v for k, v in wanted.items() if k in known})


def _select(roots: Roots) -> None:
    for item in bpy.context.view_layer.objects:
        item.select_set(False)
    for root in roots:
        for item in model_of(root):
            item.select_set(True)
    bpy.context.view_layer.objects.active = roots[0]


@contextmanager
def _on_disk(roots: Roots, folder: Path, stem: str) -> Iterator[None]:
    """Let images that are files in the folder stand in for the packed ones.

    An .obj can only name files, and Blender 5.2 writes no packed image into a .usdz whose name or path it dislikes.
    """
    plain = re.sub(r"[^\w.-]+", "_", stem)
    twins: list[tuple[bpy.types.Image, bpy.types.Image]] = []
    try:
        for number, image in enumerate([image for image in _images(roots) if image.packed_file], 1):
            file = folder / f"{plain}_{number}{'.jpg' if image.file_format == 'JPEG' else '.png'}"
            packed: Any = image.packed_file  # the stubs take bytes for a text
            file.write_bytes(packed.data)
            twin = bpy.data.images.load(str(file))
            twin.colorspace_settings.name, twin.alpha_mode = image.colorspace_settings.name, image.alpha_mode
            image.user_remap(twin)
            twins.append((image, twin))
        yield
    finally:
        for image, twin in twins:
            twin.user_remap(image)
            bpy.data.images.remove(twin)


def _images(roots: Roots) -> list[bpy.types.Image]:
    """The images in the materials of the objects and all below them."""
    slots = (slot for root in roots for item in model_of(root) for slot in item.material_slots)
    trees = {slot.material.node_tree for slot in slots if slot.material and slot.material.node_tree}
    nodes = (n for tree in trees for n in tree.nodes if isinstance(n, bpy.types.ShaderNodeTexImage))
    return sorted({node.image for node in nodes if node.image}, key=lambda image: image.name)
