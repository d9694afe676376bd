"""What jobs cost, and what is left: prices, balances, sums. May import scene and the engine's ``protocol``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..batching.table.pictures import front_and_sides
from ..engine import protocol
from ..engine.protocol import Balance, Feature, OptionValue, Request
from ..scene.ask_engine import ask
from ..scene.engine_process import bridge
from ..scene.start_job import require_ready
from .pictures import Picture, listed


def estimate(
    prompt: str = "",
    *,
    image: Picture | Sequence[Picture] | None = None,
    views: Mapping[str, Picture] | None = None,
    picture_first: bool = False,
    pictures: int = 1,
    references: Picture | Sequence[Picture] = (),
    provider: str = "neural4d",
    variants: int = 1,
    format: str = "",
    options: Mapping[str, OptionValue] | None = None,
    place_all: bool = False,
    **_others: Any,
) -> int | None:
    """Points that :func:`generate` with the same arguments is going to cost.

    None where the service documents no price and none was measured yet. The price measured last goes before
    the documented one, which the service may have changed since: it keeps nothing from being sent. Arguments that
    change no price are passed over.
    """
    front, sides = front_and_sides(listed(image), views)
    request = Request(
        prompt,
        # How many pictures there are is all that a price may depend on; they need not exist yet.
        images=["?"] * len(front),
        views=dict.fromkeys(sides, "?"),
        picture_first=picture_first,
        pictures=pictures,
        references=["?"] * len(listed(references)),
        variants=variants,
        format=format or protocol.declaration(provider).native,
        options=dict(options or {}),
        place_all=place_all,
    )
    return protocol.estimate(provider, request, bridge.prices)


def conversion_estimate(provider: str = "neural4d") -> int | None:
    """Points that ``job.save`` costs in a format which the service has to make first; None where nobody knows."""
    return protocol.conversion_estimate(provider, bridge.prices)


def balance(provider: str = "neural4d", timeout: float = 60.0) -> Balance:
    """Ask the service for the points that are left.

    Raises:
        UnsupportedFeature: the service does not tell it.
        OnlineAccessOff, KeyMissing, JobFailed: it could not be asked, or did not answer.
        TimeoutError: no answer within ``timeout`` seconds.
    """
    protocol.declaration(provider).require(Feature.BALANCE)
    require_ready(protocol.declaration(provider))
    return ask("balance", timeout, provider=provider).points


def spent(provider: str = "neural4d") -> int:
    """Points that all jobs of this computer's journal cost at the service together."""
    protocol.declaration(provider)
    ask("list", limit=1)  # the engine tells the totals when it starts and whenever they change
    return bridge.spent.get(provider, 0)
