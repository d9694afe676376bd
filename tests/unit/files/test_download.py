"""Fetching a result: whole or not at all, from where it may be fetched, and never with a secret."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from neural4d_blender.engine.errors import BrokenModel, DownloadFailed, LinkExpired, UnexpectedAnswer
from neural4d_blender.engine.files.download import Stopped, download
from neural4d_blender.engine.files.gltf.glb_check import check_glb
from tests.support.simulator_client import Caller


@pytest.fixture
def url(service: Caller) -> str:
    uuid = service.generate()[0]
    return str(service.call("retrieveModel", {"uuid": uuid})["modelUrl"])


def test_a_file_arrives_whole(service: Caller, url: str, tmp_path: Path) -> None:
    told: list[float] = []
    path = tmp_path / "deep" / "model.glb"
    assert download(url, path, progress=told.append) == path.stat().st_size
    assert told[-1] == 1.0
    assert not any(request["has_token"] for request in service.sim.requests() if request["host"] == "file")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("http_500", DownloadFailed),
        ("http_400", DownloadFailed),
        ("http_403", LinkExpired),
        ("http_404", LinkExpired),
        ("expired_url", LinkExpired),
    ],
)
def test_nothing_is_left_of_one_that_fails(
    service: Caller, url: str, tmp_path: Path, fault: str, error: type[Exception]
) -> None:
    service.sim.set_fault(endpoint="file", fault=fault)
    with pytest.raises(error):
        download(url, tmp_path / "model.glb")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["truncated_body", "reset_after"])
def test_it_goes_on_where_it_was_cut(service: Caller, url: str, tmp_path: Path, fault: str) -> None:
    whole = tmp_path / "whole.glb"
    size = download(url, whole)
    path = tmp_path / "model.glb"
    service.sim.set_fault(endpoint="file", fault=fault, fraction=0.7)
    with pytest.raises(DownloadFailed) as failed:
        download(url, path)
    assert (failed.value.code, failed.value.outage) == ("DownloadFailed", True)
    assert not path.exists()
    told: list[float] = []
    assert download(url, path, progress=told.append) == size
    chunk = 64 * 1024  # what had come of the one that was cut is not kept
    assert told[0] >= int(0.7 * size) // chunk * chunk / size > 0.5
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model.glb", "whole.glb"]


@pytest.mark.parametrize(
    ("name", "content"), [("etag", '"of another file"'), ("etag", "\udcff"), ("part", "x" * 10**6)]
)
def test_it_begins_anew_where_what_is_there_is_no_part_of_it(
    service: Caller, url: str, tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / "model.glb"
    service.sim.set_fault(endpoint="file", fault="truncated_body")
    with pytest.raises(DownloadFailed):
        download(url, path)
    path.with_name(f"model.glb.{name}").write_text(content, encoding="utf-8", errors="surrogateescape")
    with contextlib.suppress(DownloadFailed):  # there is more of it than there can be
        download(url, path)
    size = download(url, path, check=check_glb)
    assert size == path.stat().st_size
    assert [file.name for file in tmp_path.iterdir()] == ["model.glb"]


def test_what_comes_packed_though_nobody_asked_for_it_is_unpacked(service: Caller, url: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain.glb"
    download(url, plain)
    service.sim.set_fault(endpoint="file", fault="gzip")
    download(url, tmp_path / "model.glb", check=check_glb)
    assert (tmp_path / "model.glb").read_bytes() == plain.read_bytes()


def test_a_file_that_fails_its_check_gets_no_name(url: str, tmp_path: Path) -> None:
    def refuse(_path: Path) -> None:
        raise BrokenModel("no")

    with pytest.raises(BrokenModel):
        download(url, tmp_path / "model.glb", check=refuse)
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_stopped(url: str, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        download(url, tmp_path / "model.glb", stopped=lambda: True)
    assert not (tmp_path / "model.glb").exists()
    assert download(url, tmp_path / "model.glb") == (tmp_path / "model.glb").stat().st_size


def test_more_than_the_limit_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="most that is fetched"):
        download(url, tmp_path / "model.glb", limit=100)


def test_a_file_without_a_length_is_held_to_the_limit_too(service: Caller, url: str, tmp_path: Path) -> None:
    service.sim.set_fault(endpoint="file", fault="no_length")
    with pytest.raises(DownloadFailed, match="longer than"):
        download(url, tmp_path / "model.glb", limit=100)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "", "ftp://127.0.0.1/a", "ftp://example.com/a.glb"])
def test_only_https_or_this_machine(url: str, tmp_path: Path) -> None:
    with pytest.raises(UnexpectedAnswer, match="not https"):
        download(url, tmp_path / "a.glb")


def test_a_disk_that_cannot_be_written_is_named(url: str, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises((DownloadFailed, OSError)):
        download(url, blocked / "model.glb")
