"""Sound and broken models of other projects through the whole preparer: imported or refused, never a crash."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest

from neural4d_blender.prepare import main
from tests.support import sample_models
from tests.support.foreign_models import foreign_models

pytestmark = pytest.mark.models
EMPTY = "empty_nodes.glb"


def run(source: Path, model_format: str, folder: Path) -> dict[str, object]:
    values = {"source": source, "format": model_format, "output": folder / "out.blend", "name": "model"}
    return main.run(values | {"size_mm": 120, "axis": "LONGEST"})


@pytest.mark.parametrize("path", foreign_models("good/*.glb"), ids=lambda path: path.name)
def test_sound_models(tmp_path: Path, path: Path) -> None:
    facts = run(path, "GLB", tmp_path)
    assert facts["ok"] == (path.name != EMPTY)
    if facts["ok"]:
        points = sample_models.world_points()
        assert max(points.max(axis=0) - points.min(axis=0)) == pytest.approx(0.12, rel=1e-3)


@pytest.mark.parametrize("path", foreign_models("good/*.zip"), ids=lambda path: path.name)
def test_sound_archives_with_textures(tmp_path: Path, path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    (source,) = [*tmp_path.rglob("*.obj"), *tmp_path.rglob("*.glb")]
    facts = run(source, source.suffix[1:].upper(), tmp_path)
    assert facts["ok"]
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    assert facts["images"] == len(list(tmp_path.rglob("*.jpg")))
    assert facts["warnings"] == []


@pytest.mark.parametrize("path", foreign_models("broken/*"), ids=lambda path: path.name)
def test_broken_models(tmp_path: Path, path: Path) -> None:
    source = path if path.suffix == ".glb" else as_glb(path, tmp_path / "model.glb")
    facts = run(source, "GLB", tmp_path)
    if not facts["ok"]:
        assert facts["code"] in ("BrokenModel", "UnsafeModel", "UnsupportedFeature"), facts["what"]
        assert not (tmp_path / "out.blend").exists()


def as_glb(path: Path, target: Path) -> Path:
    """The JSON of a .gltf in a GLB container; its first data: buffer stays where it is."""
    text = json.dumps(json.loads(path.read_bytes())).encode()
    text += b" " * (-len(text) % 4)
    target.write_bytes(struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text), len(text), b"JSON") + text)
    return target
