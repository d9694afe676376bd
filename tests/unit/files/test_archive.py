"""Unpacking a result that comes as a .zip: what is in it, and nothing anywhere else."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from neural4d_blender.engine.errors import BrokenModel, UnsafeModel
from neural4d_blender.engine.files import archive
from neural4d_blender.engine.files.file_type import file_type
from neural4d_blender.engine.files.gltf import gltf_images


def packed(tmp_path: Path, files: dict[str, bytes]) -> Path:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def test_the_model_and_what_belongs_to_it(tmp_path: Path) -> None:
    path = packed(tmp_path, {"m/bird.obj": b"v 0 0 0\n" * 9, "m/bird.mtl": b"x", "m/tex/a.png": b"y", "tiny.OBJ": b"v"})
    model = archive.unpack(path, tmp_path / "out", ".obj")
    assert model == tmp_path / "out" / "m" / "bird.obj"
    assert (tmp_path / "out" / "m" / "tex" / "a.png").read_bytes() == b"y"


def test_what_macos_notes_of_files_is_none_of_them(tmp_path: Path) -> None:
    notes = {f"__MACOSX/m/._{name}": b"\0\5\x16\7" * 2000 for name in ("bird.obj", "a.png")} | {"m/._b.obj": b"x" * 99}
    path = packed(tmp_path, {**notes, "m/bird.obj": b"v 0 0 0\n", "m/a.png": b"y"})
    assert archive.unpack(path, tmp_path / "out", ".obj") == tmp_path / "out" / "m" / "bird.obj"
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file()) == ["a.png", "bird.obj"]


@pytest.mark.parametrize("name", ["../evil.obj", "/etc/evil.obj", "a/../../evil.obj", "..\\evil.obj", "C:\\evil.obj"])
def test_names_that_reach_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafeModel, match="outside its folder"):
        archive.unpack(packed(tmp_path, {name: b"v"}), tmp_path / "deep" / "out", ".obj")
    assert [path.name for path in tmp_path.rglob("*.obj")] == []


def test_links(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as file:
        info = zipfile.ZipInfo("link.obj")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeModel, match="link"):
        archive.unpack(path, tmp_path / "out", ".obj")


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsafeModel, match="unpack to"):
        archive.unpack(packed(tmp_path, {"a.obj": b"0" * 20_000_000}), tmp_path / "out", ".obj")
    monkeypatch.setattr(archive, "MAX_FILES", 2)
    with pytest.raises(UnsafeModel, match="3 files"):
        archive.unpack(packed(tmp_path, {"a": b"", "b": b"", "c": b""}), tmp_path / "out", ".obj")


def test_damage_and_the_wrong_content(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel, match=r"no \.fbx file, only \.obj"):
        archive.unpack(packed(tmp_path, {"a.obj": b"v"}), tmp_path / "out", ".fbx")
    path = packed(tmp_path, {"a.obj": b"v 1 2 3\n" * 5000})
    content = bytearray(path.read_bytes())
    content[60:80] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(BrokenModel, match="damaged"):
        archive.unpack(path, tmp_path / "other", ".obj")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("贴图.png".encode(), "贴图.png"),
        ("贴图.png".encode("gbk"), "贴图.png"),
        ("größe.png".encode("cp437"), "größe.png"),
        (b"maps\\a.png", "maps/a.png"),
    ],
    ids=["UTF-8", "GBK", "437", "backslash"],
)
def test_names_in_an_encoding_that_is_not_named(tmp_path: Path, written: bytes, name: str) -> None:
    stand_in = "x" * len(written)
    path = packed(tmp_path, {"a.obj": b"v", stand_in: b"y"})
    path.write_bytes(path.read_bytes().replace(stand_in.encode(), written))
    archive.unpack(path, tmp_path / "out", ".obj")
    assert (tmp_path / "out" / name).read_bytes() == b"y"


def test_a_name_that_reaches_out_in_another_encoding(tmp_path: Path) -> None:
    path = packed(tmp_path, {"a.obj": b"v", "xxxxxxxx": b"y"})
    path.write_bytes(path.read_bytes().replace(b"xxxxxxxx", "..\\贴a".encode("gbk") + b"bb"))
    with pytest.raises(UnsafeModel, match="outside its folder"):
        archive.unpack(path, tmp_path / "deep" / "out", ".obj")


@pytest.mark.parametrize(
    ("name", "becomes"),
    [
        ("aux.obj", "_aux.obj"),
        ("NUL", "_NUL"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("source/con/LPT9.png", "source/_con/_LPT9.png"),
        ("console.png", "console.png"),
        ("a<b>|c?.png", "a_b__c_.png"),
        ("tab\tbell\x07.png", "tab_bell_.png"),
        ("trailing. .", "trailing"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("é" * 150 + ".png", "é" * 98 + ".png"),
        ("y" * 255, "y" * 200),
        ("/".join("d" * 20) + "/a.png", "/".join("d" * 11) + "/a.png"),
        ("half \ud83d.png", "half _.png"),
    ],
)
def test_names_that_some_system_does_not_take_are_changed(tmp_path: Path, name: str, becomes: str) -> None:
    assert archive._possible([name.replace("\\", "/")]) == [becomes]
    if name.isascii():
        path = packed(tmp_path, {name: b"x", "chair.obj": b"v 0 0 0"})
        assert archive.unpack(path, tmp_path / "out", ".obj").name == "chair.obj"
        assert (tmp_path / "out" / becomes).is_file()


def test_no_name_is_there_twice() -> None:
    assert archive._possible(["a.png", "A.png", "a.png", "b", "b", ".x", ".x"]) == [
        *("a.png", "A (2).png", "a (3).png", "b", "b (2)", ".x", ".x (2)"),
    ]


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_in_every_way_of_packing(tmp_path: Path, kind: int) -> None:
    """Wherever a byte is another one: it is refused in words, or harmless."""
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr("chair.obj", b"v 0 1 2 3 4 5\n" * 40)
    whole, refused = path.read_bytes(), 0
    for place in range(39, len(whole)):
        for value in (0, 255):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            assert file_type(path) in ("OBJ", "")
            archive.is_usd_package(path)
            try:
                archive.unpack(path, tmp_path / "out", ".obj")
            except BrokenModel:
                refused += 1
    assert refused > 30


def test_pixels_are_counted_whatever_an_image_is_called(tmp_path: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (16_000).to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0"
    for name in ("a.png", "b.dat", "c"):
        (tmp_path / name).write_bytes(head)
    with pytest.raises(UnsafeModel, match="768,000,000 pixels"):
        gltf_images.check_folder(tmp_path)
