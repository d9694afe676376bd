"""Whose certificates are believed: what the system trusts, as in Blender's own downloads, and what the user names."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from neural4d_blender.engine.http import connection

#: A certificate for loopback, and its key, which open nothing else.
COMPANY = Path(__file__).resolve().parents[2] / "support" / "loopback.pem"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(COMPANY)
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    connection.trusted.cache_clear()
    yield
    connection.trusted.cache_clear()


def test_what_nobody_vouches_for_is_refused(address: str) -> None:
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        connection.session().get(address)


def test_the_file_that_the_user_names_counts(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(COMPANY))
    assert connection.session().get(address).status_code == 204


if sys.platform == "win32":

    def test_the_store_of_the_system_counts(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        there = ssl.PEM_cert_to_DER_cert(COMPANY.read_text().partition("-----BEGIN PRIVATE")[0])
        monkeypatch.setattr(ssl, "enum_certificates", lambda _store: [(there, "x509_asn", True)])
        assert connection.session().get(address).status_code == 204
