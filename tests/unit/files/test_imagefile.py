"""A picture's header, read against what Pillow writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from neural4d_blender.engine.errors import InvalidInput
from neural4d_blender.engine.model.inputs.image_header import ImageFacts, read_image_facts


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + b"x" * 60000}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
@pytest.mark.parametrize("size", [(256, 300), (1, 1), (4000, 17)])
def test_format_and_size(tmp_path: Path, kind: str, options: dict[str, object], size: tuple[int, int]) -> None:
    path = tmp_path / "picture.bin"
    Image.new("RGB", size, "red").save(path, kind, **options)
    assert read_image_facts(path) == ImageFacts(kind, *size, path.stat().st_size)


def test_a_webp_with_alpha(tmp_path: Path) -> None:
    path = tmp_path / "picture.webp"
    Image.new("RGBA", (333, 444), (1, 2, 3, 100)).save(path)
    facts = read_image_facts(path)
    assert (facts.format, facts.width, facts.height) == ("WEBP", 333, 444)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 "])
def test_what_is_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"picture\.png"):
        read_image_facts(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_image_facts(tmp_path / "none.png")
