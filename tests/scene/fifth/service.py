"""The made-up service behind atelier.py: models of one triangle, a ledger, and one job that fails."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.support.glb_files import glb, triangle

KEY = "atelier-secret-key"


class AtelierService:
    """On a free loopback port while the ``with`` block lasts. ``ledger``: points of each model; ``asked``: requests."""

    def __init__(self) -> None:
        self.credits, self.ledger, self.asked = 100, list[int](), list[str]()
        self.models: dict[str, dict[str, Any]] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.answer(self, b"")

            def do_POST(self) -> None:
                service.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer one request, as the made-up document of the service has it."""
        self.asked.append(f"{request.command} {request.path}")
        if request.path.startswith("/files/"):
            assert "x-atelier-key" not in request.headers, "the key was sent to the file host"
            return self._send(request, 200, glb(triangle()), "model/gltf-binary")
        if request.headers.get("x-atelier-key") != KEY:
            return self._send_json(request, 401, {"message": "unknown key"})
        if request.path == "/credits":
            return self._send_json(request, 200, {"credits": self.credits})
        if request.command == "POST":
            picture = request.headers["Content-Type"].startswith("multipart/")
            told = {} if picture else json.loads(body)
            number = str(len(self.models))
            points = 7 * told.get("detail", 3)
            self.models[number] = {"looks": 0, "fails": "clay" in told.get("prompt", ""), "picture": picture}
            self.credits -= points
            self.ledger.append(points)
            return self._send_json(request, 200, {"id": number})
        model = self.models[request.path.rpartition("/")[2]]
        model["looks"] += 1
        if model["looks"] < 3:
            return self._send_json(request, 200, {"state": "busy", "part": 0.3 * model["looks"]})
        if model["fails"]:
            return self._send_json(request, 200, {"state": "failed", "why": "Broken clay"})
        return self._send_json(request, 200, {"state": "done", "url": f"{self.url}/files/model.glb"})

    def _send_json(self, request: BaseHTTPRequestHandler, status: int, answer: dict[str, Any]) -> None:
        self._send(request, status, json.dumps(answer).encode(), "application/json")

    def _send(self, request: BaseHTTPRequestHandler, status: int, content: bytes, kind: str) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def __enter__(self) -> AtelierService:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
