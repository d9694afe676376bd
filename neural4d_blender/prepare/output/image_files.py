"""The images' files: found, packed, or written to a folder under a name that fits what is in them.

May import bpy and `engine`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bpy

from ...engine.blenders.shared_names import datablock_name
from ...engine.errors import PreparerFailed
from ..importing.external_files.named_files import NamedFiles
from ..importing.external_files.outside_images import TILE, locate

#: Longest side of an image in pixels. Blender keeps it unpacked in memory: this one takes 1 GB.
MAX_IMAGE_SIDE = 16_384
#: How the files of each kind begin that Blender reads; what else they are called is not believed.
_ENDINGS = {
    b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"BM": ".bmp", b"II*\0": ".tif", b"MM\0*": ".tif",
    b"v/1\x01": ".exr", b"#?R": ".hdr", b"DDS ": ".dds", b"8BPS": ".psd", b"\0\0\0\x0cjP": ".jp2",
    b"\xff\x4f\xff\x51": ".j2c", b"SDPX": ".dpx", b"XPDS": ".dpx", b"\x80\x2a\x5f\xd7": ".cin", b"\x01\xda": ".sgi",
}  # fmt: skip
#: An ending within an image's name, which Blender may have numbered behind it: "skin.png.001".
_ALL_ENDINGS = "|".join(re.escape(ending) for ending in (*_ENDINGS.values(), ".jpeg", ".tiff", ".tga", ".webp"))
_IN_NAMES = re.compile(rf"({_ALL_ENDINGS})(\.\d{{3}})?$", re.IGNORECASE)
_TGA_KINDS, _TGA_DEPTHS = (1, 2, 3, 9, 10, 11), (8, 15, 16, 24, 32)


def ending_of(content: bytes) -> str:
    """The ending of an image file by its first bytes: ".png"; empty where they are of no kind that is known."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return ".webp"
    known = next((ending for start, ending in _ENDINGS.items() if content.startswith(start)), "")
    if not known and len(content) > 18 and content[1] < 2 and content[2] in _TGA_KINDS and content[16] in _TGA_DEPTHS:
        return ".tga"
    return known


def pack(image: bpy.types.Image, name: str, files: NamedFiles, warnings: list[str]) -> bool:
    """Make the image part of the file; False, with a warning, where it has to be left out.

    Its pixels are decoded here, so that a file that crashes a decoder does so in this process.
    """
    told = f"The image {image.name!r}"
    own = _IN_NAMES.sub(r"\2", image.name)
    if image.source != "GENERATED" and not image.packed_files:
        found = locate(image, files)
        if found is None:
            warnings.append(f"{told} is missing and was left out.")
            return False
        own = own if image.name.isascii() else found.stem  # Blender drops what is not UTF-8 in names
    width, height = _size(image)
    if max(width, height) > MAX_IMAGE_SIDE:
        warnings.append(f"{told} measures {width} x {height} pixels and was left out.")
        return False
    if not width or not height:
        warnings.append(f"{told} cannot be read; it was left out.")
        return False
    if image.source != "GENERATED" and not image.packed_files:
        image.pack()
    if image.source == "TILED":
        own = re.sub(r"\.(\d{4}|<UDIM>)$", "", own)
    image.name = datablock_name(f"{name[:40]} {own}")
    if image.packed_files:
        tile = f".{TILE}" if image.source == "TILED" else ""
        packed: Any = image.packed_files[0]
        ending = ending_of(packed.packed_file.data) or f".{image.file_format.lower()}"
        image.filepath_raw = f"//textures/{bpy.path.clean_name(image.name)}{tile}{ending}"
    return True


def _size(image: bpy.types.Image) -> tuple[int, int]:
    if image.source == "GENERATED":  # without drawing it
        return image.generated_width, image.generated_height
    width, height = image.size
    return width, height


def write(image: bpy.types.Image, folder: Path) -> None:
    """From packed to files of their own, byte for byte; a file that is there already is never overwritten.

    What Blender draws itself has no file, and what is of no known kind stays packed.

    Raises:
        PreparerFailed: they cannot be written.
    """
    parts: list[Any] = list(image.packed_files)
    contents = [part.packed_file.data for part in parts]
    if not contents or not all(ending_of(content) for content in contents):
        return
    name = Path(image.filepath_raw.removeprefix("//")).name
    numbers = [str(part.tile_number) for part in parts] if image.source == "TILED" else [TILE]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stem, ending, number = Path(name).stem, Path(name).suffix, 0
        while any((folder / f"{stem}{ending}".replace(TILE, tile)).exists() for tile in numbers):
            number += 1
            stem = f"{Path(name).stem.removesuffix(f'.{TILE}')}.{number:03}" + f".{TILE}" * (TILE in name)
        for content, tile in zip(contents, numbers, strict=True):
            with (folder / f"{stem}{ending}".replace(TILE, tile)).open("xb") as file:
                file.write(content)
    except OSError as error:
        raise PreparerFailed(
            f"The model's images cannot be written to {folder}: {error.strerror or error}.",
            "Make room there, or have the images packed; then press Retry.",
        ) from error
    image.filepath_raw = str(folder / f"{stem}{ending}")
    image.unpack(method="REMOVE")
