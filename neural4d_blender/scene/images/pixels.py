"""Turns Blender's pixels into what a user sees, and writes them as a picture file that fits a service's limits.

May import bpy, mathutils, numpy and the engine's ``protocol``. Pixels are float32 arrays (height, width, 4), the
bottom row first as Blender has them, straight (not premultiplied) RGBA in display sRGB, 0..1.

Colours: 8-bit images are sent with the values they hold. Float images (EXR, HDR, 16 bit) are in the scene's linear
space and premultiplied; they become plain sRGB, as the Image Editor shows them. Data ("Non-Color") is not converted.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Color

from ...engine.protocol import ImageLimits, InvalidInput

#: Pixels above which an opaque picture is a JPEG at once: a PNG of it takes seconds, in which Blender stands still.
_LARGE = 4_000_000
#: An alpha above this is opaque in 8 bits.
_OPAQUE = 1 - 0.5 / 255
#: Tried in this order until the file is small enough. A cut-out stays a PNG: its transparency is worth more.
_WITHOUT_ALPHA = (("PNG", 0), ("JPEG", 95), ("JPEG", 85), ("JPEG", 75))
_ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}


def unique_path(folder: Path, format: str) -> Path:
    """A name in the folder that nothing has yet. ``format``: PNG, JPEG or WEBP."""
    return folder / f"image-{uuid.uuid4().hex}{_ENDINGS[format]}"


def discard(path: Path) -> None:
    """Remove a picture made in passing; one that a virus scanner has open stays: a window waits for nothing."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


@contextmanager
def passing(image: bpy.types.Image) -> Iterator[bpy.types.Image]:
    """The image, which is gone from the file afterwards."""
    try:
        yield image
    finally:
        bpy.data.images.remove(image)


def raw(image: bpy.types.Image) -> np.ndarray:
    """The pixels as Blender holds them, an array (height, width, channels)."""
    width, height = image.size
    flat = np.empty(width * height * image.channels, dtype=np.float32)
    held: Any = image.pixels
    held.foreach_get(flat)
    return flat.reshape(height, width, image.channels)


def displayed(image: bpy.types.Image) -> np.ndarray:
    """The pixels as the user sees them."""
    held = raw(image)
    if held.shape[2] == 1:
        held = held.repeat(3, axis=2)
    if held.shape[2] < 4:
        held = np.concatenate((held[..., :3], np.ones((*held.shape[:2], 1), np.float32)), axis=2)
    if image.alpha_mode in {"NONE", "CHANNEL_PACKED"}:
        held[..., 3] = 1.0  # what stands there is no transparency
    if image.is_float:
        np.nan_to_num(held, copy=False, nan=0.0, posinf=1e6, neginf=0.0)
        if image.alpha_mode not in {"NONE", "CHANNEL_PACKED"}:
            np.divide(held[..., :3], held[..., 3:], out=held[..., :3], where=held[..., 3:] > 0)
        if not image.colorspace_settings.is_data:
            held[..., :3] = _srgb(held[..., :3])
    return np.clip(held, 0.0, 1.0, out=held)


def _srgb(linear: np.ndarray) -> np.ndarray:
    """From the scene's linear space, whose primaries differ from file to file since 5.0, to sRGB."""
    units = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    matrix = np.array([Color(unit).from_scene_linear_to_rec709_linear() for unit in units], dtype=np.float32)
    if not np.allclose(matrix, np.eye(3), atol=1e-4):
        linear = linear @ matrix
    linear = np.clip(linear, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels turned as an EXIF orientation (1..8) asks for."""
    turned = pixels[::-1]  # EXIF counts from the top
    if orientation >= 5:
        turned = turned.transpose(1, 0, 2)
    if orientation in {2, 3, 6, 7}:
        turned = turned[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        turned = turned[::-1]
    return np.ascontiguousarray(turned[::-1])


def copied(image: bpy.types.Image, limits: ImageLimits, folder: Path) -> Path | None:
    """A large opaque 8-bit image as a JPEG, from Blender's own bytes to the file: a third of the time of `write`.

    None where that is not possible: it is not such an image, it has to be made smaller, or this Blender (4.2) would
    take the copy for the image itself.
    """
    width, height = image.size
    eight_bits = not image.is_float and image.source in {"FILE", "GENERATED"}
    saving: Any = image  # the stubs are of a Blender that cannot do this yet
    can = "save_copy" in saving.bl_rna.functions["save"].parameters and "JPEG" in limits.formats and not image.library
    if not (can and eight_bits and width * height > _LARGE and fitting_size(width, height, limits) == (width, height)):
        return None
    says_opaque = image.depth == 24 or image.alpha_mode in {"NONE", "CHANNEL_PACKED"}
    if not says_opaque and raw(image)[..., -1].min() < _OPAQUE:
        return None
    path, before = unique_path(folder, "JPEG"), image.file_format
    try:
        image.file_format = "JPEG"
        saving.save(filepath=str(path), quality=_WITHOUT_ALPHA[1][1], save_copy=True)
    finally:
        image.file_format = before
    if path.stat().st_size > limits.max_bytes:
        discard(path)
        return None
    return path


def fitting_size(width: int, height: int, limits: ImageLimits) -> tuple[int, int]:
    """The size within both limits of ``largest``, with the proportions kept.

    Raises:
        InvalidInput: it is, or would become, smaller than ``smallest``.
    """
    factor = min(1.0, limits.largest[0] / width, limits.largest[1] / height)
    fitting = (max(1, round(width * factor)), max(1, round(height * factor)))
    if fitting[0] < limits.smallest[0] or fitting[1] < limits.smallest[1]:
        shrunk = f" ({fitting[0]} x {fitting[1]} once it is scaled down to fit)" if factor < 1 else ""
        least, most = (f"{size[0]} x {size[1]}" for size in (limits.smallest, limits.largest))
        raise InvalidInput(
            f"The image has {width} x {height} pixels{shrunk}; the service takes {least} to {most}.",
            "Use a larger image." if factor == 1 else "Crop the image, it is too long and narrow.",
        )
    return fitting


def write(pixels: np.ndarray, limits: ImageLimits, folder: Path, *, photo: bool = False) -> Path:
    """Write pixels as a PNG, or as a JPEG where the PNG would be too long; made smaller where that is too.

    With transparency it stays a PNG, and is made smaller at once; where the service takes no PNG, it is put on white.

    Args:
        photo: it was a JPEG before: a PNG would take seconds and keep nothing that is not lost already.

    Raises:
        InvalidInput: there is nothing to see, or it does not fit.
    """
    alpha = pixels[..., 3:]
    if alpha.max() <= 1 - _OPAQUE:
        raise InvalidInput("The image is completely transparent: there is nothing to make a model of.")
    see_through = bool(alpha.min() < _OPAQUE)
    if see_through and "PNG" not in limits.formats:
        pixels = np.concatenate((pixels[..., :3] * alpha + (1 - alpha), np.ones_like(alpha)), axis=2)
        see_through = False
    height, width = pixels.shape[:2]
    attempts = _attempts(limits.formats, see_through, photo or width * height > _LARGE)
    with passing(from_pixels(pixels, alpha=see_through)) as image:
        size = fitting_size(width, height, limits)
        while True:
            if size != tuple(image.size):
                image.scale(*size)
            for format, quality in attempts:
                path = save(image, unique_path(folder, format), format, quality)
                length = path.stat().st_size
                if length <= limits.max_bytes:
                    return path
                discard(path)
            size = _smaller(size, length, limits)


def _attempts(formats: Sequence[str], see_through: bool, photo: bool) -> list[tuple[str, int]]:
    if see_through:
        return [("PNG", 0)]
    possible = [attempt for attempt in _WITHOUT_ALPHA if attempt[0] in formats]
    jpegs = [attempt for attempt in possible if attempt[0] == "JPEG"]
    return jpegs if photo and jpegs else possible


def from_pixels(pixels: np.ndarray, *, alpha: bool = False) -> bpy.types.Image:
    """An 8-bit image of ours, to be used within :func:`passing`."""
    height, width = pixels.shape[:2]
    image = bpy.data.images.new("Neural4D", width, height, alpha=alpha)
    held: Any = image.pixels
    held.foreach_set(np.ascontiguousarray(pixels, dtype=np.float32).ravel())
    return image


def save(image: bpy.types.Image, path: Path, format: Any, quality: int = 0) -> Path:
    """Save an image of ours. ``format``: PNG or JPEG; ``quality``: of a JPEG, 1..100."""
    image.file_format = format
    image.save(filepath=str(path), quality=quality)
    return path


def _smaller(size: tuple[int, int], length: int, limits: ImageLimits) -> tuple[int, int]:
    factor = min(0.9, max(0.5, 0.95 * math.sqrt(limits.max_bytes / length)))
    width, height = round(size[0] * factor), round(size[1] * factor)
    if width < limits.smallest[0] or height < limits.smallest[1]:
        raise InvalidInput(
            f"The image takes {length:,} bytes at {size[0]} x {size[1]} pixels; the service takes "
            f"{limits.max_bytes:,} bytes and no less than {limits.smallest[0]} x {limits.smallest[1]} pixels."
        )
    return width, height
