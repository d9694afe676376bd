"""How the main job is asked of each generation of each service: what the suites that all services share are run on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from neural4d_blender.engine.model.declaration import Declaration, Feature
from neural4d_blender.engine.protocol import declaration

#: The stand-in does not fetch it: no traffic leaves the machine.
WEB_PICTURE = "https://pictures.example/wooden-chair.png"

TODAY, OLDER = "today", "2024"


class Witness(StrEnum):
    """What can prove whether a submission whose answer was lost had arrived."""

    RECORDS = "records"  # the service's own tell either way; its balance is told too
    IDS = "ids"  # ours find what has arrived; of what has not only the balance tells
    BALANCE = "balance"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Case:
    """One way to one model.

    Args:
        provider: id of the service. generation: of the service, as the stand-in calls it.
        made_of: the feature that the input is.
        submit: the stand-in's name for the request that pays first. look: for the one that asks how far the job is.
        paid: the operations in the ledger of one job, in their order.
        witness: of a lost answer. asks_first: requests like ``look`` by which the client finds out what it talks to.
        settings: of the stand-in, besides the generation.
    """

    provider: str
    generation: str
    made_of: Feature
    submit: str
    look: str
    paid: tuple[str, ...]
    witness: Witness
    asks_first: int = 0
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.provider}-{self.generation}-{self.made_of}"

    @property
    def declared(self) -> Declaration:
        """The service's declaration."""
        return declaration(self.provider)

    @property
    def configured(self) -> dict[str, Any]:
        """All settings that the stand-in needs for it."""
        return {"generations": {self.provider: self.generation}, **self.settings}

    @property
    def submissions(self) -> int:
        """How often ``submit`` is asked for one job."""
        return 1 + self.paid[:-1].count("csm.text_to_image")  # CSM's pictures and models are made at one address

    @property
    def tells_balance(self) -> bool:
        """Whether the service tells what is left."""
        return self.witness is not Witness.NOTHING

    @property
    def tells_price(self) -> bool:
        """Whether what a job has cost is known: by its answers (GoNeural's) or by the balance."""
        return self.tells_balance or self.provider == "goneural"

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


def _neural4d(generation: str, made_of: Feature, submit: str) -> Case:
    honours_ids = generation == OLDER and made_of is Feature.TEXT
    witness = Witness.IDS if honours_ids else Witness.BALANCE
    return Case("neural4d", generation, made_of, submit, "retrieveModel", (made_of.value,), witness)


def _csm(made_of: Feature, *paid: str) -> Case:
    return Case("csm", TODAY, made_of, "csm/v3/create", "csm/v3/session", paid, Witness.RECORDS)


def _goneural(generation: str, made_of: Feature, submit: str, paid: str) -> Case:
    witness = Witness.BALANCE if generation == TODAY else Witness.NOTHING
    return Case("goneural", generation, made_of, submit, "goneural/task", (paid,), witness)


def _modelslab(generation: str, made_of: Feature, root: str, call: str, paid: str, **settings: Any) -> Case:
    names = (f"{root}/{call}", f"{root}/fetch")
    return Case("modelslab", generation, made_of, *names, (paid,), Witness.NOTHING, asks_first=1, settings=settings)


TEXT, IMAGE, URL = Feature.TEXT, Feature.IMAGE, Feature.IMAGE_URL

#: Of each service what it is today first, and of that the way that is asked for most.
CASES = [
    _neural4d(TODAY, TEXT, "generateModelWithText"),
    _neural4d(TODAY, IMAGE, "generateModelWithImage"),
    _neural4d(OLDER, TEXT, "generateModelWithText"),
    _neural4d(OLDER, IMAGE, "generateModelWithImage"),
    _csm(IMAGE, "csm.image_to_3d"),
    _csm(TEXT, "csm.text_to_image", "csm.image_to_3d"),
    Case(
        *("csm", OLDER, IMAGE, "csm/create", "csm/session"),
        ("csm.session", "csm.preview", "csm.refine"),
        Witness.NOTHING,
    ),
    _goneural(TODAY, IMAGE, "goneural/create", "goneural.task"),
    _goneural(TODAY, TEXT, "goneural/text", "goneural.text"),
    _goneural(OLDER, IMAGE, "goneural/create", "goneural.task"),
    _modelslab(TODAY, URL, "modelslab/v6", "create", "modelslab.image"),
    _modelslab(TODAY, TEXT, "modelslab/v6", "text", "modelslab.text"),
    # It makes one format, whichever is ordered: here the one that is.
    _modelslab(OLDER, URL, "modelslab", "create", "modelslab.image", modelslab_format="glb"),
]
#: The most usual way at each service as it is today.
ONE_EACH = list({case.provider: case for case in reversed(CASES) if case.generation == TODAY}.values())[::-1]
#: And one of each older generation.
OLDER_ONES = list({case.provider: case for case in reversed(CASES) if case.generation == OLDER}.values())[::-1]
