"""How the main job is asked of each service: what the suites that all services share are run on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from neural4d_blender.engine.declaration import Declaration, Feature
from neural4d_blender.engine.protocol import declaration

#: The stand-in does not fetch it: no traffic leaves the machine.
WEB_PICTURE = "https://pictures.example/wooden-chair.png"


@dataclass(frozen=True)
class Case:
    """One way to one model.

    Args:
        provider: id of the service. made_of: the feature that the input is.
        submit: the stand-in's name for the request that pays first. look: for the one that asks how far the job is.
        paid: the operations in the ledger of one job, in their order.
        provable: the service can tell whether a submission whose answer was lost had arrived.
    """

    provider: str
    made_of: Feature
    submit: str
    look: str
    paid: tuple[str, ...]
    provable: bool = False

    def __str__(self) -> str:
        return f"{self.provider}-{self.made_of}"

    @property
    def declared(self) -> Declaration:
        """The service's declaration."""
        return declaration(self.provider)

    def input(self, folder: Path) -> dict[str, Any]:
        """Of the request: the prompt, or the images. A picture is made in the folder."""
        if self.made_of is Feature.TEXT:
            return {"prompt": "a wooden chair"}
        if self.made_of is Feature.IMAGE_URL:
            return {"prompt": "", "images": [WEB_PICTURE]}
        return {"prompt": "", "images": [str(picture(folder))]}

    def operations(self, ledger: Iterable[dict[str, Any]]) -> list[str]:
        """What of the ledger was paid for."""
        return [entry["operation"] for entry in ledger if entry["points"] > 0]


def picture(folder: Path) -> Path:
    """A picture file of a brown thing on white."""
    path = folder / "wooden chair.png"
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).rectangle((100, 50, 300, 250), fill="brown")
    image.save(path)
    return path


CASES = [
    Case("neural4d", Feature.TEXT, "generateModelWithText", "retrieveModel", ("text",), provable=True),
    Case("neural4d", Feature.IMAGE, "generateModelWithImage", "retrieveModel", ("image",), provable=True),
    Case("csm", Feature.IMAGE, "csm/create", "csm/session", ("csm.session", "csm.preview", "csm.refine")),
    Case("goneural", Feature.IMAGE, "goneural/create", "goneural/task", ("goneural.task",)),
    Case("modelslab", Feature.IMAGE_URL, "modelslab/create", "modelslab/fetch", ("modelslab.image",)),
]
