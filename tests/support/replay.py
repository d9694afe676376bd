"""A server that gives recorded answers in their order, and what has to be called so that a provider asks for them.

A recording is a folder below tests/recorded with an exchanges.jsonl: of the live check, or of a job's folder.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from neural4d_blender.engine.model.declaration import Option
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.services.base import Provider
from scripts.livecheck.endpoints import endpoint

FOLDER = Path(__file__).resolve().parents[1] / "recorded"
_STAND_IN = re.compile(r"(?<![A-Za-z0-9-])id-(\d+)\b( \(a number\))?")


@dataclass
class Recording:
    """What was recorded, with ids that look like some.

    Args:
        service: its id. facts: what was known of the server when it began.
    """

    service: str
    facts: dict[str, str]
    exchanges: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Recording:
        head, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert head["form"] == 1, "made by a version that writes another form"
        numbers = set(re.findall(r"\bid-(\d+) \(a number\)", json.dumps(lines)))
        return cls(head["service"], head.get("facts", {}), [_with_ids(line, numbers) for line in lines])


def _with_ids(value: Any, numbers: set[str]) -> Any:
    """Stand-ins become uuids, or numbers where they were."""
    if isinstance(value, dict):
        return {name: _with_ids(part, numbers) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_ids(part, numbers) for part in value]
    if not isinstance(value, str):
        return value
    if (found := _STAND_IN.fullmatch(value)) and found[2]:
        return 1_000_000 + int(found[1])
    if value.startswith(("http://", "https://")):
        return value

    def shown(found: re.Match[str]) -> str:
        number = int(found[1])
        return str(1_000_000 + number) if found[1] in numbers else f"00000000-0000-4000-8000-{number:012d}"

    return _STAND_IN.sub(shown, value)


@dataclass
class Server:
    """Gives the answers of ``exchanges`` in their order. ``asked``: what came, as a recording has it."""

    exchanges: list[dict[str, Any]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator[Server]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    @property
    def next(self) -> dict[str, Any] | None:
        """The exchange whose request is awaited."""
        return self.exchanges[len(self.asked)] if len(self.asked) < len(self.exchanges) else None

    def pass_over(self) -> None:
        """The next exchange was no request of the product's."""
        self.asked.append({"passed over": True})


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            recorded = server.next
            kind = self.headers.get("Content-Type", "")
            server.asked.append({"method": self.command, "path": self.path, **_fields(content, kind)})
            if recorded is None or recorded["status"] is None:
                self.close_connection = True  # no answer came
                return
            answer = recorded["answer"]
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(recorded["status"])
            self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def _fields(content: bytes, kind: str) -> dict[str, Any]:
    if not kind.startswith("multipart/form-data"):
        return {"form": False, "fields": json.loads(content) if content else {}, "files": []}
    fields: dict[str, Any] = {}
    files: list[dict[str, Any]] = []
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content)
    for part in message.iter_parts():  # type: ignore[attr-defined]
        name, data = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if part.get_filename() is None:
            fields[name] = data.decode()
        else:
            files.append({"field": name, "type": part.get_content_type(), "bytes": len(data)})
    return {"form": True, "fields": fields, "files": files}


def call_for(provider: Provider, recorded: dict[str, Any], picture: str) -> Callable[[], Any] | None:
    """What has the provider send the recorded request; None where it has no such call."""
    service = provider.declaration.id
    name = endpoint(service, recorded["method"], recorded["path"]).rpartition("/")[2]
    fields, last = recorded["fields"], recorded["path"].rstrip("/").rpartition("/")[2]
    id = str(fields.get("uuid") or last)
    if name in ("queryPointsInfo", "billing", "credits"):
        return provider.balance
    if name in ("retrieveModel", "session", "task", "fetch"):
        return lambda: provider.poll(id, True)
    if name == "queryJobProgress":
        return lambda: provider.poll(id, False)
    if name == "convertToFormat":
        return lambda: provider.convert(id, fields["modelType"].upper(), fields.get("modelSize"))
    if name == "mattingImage":
        return lambda: provider.cut_out(picture)
    if name == "getMattedResult":
        return lambda: provider.cutouts(str(fields["requestId"]))
    if name == "checkHumanImage":
        return lambda: provider.portrait(picture)
    if name in ("preview", "refine"):
        return lambda: provider.order(last, name, Request(images=[picture]), "0", None)
    if name == "queryGenerationResult":
        return lambda: provider.pictures([id])
    return _submission(provider, recorded, name, picture)


def _submission(provider: Provider, recorded: dict[str, Any], name: str, picture: str) -> Callable[[], Any] | None:
    fields = recorded["fields"]
    inner = fields.get("input") if isinstance(fields.get("input"), dict) else {}
    given = {**fields, **(inner or {})}
    options = {one.key: _read(one, given[one.key]) for one in provider.declaration.options if one.key in given}
    images = [picture] * max(1, len(recorded["files"]))
    prompt = str(given.get("prompt") or "")
    count = int(given.get("modelCount") or 1)
    pbr = None if "disablePbr" not in given else str(given["disablePbr"]) == "0"
    if name == "createCuteModelsFromImages":
        request = Request(images=images, options={**options, "style": str(given["styleType"])})
        return lambda: provider.submit(request, [])
    if name == "createNormalPicture" or given.get("type") == "text_to_image":
        request = Request(
            prompt=prompt,
            picture_first=True,
            pictures=int(given.get("jobNum") or 1),
            references=[picture] * len(recorded["files"]),
            options=options,
        )
        return lambda: provider.order_pictures(request)
    if name == "generateModelWithText" or name == "text":
        request = Request(prompt=prompt, variants=count, pbr=pbr, options=options)
        tickets = given.get("uuids") or [given.get("track_id")] * bool(given.get("track_id"))
        return lambda: provider.submit(request, tickets)
    if name in ("generateModelWithImage", "create"):
        at = next((given[key] for key in ("init_image", "image", "image_url") if given.get(key)), picture)
        web = str(at).startswith("http")
        request = Request(images=[str(at)] if web else images[:1], variants=count, pbr=pbr, options=options)
        tickets = [str(given["track_id"])] if given.get("track_id") else []
        return lambda: provider.submit(request, tickets, str(given.get("fileKey") or ""))
    return None


def _read(option: Option, value: Any) -> Any:
    """An option's value, which a form has as a text."""
    if not isinstance(value, str) or option.kind in ("text", "choice"):
        return str(value) if option.kind == "choice" else value
    return {"true": True, "false": False}.get(value, value) if option.kind == "bool" else float(value) if (
        option.kind == "float"
    ) else int(value)  # fmt: skip
