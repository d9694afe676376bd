"""A way to a simulator that keeps the answers of some calls until it is told to let them through."""

from __future__ import annotations

import http.client
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class Gate:
    """Stands between an engine and a simulator.

    Args:
        url: the simulator's. held: what stands in the paths of the calls whose answers are kept.

    Attributes:
        url: where the engine has to call. arrived: set when such a call has been acted on. count: how many have.
    """

    def __init__(self, url: str, *held: str) -> None:
        self.arrived, self.opened, self.count = threading.Event(), threading.Event(), 0
        self._held = held
        self._host = urllib.parse.urlsplit(url).netloc
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                gate._pass(self)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def open(self) -> None:
        """Let all through."""
        self.opened.set()

    def __enter__(self) -> Gate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open()
        self._server.shutdown()
        self._server.server_close()

    def _pass(self, asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in asked.headers.items() if name.lower() != "connection"}
        onward = http.client.HTTPConnection(self._host)
        onward.request(asked.command, asked.path, body, headers)
        answer = onward.getresponse()
        content = answer.read()
        onward.close()
        if any(text in asked.path for text in self._held):
            self.count += 1
            self.arrived.set()
            self.opened.wait()
        try:
            asked.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() in ("content-type", "retry-after"):
                    asked.send_header(name, value)
            asked.send_header("Content-Length", str(len(content)))
            asked.end_headers()
            asked.wfile.write(content)
        except OSError:  # whoever asked has gone
            asked.close_connection = True
