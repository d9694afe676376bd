"""Writes the picture that is sent to a service: from a file, or from any image that Blender holds.

May import bpy and the engine's ``protocol``. The user's image, its settings and its file stay as they are, no undo
step is made, and nothing is left behind in the file.

What is sent:

- A file that fits, also the one behind an image without unsaved changes, is copied byte for byte, and with it what it
  says of its orientation (EXIF). Where a JPEG has to be made anew, it is turned upright first; Blender itself shows it
  lying.
- Else the pixels as the user sees them, see ``pixels``. What Blender shows with the scene's view transform (the render
  result, the viewer node, float images with "View as Render") is sent with it.
- Of a UDIM the active tile, of a sequence the frame that its path names, of a movie the first frame.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import bpy

from ...engine.protocol import ImageLimits, InvalidInput, check_whole, read_image_facts
from ..user_settings import located
from . import pixels

_TILE_TOKENS = re.compile(r"<(UDIM|UVTILE)>")
#: What a render's settings consist of: those that decide on the others come first.
_LEADING = ("media_type", "file_format", "color_mode", "color_depth")


def export_image(source: str | os.PathLike[str] | bpy.types.Image, limits: ImageLimits, folder: Path) -> Path:
    """Write what is to be sent as a new file in ``folder`` (made where it is missing), and return its path.

    Args:
        source: path of a file (``//`` is the open file's folder), or an image of Blender.
        limits: what the service takes.

    Raises:
        InvalidInput: it is missing, no picture, empty or too small; the message gives the numbers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not isinstance(source, bpy.types.Image):
        return _from_file(located(source), limits, folder)
    if shows_as_render(source):
        with _passing_file(pixels.unique_path(folder, "PNG")) as path:
            save_as_rendered(source, path)
            return _from_file(path, limits, folder)
    if source.is_dirty or source.source == "GENERATED":
        return _from_memory(source, limits, folder)
    packed = _packed(source)
    if packed is not None:
        with _passing_file(pixels.unique_path(folder, "PNG")) as path:
            path.write_bytes(packed)
            return _from_file(path, limits, folder, source)
    path = _path_of(source)
    if not path.is_file() and source.has_data:
        return _from_memory(source, limits, folder)  # the file has gone since it was loaded
    return _from_file(path, limits, folder, source)


def shows_as_render(image: bpy.types.Image) -> bool:
    """Blender shows it with the scene's view transform."""
    return image.type in {"RENDER_RESULT", "COMPOSITING"} or (image.use_view_as_render and image.is_float)


def save_as_rendered(image: bpy.types.Image, path: Path, format: str = "PNG") -> None:
    """Save a picture with the view transform of the current scene, whose output settings stay as they are.

    Raises:
        InvalidInput: it is empty; there is no render in this scene.
    """
    scene = bpy.context.scene
    with _output_settings(scene.render.image_settings, format):
        try:
            image.save_render(str(path), scene=scene)
        except RuntimeError as error:
            if image.type == "RENDER_RESULT":
                raise InvalidInput("Nothing has been rendered in this scene yet.", "Render it first (F12).") from error
            raise InvalidInput(f"The image {image.name} is empty.") from error
    if not path.is_file():  # each eye of a stereo render goes to a file of its own
        raise InvalidInput(f"{image.name} cannot be saved as one picture.", "Turn off Stereoscopy, or save it first.")


def _from_file(path: Path, limits: ImageLimits, folder: Path, like: bpy.types.Image | None = None) -> Path:
    """A file as it is where it fits, else what Blender reads in it.

    Args:
        like: the image that is shown of it, whose settings count.
    """
    if not os.path.isfile(path):  # whatever it is called
        raise InvalidInput(f"The image {path} does not exist.", "Choose another one.")
    if path.stat().st_size == 0:
        raise InvalidInput(f"The image {path} is empty: it has 0 bytes.", "Choose another one.")
    as_it_is = like is None or like.alpha_mode not in {"NONE", "CHANNEL_PACKED"}
    photo = False
    with suppress(InvalidInput):  # any other format, too small, or cut short, which is found once more below
        facts = read_image_facts(path)
        photo = facts.format == "JPEG"
        size = (facts.width, facts.height)
        fits = size == pixels.fitting_size(*size, limits)
        if as_it_is and fits and facts.format in limits.formats and facts.size_bytes <= limits.max_bytes:
            check_whole(path)
            return Path(shutil.copyfile(path, pixels.unique_path(folder, facts.format)))
    try:
        loaded = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError as error:
        raise InvalidInput(f"The image {path} cannot be read: {error}.") from error
    with pixels.passing(loaded) as image:
        if like:
            if space := like.colorspace_settings.name:  # it has none where Blender could not read it
                image.colorspace_settings.name = space
            image.alpha_mode = like.alpha_mode
        _require_pixels(image, str(path))
        check_whole(path)  # of some formats Blender shows what there is
        turn = exif_orientation(path)
        size = (image.size[0], image.size[1])
        if turn >= 5:
            size = (size[1], size[0])
        fitting = pixels.fitting_size(*size, limits)
        if fitting != size:  # here already: an array of all pixels takes four times the room
            image.scale(*(fitting if turn < 5 else fitting[::-1]))
        return pixels.write(pixels.upright(pixels.displayed(image), turn), limits, folder, photo=photo)


def _from_memory(image: bpy.types.Image, limits: ImageLimits, folder: Path) -> Path:
    """What Blender holds, which no file has."""
    if image.source == "TILED" and image.tiles.active_index > 0:
        raise InvalidInput(
            f"Tile {image.tiles.active.number} of {image.name} has unsaved changes.",
            "Save the image (Image > Save All Images), then try again.",
        )
    _require_pixels(image, image.name)
    pixels.fitting_size(image.size[0], image.size[1], limits)  # refuse before anything is read
    return pixels.copied(image, limits, folder) or pixels.write(pixels.displayed(image), limits, folder)


def _require_pixels(image: bpy.types.Image, called: str) -> None:
    if not image.size[0] or not image.size[1] or not image.channels:
        raise InvalidInput(
            f"Blender finds no picture in {called}: it has 0 x 0 pixels, is damaged, or has several layers.",
            "Choose another image, or save this one as PNG.",
        )


def _packed(image: bpy.types.Image) -> bytes | None:
    """The packed file, of the active tile where there are tiles."""
    tile = image.tiles.active.number if image.source == "TILED" and image.tiles.active else None
    for packed in image.packed_files:
        if tile in (None, packed.tile_number) and packed.packed_file:
            content: Any = packed.packed_file.data
            return bytes(content)
    return None


def _path_of(image: bpy.types.Image) -> Path:
    path = bpy.path.abspath(image.filepath, library=image.library)
    if image.source == "TILED" and image.tiles.active:
        number = image.tiles.active.number
        column, row = (number - 1001) % 10 + 1, (number - 1001) // 10 + 1
        numbers = {"UDIM": str(number), "UVTILE": f"u{column}_v{row}"}
        path = _TILE_TOKENS.sub(lambda token: numbers[token[1]], path)
    return Path(path)


def exif_orientation(path: Path) -> int:
    """How a JPEG says it has to be turned, 1 (as it is) to 8; 1 for any other file."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    start = head.find(b"Exif\0\0") + 6 if head[:2] == b"\xff\xd8" else 0
    if start < 6:
        return 1
    tiff = head[start:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    with suppress(struct.error):
        if order:
            at = struct.unpack_from(f"{order}I", tiff, 4)[0]
            for entry in range(struct.unpack_from(f"{order}H", tiff, at)[0]):
                tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * entry)
                if tag == 0x0112:
                    return value if 1 <= value <= 8 else 1
    return 1


@contextmanager
def _passing_file(path: Path) -> Iterator[Path]:
    try:
        yield path
    finally:
        pixels.discard(path)


@contextmanager
def _output_settings(settings: Any, format: str) -> Iterator[None]:
    """An 8-bit picture with alpha, by the scene's own colours; what the user had set is set again afterwards."""
    names = [p.identifier for p in settings.bl_rna.properties if p.type != "POINTER" and not p.is_readonly]
    names.sort(key=lambda name: _LEADING.index(name) if name in _LEADING else len(_LEADING))
    before = {name: getattr(settings, name) for name in names}
    wanted = {"media_type": "IMAGE", "file_format": format, "color_mode": "RGBA" if format == "PNG" else "RGB"}
    wanted |= {"color_depth": "8", "color_management": "FOLLOW_SCENE"}
    try:
        for name, value in wanted.items():
            if name in before:
                setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            if getattr(settings, name) != value:
                setattr(settings, name, value)
