"""The key goes to the host it was given for and nowhere else, and no credentials go anywhere that nobody gave us."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from neural4d_blender.engine.errors import Neural4DError
from neural4d_blender.engine.files.download import download
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.protocol import declarations

KEY = "the-key-9f8e7d6c5b4a"
#: Every status that says "go there instead".
REDIRECTS = (301, 302, 303, 307, 308)
#: How the four services are told the key, as their documents have it.
PLACES = {
    "neural4d": {"key_header": "Authorization"},
    "csm": {"key_header": "x-api-key"},
    "goneural": {"key_header": "Authorization"},
    "modelslab": {"key_field": "key"},
}


class Host:
    """What came in: each request's line, headers and body, as text."""

    def __init__(self, port: int) -> None:
        self.requests: list[str] = []
        self.url = f"http://127.0.0.1:{port}"


@contextmanager
def host(status: int = 200, location: str = "", body: bytes = b"{}") -> Iterator[Host]:
    """A host that answers everything alike."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.requests.append(f"{self.requestline}\n{self.headers}{self._body().decode()}")
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 (its own names)

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        there = Host(server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield there
        server.shutdown()


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of the user's own, for the hosts here and for every other one."""
    path = tmp_path / "netrc"
    path.write_text(
        "machine 127.0.0.1 login somebody password hush\n"
        "machine localhost login somebody password hush\n"
        "default login somebody password hush\n"
    )
    path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))


def test_the_places_of_the_key_are_those_that_the_services_declare() -> None:
    declared = {one.id: (one.key_header, one.key_field) for one in declarations()}
    told = {
        name: (where.get("key_header", "Authorization"), where.get("key_field", "")) for name, where in PLACES.items()
    }
    assert declared == told


@pytest.mark.parametrize("paid", [True, False], ids=["paid", "free"])
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("service", PLACES)
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_not_followed(status: int, service: str, method: str, paid: bool) -> None:
    with host() as elsewhere, host(status, elsewhere.url + "/there") as first:
        transport = Transport("Service", first.url, KEY, **PLACES[service])
        with pytest.raises(Neural4DError) as caught:
            transport.call("/api/x", {"prompt": "p"}, method=method, paid=paid)
    assert (len(first.requests), elsewhere.requests) == (1, [])
    assert KEY not in f"{caught.value.what} {caught.value.remedy}"


@pytest.mark.parametrize("service", PLACES)
def test_each_service_is_sent_the_key_and_nothing_out_of_a_netrc(service: str, netrc: None) -> None:
    with host() as there:
        Transport("Service", there.url, KEY, **PLACES[service]).call("/api/x", {"prompt": "p"}, paid=True)
    (request,) = there.requests
    assert request.count(KEY) == 1
    assert "Basic" not in request


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_download_takes_no_credentials_along_nor_any_out_of_a_netrc(status: int, tmp_path: Path, netrc: None) -> None:
    with host(body=b"a model") as elsewhere, host(status, elsewhere.url.replace("127.0.0.1", "localhost")) as first:
        download(first.url + "/one.glb", tmp_path / "one.glb")
    assert (tmp_path / "one.glb").read_bytes() == b"a model"
    for request in (*first.requests, *elsewhere.requests):
        assert "Authorization" not in request
