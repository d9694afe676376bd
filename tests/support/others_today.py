"""Calls today's CSM, GoNeural and ModelsLab on the stand-in, and holds what they say against the schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import requests

from scripts.simulator.launcher import Simulator
from tests.support.simulator_client import TIMEOUT

SCHEMAS = Path(__file__).resolve().parents[2] / "scripts" / "schemas"
V6, ENTERPRISE = "/api/v6/3d/", "/api/v1/enterprise/3d/"
IMAGE = "https://example.com/pictures/red-chair.png"


@cache
def schemas(service: str) -> dict[str, Any]:
    """A service's schemas, by generation and endpoint."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{service}.json").read_text(encoding="utf-8"))
    return found


def fits(service: str, endpoint: str, part: str, value: Any, generation: str = "today") -> bool:
    """Whether a request (part "request") or an answer (part "200") holds against its schema."""
    known = schemas(service)
    about = known[generation][endpoint]
    schema = about["request"] if part == "request" else about["answers"][part]
    validator = jsonschema.Draft202012Validator({**schema, "$defs": known["$defs"]})
    return validator.is_valid(value)


class Today:
    """One account's calls; each answer is held against the schemas."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def _ask(self, service: str, endpoint: str, method: str, path: str, **options: Any) -> requests.Response:
        answer = requests.request(
            method, self.sim.addresses[service] + path, timeout=TIMEOUT, **{"headers": {}, **options}
        )
        assert fits(service, endpoint, str(answer.status_code), answer.json()), answer.text
        return answer

    # CSM

    def csm(self, endpoint: str, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"x-api-key": self.sim.keys["csm"]}
        return self._ask("csm", endpoint, method, path, headers=headers, json=body)

    def create(self, kind: str = "image_to_3d", **input: Any) -> requests.Response:
        return self.csm("csm/v3/create", "POST", "/v3/sessions/", {"type": kind, "input": input})

    def session(self, kind: str = "image_to_3d", **input: Any) -> str:
        answer = self.create(kind, **(input or {"image_url": IMAGE}))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["_id"])

    def look(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.csm("csm/v3/session", "GET", f"/v3/sessions/{id}").json()
        return found

    def listed(self, query: str = "") -> requests.Response:
        return self.csm("csm/v3/list", "GET", f"/v3/sessions/{query}")

    def cancel(self, id: str) -> requests.Response:
        return self.csm("csm/v3/cancel", "DELETE", f"/v3/sessions/{id}")

    # GoNeural

    def goneural(self, endpoint: str, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.sim.keys['goneural']}"}
        return self._ask("goneural", endpoint, method, path, headers=headers, **options)

    def billing(self) -> dict[str, Any]:
        found: dict[str, Any] = self.goneural("goneural/billing", "GET", "/v1/billing").json()
        return found

    def text_task(self, **body: Any) -> requests.Response:
        return self.goneural("goneural/text", "POST", "/v1/tasks/text-to-3d", json={"prompt": "a red chair", **body})

    def image_task(self, data: bytes, **options: Any) -> requests.Response:
        files = {"image": ("photo.png", data, "image/png")}
        return self.goneural("goneural/create", "POST", "/v1/tasks/image-to-3d", files=files, data=options)

    def task(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.goneural("goneural/task", "GET", f"/v1/tasks/{id}").json()
        return found

    # ModelsLab

    def modelslab(self, endpoint: str, path: str, **body: Any) -> requests.Response:
        """`path` with its root; a key of None is left out."""
        body = {"key": self.sim.keys["modelslab"], **body}
        return self._ask("modelslab", endpoint, "POST", path, json=body)

    def order(self, **body: Any) -> requests.Response:
        return self.modelslab("modelslab/v6/create", f"{V6}image_to_3d", **{"init_image": IMAGE, **body})

    def text_order(self, **body: Any) -> requests.Response:
        return self.modelslab("modelslab/v6/text", f"{V6}text_to_3d", **{"prompt": "a red chair", **body})

    def enterprise(self, **body: Any) -> requests.Response:
        return self.modelslab("modelslab/create", f"{ENTERPRISE}image_to_3d", **{"image": IMAGE, **body})

    def fetch(self, number: Any) -> requests.Response:
        return self.modelslab("modelslab/v6/fetch", f"{V6}fetch/{number}")


def download(url: str) -> bytes:
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.content
