"""Fetching a result: whole or not at all, from where it may be fetched, and never with a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural4d_blender.engine.errors import BrokenModel, DownloadFailed, LinkExpired, UnexpectedAnswer
from neural4d_blender.engine.files.download import Stopped, download
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
        ("truncated_body", DownloadFailed),
        ("reset_after", DownloadFailed),
        ("http_500", DownloadFailed),
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


def test_a_file_that_fails_its_check_gets_no_name(url: str, tmp_path: Path) -> None:
    def refuse(_path: Path) -> None:
        raise BrokenModel("no")

    with pytest.raises(BrokenModel):
        download(url, tmp_path / "model.glb", check=refuse)
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_stopped(url: str, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        download(url, tmp_path / "model.glb", stopped=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_more_than_the_limit_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="most that is fetched"):
        download(url, tmp_path / "model.glb", limit=100)


def test_a_file_without_a_length_is_held_to_the_limit_too(service: Caller, url: str, tmp_path: Path) -> None:
    service.sim.set_fault(endpoint="file", fault="no_length")
    with pytest.raises(DownloadFailed, match="longer than"):
        download(url, tmp_path / "model.glb", limit=100)


@pytest.mark.parametrize("url", ["http://example.com/a.glb", "file:///etc/passwd", "", "ftp://127.0.0.1/a"])
def test_only_https_or_this_machine(url: str, tmp_path: Path) -> None:
    with pytest.raises(UnexpectedAnswer, match="not https"):
        download(url, tmp_path / "a.glb")


def test_a_disk_that_cannot_be_written_is_named(url: str, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises((DownloadFailed, OSError)):
        download(url, blocked / "model.glb")
