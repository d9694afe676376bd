"""Everything that can be set on a running simulator, with the checks on each value.

May import the names of the shapes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from .models.catalogue import SHAPE_NAMES

#: Points one operation costs by the document. The document names no price for matting or the queries.
DOCUMENTED_PRICES = {"text": 60, "image": 80, "chibi": 30, "conversion": 10, "matting": 0}


class SettingError(ValueError):
    """A setting's name or value is not one the simulator knows."""


@dataclass
class Settings:
    """Times in seconds, points in points, sizes in pixels."""

    token: str = "simulator-token"
    balance: int = 1000
    #: Parts of `balance` that are monthly bonus and yearly points; the rest is permanent.
    bonus_points: int = 0
    year_points: int = 0
    expiration_day: str | None = None
    prices: dict[str, int] = field(default_factory=lambda: dict(DOCUMENTED_PRICES))
    #: Whether points come back when a generation or conversion fails (the document is silent: no).
    refund_failed: bool = False
    #: HTTP status for an operation the balance does not cover.
    no_points_status: int = 402
    job_seconds: float = 6.0
    #: How much later than the one before it each variant of an operation is done.
    variant_spread: float = 0.0
    matting_seconds: float = 1.0
    conversion_seconds: float = 1.0
    #: What a pending matting gives for its two lists: "null", "missing" or "empty".
    matting_pending_as: str = "null"
    #: How long a result URL stays valid; whole seconds, counted from the last full second.
    url_seconds: float = 3600.0
    #: The tags that the account's owner arranged with the service.
    style_types: list[str] = field(default_factory=lambda: ["Pixel-Style"])
    #: Answer of checkHumanImage: "auto" looks for skin colours in the image; true or false is fixed.
    human: str | bool = "auto"
    #: Shape of the next models whatever their prompt says ("nested", "bird", ...); null follows the prompt.
    shape: str | None = None
    #: Triangle count of the next models (rounded down to an even number); null leaves the shape's own.
    triangles: int | None = None
    texture_size: int = 1024
    #: Blender for conversions: a path or command line; null looks for one.
    blender: str | None = None

    def update(self, changes: dict[str, Any]) -> None:
        """Set some values, all or none; `prices` may name only the prices that change.

        Raises:
            SettingError: unknown name or unfit value.
        """
        fresh = dataclasses.replace(self, prices=dict(self.prices))
        for name, value in changes.items():
            if name not in _NAMES:
                raise SettingError(f"There is no setting '{name}'. Settings: {', '.join(sorted(_NAMES))}.")
            if name == "prices":
                _check_prices(value)
                fresh.prices.update(value)
            else:
                _check(name, value)
                setattr(fresh, name, value)
        if fresh.bonus_points + fresh.year_points > fresh.balance:
            raise SettingError("bonus_points and year_points together must not exceed balance.")
        for name in _NAMES:
            setattr(self, name, getattr(fresh, name))

    def to_dict(self) -> dict[str, Any]:
        """All settings but the token."""
        values = dataclasses.asdict(self)
        del values["token"]
        return values


_NAMES = {item.name for item in dataclasses.fields(Settings)}
_NOT_NEGATIVE = {
    "balance": int,
    "bonus_points": int,
    "year_points": int,
    "no_points_status": int,
    "job_seconds": (int, float),
    "variant_spread": (int, float),
    "matting_seconds": (int, float),
    "conversion_seconds": (int, float),
    "texture_size": int,
}
_OPTIONAL_TEXT = {"expiration_day", "blender"}


def _check_prices(value: Any) -> None:
    if not isinstance(value, dict):
        raise SettingError('prices must be an object such as {"text": 20}.')
    for name, points in value.items():
        if name not in DOCUMENTED_PRICES:
            raise SettingError(f"There is no price '{name}'. Prices: {', '.join(DOCUMENTED_PRICES)}.")
        if not _is(points, int) or points < 0:
            raise SettingError(f"The price of {name} must be a whole number of 0 or more.")


def _is(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _check(name: str, value: Any) -> None:
    if name in _NOT_NEGATIVE:
        good = _is(value, _NOT_NEGATIVE[name]) and value >= (16 if name == "texture_size" else 0)
    elif name == "url_seconds":
        good = _is(value, (int, float))
    elif name == "triangles":
        good = value is None or (_is(value, int) and value >= 4)
    elif name == "shape":
        good = value is None or value in SHAPE_NAMES
    elif name in _OPTIONAL_TEXT:
        good = value is None or isinstance(value, str)
    elif name == "style_types":
        good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif name == "human":
        good = value == "auto" or isinstance(value, bool)
    elif name == "refund_failed":
        good = isinstance(value, bool)
    elif name == "matting_pending_as":
        good = value in ("null", "missing", "empty")
    else:
        good = isinstance(value, str) and bool(value)
    if not good:
        raise SettingError(f"{value!r} is no value for the setting '{name}'.")
