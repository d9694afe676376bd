"""Pictures that a job is made of: what a script gives, and the copies of them that are sent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import bpy

from ..engine.protocol import Declaration, Feature, ImageLimits, is_web_address, name_in

#: What a job can be made of: a file, or an image in Blender.
Picture = str | os.PathLike[str] | bpy.types.Image


def listed(pictures: Picture | Sequence[Picture] | None) -> list[Picture]:
    """One picture or several, as a list."""
    if pictures is None:
        return []
    return list(pictures) if isinstance(pictures, Sequence) and not isinstance(pictures, str) else [pictures]


def exported(
    image: Picture, service: Declaration, limits: ImageLimits, folder: Path, what: Feature = Feature.IMAGE
) -> str:
    """What is sent of a picture: its web address, or the path of a copy in the folder that fits the limits."""
    if isinstance(image, str) and is_web_address(image):
        service.require(Feature.IMAGE_URL)
        return image
    service.require(what)
    from ..scene.images.export import export_image  # it brings numpy, which would hold up Blender's start

    return str(export_image(image, limits, folder))


def name_of(front: Sequence[Picture]) -> str:
    """What a job of a picture is called: the copy that is sent has a name that says nothing."""
    if not front:
        return ""
    first = front[0]
    return name_in(first.name if isinstance(first, bpy.types.Image) else os.fspath(first))
