"""The start of a job, new or once more: what can be refused is refused here, before anything leaves Blender.

May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

import secrets
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..client.policy_in_force import policy_of
from ..engine import protocol
from ..engine.protocol import (
    Declaration,
    InvalidInput,
    KeyMissing,
    Neural4DError,
    OnlineAccessOff,
    Options,
    Request,
    UnsupportedFeature,
    is_web_address,
)
from . import timer_and_file_handlers, user_settings, whereabouts
from .finished_jobs import hidden_collections
from .placing import placeholder as placeholders
from .placing import targets
from .placing.fitting import boxes
from .shared_engine import bridge

if TYPE_CHECKING:
    from ..client.jobs.job_target import Target


def require_ready(service: Declaration) -> None:
    """OnlineAccessOff or KeyMissing, with the remedy, where the service cannot be used now."""
    if service.built_in:
        return
    if not user_settings.online():
        raise OnlineAccessOff("Blender's online access is off, so nothing was sent.")
    if not user_settings.key(service):
        raise KeyMissing(
            f"No key is set for {service.name}.",
            f"Enter it in Preferences > Add-ons > Neural4D, or set {service.key_env} in the environment.",
        )


def start(
    job_id: str,
    provider: str,
    request: Request,
    target: Target,
    placeholder: bool | None = None,
    *,
    at_cursor: bool = False,
) -> None:
    """Check the request and hand it to the engine; raises what :func:`api.generate` does.

    Args:
        placeholder: put one where the model is to stand; where it is None, in a window only: a script in the
            background looks at nothing before the model is there. What replaces a model needs none.
        at_cursor: nobody has said where to: what is to stand there already is stepped aside of.
    """
    request = policy_of(bridge.settings).apply(provider, request)
    protocol.check(provider, request, bridge.servers.get(provider))
    require_ready(protocol.declaration(provider))
    if request.keep_in:
        bridge.submit(job_id, provider, request, {})
        timer_and_file_handlers.start()
        return
    wanted = not bpy.app.background if placeholder is None else placeholder
    wanted = wanted and not target.get("replaces")
    if wanted and at_cursor:
        target = placeholders.make_room(target, request)
    boxes.mark(target.get("fit", ()))
    bridge.submit(job_id, provider, request, {**target, "placeholder": wanted})
    timer_and_file_handlers.start()
    scene = targets.scene_of(target)
    hidden_collections.tell(job_id, [targets.wanted_collection(target, scene)], scene)
    if wanted:
        placeholders.ask_for(job_id)
        if not (bpy.app.background or target.get("fit")):  # what stands around a box is known
            whereabouts.look_around(job_id)


def start_again(provider: str, request: Request, target: Target) -> str:
    """Start a request that a job had before as a new job, which is paid anew; returns its id.

    Raises:
        InvalidInput: the copy of a picture that was sent is gone.
    """
    check_again(provider, request)
    job_id = str(uuid.uuid4())
    folder = user_settings.data_dir() / "jobs" / job_id
    try:
        own = replace(
            request,
            images=[_copied(image, folder) for image in request.images],
            views={side: _copied(image, folder) for side, image in request.views.items()},
            references=[_copied(image, folder) for image in request.references],
            bring_in=_still_there(request.bring_in),
            texture_folder=user_settings.texture_folder() if request.texture_folder else "",
        )
        start(job_id, provider, own, target)
    except (Neural4DError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return job_id


def anew(request: Request) -> Request:
    """The request of another job like that one: a limit that several shared and a rule to pay again were theirs."""
    return replace(request, group="", group_points=None, retry_below=None)


def changed(request: Request, changes: Mapping[str, Any]) -> Request:
    """The request with other values; InvalidInput where one of them is none of a request's."""
    try:
        return replace(request, **changes)
    except TypeError as error:
        raise InvalidInput(
            f"This cannot be changed: {', '.join(changes)}.", "Use the names that generate has."
        ) from error


def check_again(provider: str, request: Request) -> None:
    """Refuse a request that cannot be made once more, or that a user has edited into nonsense.

    Raises:
        InvalidInput: that; or the copy of a picture that was sent is gone.
    """
    for image in (*request.images, *request.views.values(), *request.references):
        if not isinstance(image, str):
            raise InvalidInput(f"Another picture is given by its path, not as {image!r}.", "Or call generate with it.")
        if not is_web_address(image) and not Path(image).is_file():
            raise InvalidInput("The copy of an image that this was made of is gone.", "Generate from the image itself.")
    protocol.check(provider, request, bridge.servers.get(provider))


def price(provider: str, requests: Sequence[Request]) -> int | None:
    """Points that all of these requests are going to cost; None where nobody knows."""
    prices = [protocol.estimate(provider, request, bridge.prices) for request in requests]
    return None if None in prices else sum(one for one in prices if one is not None)


def variations(provider: str, request: Request, count: int) -> list[Request]:
    """The requests of the jobs that bring so many other results of a request.

    Several variants of one job where the service makes such, else jobs of one result each; with another seed each
    where the service takes one.

    Raises:
        InvalidInput, UnsupportedFeature: the request itself cannot be made.
    """
    if request.bring_in:
        raise InvalidInput("This model was brought in: there is nothing that another one could be made of.")
    if count < 1:
        raise InvalidInput(f"There have to be 1 or more variations, not {count!r}.")
    service = protocol.declaration(provider)
    most = service.max_variants
    if most > 1:
        try:
            protocol.check(provider, replace(request, variants=2))
        except UnsupportedFeature:  # this service makes several, though not of this kind
            most = 1
    sizes = [min(most, count - done) for done in range(0, count, most)]
    return [
        replace(
            anew(request),
            variants=size,
            place_all=size > 1,
            fit_mm=[] if size > 1 else request.fit_mm,  # all are placed; each one fits all the same
            options=_seeded(service, request),
        )
        for size in sizes
    ]


def side_by_side(requests: Sequence[Request]) -> list[tuple[int, Request]]:
    """The requests with the place of each one's first model in a row that has one place for each model, from 1 on."""
    places = accumulate((request.variants for request in requests), initial=1)
    return list(zip(places, requests, strict=False))


def _seeded(service: Declaration, request: Request) -> Options:
    seed = next((option for option in service.options if option.key == "seed" and option.kind == "int"), None)
    if seed is None:
        return request.options
    low = max(1, int(seed.minimum or 1))
    high = int(seed.maximum or 2**31 - 1)
    return {**request.options, "seed": low + secrets.randbelow(high - low + 1)}


def _still_there(path: str) -> str:
    """What was brought in, or a copy that a job has of it where it is a file that is gone."""
    if not Path(path).is_absolute() or Path(path).is_file():
        return path
    of_it = (variant for job in bridge.jobs.values() if job.request.bring_in == path for variant in job.variants)
    return next((variant.model for variant in of_it if variant.model and Path(variant.model).is_file()), path)


def _copied(image: str, folder: Path) -> str:
    """A copy of its own for the new job: the old one's files may be deleted while it is under way. Addresses stay."""
    if is_web_address(image):
        return image
    folder.mkdir(parents=True, exist_ok=True)
    name = Path(image).name
    if (folder / name).exists():  # of another folder's picture of that name
        name = f"{uuid.uuid4().hex[:8]}-{name}"
    return str(shutil.copyfile(image, folder / name))
