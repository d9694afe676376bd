"""The JSON of a glTF: counts and references that no importer may be trusted with."""

from __future__ import annotations

import base64
import contextlib
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neural4d_blender.engine.errors import BrokenModel, Neural4DError, UnsafeModel
from neural4d_blender.engine.files.gltf.gltf_accessor_check import MAX_DECODED, MAX_ITEMS, MAX_ZEROED
from neural4d_blender.engine.files.gltf.gltf_check import MAX_OBJECTS, MAX_TRIANGLES, check_gltf
from neural4d_blender.engine.files.gltf.gltf_scene_check import MAX_DEPTH
from tests.support.glb_files import BINARY, triangle

Change = Callable[[dict[str, Any]], object]
#: A million channels and more of three keyframes each.
KEYS: Any = {"input": 1, "output": 0}
CHANNELS = [{"sampler": 0}] * 1_700_000
#: Beginnings of pictures: 1 x 1 pixels.
JPEG_NOTE, JPEG_SIZE = b"\xff\xe1\xff\xff" + bytes(65533), b"\xff\xc0\0\x0b\x08\0\1\0\1\1\x11\0\1"
TIFF = b"II*\0" + struct.pack("<IHHHIIHHII", 8, 2, 256, 4, 1, 1, 257, 3, 1, 1)
LATE_TIFF = TIFF[:4] + struct.pack("<I", 2**21) + bytes(2**21 - 8) + TIFF[8:]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)


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


def second_buffer() -> Change:
    """The positions are in another buffer than the one that came along."""

    def change(document: dict[str, Any]) -> None:
        document["buffers"].append({"byteLength": 36})
        document["bufferViews"][0]["buffer"] = 1

    return change


def shown(**image: Any) -> Change:
    """A material shows that image."""
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "baseColorFactor": [1, 0, 0, 1]}}
    return lambda document: document.update(images=[image], textures=[{"source": 0}], materials=[material])


def meshopt(**values: Any) -> Change:
    """The positions are packed by meshoptimizer."""
    packed = {"buffer": 0, "byteLength": 36, "byteStride": 12, "count": 3, "mode": "ATTRIBUTES", **values}
    return lambda document: document["bufferViews"][0].update(extensions={"KHR_meshopt_compression": packed})


def draco(faces: int, length: int) -> Change:
    """That many triangles and half as many vertices in so many bytes of Draco."""

    def change(document: dict[str, Any]) -> None:
        document["buffers"] = [{"byteLength": length, "uri": "data:;base64," + "A" * (length * 4 // 3)}]
        document["bufferViews"] = [{"buffer": 0, "byteLength": length}]
        document["accessors"] = [
            {"componentType": 5126, "count": faces // 2, "type": "VEC3"},
            {"componentType": 5125, "count": faces * 3, "type": "SCALAR"},
        ]
        packed = {"bufferView": 0, "attributes": {"POSITION": 0}}
        primitive(extensions={"KHR_draco_mesh_compression": packed})(document)

    return change


def instanced(count: int) -> Change:
    """So many copies, whose places nothing says."""

    def change(document: dict[str, Any]) -> None:
        document["accessors"].append({"componentType": 5126, "count": count, "type": "VEC3"})
        attributes = {"TRANSLATION": len(document["accessors"]) - 1}
        document["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}

    return change


def with_zeroed(**values: Any) -> Change:
    """Two accessors more, without any bytes."""

    def change(document: dict[str, Any]) -> None:
        document["accessors"] += [
            {"componentType": 5126, "count": MAX_ZEROED - number, "type": "VEC3"} for number in (0, 1)
        ]
        primitive(**values)(document)

    return change


def many_images(document: dict[str, Any]) -> None:
    """More than Blender takes in a sensible time, each in a material of its own."""
    numbers = range(1001)
    document["images"] = [{"uri": "data:image/png;base64,iVBORw0KGgo="} for _ in numbers]
    document["textures"] = [{"source": number} for number in numbers]
    document["materials"] = [{"emissiveTexture": {"index": number}} for number in numbers]


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
        (accessor(count=0), "no triangles"),
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
        (part("bufferViews", byteLength=35), "36 bytes for accessor 0; 35 are there"),
        (part("bufferViews", byteLength=-1), "byteLength of buffer view 0"),
        (part("bufferViews", byteOffset=2**40), "36 bytes for accessor 0; 0 are there"),
        (part("bufferViews", byteStride=2), "byteStride of 2"),
        (part("bufferViews", byteStride=-12), "byteStride of accessor 0"),
        (part("bufferViews", buffer=1), "number 1"),
        (part("bufferViews", buffer=None), "the buffer of buffer view 0"),
        (part("buffers", uri="data:;base64,AAAA"), "36 bytes for accessor 0; 3 are there"),
        (second_buffer(), "no data in the file"),
        (lambda document: document.update(meshes=[]), "no triangles"),
        (part("meshes", primitives=[]), "no triangles"),
        (part("meshes", primitives=3), "no proper primitives"),
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
        (part("nodes", translation=[10**400, 0, 0]), "finite number"),
        (part("nodes", children=[1, 1]), "there are 1"),
        (lambda document: document["nodes"].append({"children": [0, 0]}), "twice the same parent"),
        (lambda document: document["scenes"][0].update(nodes=[3]), "a node of a scene"),
        (lambda document: document.update(nodes=[{"children": [2]}, {"children": [2]}, {}]), "two parents"),
    ],
)
def test_broken_models(change: Change, told: str) -> None:
    with pytest.raises(BrokenModel) as caught:
        check(change)
    assert told in caught.value.what


OUTSIDE = [
    "../../../../etc/passwd",
    "%2e%2e/x.png",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1/x",
    "//server/share/x.png",
    "\\\\server\\share\\x.png",
    "",
    "data:",
    "data:../../etc/passwd",
    "DATA:;base64,AAAA",
]


@pytest.mark.parametrize("uri", [*OUTSIDE, "model.bin", 7, ["x"]])
def test_no_data_from_outside_the_file(uri: object) -> None:
    with pytest.raises(UnsafeModel, match="outside its file"):
        check(part("buffers", uri=uri))


@pytest.mark.parametrize("uri", [*OUTSIDE, 7, ["x"]])
def test_no_image_from_outside_the_file(uri: object) -> None:
    with pytest.raises(UnsafeModel, match="outside its file"):
        check(shown(uri=uri))


@pytest.mark.parametrize("uri", [*OUTSIDE, "texture.png"])
def test_what_nothing_shows_or_reads_is_taken_out(uri: str) -> None:
    document = triangle()
    document["images"] = [{"uri": uri}]
    document["buffers"].append({"byteLength": 4, "uri": uri})
    document["extensions"] = {"VENDOR_sound": {"clips": [{"uri": uri}]}}
    facts = check_gltf(document, binary_length=len(BINARY))
    assert (facts.triangles, facts.repaired, facts.lost_textures) == (1, True, 0)
    assert "uri" not in str(document)


@pytest.mark.parametrize("image", [{"uri": "texture.png"}, {"uri": "textures/a%20b.png"}, {}, {"bufferView": 9}])
def test_a_texture_that_did_not_come_along_leaves_the_colour(image: dict[str, Any]) -> None:
    document = triangle()
    shown(**image)(document)
    assert check_gltf(document, binary_length=len(BINARY)).lost_textures == 1
    assert document["materials"] == [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}]


def test_a_picture_in_a_buffer_that_the_json_holds_is_found() -> None:
    """Wherever it begins there, and however its text is broken into lines; what is none is lost there too."""
    for before, content, lost in ((36, PNG, 0), (37, PNG, 0), (38, PNG, 0), (38, b"no picture at all", 1)):
        document = triangle()
        shown(bufferView=2)(document)
        whole = BINARY[:36] + bytes(before - 36) + content + BINARY[36:]
        text = base64.encodebytes(whole).decode()
        document["buffers"] = [{"byteLength": len(whole), "uri": f"data:application/octet-stream;base64,{text}"}]
        document["bufferViews"][1]["byteOffset"] = before + len(content)
        document["bufferViews"].append({"buffer": 0, "byteOffset": before, "byteLength": len(content)})
        facts = check_gltf(document, binary_length=0, read=lambda *_: b"")
        assert facts.lost_textures == lost


@pytest.mark.parametrize(
    "content",
    [PNG, b"\xff\xd8" + JPEG_NOTE * 20 + JPEG_SIZE, TIFF, LATE_TIFF],
    ids=["PNG", "a JPEG behind more than a megabyte of notes", "TIFF", "TIFF behind its pixels"],
)
def test_the_size_of_a_picture_is_found_wherever_it_stands(content: bytes) -> None:
    for there in (content, content[:-12]):
        document = triangle()
        shown(uri="data:image/png;base64," + base64.encodebytes(there).decode())(document)
        assert check_gltf(document, binary_length=len(BINARY)).lost_textures == (there is not content)


def test_a_lost_picture_of_light_leaves_no_light() -> None:
    document = triangle()
    document["materials"] = [{"emissiveFactor": [1, 1, 1], "emissiveTexture": {"index": 4}}]
    assert check_gltf(document, binary_length=len(BINARY)).lost_textures == 1
    assert document["materials"] == [{}]


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(images=None, animations=None, skins=None, textures=None),
        part("nodes", children=None, mesh=0.0, matrix=None),
        lambda document: document["nodes"].append({"mesh": None}),
        lambda document: document["meshes"].append({}),
        part("bufferViews", byteStride=0),
        part("bufferViews", byteStride=None),
        accessor(count=3.0, byteOffset=None),
        primitive(attributes={"POSITION": 0.0}, indices=1.0, targets=[{"POSITION": 0.0}]),
        primitive(material=4),
        lambda document: document["asset"].update(version="2.0.1"),
        lambda document: document["asset"].update(version="2.1", minVersion="2.0"),
        lambda document: document.update(extensionsRequired=["KHR_texture_transform"]),
        lambda document: document.update(extras={"uri": None}, extensionsUsed=None),
    ],
)
def test_trifles_are_put_right(change: Change) -> None:
    """And what comes of it needs no repair."""
    document = triangle()
    change(document)
    facts = check_gltf(document, binary_length=len(BINARY))
    assert (facts.triangles, facts.repaired) == (1, True)
    assert not check_gltf(document, binary_length=len(BINARY)).repaired


@pytest.mark.parametrize(
    "change",
    [
        part("bufferViews", byteLength=10**30),
        part("bufferViews", byteStride=8),
        part("bufferViews", byteLength=37),
        part("buffers", byteLength=45),
        part("buffers", byteLength=0),
        part("meshes", name="x" * 300),
        lambda document: document["meshes"].append({"primitives": []}),
        lambda document: document["accessors"].append({"componentType": 5126, "count": 0, "type": "VEC3"}),
        lambda document: document["bufferViews"].append({"buffer": 0, "byteLength": 0}),
        lambda document: document["accessors"].append({"count": -5, "bufferView": 77}),
        lambda document: document["buffers"].append({"byteLength": 4}),
        primitive(attributes={"POSITION": 0, "TANGENT": 99}),
        meshopt(),
        draco(2_600_000, 3_000_000),
    ],
)
def test_what_blender_opens_is_passed_over(change: Change) -> None:
    facts = check(change)
    assert facts.triangles in (1, 2_600_000)
    assert not facts.repaired


@pytest.mark.parametrize(
    "values",
    [
        {"byteStride": 6},
        {"byteStride": 2000},
        {"mode": "OTHER"},
        {"mode": "TRIANGLES"},
        {"mode": "TRIANGLES", "byteStride": 4, "count": 4},
        {"filter": "OCTAHEDRAL"},
        {"filter": "OTHER"},
        {"filter": 3},
        {"count": -1},
        {"count": 2},
    ],
)
def test_packed_by_meshoptimizer_in_a_way_that_there_is_none_of(values: dict[str, Any]) -> None:
    with pytest.raises(BrokenModel):
        check(meshopt(**values))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda document: document.update(cameras=[{}], nodes=[{}] * (MAX_ITEMS + 1)), "100,001 nodes"),
        (lambda document: document["accessors"][0].pop("bufferView") or accessor(count=2**31 - 1)(document), "not in"),
        (with_zeroed(attributes={"POSITION": 0, "_A": 2, "_B": 3}), "not in the file"),
        (draco(4_000_000, 300), "not in the file"),
        (meshopt(count=MAX_DECODED), "unpack to"),
        (with_zeroed(attributes={"POSITION": 2}, targets=[{}] * 9), "shape keys"),
        (
            lambda document: document["meshes"].append({"primitives": 40_000 * document["meshes"][0]["primitives"]}),
            "40,000 parts",
        ),
        (
            lambda document: document.update(
                nodes=[{"mesh": 0}, *[{}] * 999], scenes=[{"nodes": [*range(1000)]}] * 1001
            ),
            "scenes show",
        ),
        (instanced(MAX_OBJECTS), "nodes and instances"),
        (many_images, "1,001 images"),
        (lambda document: document.update(skins=[{"joints": [*range(4001)]}]), "4,001 bones"),
        (lambda document: document.update(nodes=[{"mesh": 0}] * 1001, animations=[{}] * 5000), "5,000 animations"),
        (lambda document: document.update(animations=[{"samplers": [KEYS], "channels": CHANNELS}]), "keyframes"),
        (chain(MAX_DEPTH + 1), "nested deeper"),
        (lambda document: document.update(nodes=[{"children": [0], "mesh": 0}]), "loop"),
        (lambda document: document.update(nodes=[{"children": [1]}, {"children": [2]}, {"children": [0]}]), "loop"),
    ],
)
def test_absurd_models(change: Change, told: str) -> None:
    with pytest.raises(UnsafeModel) as caught:
        check(change)
    assert told in caught.value.what


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
