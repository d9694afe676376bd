"""The built-in samples: what a service does, of models that come with the extension, with nothing sent anywhere.

A job goes the way of every other one. How far a model is follows from the time at which it was begun, which is in its
id, so that it goes on after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ...errors import InvalidInput
from ...model.declaration import Declaration, Quote
from .. import results
from ..base import Provider
from ..results import Outcome
from . import options_and_limits

if TYPE_CHECKING:
    from ...model.request import Request

FILES = Path(__file__).with_name("files")
#: Seconds that a model takes, so that its stages can be seen.
SECONDS = 6.0
#: What it is said to be at, up to which part of that time.
_STAGES = (("Shape", 0.5), ("Textures", 1.0))


class Sample(Provider):
    """A prompt names the sample: each variant of it is a file."""

    declaration: ClassVar[Declaration] = options_and_limits.DECLARATION

    @classmethod
    def check(cls, request: Request) -> None:
        """The prompt names a sample."""
        _named(request.prompt)

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """Nothing costs anything."""
        return [Quote("pictures", 0)] * request.picture_first + [Quote("model", 0)]

    def order_pictures(self, request: Request) -> results.Submission:
        """They are there already."""
        name = _named(request.prompt)
        return results.Submission([f"{name}{number}" for number in range(request.pictures)], points=0)

    def pictures(self, ids: Sequence[str]) -> list[results.Cutout]:
        """A picture of each variant."""
        return [results.Cutout(one, f"{one}.jpg") for one in ids]

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> results.Submission:
        """Begin: of a picture the variant that it shows."""
        names = [cutout] if cutout else [f"{_named(request.prompt)}{number}" for number in range(request.variants)]
        now = self.system.clock.now()
        return results.Submission([f"{name}@{now:.2f}" for name in names], points=0)

    def poll(self, uuid: str, expect_done: bool) -> results.Poll:
        """How far it is by the clock; one that was set back holds nothing up."""
        name, _, begun = uuid.partition("@")
        seconds = SECONDS + int(name[-1])  # so that the first one is done first
        part = (self.system.clock.now() - float(begun)) / seconds
        if 0 <= part < 1:
            stage = next(stage for stage, end in _STAGES if part < end)
            return results.Poll(Outcome.GENERATING, part, stage=stage, eta=(1 - part) * seconds)
        return results.Poll(Outcome.DONE, 1.0, model_url=f"{name}.glb", preview_url=f"{name}.jpg", points=0)

    def here(self, url: str) -> Path:
        """Where a file is that another answer names."""
        return FILES / Path(url).name


def _named(prompt: str) -> str:
    """The sample that a prompt names; InvalidInput, naming all, where it names none."""
    words = re.findall(r"[a-z]+", prompt.lower())
    for name in options_and_limits.SAMPLES:
        if name in words:
            return name
    raise InvalidInput(
        f"The built-in samples are {', '.join(options_and_limits.SAMPLES)}: the prompt names none of them."
    )
