"""A result's link that is relative, or plain http: fetched where that is safe, else said, never given up for good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from neural4d_blender.engine.errors import DownloadFailed, InvalidInput, LinkExpired, UnexpectedAnswer
from neural4d_blender.engine.files import download as downloads
from neural4d_blender.engine.http import connection
from neural4d_blender.engine.model.inputs.web_addresses import check_url, protected
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.steps.context import Context

#: This machine, and networks that nobody outside reaches.
INWARD = [
    "https://127.0.0.1/a",
    "https://localhost/a",
    "https://a.localhost/a",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://10.0.0.1/a",
    "https://192.168.1.1:8080/a",
    "https://169.254.169.254/latest",
    "https://[fe80::1]/a",
    "https://0.0.0.0/a",
]
#: One parser looks at a host, another connects to one.
ODD = [
    "https://127.0.0.1\\@files.example/a",
    "https://files.example\\.evil.example/a",
    "https://user:word@files.example/a",
    "https://files.example@127.0.0.1/a",
    "https://2130706433/a",
    "https://0x7f000001/a",
    "https://0177.0.0.1/a",
    "https://127.1/a",
    "https://127.0.0.0x1/a",
    "https://127。0。0。1/a",
    "https://%31%32%37.0.0.1/a",
    "https://files.exa\tmple/a",
    "https://files.example /a",
    "http://[::1",
    "https://[::1%25eth0]/a",
    "https:///a",
    "https://files.example:99999/a",
]
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
        ("/a", "https://first.example/a"),
        ("//files.example/a", "https://files.example/a"),
        ("https://93.184.215.14/a", "https://93.184.215.14/a"),
        *[(url, None) for url in INWARD + ODD],
        ("file:///etc/passwd", None),
        ("ftp://files.example/a", None),
        ("javascript:alert(1)", None),
    ],
)
def test_a_redirect_stays_on_https_and_outside(told: str, goes_to: str | None) -> None:
    assert redirected("https://first.example/x", told) == goes_to


@pytest.mark.parametrize("url", INWARD)
def test_within_a_network_a_redirect_stays_there(url: str) -> None:
    assert redirected("http://127.0.0.1:9/x", url) == protected(url)
    assert redirected("http://127.0.0.1:9/x", "/a") == "http://127.0.0.1:9/a"


def redirected(url: str, told: str) -> str | None:
    response = requests.Response()
    response.url, response.status_code, response.headers["Location"] = url, 302, told
    return connection.session().get_redirect_target(response)


def test_a_redirect_that_is_not_followed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web(monkeypatch, status=302)
    with pytest.raises(UnexpectedAnswer, match="not safe"):
        downloads.download(PLAIN, tmp_path / "model.glb")


@pytest.mark.parametrize("url", ODD)
def test_an_address_that_can_be_read_in_two_ways_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    there = web(monkeypatch)
    with pytest.raises(UnexpectedAnswer):
        downloads.download(url, tmp_path / "model.glb")
    with pytest.raises(InvalidInput):
        check_url(url)
    assert there.asked == []


@pytest.mark.parametrize("url", INWARD)
@pytest.mark.parametrize("service", ["https://api.example", "http://127.0.0.1:3000", "https://192.168.1.2"])
def test_a_result_is_in_the_services_own_network_only_where_the_service_is(
    tmp_path: Path, url: str, service: str
) -> None:
    asked: list[str] = []
    provider = SimpleNamespace(http=SimpleNamespace(url=service))
    download = lambda url, path: asked.append(url) or 0  # noqa: E731
    context = Context(None, lambda _: provider, *[None] * 5, download=download)  # type: ignore[arg-type]
    fetch = lambda: context.fetch(Job("1", "neural4d", {}, created=0, entered=0), url, tmp_path / "a.glb")  # noqa: E731
    if service == "https://api.example":
        with pytest.raises(UnexpectedAnswer, match="not its own"):
            fetch()
    else:
        fetch()
    assert asked == ([] if service == "https://api.example" else [url])


def test_this_machine_is_reached_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")
    session = connection.session()
    for url in ("http://127.0.0.1:9/a", "http://localhost/a", "http://[::1]:8/a"):
        assert not session.merge_environment_settings(url, {}, None, None, None)["proxies"]
        assert not session.rebuild_proxies(requests.Request("GET", url).prepare(), None)  # type: ignore[no-untyped-call]
    assert session.merge_environment_settings("https://a.example", {}, None, None, None)["proxies"]


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
    Context.fetch_from(context, "neural4d", url, Path("a.glb"))  # type: ignore[arg-type]
    assert asked == [whole]
