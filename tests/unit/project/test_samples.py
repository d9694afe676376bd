"""The built-in samples are what scripts/samples.py makes, and small."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from neural4d_blender.engine.services.sample.provider import FILES
from scripts import samples


def test_there_are_a_model_and_a_picture_of_each_variant() -> None:
    files = {path.name for path in FILES.iterdir()}
    assert files == {f"{name}.{ending}" for name in samples.NAMES for ending in ("glb", "jpg")}


@pytest.mark.parametrize("name", samples.NAMES)
def test_a_model_is_what_the_script_makes(name: str) -> None:
    model = samples.model(name)
    (head, kept), (expected, fresh) = glb((FILES / f"{name}.glb").read_bytes()), glb(samples.file_of(model))
    assert [mesh["primitives"] for mesh in head["meshes"]] == [mesh["primitives"] for mesh in expected["meshes"]]
    for one, other in zip(head["accessors"], expected["accessors"], strict=True):
        assert np.allclose(values(head, one, kept), values(expected, other, fresh), atol=1e-4)
    for one, other in zip(head["images"], expected["images"], strict=True):
        assert_looks_like(part(head, one["bufferView"], kept), part(expected, other["bufferView"], fresh))
    if name == samples.NAMES[-1]:  # drawing takes longer than all the rest
        assert_looks_like((FILES / f"{name}.jpg").read_bytes(), samples.picture_of(model))


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 2_000_000


def glb(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def part(head: dict[str, Any], number: int, binary: bytes) -> bytes:
    view = head["bufferViews"][number]
    start = view.get("byteOffset", 0)
    return binary[start : start + view["byteLength"]]


def values(head: dict[str, Any], accessor: dict[str, Any], binary: bytes) -> np.ndarray[Any, Any]:
    kind = {5126: np.float32, 5125: np.uint32, 5123: np.uint16}[accessor["componentType"]]
    return np.frombuffer(part(head, accessor["bufferView"], binary), kind)


def assert_looks_like(one: bytes, other: bytes) -> None:
    """Another processor rounds otherwise, and another library packs otherwise."""
    first, second = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float) for data in (one, other))
    assert first.shape == second.shape
    assert np.abs(first - second).mean() < 2.0
