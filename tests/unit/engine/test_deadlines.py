"""Every answer has a time in all, and whoever waits for one can leave: what has not left by then never does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.clock import Clock
from neural4d_blender.engine.errors import AnswerLost, DownloadFailed, ServiceUnreachable
from neural4d_blender.engine.files.download import download
from neural4d_blender.engine.http import interruptible
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.system import System

JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that does that with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def one(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                serve(connection)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def request(connection: socket.socket) -> bytes:
    """All of a request: a connection that is closed before it is read loses the answer too."""
    came = connection.recv(65536)
    while came and b"\r\n\r\n" not in came:
        came += connection.recv(65536)
    head, _, body = came.partition(b"\r\n\r\n")
    length = next((line for line in head.lower().splitlines() if line.startswith(b"content-length:")), b":0")
    while len(body) < int(length.partition(b":")[2]):
        body += connection.recv(65536)
    return came


def drops(content: bytes, pause: float) -> Callable[[socket.socket], None]:
    """A server that answers byte by byte."""

    def serve(connection: socket.socket) -> None:
        request(connection)
        for byte in content:
            connection.sendall(bytes([byte]))
            time.sleep(pause)

    return serve


@pytest.mark.parametrize("content", [JSON, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b" " * 98 + b"{}"])
@pytest.mark.parametrize("paid", [True, False])
def test_an_answer_in_drops(content: bytes, paid: bool) -> None:
    with server(drops(content, 0.05)) as url, pytest.raises(AnswerLost, match="did not answer within"):
        Transport("Service", url, "key", connect=0.2, read=0.3, paid=0.3).call("/x", paid=paid)


def test_an_upload_takes_as_long_as_it_needs_while_it_moves() -> None:
    """One total over everything would be too short for a slow line, or too long for a service that hangs."""

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        left = 2_000_000
        while left > 0:
            left -= len(connection.recv(65536))
            time.sleep(0.02)
        connection.sendall(JSON)

    with server(serve) as url:
        transport = Transport("Service", url, "key", connect=0.3, paid=0.3)
        assert transport.call("/x", {"image": "x" * 2_000_000}, paid=True) == {}


def test_an_upload_in_drops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruptible, "_SLOWEST_UPLOAD", 1e9)
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not over.wait(0.01) and connection.recv(1024):
            pass

    with server(serve) as url, pytest.raises(AnswerLost):
        Transport("Service", url, "key", connect=5.0, paid=0.5).call("/x", {"image": "x" * 10_000_000}, paid=True)
    over.set()


@pytest.mark.parametrize("paid", [True, False])
def test_a_name_that_is_found_too_late_has_nothing_sent(monkeypatch: pytest.MonkeyPatch, paid: bool) -> None:
    found, came, real = threading.Event(), [], socket.getaddrinfo

    def slow(*arguments: Any, **named: Any) -> Any:
        found.wait(60)
        return real(*arguments, **named)

    with server(lambda connection: came.append(request(connection))) as url:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(ServiceUnreachable):
            Transport("Service", url, "key", connect=0.1, read=0.1, paid=0.1).call("/x", paid=paid)
        requests = [thread for thread in threading.enumerate() if thread.name == "request"]
        found.set()
        for thread in requests:
            thread.join(60)
    assert not any(came)


@pytest.mark.parametrize("paid", [True, False])
def test_who_cancels_waits_for_no_handshake(paid: bool) -> None:
    unwanted = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Timer(0.2, unwanted.set).start()
        with interruptible.heeding(unwanted.is_set), pytest.raises(ServiceUnreachable):
            Transport("Service", f"https://127.0.0.1:{silent.getsockname()[1]}", "key").call("/x", paid=paid)


def test_who_cancels_waits_for_the_answer_to_what_may_be_paid_and_to_nothing_else() -> None:
    answer = threading.Event()

    def serve(connection: socket.socket) -> None:
        request(connection)
        answer.wait(60)
        connection.sendall(JSON)

    with server(serve) as url, interruptible.heeding(lambda: True):
        transport = Transport("Service", url, "key")
        with pytest.raises((AnswerLost, ServiceUnreachable)):
            transport.call("/free")
    unwanted = threading.Event()
    with server(serve) as url, interruptible.heeding(unwanted.is_set):
        threading.Timer(0.2, unwanted.set).start()
        threading.Timer(0.5, answer.set).start()
        assert Transport("Service", url, "key").call("/paid", paid=True) == {}


class Racing(Clock):
    """Every moment is a minute."""

    def monotonic(self) -> float:
        return super().monotonic() * 600


def test_a_download_in_drops(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with server(drops(head + b"x" * 1000, 0.02)) as url, pytest.raises(DownloadFailed, match="so slow"):
        download(f"{url}/model.glb", tmp_path / "model.glb", system=System(Racing()))


def test_a_download_that_hangs_can_be_stopped(tmp_path: Path) -> None:
    from neural4d_blender.engine.files.download import Stopped

    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nxxx")
        stopped.set()
        connection.recv(1)

    with server(serve) as url, pytest.raises(Stopped):
        download(f"{url}/model.glb", tmp_path / "model.glb", stopped=stopped.is_set)
    requests = [thread for thread in threading.enumerate() if thread.name == "request"]
    for thread in requests:
        thread.join(60)
        assert not thread.is_alive()


def test_what_was_given_up_writes_no_more(tmp_path: Path) -> None:
    attempt = interruptible.Attempt()
    attempt.give_up()
    with pytest.raises(interruptible.GivenUp), attempt.going_on():
        raise AssertionError("it went on")
    with socket.socket() as connection, pytest.raises(interruptible.GivenUp):
        attempt.leaves(connection)
    assert not attempt.left
