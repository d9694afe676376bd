"""Sound and broken models of other projects: each is accepted or refused with a sentence."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from neural4d_blender.engine.errors import BrokenModel
from neural4d_blender.engine.files.gltf.glb_check import check_glb, parse_json
from neural4d_blender.engine.files.gltf.gltf_check import check_gltf
from tests.support.foreign_models import foreign_models

pytestmark = pytest.mark.models
EMPTY = "empty_nodes.glb"  # sound, but there is nothing in it to import


@pytest.mark.parametrize("path", foreign_models("good/*.glb"), ids=lambda path: path.name)
def test_sound_models_pass(path: Path) -> None:
    if path.name == EMPTY:
        with pytest.raises(BrokenModel, match="no triangles"):
            check_glb(path)
    else:
        assert check_glb(path).triangles > 0


@pytest.mark.parametrize("path", foreign_models("broken/*.glb"), ids=lambda path: path.name)
def test_broken_containers_are_refused(path: Path) -> None:
    with pytest.raises(BrokenModel) as caught:
        check_glb(path)
    assert caught.value.what.endswith((".", ")"))


@pytest.mark.parametrize("path", foreign_models("broken/*.gltf"), ids=lambda path: path.name)
def test_broken_json_is_accepted_or_refused(path: Path) -> None:
    text = path.read_bytes()
    points_outside = any(not uri.startswith("data:") for uri in _uris(json.loads(text)))
    if points_outside:
        with pytest.raises(BrokenModel):
            check_gltf(parse_json(text))
    else:
        with contextlib.suppress(BrokenModel):
            check_gltf(parse_json(text))


def _uris(value: object) -> list[str]:
    if isinstance(value, list):
        return [uri for item in value for uri in _uris(item)]
    if isinstance(value, dict):
        own = [value["uri"]] if isinstance(value.get("uri"), str) else []
        return own + [uri for item in value.values() for uri in _uris(item)]
    return []
