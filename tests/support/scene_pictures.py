"""Pictures for the tests of what is sent, and the export that holds that nothing else came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from PIL import Image

from neural4d_blender.engine.model.declaration import ImageLimits
from neural4d_blender.engine.model.inputs.image_header import read_image_facts
from neural4d_blender.scene.images import export

LIMITS = ImageLimits(("PNG", "JPEG"), (64, 64), (400, 500), 200_000)
WIDTH, HEIGHT = 96, 80


def colours(width: int = WIDTH, height: int = HEIGHT, channels: int = 3) -> np.ndarray:
    """An 8-bit picture, top row first, that looks the same from no two sides: red to the right, green downwards."""
    rows, columns = np.mgrid[0:height, 0:width]
    planes = (columns * 255 // (width - 1), rows * 255 // (height - 1), (columns + rows) % 256, 255 - columns % 200)
    return np.stack(planes[:channels], axis=2).astype(np.uint8)


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def hold(array: np.ndarray, *, is_float: bool = False, alpha: bool = False) -> bpy.types.Image:
    """An image of Blender that no file has, from values 0..1 (or 0..255), top row first."""
    values = array.astype(np.float32) / (255 if array.dtype == np.uint8 else 1)
    if values.shape[2] == 3:
        values = np.concatenate((values, np.ones((*values.shape[:2], 1), np.float32)), axis=2)
    image = bpy.data.images.new("Held", values.shape[1], values.shape[0], alpha=alpha, float_buffer=is_float)
    image.pixels.foreach_set(np.ascontiguousarray(values[::-1]).ravel())
    return image


def written(folder: Path, ending: str, array: np.ndarray | None = None, **options: Any) -> Path:
    path = folder / f"picture.{ending}"
    Image.fromarray(colours() if array is None else array).save(path, **options)
    return path


def difference(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def state(image: bpy.types.Image) -> tuple[Any, ...]:
    """All of an image that must not change."""
    names = ("name", "filepath_raw", "is_dirty", "file_format", "source", "type", "alpha_mode", "users", "is_float")
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    packed = [bytes(packed.packed_file.data) for packed in image.packed_files]
    return (
        *(getattr(image, name) for name in names),
        image.size[:],
        image.colorspace_settings.name,
        pixels.tobytes(),
        packed,
    )


def exported(source: Any, folder: Path, limits: ImageLimits = LIMITS) -> Path:
    """Export, and hold that nothing but the new file came of it."""
    before = {image: state(image) for image in bpy.data.images if image.type != "RENDER_RESULT"}
    blocks = {name: len(getattr(bpy.data, name)) for name in ("images", "scenes", "objects", "textures")}
    sent = folder / "sent"
    there = set(sent.glob("*"))
    path = export.export_image(source, limits, sent)
    assert set(sent.iterdir()) == there | {path}
    assert {image: state(image) for image in before} == before
    assert {name: len(getattr(bpy.data, name)) for name in blocks} == blocks
    facts = read_image_facts(path)
    assert facts.format in limits.formats
    assert limits.smallest[0] <= facts.width <= limits.largest[0]
    assert limits.smallest[1] <= facts.height <= limits.largest[1]
    assert facts.size_bytes <= limits.max_bytes
    return path
