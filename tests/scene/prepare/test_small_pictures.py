"""Strangers' pictures are drawn small by the preparer: PNGs of a size that is known, whatever they were."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from neural4d_blender.engine.model.inputs.image_header import read_image_facts
from neural4d_blender.prepare import main


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_becomes_a_small_png_and_one_that_cannot_be_read_harms_no_other(kind: str, tmp_path: Path) -> None:
    image = bpy.data.images.new("wide", 600, 300)
    image.filepath_raw, image.file_format = str(tmp_path / "wide"), kind
    image.save()
    there = {*bpy.data.images}
    (tmp_path / "page").write_bytes(b"<html>log in</html>")
    names = ("page", "missing", "wide")
    told = main.run(
        {"task": "pictures", "pictures": [[str(tmp_path / name), str(tmp_path / f"{name}.png")] for name in names]}
    )
    assert told == {"ok": True}
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["wide.png"]
    facts = read_image_facts(tmp_path / "wide.png")
    assert (facts.format, facts.width, facts.height) == ("PNG", 256, 128)
    assert {*bpy.data.images} == there
    bpy.data.images.remove(image)
