"""A picture is read to its end, against what Pillow writes and what is left of it."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image

from neural4d_blender.engine.errors import InvalidInput
from neural4d_blender.engine.model.inputs.picture_end import check_whole
from neural4d_blender.engine.protocol import declarations

#: By what Pillow is told: each way in which a format says where a picture ends.
WAYS = {
    "png": ("PNG", {}),
    "jpeg": ("JPEG", {"quality": 90}),
    "jpeg with a thumbnail": ("JPEG", {"progressive": True}),
    "jpeg with restarts": ("JPEG", {"restart_marker_blocks": 1}),
    "webp": ("WEBP", {}),
    "webp without loss": ("WEBP", {"lossless": True}),
    "webp with exif": ("WEBP", {"exif": b"Exif\0\0" + b"x" * 33}),
    "tiff": ("TIFF", {}),
    "tiff in strips": ("TIFF", {"compression": "tiff_lzw", "strip_size": 4096}),
    "tiff, the other way round": ("TIFF", {"big": True}),
    "sgi": ("SGI", {}),
}


def picture(way: str, size: tuple[int, int] = (300, 301)) -> bytes:
    kind, options = WAYS[way]
    image, file = Image.effect_noise(size, 90).convert("RGB"), io.BytesIO()
    if way == "jpeg with a thumbnail":  # a whole picture in the head of this one
        thumbnail = io.BytesIO()
        image.resize((40, 40)).save(thumbnail, "JPEG")
        options = options | {"exif": b"Exif\0\0" + thumbnail.getvalue()}
    if options.get("big"):
        return big_endian_tiff()
    image.save(file, kind, **options)
    return file.getvalue()


def big_endian_tiff() -> bytes:
    """8 x 8 grey pixels in a TIFF of the other order of bytes, as Pillow writes none."""
    tags = {256: (3, 8), 257: (3, 8), 258: (3, 8), 259: (3, 1), 262: (3, 1), 273: (4, 110), 278: (3, 8), 279: (4, 64)}
    rows = b"".join(
        tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + (1).to_bytes(4, "big") + told
        for tag, (kind, value) in tags.items()
        for told in [value.to_bytes(2, "big") + b"\0\0" if kind == 3 else value.to_bytes(4, "big")]
    )
    return b"MM\0*" + (8).to_bytes(4, "big") + len(tags).to_bytes(2, "big") + rows + bytes(4 + 64)


def check(folder: Path, content: bytes) -> None:
    file = folder / "picture.bin"
    file.write_bytes(content)
    check_whole(file)


@pytest.mark.parametrize("way", WAYS)
def test_whole_and_cut_anywhere(tmp_path: Path, way: str) -> None:
    content = picture(way)
    check(tmp_path, content)
    check(tmp_path, content + b"what a camera adds")
    for length in (len(content) * share // 100 for share in (3, 10, 50, 90, 97, 99)):
        with pytest.raises(InvalidInput, match=r"picture\.bin is cut short"):
            check(tmp_path, content[:length])
    if not way.startswith("tiff"):  # the pixels of a TIFF may stand before all else
        with pytest.raises(InvalidInput):
            check(tmp_path, content[:-2])  # the last byte of a WebP may be there to make the number even


def test_a_damaged_png(tmp_path: Path) -> None:
    content = bytearray(picture("png"))
    content[len(content) // 2] ^= 1
    with pytest.raises(InvalidInput, match="damaged"):
        check(tmp_path, bytes(content))


def test_what_is_not_needed_of_a_png_is_passed_over(tmp_path: Path) -> None:
    content = picture("png")
    note = b"tEXtComment\0hello"
    chunk = (len(note) - 4).to_bytes(4, "big") + note
    check(tmp_path, content[:33] + chunk + (zlib.crc32(note) ^ 1).to_bytes(4, "big") + content[33:])


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"BM", b"text"])
def test_other_files_are_somebody_elses_business(tmp_path: Path, content: bytes) -> None:
    check(tmp_path, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        check_whole(tmp_path / "none.png")


@pytest.mark.parametrize("service", declarations(), ids=lambda service: service.id)
@pytest.mark.parametrize("way", ["png", "jpeg", "webp"])
def test_every_service_refuses_it_before_anything_is_sent(tmp_path: Path, service, way: str) -> None:
    limits = service.image_limits
    if WAYS[way][0] not in limits.formats:
        pytest.skip("not a format of this service")
    content, file = picture(way), tmp_path / "picture.bin"
    file.write_bytes(content)
    limits.check(str(file))
    file.write_bytes(content[:-200])
    with pytest.raises(InvalidInput, match="cut short"):
        limits.check(str(file))
