"""Puts the meshes of CSM's sessions at the file host, in every format that is asked for.

May import what the stand-in is built on, nothing of the client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from .. import present
from ..files.convert import ConversionError
from ..files.model_maker import ModelSpec
from ..state import World


def put_meshes(world: World, stem: str, spec: ModelSpec, formats: tuple[str, ...]) -> dict[str, str]:
    """The files' keys by format: those of `formats` that the settings allow.

    Others than GLB are made by Blender when they are fetched; without a Blender there are none.
    """
    stem = f"{stem}/{present.uuid4().hex}"
    glb = partial(world.models.glb, spec)
    found: dict[str, str] = {}
    for kind in formats:
        if kind not in world.settings.csm_formats:
            continue
        producer: Callable[[], Awaitable[bytes]] = glb
        if kind != "glb":
            try:
                command = world.converter.command(world.settings.blender)
            except ConversionError:
                continue
            # The zip is what an OBJ needs to keep its materials: the file with all that belongs to it.
            convert = world.converter.convert
            producer = partial(convert, command, glb, "obj" if kind == "zip" else kind, 1.0, kind == "zip")
        found[kind] = f"{stem}/mesh.{kind}"
        world.files.put(found[kind], producer)
    if spec.triangles is not None:
        world.models.make_ahead(spec)
    return found


async def given(data: bytes) -> bytes:
    """A file whose bytes are there already."""
    return data
