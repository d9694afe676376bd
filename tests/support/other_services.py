"""Calls the stand-ins of CSM, GoNeural and ModelsLab the way their documents' samples do."""

from __future__ import annotations

import base64
from typing import Any

import requests

from scripts.simulator.launcher import Simulator
from tests.support.simulator_client import TIMEOUT, picture

CSM_ROOT = "/image-to-3d-sessions"
GONEURAL_CREATE = "/v1/tasks/image-to-3d"
MODELSLAB_ROOT = "/api/v1/enterprise/3d"
#: The URL of CSM's samples; nothing is ever fetched from it.
IMAGE_URL = "https://via.placeholder.com/300/09f/fff.png"
#: The asset of GoNeural's sample.
ASSET = "b4695157-0d1d-4da0-8f9e-5c53149389e4"


def shape(value: Any) -> Any:
    """Keys in their order and types, without the values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value)


def data_uri(data: bytes | None = None, kind: str = "png") -> str:
    packed = picture(kind="PNG") if data is None else data
    return f"data:image/{kind};base64,{base64.b64encode(packed).decode()}"


class Others:
    """One account's calls at the three; every method gives the answer itself."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    # CSM

    def csm(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        options = {"headers": {"x-api-key": self.sim.keys["csm"]}, "timeout": TIMEOUT, **options}
        return requests.request(method, self.sim.addresses["csm"] + CSM_ROOT + path, json=body, **options)

    def create(self, **more: Any) -> requests.Response:
        """A session from the sample's body; a value of None leaves a field out."""
        body = {
            "image_url": IMAGE_URL,
            "preview_mesh": "turbo",
            "pixel_alignment": "lowest",
            "model_resolution": "low",
            **more,
        }
        return self.csm("POST", "", {name: value for name, value in body.items() if value is not None})

    def session(self, **more: Any) -> str:
        return str(self.create(**more).json()["data"]["session_code"])

    def look(self, code: str) -> dict[str, Any]:
        found: dict[str, Any] = self.csm("GET", f"/{code}").json()["data"]
        return found

    def preview(self, code: str, **body: Any) -> requests.Response:
        return self.csm("POST", f"/get-3d/preview/{code}", body or {"selected_spin_index": 0})

    def refine(self, code: str, **body: Any) -> requests.Response:
        return self.csm("POST", f"/get-3d/refine/{code}", body)

    def refined(self, code: str, **body: Any) -> dict[str, Any]:
        """The session after all stages, whatever was done before."""
        if not self.look(code)["preview_mesh_url_glb"]:
            assert self.preview(code).ok
        assert self.refine(code, **body).ok
        return self.look(code)

    # GoNeural

    def goneural(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {
            "headers": {"Authorization": f"Bearer {self.sim.keys['goneural']}"},
            "timeout": TIMEOUT,
            **options,
        }
        return requests.request(method, self.sim.addresses["goneural"] + path, **options)

    def task(self, data: bytes | None = None, **options: Any) -> requests.Response:
        """A task from an uploaded image, the options as the form's texts."""
        files = {"image": ("photo.jpg", picture() if data is None else data, "image/jpeg")}
        return self.goneural("POST", GONEURAL_CREATE, files=files, data=options)

    def asset_task(self, **body: Any) -> requests.Response:
        return self.goneural("POST", GONEURAL_CREATE, json=body)

    def look_at_task(self, task: str, **options: Any) -> requests.Response:
        return self.goneural("GET", f"/v1/tasks/{task}", **options)

    # ModelsLab

    def modelslab(self, path: str, body: Any, **options: Any) -> requests.Response:
        options = {"timeout": TIMEOUT, **options}
        return requests.post(self.sim.addresses["modelslab"] + MODELSLAB_ROOT + path, json=body, **options)

    def order(self, **more: Any) -> requests.Response:
        """The document's example body, with this account's key."""
        body = {
            "key": self.sim.keys["modelslab"],
            "init_image": "https://pub-3626123a908346a7a8be8d9295f44e26.r2.dev/generations/0335d02b-0.png",
            "foreground_ratio": 0.85,
            "remove_bg": False,
            "resolution": 256,
            "chunk_size": 8192,
            "webhook": None,
            "track_id": None,
            **more,
        }
        return self.modelslab("/image_to_3d", body)

    def fetch(self, number: Any, **more: Any) -> requests.Response:
        return self.modelslab(f"/fetch/{number}", {"key": self.sim.keys["modelslab"], **more})
