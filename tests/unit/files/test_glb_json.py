"""The JSON of a glTF: counts and references that no importer may be trusted with."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural4d_blender.engine.errors import BrokenModel, Neural4DError, UnsafeModel
from neural4d_blender.engine.files.gltf_accessor_check import MAX_ITEMS, MAX_ZEROED
from neural4d_blender.engine.files.gltf_check import MAX_DEPTH, MAX_TRIANGLES, check_gltf
from tests.support.glb_files import BINARY, triangle

Change = Callable[[dict[str, Any]], object]


def check(change: Change) -> Any:
    document = triangle()
    change(document)
    return check_gltf(document, binary_length=len(BINARY))


def accessor(**values: Any) -> Change:
    return lambda document: document["accessors"][0].update(values)


def primitive(**values: Any) -> Change:
    return lambda document: document["meshes"][0]["primitives"][0].update(values)


def part(key: str, **values: Any) -> Change:
    return lambda document: document[key][0].update(values)


def chain(length: int) -> Change:
    nodes = [{"children": [index + 1]} for index in range(length - 1)]
    return lambda document: document.update(nodes=[*nodes, {"mesh": 0}])


@pytest.mark.parametrize(
    "change",
    [
        lambda document: None,
        lambda document: document.update(extensionsUsed=["KHR_whatever"], extras={"uri": "https://example.com"}),
        accessor(count=3.0),
        accessor(sparse={"count": 1, "indices": {"bufferView": 1, "componentType": 5123}, "values": {"bufferView": 0}}),
        part("nodes", matrix=[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]),
        part("buffers", uri="data:application/octet-stream;base64," + base64.b64encode(BINARY).decode()),
        lambda document: document.update(images=[{"bufferView": 0}, {"uri": "data:image/png;base64,iVBORw0KGgo="}]),
        chain(MAX_DEPTH),
    ],
)
def test_sound_models(change: Change) -> None:
    assert check(change).triangles == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda document: document.pop("asset"), "glTF version"),
        (lambda document: document["asset"].update(version="1.0"), "glTF 1.0"),
        (lambda document: document["asset"].update(minVersion="2.1"), "glTF 2.1"),
        (lambda document: document.update(nodes="none"), "nodes are not a list"),
        (lambda document: document.update(meshes=[1]), "meshes are not a list"),
        (lambda document: document.update(extensionsRequired=[{}]), "required extensions"),
        (accessor(count=2**31 - 1), "The model claims 25,769,803,764 bytes for accessor 0; 36 are there"),
        (accessor(count=4), "48 bytes for accessor 0; 36 are there"),
        (accessor(byteOffset=4), "40 bytes"),
        (accessor(count=-1), "count of accessor 0"),
        (accessor(count=0), "count of accessor 0"),
        (accessor(count=True), "count of accessor 0"),
        (accessor(count="3"), "count of accessor 0"),
        (accessor(count=1e300), "count of accessor 0"),
        (accessor(count=10**400), "count of accessor 0"),
        (accessor(componentType=5124), "none that glTF has"),
        (accessor(type="VEC5"), "none that glTF has"),
        (accessor(type=["VEC3"]), "none that glTF has"),
        (accessor(type="VEC2"), "no 3D points"),
        (accessor(bufferView=7), "number 7, but there are 2"),
        (accessor(sparse={}), "sparse"),
        (
            accessor(
                sparse={"count": 9, "indices": {"bufferView": 1, "componentType": 5123}, "values": {"bufferView": 0}}
            ),
            "sparse",
        ),
        (
            accessor(
                sparse={"count": 3, "indices": {"bufferView": 1, "componentType": 5125}, "values": {"bufferView": 0}}
            ),
            "sparse indices of accessor 0",
        ),
        (part("bufferViews", byteLength=10**9), "ends at byte"),
        (part("bufferViews", byteOffset=2**40), "ends at byte"),
        (part("bufferViews", byteStride=2), "byteStride of 2"),
        (part("bufferViews", byteStride=8), "overlap"),
        (part("bufferViews", buffer=1), "number 1"),
        (part("bufferViews", buffer=None), "the buffer of buffer view 0"),
        (part("buffers", byteLength=10**6), "claims 1,000,000 bytes"),
        (part("buffers", byteLength=0), "byteLength of buffer 0"),
        (part("buffers", uri="data:;base64,AAAA"), "claims 44 bytes"),
        (lambda document: document["buffers"].append({"byteLength": 4}), "no data in the file"),
        (lambda document: document.update(images=[{}]), "Image 0 has no data"),
        (lambda document: document.update(images=[{"bufferView": 9}]), "buffer view of image 0"),
        (lambda document: document.update(meshes=[]), "no triangles"),
        (part("meshes", primitives=[]), "no primitives"),
        (primitive(attributes={}), "no triangles"),
        (primitive(attributes=[0]), "no proper attributes"),
        (primitive(attributes={"POSITION": 5}), "number 5"),
        (primitive(attributes={"POSITION": 0, "NORMAL": 9}), "NORMAL of mesh 0"),
        (primitive(attributes={"POSITION": 0, "NORMAL": 1}, indices=0), "no whole numbers"),
        (primitive(indices=12), "the indices of mesh 0"),
        (primitive(mode=1), "no triangles"),
        (primitive(mode="4"), "The mode of mesh 0"),
        (primitive(targets=[{}] * 2000), "no proper attributes"),
        (part("nodes", mesh=3), "the mesh of node 0"),
        (part("nodes", children=3), "not a list"),
        (part("nodes", children=[8]), "a child of node 0"),
        (part("nodes", matrix=[1] * 15), "list of 16"),
        (part("nodes", scale=[1, 1, "1"]), "finite number"),
        (part("nodes", translation=[1e999, 0, 0]), "finite number"),
        (lambda document: document.update(nodes=[{"children": [2]}, {"children": [2]}, {}]), "two parents"),
    ],
)
def test_broken_models(change: Change, told: str) -> None:
    with pytest.raises(BrokenModel) as caught:
        check(change)
    assert told in caught.value.what


@pytest.mark.parametrize("place", ["buffers", "images"])
@pytest.mark.parametrize(
    "uri",
    [
        "../../../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1/x",
        "model.bin",
        "",
        "data:",
        "data:../../etc/passwd",
        "DATA:;base64,AAAA",
        7,
        ["x"],
    ],
)
def test_nothing_outside_the_file(place: str, uri: object) -> None:
    def change(document: dict[str, Any]) -> None:
        document.setdefault(place, [{}])[0]["uri"] = uri

    with pytest.raises(UnsafeModel, match="outside its file"):
        check(change)


def test_nothing_outside_the_file_by_way_of_an_extension() -> None:
    with pytest.raises(UnsafeModel, match="outside its file"):
        check(lambda document: document.update(extensions={"VENDOR_sound": {"clips": [{"uri": "/etc/passwd"}]}}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda document: document.update(cameras=[{}], nodes=[{}] * (MAX_ITEMS + 1)), "100,001 nodes"),
        (lambda document: document["accessors"][0].pop("bufferView") or accessor(count=2**31 - 1)(document), "not in"),
        (lambda document: document["accessors"].extend([zeroed()] * 2), "not in the file"),
        (chain(MAX_DEPTH + 1), "nested deeper"),
        (lambda document: document.update(nodes=[{"children": [0], "mesh": 0}]), "loop"),
        (lambda document: document.update(nodes=[{"children": [1]}, {"children": [2]}, {"children": [0]}]), "loop"),
    ],
)
def test_absurd_models(change: Change, told: str) -> None:
    with pytest.raises(UnsafeModel) as caught:
        check(change)
    assert told in caught.value.what


def zeroed() -> dict[str, Any]:
    return {"componentType": 5126, "count": MAX_ZEROED, "type": "VEC3"}


def test_instances_count_as_drawn() -> None:
    assert check(lambda document: document.update(nodes=[{"mesh": 0}] * 50)).triangles == 50


def test_a_few_triangles_drawn_very_often_are_too_many() -> None:
    def change(document: dict[str, Any]) -> None:
        # Draco leaves the counts without bytes: the only way to claim this much within the limits.
        count = MAX_ZEROED // 2
        document["accessors"] = [
            {"componentType": 5126, "count": count, "type": "VEC3"},
            {"componentType": 5125, "count": count, "type": "SCALAR"},
        ]
        document["nodes"] = [{"mesh": 0}] * (MAX_TRIANGLES // (count // 3) + 1)

    with pytest.raises(UnsafeModel, match="triangles"):
        check(change)


@pytest.mark.parametrize(("mode", "triangles"), [(4, 1), (5, 1), (6, 1)])
def test_kinds_of_primitives(mode: int, triangles: int) -> None:
    assert check(primitive(mode=mode)).triangles == triangles


def test_extensions_that_blender_cannot_read_are_named() -> None:
    names = ["KHR_materials_ior", "EXT_meshopt_compression"]
    facts = check(lambda document: document.update(extensionsRequired=names))
    assert facts.required_extensions == ("EXT_meshopt_compression", "KHR_materials_ior")
    assert facts.unsupported_extensions == ("EXT_meshopt_compression",)


def test_a_lone_gltf_has_no_binary_chunk() -> None:
    with pytest.raises(BrokenModel, match="no data in the file"):
        check_gltf(triangle())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a JSON value."""
    if isinstance(value, dict):
        items: Any = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        items = ()
    return [path] * bool(path) + [found for key, item in items for found in places(item, (*path, key))]


@settings(max_examples=400, deadline=None)
@given(path=st.sampled_from(places(triangle())), value=values)
def test_anything_anywhere_is_read_or_refused(path: tuple[Any, ...], value: object) -> None:
    document = triangle()
    spot: Any = document
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = value
    with contextlib.suppress(Neural4DError):
        check_gltf(document, binary_length=len(BINARY))
