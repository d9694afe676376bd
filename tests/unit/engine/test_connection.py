"""What never left this computer is free, whatever the HTTP library calls it; what may have left is in doubt."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from neural4d_blender.engine.errors import AnswerLost, ServiceUnreachable, UnexpectedAnswer
from neural4d_blender.engine.http.transport import Transport
from tests.support.simulator_client import Caller

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "no_proxy", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@contextmanager
def server(answer: bytes = b"", *, reads: bool = True) -> Iterator[int]:
    """A port that reads a little of each connection, answers with those bytes and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(2)
                    if reads:
                        connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


def call(url: str, *, paid: bool = True) -> None:
    Transport("Service", url, "key", connect=1.0, read=1.0, paid=1.0).call("/api/x", {"prompt": "p"}, paid=paid)


@pytest.mark.parametrize("paid", [True, False])
def test_a_port_that_nobody_listens_on(paid: bool) -> None:
    with pytest.raises(ServiceUnreachable, match="cannot be reached"):
        call("http://127.0.0.1:9", paid=paid)


def test_a_name_that_is_not_found() -> None:
    with pytest.raises(ServiceUnreachable):
        call("https://no-such-host.invalid")


def test_a_name_that_cannot_be_one() -> None:
    with pytest.raises(ServiceUnreachable):
        call(f"https://{'a' * 64}.example")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x01\x00\x02\x02\x28"])
def test_a_handshake_that_fails(answer: bytes) -> None:
    """Plain HTTP on a port for TLS, a connection that is closed, a TLS alert."""
    with server(answer) as port, pytest.raises(ServiceUnreachable):
        call(f"https://127.0.0.1:{port}")


def test_a_handshake_that_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ServiceUnreachable):
        call(f"https://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "htp:/nonsense", "http://no-such-proxy.invalid:3128"]
)
def test_a_proxy_that_is_not_there_or_not_one(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ServiceUnreachable):
        call("https://service.example")


def test_a_proxy_that_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent went to the proxy alone."""
    with server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises(ServiceUnreachable):
            call("https://service.example")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", AnswerLost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", AnswerLost),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", AnswerLost),
        (b"nonsense that is no HTTP at all\r\n\r\n", AnswerLost),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", AnswerLost),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", UnexpectedAnswer),
    ],
)
def test_what_has_left_is_in_doubt(answer: bytes, error: type[Exception]) -> None:
    with server(answer) as port, pytest.raises(error):
        call(f"http://127.0.0.1:{port}")


def test_an_answer_that_does_not_come_in_time_is_lost() -> None:
    with server(reads=True) as port, pytest.raises(AnswerLost):
        call(f"http://127.0.0.1:{port}")


def test_a_paid_call_has_a_connection_of_its_own_and_others_share_one() -> None:
    """A server that closes a kept connection just as it is used again: a paid call never meets that."""
    ports: list[int] = []
    body = b"{}"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for _ in range(3):
                connection, address = listening.accept()
                ports.append(address[1])
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection, suppress(ConnectionResetError):  # Windows resets what was not read to its end
                while connection.recv(65536):
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        transport = Transport("Service", f"http://127.0.0.1:{listening.getsockname()[1]}", "key")
        transport.call("/free")
        transport.call("/free")
        assert len(ports) == 1
        transport.call("/paid", paid=True)
        transport.call("/paid", paid=True)
        assert len(ports) == 3


def test_the_second_address_where_the_first_cannot_be_reached(service: Caller) -> None:
    sim = service.sim
    transport = Transport("Neural4D", "http://127.0.0.1:9", sim.token, others=[sim.api_url])
    assert transport.call("/api/queryPointsInfo")["statusType"] == 0
    assert transport.url == sim.api_url  # from now on it is asked first
    sim.set_fault("queryPointsInfo", "reset_after")
    both = Transport("Neural4D", sim.api_url, sim.token, others=[sim.api_url])
    with pytest.raises(AnswerLost):
        both.call("/api/queryPointsInfo")
    assert len(sim.requests("queryPointsInfo")) == 2, "what has left once is not sent to another address"


def test_each_kind_of_call_has_its_time(service: Caller) -> None:
    from neural4d_blender.engine.http.transport import PAID_TIMEOUT, READ_TIMEOUT

    assert (READ_TIMEOUT, PAID_TIMEOUT) == (30.0, 180.0)
    service.sim.configure(generations={"neural4d": "today"}, answer_seconds=1.5)
    transport = Transport("Neural4D", service.sim.api_url, service.sim.token, read=0.5, paid=20.0)
    assert transport.call("/api/generateModelWithText", {"prompt": "a chair", "modelCount": 1}, paid=True)["uuids"]
    with pytest.raises(AnswerLost):
        transport.call("/api/generateModelWithText", {"prompt": "a chair", "modelCount": 1})
