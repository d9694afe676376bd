"""ModelsLab's orders, and how each is shown.

May import what the stand-in is built on, nothing of the client.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from .. import present
from ..state import Answer, Call, World
from ..timed_work import Timed, shown_percent

FAILED = "Generation failed, please try again."
#: Of a picture that came as a data URI `meta` shows no more than this.
LONGEST_SHOWN = 40


@dataclass
class Order:
    """One request on its way to a model.

    asked: its checked options, `image` (a URL or data URI) or `prompt` among them; root: the path of the API it
    came by, from which it is fetched; suffix: the ending of its files' names.
    """

    id: int
    asked: dict[str, Any]
    job: Timed
    root: str
    suffix: str
    future: bool
    message: str = FAILED
    seed: int = field(default_factory=lambda: present.below(2**29, 1))
    prefix: str = field(default_factory=lambda: str(present.uuid4()))

    def __post_init__(self) -> None:
        self.seed = self.asked.get("seed") or self.seed

    @property
    def keys(self) -> dict[str, str]:
        """The result's two places at the file host."""
        return {
            "output": f"generations/{self.prefix}.{self.suffix}",
            "proxy_links": f"proxy/{self.prefix}.{self.suffix}",
        }

    @property
    def eta(self) -> int:
        """Seconds that are left, rounded up; 1 at the least, since it is not there yet."""
        return max(1, math.ceil(self.job.seconds - (present.monotonic() - self.job.started)))

    @property
    def done(self) -> bool:
        return self.job.state == "done"


def processing(world: World, call: Call, order: Order) -> Answer:
    """Not yet: when, and where to ask."""
    port = world.api_port
    progress = {"progress_stall", "progress_garbage", "progress_backwards"}
    faulty = call.fault is not None and call.fault.name in progress
    future = {"future_links": [world.result_url(call, order.keys["output"])]} if order.future else {}
    return Answer(
        {
            "status": "processing",
            "message": "",
            "id": order.id,
            "eta": shown_percent(call, order.job) if faulty else order.eta,
            "fetch_result": f"{port.url if port else ''}{order.root}fetch/{order.id}",
            "output": [],
            "proxy_links": [],
            **future,
            **_track(order),
            "meta": _meta(order),
        }
    )


def ended(world: World, call: Call, order: Order, shown_id: int | None) -> Answer:
    """The result, or that there is none."""
    if order.job.state == "failed":
        return Answer({"status": "failed", "message": order.message, "id": shown_id, "output": [], **_track(order)})
    return Answer(
        {
            "status": "success",
            "warning": "",
            "id": shown_id,
            "generationTime": round(max(order.job.seconds, 0.01), 2),
            **{name: [world.result_url(call, key)] for name, key in order.keys.items()},
            "nsfw_content_detected": False,
            "webhook_status": "",
            **_track(order),
            "meta": _meta(order),
        }
    )


def _track(order: Order) -> dict[str, Any]:
    """The caller's own id, where there is one: the document's sample has none and shows none."""
    return {} if order.asked["track_id"] is None else {"track_id": order.asked["track_id"]}


def _meta(order: Order) -> dict[str, Any]:
    """As in the documents, the odd spelling of the ratio included: what was asked for, by name."""
    asked = {name: value for name, value in order.asked.items() if name != "track_id" and value is not None}
    if "foreground_ratio" in asked:
        asked["foreground_ratio"] = f"{asked['foreground_ratio']:g}".removeprefix("0")
    if asked.get("image", "").startswith("data:"):
        asked["image"] = asked["image"][:LONGEST_SHOWN]
    found = {**asked, "file_prefix": order.prefix, "render": asked.get("render", False), "seed": order.seed}
    found["temp"] = asked.get("temp", "no")
    return dict(sorted(found.items()))
