"""What jobs cost, and what is left: prices, balances, sums. May import scene and the engine's ``protocol``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Unpack

from ..batching import preflight
from ..batching.table.argument_types import checked
from ..batching.table.generate_arguments import WithoutPrompt
from ..batching.table.table_reader import Row
from ..engine import protocol
from ..engine.protocol import Balance, Feature
from ..scene.ask_engine import ask
from ..scene.shared_engine import bridge
from ..scene.start_job import require_ready


@checked
def estimate(
    prompt: str = "",
    *,
    output: str | os.PathLike[str] = "",
    key: str = "",
    **arguments: Unpack[WithoutPrompt],
) -> int | None:
    """Points that :func:`generate` with the same arguments is going to cost.

    None where the service documents no price and none was measured yet. The price measured last goes before
    the documented one, which the service may have changed since: it keeps nothing from being sent. Pictures need not
    be there yet.

    Raises:
        InvalidInput: :func:`generate` knows no such argument, or does not take such a value.
    """
    return preflight.price(Row("estimate", {"prompt": prompt, **arguments}, Path.cwd()), bridge.prices)


@checked
def conversion_estimate(provider: str = "neural4d") -> int | None:
    """Points that ``job.save`` costs in a format which the service has to make first; None where nobody knows."""
    return protocol.conversion_estimate(provider, bridge.prices)


@checked
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


@checked
def spent(provider: str = "neural4d") -> int:
    """Points that all jobs of this computer's journal cost at the service together."""
    protocol.declaration(provider)
    ask("list", limit=1)  # the engine tells the totals when it starts and whenever they change
    return bridge.spent.get(provider, 0)
