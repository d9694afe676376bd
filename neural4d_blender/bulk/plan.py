"""From rows to checked requests, and what they are going to cost; nothing has been sent by then.

Standard library and the engine's ``protocol`` only. All that is wrong with an input is said at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engine import protocol
from ..engine.protocol import InvalidInput, Neural4DError, Request
from . import columns
from .sources import Row

#: So many complaints are shown; the rest is only counted.
_SHOWN = 20


@dataclass(frozen=True)
class Item:
    """One item of a batch.

    Args:
        index: its place in the whole input, from 0.
        request: checked, its pictures as they were named.
        location, collection, pack_images: as ``generate`` takes them.
    """

    index: int
    provider: str
    request: Request
    location: list[float] | None = None
    collection: str = ""
    pack_images: bool = True


@dataclass(frozen=True)
class Estimate:
    """What a batch is going to cost.

    Attributes:
        items: how many there are (in this shard). by_service: how many at each service.
        points: of all of them together, as far as prices are known.
        unpriced: items of which nobody knows the price.
    """

    items: int
    points: int
    unpriced: int
    by_service: dict[str, int]


def plan(rows: Iterable[Row], defaults: Mapping[str, Any], *, keep_in: str = "") -> list[Item]:
    """The items of all rows.

    Args:
        defaults: arguments of ``generate`` that hold where a row says nothing.
        keep_in: the folder for files, where there is to be no scene.

    Raises:
        InvalidInput: of any of them something is wrong; the text names each with its line.
    """
    items, wrong = [], []
    for index, row in enumerate(rows):
        values, complaints = columns.arguments(row, defaults)
        if not complaints:
            try:
                items.append(_item(index, values, keep_in))
            except Neural4DError as error:
                complaints = [error.what.rstrip(".")]
        wrong += [f"{row.where}: {complaint}" for complaint in complaints]
    if wrong:
        more = f"\n... and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise InvalidInput(
            "Nothing was sent, because of:\n" + "\n".join(wrong[:_SHOWN]) + more,
            "Correct the input and start the batch again.",
        )
    return items


def shard(items: list[Item], text: str) -> list[Item]:
    """The items of one shard, "2/8" for the second of eight: every eighth one, from the second on.

    Raises:
        InvalidInput: the text is no such thing.
    """
    if not text:
        return items
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    number, count = (int(part) for part in match.groups()) if match else (0, 0)
    if not 1 <= number <= count:
        raise InvalidInput(f"shard takes a text such as '2/8', the second of eight parts, not {text!r}.")
    return [item for item in items if item.index % count == number - 1]


def estimate(items: Iterable[Item], prices: dict[str, int]) -> Estimate:
    """What the items cost, by the prices measured last and else the documented ones."""
    points = [protocol.estimate(item.provider, item.request, prices) for item in items]
    services = Counter(item.provider for item in items)
    return Estimate(len(points), sum(cost or 0 for cost in points), points.count(None), dict(services))


def check_budget(budget: int | None, items: Iterable[Item], prices: dict[str, int]) -> None:
    """Refuse a budget that could not be kept, because a price is not known; InvalidInput."""
    if budget is None:
        return
    for item in items:
        if protocol.estimate(item.provider, item.request, prices) is None:
            name = protocol.declaration(item.provider).name
            raise InvalidInput(
                f"{name} documents no price, so a budget could not be kept.",
                f"Leave the budget out, or the items of {name}.",
            )


def _item(index: int, values: dict[str, Any], keep_in: str) -> Item:
    provider = values.pop("provider")
    images = values.pop("image")
    aside = {name: values.pop(name) for name in ("location", "collection", "pack_images") if name in values}
    service = protocol.declaration(provider)
    values["format"] = values.get("format") or service.native
    if not values.get("name") and images:
        values["name"] = Path(images[0]).stem
    request = Request(images=images, keep_in=keep_in, **values)
    protocol.check(provider, request)
    return Item(index, provider, request, **aside)
