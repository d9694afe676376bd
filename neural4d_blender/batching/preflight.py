"""From rows to checked requests, and what they are going to cost; nothing has been sent by then.

Standard library and the engine's ``protocol`` only. All that is wrong with an input is said at once.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

from ..client.jobs.job_target import Target
from ..client.jobs.snapshots import Job
from ..engine import protocol
from ..engine.protocol import Declaration, ImageLimits, InvalidInput, Neural4DError, Request
from .bring_in_sources import Services, origin_of
from .table import columns
from .table.generate_arguments import USUAL_USE, Arguments, Picture, for_request
from .table.table_reader import Row

#: Arguments that are checked by themselves, whatever the others are.
_TEXTS = ("prompt", "name")
#: So many complaints are shown; the rest is only counted.
_SHOWN = 20


@dataclass(frozen=True)
class Item:
    """One item of a batch.

    Args:
        index: its place in the whole input, from 0. job: the id its job is going to have.
        request: checked, its pictures as they are going to be sent.
        location, collection, pack_images, placeholder: as ``generate`` takes them.
        boxed: where it is to stand, if that is in a box. known: the job that it is already; None where it is new.
    """

    index: int
    job: str
    provider: str
    request: Request
    location: list[float] | None = None
    collection: str = ""
    pack_images: bool = True
    placeholder: bool = False
    boxed: Target | None = None
    known: Job | None = None

    def with_texts(self, index: int, row: Row, identify: Identify) -> Item:
        """The item of a row that differs from this one's in its texts alone; InvalidInput where they are wrong."""
        texts = cast("dict[str, str]", {name: row.values[name] for name in _TEXTS if name in row.values})
        request = self.request.with_texts(texts)
        job, known = identify(index, self.provider, request)
        item = object.__new__(Item)
        vars(item).update(vars(self), index=index, job=job, known=known, request=known.request if known else request)
        return item


@dataclass(frozen=True)
class Estimate:
    """What a batch is going to cost.

    Attributes:
        items: how many there are (in this shard). by_service: how many at each service.
        points: of all of them together, as far as prices are known.
        unpriced: items of which nobody knows the price.
        documented: items whose price is the service's word alone: it was not measured here yet.
    """

    items: int
    points: int
    unpriced: int
    by_service: dict[str, int]
    documented: int = 0


#: Pictures, the service, the job's id and what the service takes, to the paths of pictures that it takes.
Pictures = Callable[[list[Picture], Declaration, str, ImageLimits], list[str]]


#: A row's place, its service and request, to the id that its job has or is going to have, and the job that there is.
Identify = Callable[[int, str, Request], tuple[str, Job | None]]

#: The arguments of an item with a box, to its target and the box's sides in millimetres.
Boxed = Callable[[Arguments], tuple[Target, list[float]]]


def plan(
    rows: Sequence[Row],
    defaults: Arguments,
    pictures: Pictures,
    servers: Mapping[str, Mapping[str, str]],
    *,
    boxed: Boxed | None = None,
    by_service: Mapping[str, Arguments] | None = None,
    services: Services = MappingProxyType({}),
    shard: str = "",
    keep_in: str = "",
    identify: Identify = lambda *_: (str(uuid.uuid4()), None),
) -> list[Item]:
    """The items of all rows, or of one shard of them: of "2/8" every eighth one, from the second on.

    Args:
        defaults: arguments of ``generate`` that hold where a row says nothing.
        servers: what is known of each service's server, by its id.
        by_service: the same for the rows of one service, by its id; they go before the others.
        services: address and key of each.
        boxed: where items are to stand that name a box.
        keep_in: the folder for files, where there is to be no scene.
        identify: finds out whether a row is a job already.

    Raises:
        InvalidInput: of any row something is wrong; the text names each with its line.
    """
    number, count = _shard(shard)
    for service in by_service or ():
        protocol.declaration(service)
    items, wrong = [], []
    alike: dict[object, Item] = {}
    for index, row in enumerate(rows):
        mine = index % count == number - 1
        kind = _kind(row)
        if kind in alike:
            try:
                if mine:
                    items.append(alike[kind].with_texts(index, row, identify))
                continue
            except Neural4DError:
                pass  # what is wrong with it is said below
        values, complaints = columns.arguments(row, defaults, by_service)
        # Other shards' files may be elsewhere.
        files = (values["image"], values["views"], values["references"], values.get("bring_in"))
        if not complaints and (mine or not any(files)):
            try:
                if "bring_in" in values:
                    _look_at(values, row, services, str(defaults.get("provider", "")))
                item = _item(index, values, pictures, boxed, servers, keep_in, identify)
                items += [item] if mine else []
                if kind is not None and not item.request.references:  # each item has copies of its own pictures
                    alike[kind] = item
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


def _kind(row: Row) -> object:
    """What a row has in common with those that differ from it in their texts alone; None where it may be no other's.

    Only rows with a prompt: another one has pictures, which are looked at.
    """
    values = row.values
    if "prompt" not in values:
        return None
    for name in _TEXTS:
        if name in values and not (isinstance(text := values[name], str) and text.strip()):
            return None
    kind = tuple((name, None if name in _TEXTS else (type(value), value)) for name, value in values.items())
    try:
        hash(kind)
    except TypeError:  # a list, which is compared more slowly than it is checked
        return None
    return kind


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip() or "1/1")
    number, count = (int(part) for part in match.groups()) if match else (0, 0)
    if not 1 <= number <= count:
        raise InvalidInput(f"shard takes a text such as '2/8', the second of eight parts, not {text!r}.")
    return number, count


def estimate(items: Iterable[Item], prices: dict[str, int]) -> Estimate:
    """What the items cost, by the prices measured last and else the documented ones."""
    items = [item for item in items if item.known is None]
    points = [protocol.estimate(item.provider, item.request, prices) for item in items]
    measured = sum(protocol.measured(item.provider, item.request, prices) for item in items)
    services = Counter(item.provider for item in items)
    unpriced = points.count(None)
    documented = len(points) - measured - unpriced
    return Estimate(len(points), sum(cost or 0 for cost in points), unpriced, dict(services), documented)


def price(row: Row, prices: dict[str, int]) -> int | None:
    """Points that a job with these arguments costs; None where nobody knows. Its pictures need not be there yet."""
    values, wrong = columns.arguments(row, {})
    if wrong:
        raise InvalidInput(f"{'; '.join(wrong)}.")
    if "bring_in" in values:
        return 0
    values["format"] = values.get("format") or protocol.declaration(values["provider"]).native
    counted = {name: ["?"] * len(values[name]) for name in ("image", "references")}
    request = Request(
        images=counted["image"],
        views=dict.fromkeys(values["views"], "?"),
        references=counted["references"],
        **for_request(values),
    )
    return protocol.estimate(values["provider"], request, prices)


def check_budget(items: Iterable[Item], prices: dict[str, int]) -> None:
    """Refuse a budget that could not be kept, because a price is not known; InvalidInput."""
    for item in items:
        if protocol.estimate(item.provider, item.request, prices) is None:
            name = protocol.declaration(item.provider).name
            raise InvalidInput(
                f"{name} documents no price, so a budget could not be kept.",
                f"Leave the budget out, or the items of {name}.",
            )


def _look_at(values: Arguments, row: Row, services: Services, usual: str) -> None:
    """Whose the model is that a row brings in, and what of the arguments follows from that."""
    found = origin_of(values["bring_in"], services, values.get("provider", ""), row.folder, usual=usual)
    values["provider"], values["bring_in"] = found.provider, found.bring_in
    values["format"], values["name"] = values.get("format") or found.format, values.get("name") or found.name


def _item(
    index: int,
    values: Arguments,
    pictures: Pictures,
    boxed: Boxed | None,
    servers: Mapping[str, Mapping[str, str]],
    keep_in: str,
    identify: Identify,
) -> Item:
    provider, images, views = values["provider"], values["image"], values["views"]
    service = protocol.declaration(provider)
    values["format"] = values.get("format") or service.native
    values["best_for"] = values.get("best_for", USUAL_USE)
    originals = [str(getattr(image, "name", image)) for image in images]
    if not values.get("name") and images:
        values["name"] = protocol.name_in(originals[0])
    target, sides_mm = boxed(values) if boxed and values.get("fit") else (None, [])
    if sides_mm:
        values["size_mm"], values["axis"] = max(sides_mm), "LONGEST"
    request = Request(
        # Copies of the pictures are made of what is not there yet alone.
        images=["?"] * len(images),
        views=dict.fromkeys(views, "?"),
        references=["?"] * len(values["references"]),
        originals=originals,
        keep_in=keep_in,
        fit_mm=sides_mm,
        **for_request(values),
    )
    job, known = identify(index, provider, request)
    if known:
        request = known.request
    else:
        limits = service.limits_of(values["options"])
        sides = pictures(list(views.values()), service, job, limits)
        request = replace(
            request,
            images=pictures(images, service, job, limits),
            views=dict(zip(views, sides, strict=True)),
            references=pictures(values["references"], service, job, limits),
        )
        protocol.check(provider, request, servers.get(provider))
    return Item(
        index,
        job,
        provider,
        request,
        location=values.get("location"),
        collection=values.get("collection", ""),
        pack_images=values.get("pack_images", True),
        placeholder=bool(values.get("placeholder")),
        boxed=target,
        known=known,
    )
