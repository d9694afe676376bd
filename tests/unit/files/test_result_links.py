"""A result's link that is relative, or plain http: fetched where that is safe, else said, never given up for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from neural4d_blender.engine.errors import DownloadFailed, LinkExpired, UnexpectedAnswer
from neural4d_blender.engine.files import download as downloads
from neural4d_blender.engine.http import connection
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.web_addresses import protected
from neural4d_blender.engine.steps.context import Context

PLAIN = "http://files.example/a/model.glb?Signature=x%2Fy"


class Web:
    """The web behind https, for a download: what is asked of it, and what it answers."""

    def __init__(self, status: int = 200, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self.status, self.error = status, error

    @contextmanager
    def lent(self) -> Iterator[Any]:
        yield SimpleNamespace(get=self.answer)

    @contextmanager
    def answer(self, url: str, **_how: Any) -> Iterator[Any]:
        self.asked.append(url)
        if self.error:
            raise self.error
        yield SimpleNamespace(status_code=self.status, url=url, headers={}, iter_content=lambda size: [b"a model"])


def web(monkeypatch: pytest.MonkeyPatch, **how: Any) -> Web:
    made = Web(**how)
    monkeypatch.setattr(downloads, "_sessions", made)
    return made


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        (PLAIN, PLAIN.replace("http:", "https:")),
        ("http://files.example:80/a", "https://files.example/a"),
        ("http://files.example:9000/a", "https://files.example:9000/a"),
        ("HTTP://files.example/a", "https://files.example/a"),
        ("https://files.example/a", "https://files.example/a"),
        ("http://127.0.0.1:9000/a", "http://127.0.0.1:9000/a"),
        ("http://localhost/a", "http://localhost/a"),
        ("ftp://files.example/a", "ftp://files.example/a"),
    ],
)
def test_a_plain_address_becomes_a_safe_one(url: str, safe: str) -> None:
    assert protected(url) == safe


def test_it_is_fetched_over_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = web(monkeypatch)
    assert downloads.download(PLAIN, tmp_path / "model.glb") == 7
    assert there.asked == [PLAIN.replace("http:", "https:")]


@pytest.mark.parametrize(
    ("how", "kind", "outage", "says"),
    [
        ({"error": requests.ConnectionError()}, DownloadFailed, True, "broke off"),
        ({"status": 404}, LinkExpired, False, "no longer valid"),
        ({"status": 400}, DownloadFailed, False, "answered HTTP 400"),
    ],
)
def test_what_is_not_there_over_https_is_said_and_can_be_tried_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: dict[str, Any],
    kind: type[DownloadFailed],
    outage: bool,
    says: str,
) -> None:
    web(monkeypatch, **how)
    with pytest.raises(kind) as failed:
        downloads.download(PLAIN, tmp_path / "model.glb")
    assert "without encryption (http)" in failed.value.what
    assert says in failed.value.what
    assert "Press Retry" in failed.value.remedy
    assert "Signature" not in f"{failed.value.what} {failed.value.remedy}"
    assert failed.value.outage is outage


@pytest.mark.parametrize(
    ("told", "goes_to"),
    [
        ("http://files.example/a", "https://files.example/a"),
        ("https://files.example/a", "https://files.example/a"),
        ("http://127.0.0.1:1/a", "http://127.0.0.1:1/a"),
        ("/a", "/a"),
    ],
)
def test_a_redirect_stays_on_https(told: str, goes_to: str) -> None:
    response = requests.Response()
    response.status_code, response.headers["Location"] = 302, told
    assert connection.session().get_redirect_target(response) == goes_to


def test_an_address_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedAnswer, match="cannot be read"):
        downloads.download("https://[files.example/a", tmp_path / "model.glb")


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("/files/a.glb?x=http://y", "https://api.example:3000/files/a.glb?x=http://y"),
        ("files/a.glb", "https://api.example:3000/base/files/a.glb"),
        ("//files.example/a.glb", "https://files.example/a.glb"),
        ("https://files.example/a.glb", "https://files.example/a.glb"),
    ],
)
def test_a_relative_link_is_on_the_services_own_server(url: str, whole: str) -> None:
    asked = []
    provider = SimpleNamespace(http=SimpleNamespace(url="https://api.example:3000/base"))
    context = SimpleNamespace(provider=lambda service: provider, download=lambda url, path, **how: asked.append(url))
    Context.fetch(context, Job("a", "neural4d", {}), url, Path("a.glb"))  # type: ignore[arg-type]
    assert asked == [whole]
