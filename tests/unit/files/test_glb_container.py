"""The GLB container: headers, lengths and chunks, without ever reading the binary chunk."""

from __future__ import annotations

import contextlib
import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neural4d_blender.engine.errors import BrokenModel, Neural4DError, UnsafeModel
from neural4d_blender.engine.files.gltf.glb_check import MAX_JSON_BYTES, check_glb, read_parts, write_repaired
from tests.support.glb_files import BINARY, chunk, container, glb, triangle

JSON = chunk(b"JSON", json.dumps(triangle()).encode())
BIN = chunk(b"BIN\0", BINARY)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.glb"


def test_facts_of_the_smallest_model(file: Path) -> None:
    file.write_bytes(glb(triangle()))
    facts = check_glb(file)
    assert (facts.triangles, facts.vertices, facts.meshes, facts.nodes) == (1, 3, 1, 1)
    assert (facts.materials, facts.images, facts.required_extensions) == (0, 0, ())
    assert facts.size_bytes == file.stat().st_size


def test_facts_of_what_a_known_exporter_writes(file: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=3)
    scene = trimesh.Scene([ball])
    scene.add_geometry(ball, node_name="again", geom_name=next(iter(scene.geometry)), transform=np.diag([2, 2, 2, 1.0]))
    file.write_bytes(scene.export(file_type="glb"))
    facts = check_glb(str(file))
    assert facts.triangles == facts.meshes * len(ball.faces) * (2 if facts.meshes == 1 else 1)
    assert facts.vertices == facts.meshes * len(ball.vertices)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "0 bytes"),
        (b"glTF", "4 bytes"),
        (b"<html>error</html>", "not a GLB"),
        (b"PK\x03\x04" + bytes(20), "not a GLB"),
        (container(JSON, BIN, version=1), "version 1"),
        (container(JSON, BIN, magic=b"glTG"), "not a GLB"),
        (container(JSON, BIN, claims=10**6), "cut short"),
        (container(JSON, BIN)[:-10], "cut short"),
        (container(JSON, chunk(b"BIN\0", BINARY, claims=2**32 - 1)), "claims 4,294,967,295 bytes"),
        (container(chunk(b"JSON", b"{}", claims=2**31)), "claims 2,147,483,648 bytes"),
        (container(BIN, JSON), "does not begin with its JSON part"),
        (container(), "does not begin with its JSON part"),
        (container(JSON, JSON), "36 bytes for accessor 0; 0 are there"),
        (container(chunk(b"JSON", b"")), "not valid JSON"),
        (container(chunk(b"JSON", b'{"asset": ')), "not valid JSON"),
        (container(chunk(b"JSON", b'\xff\xfe{"a": 1}')), "not valid JSON"),
        (container(chunk(b"JSON", b'{"a": NaN}')), "NaN is not a number"),
        (container(chunk(b"JSON", b'{"a": ' + b"9" * 5000 + b"}")), "not valid JSON"),
        (container(chunk(b"JSON", b"[1, 2]")), "not a JSON object"),
        (container(JSON), "36 bytes for accessor 0; 0 are there"),
        (container(JSON, chunk(b"EXTR", b"data"), BIN), "36 bytes for accessor 0; 0 are there"),
    ],
)
def test_broken_containers(file: Path, data: bytes, told: str) -> None:
    file.write_bytes(data)
    with pytest.raises(BrokenModel) as caught:
        check_glb(file)
    assert told in caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize("more", [[chunk(b"EXTR", b"anything")], [chunk(b"EXTR", b"")] * 20, [BIN], [JSON]])
def test_what_nobody_reads_is_passed_over(file: Path, more: list[bytes]) -> None:
    file.write_bytes(container(JSON, BIN, *more))
    facts = check_glb(file)
    assert (facts.triangles, facts.repaired) == (1, False)


@pytest.mark.parametrize(
    "data",
    [
        container(JSON, BIN) + b"a",
        container(JSON, BIN) + b"more than a chunk's header",
        container(JSON, BIN, claims=100),
        container(JSON, BIN, claims=0),
        container(chunk(b"JSON", b"\xef\xbb\xbf" + JSON[8:]), BIN),
        container(chunk(b"JSON", JSON[8:].rstrip() + b"\0\0\0"), BIN),
        container(JSON, struct.pack("<I4s", 42, b"BIN\0") + BINARY[:42]),
    ],
)
def test_trifles_of_the_container_are_put_right_in_a_copy(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    copy = file.with_name("copy.glb")
    odd = write_repaired(file, copy).repaired
    assert copy.exists() is odd
    assert file.read_bytes() == data
    document, binary = read_parts(copy if odd else file)
    assert (document, binary[:42]) == (triangle(), BINARY[:42])
    if odd:
        assert not check_glb(copy).repaired
        assert int.from_bytes(copy.read_bytes()[8:12], "little") == copy.stat().st_size


def test_json_nested_too_deeply(file: Path) -> None:
    file.write_bytes(container(chunk(b"JSON", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)))
    with pytest.raises(UnsafeModel, match="nested"):
        check_glb(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel, match="cannot be read"):
        check_glb(tmp_path / "none.glb")


def test_a_huge_file_costs_little_memory(file: Path) -> None:
    """600 MB of binary chunk, most of it a hole in a sparse file."""
    length = 600 * 2**20
    document = triangle()
    document["buffers"][0]["byteLength"] = length
    head = container(chunk(b"JSON", json.dumps(document).encode()))
    with file.open("wb") as sparse:
        sparse.write(struct.pack("<4sII", b"glTF", 2, len(head) + 8 + length) + head[12:])
        sparse.write(struct.pack("<I4s", length, b"BIN\0"))
        sparse.truncate(len(head) + 8 + length)
    tracemalloc.start()
    facts = check_glb(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert facts.size_bytes > length
    assert peak < 2**20


def test_a_huge_json_is_not_even_read(file: Path) -> None:
    length = MAX_JSON_BYTES + 4
    with file.open("wb") as sparse:
        sparse.write(struct.pack("<4sIII4s", b"glTF", 2, 20 + length, length, b"JSON"))
        sparse.truncate(20 + length)
    tracemalloc.start()
    with pytest.raises(UnsafeModel, match="are accepted"):
        check_glb(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, len(glb(triangle())) - 1), value=st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(file: Path, place: int, value: int) -> None:
    data = bytearray(glb(triangle()))
    data[place] = value
    file.write_bytes(data)
    with contextlib.suppress(Neural4DError):
        check_glb(file)
