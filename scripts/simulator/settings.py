"""Everything that can be set on a running simulator, with the checks on each value.

May import the names of the shapes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from . import settings_other_services
from .models.catalogue import SHAPE_NAMES
from .settings_other_services import TODAY_PRICES, OtherSettings

#: Neural4D's prices by generation. Today's are for one model (chibi: one image, picture: one picture), those of 2024
#: for one operation (chibi: one image). No document names one for matting.
NEURAL4D_PRICES = {
    "today": {"text": 30, "image": 30, "chibi": 30, "picture": 13, "conversion": 10, "matting": 0},
    "2024": {"text": 60, "image": 80, "chibi": 30, "conversion": 10, "matting": 0},
}
#: The other services' documents name no price: these are made up, and not 0 so that paying twice shows.
MADE_UP_PRICES = {
    "csm.session": 5,
    "csm.preview": 7,
    "csm.refine": 20,
    "goneural.task": 30,
    "modelslab.image": 12,
    **TODAY_PRICES,
}
OTHER_SERVICES = ("csm", "goneural", "modelslab")
SERVICES = ("neural4d", *OTHER_SERVICES)
#: What a service can be: as its documents of 2024 have it, or as it is today.
GENERATIONS = ("today", "2024")
#: Settings that are secrets: never listed, never logged.
KEYS = ("token", "csm_key", "goneural_key", "modelslab_key")
#: CSM's results, by the ending of their fields (mesh_url_glb, preview_mesh_url_glb, ...).
CSM_FORMATS = ("glb", "obj", "fbx", "usdz", "zip")


class SettingError(ValueError):
    """A setting's name or value is not one the simulator knows."""


@dataclass
class Settings(OtherSettings):
    """Times in seconds, points in points, sizes in pixels."""

    token: str = "simulator-token"
    csm_key: str = "simulator-csm-key"
    goneural_key: str = "simulator-goneural-key"
    modelslab_key: str = "simulator-modelslab-key"
    #: Points on each service's account.
    balance: int = 1000
    #: Parts of `balance` that are monthly bonus and yearly points; the rest is permanent.
    bonus_points: int = 0
    year_points: int = 0
    expiration_day: str | None = None
    #: What other services' accounts hold where it is not `balance`: {"csm": 100}.
    credits: dict[str, int] = field(default_factory=dict)
    #: Each service's generation.
    generations: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SERVICES, "today"))
    #: Neural4D's prices in place of its generation's (for a model today, for an operation in 2024), and all others'.
    prices: dict[str, int] = field(default_factory=lambda: dict(MADE_UP_PRICES))
    #: Whether points come back when a generation or conversion fails (the documents are silent: no).
    refund_failed: bool = False
    #: HTTP status for an operation the balance does not cover.
    no_points_status: int = 402
    #: How much later than the ledger the balances that the services show have a purchase.
    booking_seconds: float = 0.0
    #: The most calls of one service in any `limit_window` seconds; what is above is refused and does not count.
    calls_per_minute: int | None = None
    limit_window: float = 60.0
    #: The calls that this counts and refuses: of endpoints that cost points ("paid"), or "all".
    limit_counts: str = "paid"
    #: How long to wait is said nowhere ("plain"), in a Retry-After header ("retry_after") or in the JSON ("json").
    limit_answer: str = "plain"
    #: How much later than the service has acted and charged its answer to a call that costs points comes.
    answer_seconds: float = 0.0
    #: Today's Neural4D and `uuids` of the client's: "ignored" (the ids are its own), "honoured" (as in 2024), "mixed"
    #: (the first is used), "echoed" (the answer repeats them, but only ids of its own, told nowhere, are known).
    ids: str = "ignored"
    #: pointsDeducted in today's answers about models: "told", "null" or "absent" (about pictures: always told).
    points_told: str = "told"
    #: Words that today's Neural4D lets into no prompt and no file name.
    moderated_words: list[str] = field(default_factory=lambda: ["forbidden"])
    #: What today's Neural4D says to generating: "ok", "restricted" (402) or "not_allowed" (403).
    account: str = "ok"
    #: Whether today's Neural4D still has matting, and takes a fileKey in place of an image.
    matting: bool = False
    #: Time one of today's pictures takes.
    picture_seconds: float = 1.0
    job_seconds: float = 6.0
    #: How much later than the one before it each variant of an operation is done.
    variant_spread: float = 0.0
    #: Time the pictures to choose from take: Neural4D's cut-outs, CSM's spins.
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
    #: CSM's generation of answers: "spins" (status, percentage, spins to choose from, preview, refine) or
    #: "session" (session_status, percent_done; the mesh comes without any choice).
    csm_generation: str = "spins"
    #: Whether the account may use the options that are for enterprise users only.
    csm_enterprise: bool = True
    #: What scaled_bbox does: "stretch" to exactly these dimensions, or "fit" inside them with the proportions kept.
    csm_bbox: str = "stretch"
    #: The formats in which CSM gives results.
    csm_formats: list[str] = field(default_factory=lambda: list(CSM_FORMATS))
    #: How long a GoNeural task is 'queued' of its time.
    queue_seconds: float = 0.2
    #: Whether a failed GoNeural task is refunded.
    goneural_refunds: bool = True
    #: Image assets that GoNeural's text-to-image endpoint is taken to have made (one from the document).
    goneural_assets: list[str] = field(default_factory=lambda: ["b4695157-0d1d-4da0-8f9e-5c53149389e4"])
    #: Whether ModelsLab answers with the result at once.
    modelslab_at_once: bool = False
    #: Whether ModelsLab's errors have an HTTP status of their own, beside their text.
    modelslab_http_errors: bool = False
    #: Format of ModelsLab's result: "obj" (with colours at its vertices) or "glb".
    modelslab_format: str = "obj"
    #: Blender for conversions: a path or command line; null looks for one.
    blender: str | None = None

    def update(self, changes: dict[str, Any]) -> None:
        """Set some values, all or none; `prices`, `credits` and `generations` may name only what changes.

        Raises:
            SettingError: unknown name or unfit value.
        """
        fresh = dataclasses.replace(self)
        for name in _TABLES:
            setattr(fresh, name, dict(getattr(self, name)))
        for name, value in changes.items():
            if name not in _NAMES:
                raise SettingError(f"There is no setting '{name}'. Settings: {', '.join(sorted(_NAMES))}.")
            if name in _TABLES:
                _check_table(name, value)
                getattr(fresh, name).update(value)
            else:
                _check(name, value)
                setattr(fresh, name, value)
        if fresh.bonus_points + fresh.year_points > fresh.balance:
            raise SettingError("bonus_points and year_points together must not exceed balance.")
        for name in _NAMES:
            setattr(self, name, getattr(fresh, name))

    def to_dict(self) -> dict[str, Any]:
        """All settings but the keys; every price there is."""
        shown = {name: value for name, value in dataclasses.asdict(self).items() if name not in KEYS}
        return shown | {"prices": NEURAL4D_PRICES[self.generations["neural4d"]] | self.prices}

    def price(self, name: str) -> int:
        """Points for what a price is for (an operation, a model, a picture)."""
        return (NEURAL4D_PRICES[self.generations["neural4d"]] | self.prices)[name]

    @property
    def keys(self) -> tuple[str, ...]:
        """Every service's key."""
        return tuple(getattr(self, name) for name in KEYS)


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
    "queue_seconds": (int, float),
    "booking_seconds": (int, float),
    "limit_window": (int, float),
    "answer_seconds": (int, float),
    "picture_seconds": (int, float),
    "texture_size": int,
    **settings_other_services.NOT_NEGATIVE,
}
_OPTIONAL_TEXT = {"expiration_day", "blender"}
_OPTIONAL_COUNT = {"triangles": 4, "calls_per_minute": 1}
_TEXTS = {"style_types", "goneural_assets", "moderated_words"}
_TRUTHS = {
    "refund_failed",
    "csm_enterprise",
    "goneural_refunds",
    "modelslab_at_once",
    "modelslab_http_errors",
    "matting",
    *settings_other_services.TRUTHS,
}
_CHOICES = {
    "matting_pending_as": ("null", "missing", "empty"),
    "csm_generation": ("spins", "session"),
    "csm_bbox": ("stretch", "fit"),
    "modelslab_format": ("obj", "glb"),
    **settings_other_services.CHOICES,
    "limit_counts": ("paid", "all"),
    "limit_answer": ("plain", "retry_after", "json"),
    "ids": ("ignored", "honoured", "mixed", "echoed"),
    "points_told": ("told", "null", "absent"),
    "account": ("ok", "restricted", "not_allowed"),
}
_TABLES = {
    "prices": (*NEURAL4D_PRICES["today"], *MADE_UP_PRICES),
    "credits": OTHER_SERVICES,
    "generations": SERVICES,
}


def _check_table(name: str, value: Any) -> None:
    known = _TABLES[name]
    if not isinstance(value, dict):
        example = '"2024"' if name == "generations" else "20"
        raise SettingError(f'{name} must be an object such as {{"{known[0]}": {example}}}.')
    for key, points in value.items():
        if key not in known:
            raise SettingError(f"There is no '{key}' in {name}. There are: {', '.join(known)}.")
        if name == "generations":
            if points not in GENERATIONS:
                raise SettingError(f"'{key}' in {name} must be one of {', '.join(GENERATIONS)}.")
        elif not _is(points, int) or points < 0:
            raise SettingError(f"'{key}' in {name} must be a whole number of 0 or more.")


def _is(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _check(name: str, value: Any) -> None:
    if name in _NOT_NEGATIVE:
        good = _is(value, _NOT_NEGATIVE[name]) and value >= (16 if name == "texture_size" else 0)
    elif name == "url_seconds":
        good = _is(value, (int, float))
    elif name in _OPTIONAL_COUNT:
        good = value is None or (_is(value, int) and value >= _OPTIONAL_COUNT[name])
    elif name == "shape":
        good = value is None or value in SHAPE_NAMES
    elif name in _OPTIONAL_TEXT:
        good = value is None or isinstance(value, str)
    elif name == "csm_formats":
        good = isinstance(value, list) and all(item in CSM_FORMATS for item in value)
    elif name in _TEXTS:
        good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    elif name == "human":
        good = value == "auto" or isinstance(value, bool)
    elif name in _TRUTHS:
        good = isinstance(value, bool)
    elif name in _CHOICES:
        good = value in _CHOICES[name]
    else:
        good = isinstance(value, str) and bool(value)
    if not good:
        raise SettingError(f"{value!r} is no value for the setting '{name}'.")
