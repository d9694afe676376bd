"""Calls the stand-in the way the document's samples do. Knows nothing of the extension's own client."""

from __future__ import annotations

import io
from typing import Any

import requests
from PIL import Image, ImageDraw

from scripts.simulator.launcher import Simulator

TIMEOUT = 30


class Caller:
    """One account's calls; `sim` is the handle of the stand-in that answers."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.headers = {"Authorization": f"Bearer {sim.token}"}

    def url(self, endpoint: str) -> str:
        return f"{self.sim.api_url}/api/{endpoint}"

    def post(self, endpoint: str, body: Any = None, **options: Any) -> requests.Response:
        """A POST with a JSON body; `headers`, `files`, `data`, `timeout` as for requests."""
        options = {"headers": self.headers, "timeout": TIMEOUT, **options}
        return requests.post(self.url(endpoint), json=body, **options)

    def call(self, endpoint: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The JSON of an answer that must be 200."""
        answer = self.post(endpoint, body, **options)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def generate(self, prompt: str = "a cute bird", count: int = 1, **more: Any) -> list[str]:
        """The uuids of a text operation."""
        return list(self.call("generateModelWithText", {"prompt": prompt, "modelCount": count, **more})["uuids"])

    def model_url(self, uuid: str) -> str:
        return str(self.call("retrieveModel", {"uuid": uuid})["modelUrl"])

    def mat(self, data: bytes | None = None, name: str = "photo.jpg") -> dict[str, Any]:
        files = {"image": (name, data if data is not None else picture(), "image/jpeg")}
        return self.call("mattingImage", files=files)


def picture(size: tuple[int, int] = (320, 300), kind: str = "JPEG", colour: str = "#d07830") -> bytes:
    """An image file: a round thing in front of a plain background."""
    image = Image.new("RGB", size, "#e8e8f0")
    width, height = size
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=colour)
    packed = io.BytesIO()
    image.save(packed, kind)
    return packed.getvalue()
