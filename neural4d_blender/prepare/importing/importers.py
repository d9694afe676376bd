"""Brings a model file of any supported format into the open Blender file, whose scene is empty.

What an operator imported is what there is of objects and was not before, never the selection,
and "FINISHED" with nothing imported is an error. May import bpy and `engine`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ...engine.errors import BrokenModel, Neural4DError, UnsupportedFeature
from ...engine.files.gltf.glb_check import OTHER_FORMAT, check_glb
from ..open_file import own, scene
from . import blend_head, bounds, visibility
from .check_signature import check_signature
from .external_files import obj_materials, outside_names
from .external_files.named_files import NamedFiles
from .readable_copy import readable
from .remove_disallowed_data import disarm

Operator = Any  # bpy.ops' members have no type of their own


def import_model(
    source: Path,
    model_format: str,
    warnings: list[str],
    files: NamedFiles | None = None,
    *,
    animation: bool = False,
) -> list[bpy.types.Object]:
    """Import `source`; all that a model does not need is stripped and all objects are linked to the scene.

    Args:
        files: what came with it; None: what lies beside it.
        animation: keep what moves objects, rigs and shape keys.

    Raises:
        BrokenModel: damaged, of another format, or empty.
        UnsafeModel: it reaches for files outside itself, or would become absurdly much.
        UnsupportedFeature: this Blender cannot read the format or an extension it needs.
    """
    importer = _IMPORTERS.get(model_format)
    if importer is None:
        raise UnsupportedFeature(f"There is no importer for the format {model_format!r}.")
    check_signature(source, model_format)
    files = files or NamedFiles(source.parent)
    try:
        with readable(source, model_format, warnings, animation=animation) as file:
            shown = importer(file, warnings, files, animation)
    except Neural4DError:
        raise
    except (RuntimeError, OSError) as error:  # how bpy.ops and bpy.data.libraries report trouble
        if "MemoryError" in str(error):
            raise MemoryError from error
        raise BrokenModel(f"Blender cannot read the {model_format} file: {_last_line(error)}") from error
    if shown is None:
        shown = visibility.seen(scene()) & set(own("objects"))
    # A rig is often hidden, and bends what is not.
    imported = [item for item in own("objects") if item in shown or item.type == "ARMATURE"]
    if not shown:
        raise BrokenModel(f"The {model_format} file was read, but there is no object in it.")
    if not animation and (own("actions") or (model_format == "FBX" and outside_names.has_keys(source))):
        warnings.append("The model's animation was left out; Keep Animation (animation=True) keeps it.")
    elif any(_is_cached(item) for item in imported):  # Blender would read it anew from the file, frame by frame
        warnings.append("The model's animation was left out.")
    disarm(files, warnings, animation=animation)
    bounds.check()  # before anything stands in a scene, where it is evaluated
    linked = set(scene().collection.all_objects)
    for item in imported:
        if item not in linked:
            scene().collection.objects.link(item)
    return imported


def _is_cached(item: bpy.types.Object) -> bool:
    caches = [one for one in item.modifiers if one.type == "MESH_SEQUENCE_CACHE"]
    return bool(caches) or any(one.type == "TRANSFORM_CACHE" for one in item.constraints)


def _call(operator: Operator, source: Path, **wanted: object) -> None:
    """Call an import operator with those of the wanted arguments that this Blender's version of it knows."""
    known = operator.get_rna_type().properties.keys()
    with outside_names.without(source) as file:
        result = operator(filepath=str(file), **{key: value for key, value in wanted.items() if key in known})
    if "FINISHED" not in result:
        raise BrokenModel("Blender's importer gave up on the file without a reason.")


def _last_line(error: BaseException) -> str:
    """What an importer said last; an error inside one comes with a whole traceback and a line of source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    text = lines[-1] if lines else type(error).__name__
    return text.removeprefix("Error: ").rstrip(".") + "."


def _glb(source: Path, warnings: list[str], files: NamedFiles, animation: bool) -> None:
    try:
        _call(
            bpy.ops.import_scene.gltf,
            source,
            import_shading="NORMALS",
            import_pack_images=True,
            import_webp_texture=True,
            merge_vertices=False,
            guess_original_bind_pose=True,
            bone_heuristic="TEMPERANCE",  # as long as the way to the next bone; the default may draw 100 times that
            disable_bone_shape=True,  # else a helper mesh and the collection glTF_not_exported appear
            import_unused_materials=False,
            import_select_created_objects=False,
            import_scene_extras=False,
            import_scene_as_collection=False,
        )
    except (RuntimeError, BrokenModel) as error:
        facts = check_glb(source)
        unknown = facts.unsupported_extensions or [name for name in facts.required_extensions if name in str(error)]
        if unknown:
            raise UnsupportedFeature(
                f"The model needs {', '.join(unknown)}, which this Blender cannot read.",
                OTHER_FORMAT,
            ) from error
        raise


def _blend(source: Path, warnings: list[str], files: NamedFiles, animation: bool) -> set[bpy.types.Object] | None:
    # Never open_mainfile: that would run the file's scripts and bring its settings. Appended objects are linked
    # to no scene, so nothing of them is evaluated before disarm() has taken drivers and texts away.
    libraries: Any = bpy.data.libraries  # the stubs know no context manager
    version = blend_head.version(source)
    told = f"The .blend file was written by Blender {version[0]}.{version[1]}, which is newer than this one"
    is_newer = version > bpy.app.version[:2]
    try:
        with (
            outside_names.without(source) as file,
            libraries.load(str(file), link=False) as (available, wanted),
        ):
            wanted.objects = available.objects
            wanted.scenes = available.scenes
            names = list(available.scenes)
    except OSError as error:
        if is_newer:
            raise UnsupportedFeature(
                f"{told} and cannot read it.", "Choose another format, or update Blender."
            ) from error
        raise
    if is_newer:
        warnings.append(f"{told}: what this one does not know of it was left out.")
    scene_name, layer_name = blend_head.open_scene(source)
    scenes = dict(zip(names, wanted.scenes, strict=True))
    opened = [scenes[scene_name]] if scene_name in scenes else wanted.scenes
    shown = set().union(*(visibility.seen(one, layer_name) for one in opened))
    bpy.data.batch_remove(wanted.scenes)
    others = [library for library in own("libraries") if Path(bpy.path.abspath(library.filepath)) != file]
    if others:
        warnings.append(f"The .blend file refers to {len(others)} other file(s); what stands in them was left out.")
    bpy.data.batch_remove(own("libraries"))
    bounds.check_images()
    return shown or set(own("objects"))  # a file without scenes shows all


def _fbx(source: Path, warnings: list[str], files: NamedFiles, animation: bool) -> None:
    operators: Operator = bpy.ops.wm  # the stubs are of a Blender that does not have this one yet
    if "fbx_import" in dir(operators):
        _call(operators.fbx_import, source, use_anim=animation, use_custom_props=False, use_custom_normals=True)
    else:
        _call(bpy.ops.import_scene.fbx, source, use_anim=animation, use_custom_props=False, use_custom_normals=True)


def _obj(source: Path, warnings: list[str], files: NamedFiles, animation: bool) -> None:
    with obj_materials.found(source, files) as complete:
        _call(bpy.ops.wm.obj_import, complete, forward_axis="NEGATIVE_Z", up_axis="Y", validate_meshes=True)


def _stl(source: Path, warnings: list[str], files: NamedFiles, animation: bool) -> None:
    _call(bpy.ops.wm.stl_import, source, forward_axis="Y", up_axis="Z", use_scene_unit=False, use_mesh_validate=True)


def _ply(source: Path, warnings: list[str], files: NamedFiles, animation: bool) -> None:
    _call(bpy.ops.wm.ply_import, source, forward_axis="Y", up_axis="Z", use_scene_unit=False, import_colors="SRGB")


def _usdz(source: Path, warnings: list[str], files: NamedFiles, animation: bool) -> None:
    if "usd_import" not in dir(bpy.ops.wm):
        raise UnsupportedFeature("This Blender was built without USD.", "Choose the GLB format, then Retry.")
    _call(
        bpy.ops.wm.usd_import,
        source,
        import_cameras=False,
        import_lights=False,
        import_volumes=False,
        create_world_material=False,
        set_frame_range=False,
        import_textures_mode="IMPORT_PACK",
        apply_unit_conversion_scale=True,
    )


#: Each imports a file and returns the objects that it shows; None for those of the scene it was imported to.
_IMPORTERS: dict[str, Callable[[Path, list[str], NamedFiles, bool], set[bpy.types.Object] | None]] = {
    "GLB": _glb,
    "BLEND": _blend,
    "FBX": _fbx,
    "OBJ": _obj,
    "STL": _stl,
    "PLY": _ply,
    "USDZ": _usdz,
}
