"""What stands for the transport where nothing is sent: to what is built in."""

from __future__ import annotations

from typing import Any, NoReturn


class NoNetwork:
    """An ``Http`` that makes no calls."""

    url = ""

    def call(self, *_: Any, **__: Any) -> NoReturn:
        """What is built in calls nobody."""
        raise AssertionError("nothing is sent")

    def check_pace(self, *, paid: bool) -> None:
        """There is nobody to be asked too often."""

    def slow_down(self, seconds: float | None, *, paid: bool) -> float:
        """Nor to ask for a wait."""
        return 0.0
