"""Model files: a job is given a path, and goes the way of every other one from its download on, which is a copy.

What a file says of itself is believed as little as what comes from a service.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ...errors import InvalidInput
from ...model.declaration import Declaration, Quote
from .. import results
from ..base import Provider
from . import options_and_limits

if TYPE_CHECKING:
    from ...model.request import Request


class File(Provider):
    """Nothing is ever asked: steps/brought_in.py knows all there is to know."""

    declaration: ClassVar[Declaration] = options_and_limits.DECLARATION

    @classmethod
    def check(cls, request: Request) -> None:
        """The path says where the file is, whoever reads it."""
        if not Path(request.bring_in).is_absolute():
            raise InvalidInput("A model file is given by its path.", "Use bring_in for it.")

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """Nothing costs anything."""
        return []

    @classmethod
    def makes(cls, request: Request) -> str:
        """What the file's name says; what it really is, its bytes say."""
        return request.format

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> results.Submission:
        """Never called: a file is there."""
        raise NotImplementedError

    def poll(self, uuid: str, expect_done: bool) -> results.Poll:
        """Never called: it is done."""
        raise NotImplementedError

    def here(self, url: str) -> Path:
        """The path itself."""
        return Path(url)
