"""The Python API: what a script, the Python console and the panel's own operators use.

The same in a window, with ``blender --background`` and on bpy as a module. Errors are the classes
of ``engine/errors.py``; each carries ``what``, ``kept``, ``cost`` and ``remedy``.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .engine import protocol
from .engine.protocol import (
    SETTLED,
    Declaration,
    EngineStopped,
    InvalidInput,
    JobFailed,
    KeyMissing,
    OnlineAccessOff,
    Request,
    State,
    UnsupportedFeature,
)
from .scene import arrival, clock, settings, targets
from .scene.bridge import bridge
from .scene.images import export_image

#: What a job can be made of: a file, or an image in Blender.
Picture = str | os.PathLike[str] | bpy.types.Image

#: Seconds between two looks at the engine's pipe where no timer does it.
_LOOK = 0.02


@dataclass(frozen=True)
class Variant:
    """One of the models of a job.

    Attributes:
        index: 0, 1, ...; what ``Job.place(variant=...)`` takes.
        state: generating, done, downloaded, prepared or failed.
        preview: path of the service's picture, empty while there is none.
        model: path of the downloaded file. blend: path of the prepared one.
        facts: what was measured: dimensions_mm [x, y, z], measured_mm, triangles, ...
        scale: the service's own word on how it scaled a conversion.
        details: what else the service says of the model, by its own names.
    """

    index: int
    state: str
    preview: str
    model: str
    blend: str
    facts: dict[str, Any]
    scale: float | None
    details: dict[str, str]


@dataclass(frozen=True)
class Balance:
    """Points at a service. ``expires`` is the day on which points lapse, as the service writes it."""

    total: int
    monthly: int = 0
    permanent: int = 0
    yearly: int = 0
    expires: str = ""


class Job:
    """A job, by its id. All attributes are as of the last look at the engine; nothing here waits but wait()."""

    def __init__(self, job_id: str) -> None:
        self.id = job_id

    def __repr__(self) -> str:
        return f"<Job {self.id[:8]} {self.state} {Request.from_dict(self._data['request']).title[:40]!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def _data(self) -> dict[str, Any]:
        return bridge.jobs[self.id]

    @property
    def state(self) -> str:
        """queued, preparing_input, submitting, unknown, generating, downloading, preparing_model, ready,
        placed, failed or cancelled."""
        return str(self._data["state"])

    @property
    def provider(self) -> str:
        """Id of the service."""
        return str(self._data["provider"])

    @property
    def request(self) -> dict[str, Any]:
        """What was asked for: prompt, variants, size_mm, ... A copy."""
        return dict(self._data["request"])

    @property
    def progress(self) -> float:
        """0..1, of the present state."""
        return float(self._data["progress"])

    @property
    def cost(self) -> int | None:
        """Points that were spent; None before the service accepted the job."""
        cost: int | None = self._data["cost"]
        return cost

    @property
    def seconds(self) -> dict[str, float]:
        """How long each state took."""
        return dict(self._data["seconds"])

    @property
    def error(self) -> JobFailed | None:
        """What went wrong, with ``what``, ``kept``, ``cost``, ``remedy`` and ``reason`` (a class name)."""
        told = arrival.trouble.get(self.id) or self._data["error"]
        return JobFailed.from_dict(told) if told else None

    @property
    def service(self) -> dict[str, str]:
        """What else the service said of the job, by its own names."""
        return dict(self._data["service"])

    @property
    def variants(self) -> list[Variant]:
        """All models of the job, finished or not."""
        names = Variant.__dataclass_fields__
        return [Variant(**{name: raw[name] for name in names}) for raw in self._data["variants"]]

    @property
    def objects(self) -> list[bpy.types.Object]:
        """The root objects in the open file that came from this job."""
        return arrival.placed_roots(self.id)

    def wait(self, timeout: float | None = None) -> Job:
        """Work until the model stands in the scene and the other variants are fetched; returns the job.

        Returns early, in the state choosing_cutout or ready, where somebody has to decide first.

        Args:
            timeout: seconds; None waits as long as it takes.

        Raises:
            JobFailed: it failed or was cancelled; the text says what was kept and what to do.
            TimeoutError: the time is up; the job goes on.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        while not self._settled():
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError(f"The job is still {self.state} after {timeout:g} s; it goes on, call wait() again.")
            if not arrival.pump():
                if not bridge.running:
                    raise EngineStopped("The engine process ended and did not come back; engine.log says why.")
                time.sleep(_LOOK)
        if self.state == State.CANCELLED:
            raise JobFailed("The job was cancelled.", "Call retry() to go on with it.", cost=self._data["note"])
        if error := self.error:
            raise error
        return self

    def _settled(self) -> bool:
        data = self._data
        if data["state"] == State.CHOOSING_CUTOUT:
            return True
        if data["state"] == State.READY:
            return bool(arrival.trouble.get(self.id) or arrival.waiting_for(data))
        return data["state"] in SETTLED and not data["under_way"]

    @property
    def cutouts(self) -> list[str]:
        """Paths of the pictures to choose from while the job waits for that; see :meth:`choose`."""
        return [cutout["path"] for cutout in self._data["cutouts"]]

    def choose(self, cutout: int) -> None:
        """Go on with one of the cut-outs (0, 1, ...); the generation is paid for only from here on."""
        _ask("choose", job=self.id, cutout=cutout)
        clock.start()

    def save(
        self, format: str, folder: str | os.PathLike[str], *, size_mm: float | None = None, variant: int | None = None
    ) -> Path:
        """Keep a file: an exact copy of the model as the service makes it in that format.

        A format other than the GLB that is already here is converted by the service, at its price.

        Args:
            format: GLB, STL, FBX, OBJ, BLEND or USDZ, as far as the service offers it.
            folder: where to, made if it is not there; the file is named after the job.
            size_mm: the size the service is told; the job's own where it is None.
            variant: index of the variant; the job's own one where it is None.

        Returns:
            The file; for a format that comes as several files, their folder.

        Raises:
            JobFailed: it could not be made or written; the text says what it cost.
        """
        save_id = self.start_save(format, folder, size_mm=size_mm, variant=variant)
        while True:
            save = next((save for save in self._data["saves"] if save["id"] == save_id), None)
            if save and save["state"] == "saved":
                return Path(save["path"])
            if save and save["state"] == "failed":
                raise JobFailed.from_dict(save["error"])
            if not arrival.pump():
                time.sleep(_LOOK)

    def start_save(
        self, format: str, folder: str | os.PathLike[str], *, size_mm: float | None = None, variant: int | None = None
    ) -> str:
        """Like :meth:`save`, without waiting for the file; returns the id under which the job lists it."""
        primary = next((v.index for v in self.variants if v.blend), 0)
        answer = _ask(
            "save",
            job=self.id,
            variant=primary if variant is None else variant,
            format=format,
            folder=str(Path(bpy.path.abspath(os.fspath(folder))).expanduser().resolve()),
            size_mm=self.request["size_mm"] if size_mm is None else size_mm,
        )
        clock.start()
        return str(answer["save"])

    def cancel(self) -> None:
        """Stop following the job. Free until the service has accepted it; what is paid stays retryable."""
        bridge.send("cancel", job=self.id)
        clock.start()

    def retry(self) -> None:
        """Take a failed or cancelled job up again where it stopped; pays nothing that was paid already.

        A job whose models the service itself failed to make is sent, and paid, anew.
        """
        arrival.trouble.pop(self.id, None)
        _ask("retry", job=self.id)
        clock.start()

    def place(
        self, variant: int | None = None, location: Sequence[float] | None = None, collection: str = ""
    ) -> list[bpy.types.Object]:
        """Put the model into the open scene once more, at no cost; returns the root objects.

        Args:
            variant: index of the variant; the job's first one where it is None. One that is not
                prepared yet is prepared first, which waits for that.
            location: in Blender units; None puts it to the right of what stands of this job already,
                with a gap of a tenth of its width, or at the 3D cursor where nothing does.
            collection: name of the collection; the active one where it is empty.

        Raises:
            Neural4DError: there is nothing to place yet, or the files are gone.
        """
        target = targets.bind(_point(location), collection)
        target["beside"] = location is None
        if self.is_prepared(variant):
            return arrival.place_job(self._data, variant, target)
        before = set(self.objects)
        _ask("retarget", job=self.id, target=target)
        _ask("prepare", job=self.id, variant=variant)
        self.wait()
        return [root for root in self.objects if root not in before]

    def is_prepared(self, variant: int | None = None) -> bool:
        """The variant (any one where it is None) can be placed at once."""
        return any(v.blend for v in self.variants if variant in (None, v.index))


def generate(
    prompt: str = "",
    *,
    image: Picture | Sequence[Picture] | None = None,
    provider: str = "neural4d",
    variants: int = 1,
    pbr: bool = True,
    size_mm: float | None = None,
    axis: str = "LONGEST",
    origin: str = "BOTTOM",
    format: str = "GLB",
    name: str = "",
    location: Sequence[float] | None = None,
    collection: str | bpy.types.Collection = "",
    options: dict[str, Any] | None = None,
    choose_cutout: bool = False,
    place_all: bool = False,
    max_points: int | None = None,
    group: str = "",
    group_points: int | None = None,
) -> Job:
    """Start a job and return at once.

    Args:
        prompt: what to make.
        image: make it of a picture instead: a path or a bpy.types.Image; a list of them where the
            service takes several at once. The original stays untouched: what is sent is a copy that
            fits the service's limits.
        provider: id of the service, see :func:`providers`.
        variants: how many models to make. pbr: with roughness, metallic and normal maps.
        size_mm: millimetres along the axis, exact to 0.1 %; None keeps the size the model came with.
        axis: X, Y, Z or LONGEST.
        origin: BOTTOM (centre of the bottom), CENTER or AUTHORED.
        format: GLB, and what else the service offers.
        name: name of the object; the prompt, or the image's name, where it is empty.
        location: where to, in Blender units; the 3D cursor as it is now where it is None.
        collection: where to link it; the active collection where it is empty.
        options: the service's own options, see ``providers()``.
        choose_cutout: stop when the subject is cut out of the image, until ``job.choose(n)`` says which
            cut-out to take; otherwise the first one is taken.
        place_all: put every variant into the scene, side by side, instead of the first one.
        max_points: the job may not cost more than this; it stops before it would.
        group: jobs of the same name here may not cost more than group_points together.
        group_points: see group.

    Raises:
        InvalidInput, UnsupportedFeature: something does not fit; nothing was sent.
        OnlineAccessOff, KeyMissing: nothing was sent.
    """
    service = protocol.declaration(provider)
    request = Request(
        prompt=prompt,
        images=_pictures(image, service),
        variants=variants,
        pbr=pbr,
        size_mm=size_mm,
        axis=axis,
        origin=origin,
        format=format,
        name=name or _name_of(image),
        options=dict(options or {}),
        choose_cutout=choose_cutout,
        place_all=place_all,
        max_points=max_points,
        group=group,
        group_points=group_points,
    )
    protocol.check(provider, request)
    require_ready(service)
    target = targets.bind(_point(location), collection if isinstance(collection, str) else collection.name)
    job_id = str(uuid.uuid4())
    bridge.submit(job_id, provider, request, target)
    clock.start()
    return Job(job_id)


def estimate(
    prompt: str = "",
    *,
    image: Picture | Sequence[Picture] | None = None,
    provider: str = "neural4d",
    variants: int = 1,
    format: str = "GLB",
    options: dict[str, Any] | None = None,
    **_others: Any,
) -> int:
    """Points that :func:`generate` with the same arguments is going to cost.

    The price measured last goes before the documented one. Arguments that change no price are
    passed over.
    """
    several = isinstance(image, Sequence) and not isinstance(image, str)
    count = len(image) if several else int(image is not None)  # type: ignore[arg-type]
    # How many pictures there are is all that a price may depend on; they need not exist yet.
    request = Request(prompt, ["?"] * count, variants, format=format, options=dict(options or {}))
    return protocol.estimate(provider, request, bridge.prices)


def conversion_estimate(provider: str = "neural4d") -> int:
    """Points that ``job.save`` costs in a format which the service has to make first."""
    return protocol.conversion_estimate(provider, bridge.prices)


def balance(provider: str = "neural4d", timeout: float = 60.0) -> Balance:
    """Ask the service for the points that are left.

    Raises:
        OnlineAccessOff, KeyMissing, JobFailed: it could not be asked, or did not answer.
        TimeoutError: no answer within ``timeout`` seconds.
    """
    require_ready(protocol.declaration(provider))
    return Balance(**_ask("balance", timeout, provider=provider)["balance"])


def jobs(limit: int = 200) -> list[Job]:
    """The newest jobs of the journal, of this and earlier sessions, newest first."""
    for data in _ask("list", limit=limit)["jobs"]:
        bridge.jobs[data["id"]] = data
    newest = sorted(bridge.jobs.values(), key=lambda data: -data["created"])[:limit]
    return [Job(data["id"]) for data in newest]


def providers() -> list[Declaration]:
    """What each service can do; each has ``id``, ``name``, ``inputs``, ``formats``, ``options``, ..."""
    return protocol.declarations()


def require_ready(service: Declaration) -> None:
    """OnlineAccessOff or KeyMissing, with the remedy, where the service cannot be used now."""
    if not settings.online():
        raise OnlineAccessOff("Blender's online access is off, so nothing was sent.")
    if not settings.key(service):
        raise KeyMissing(
            f"No key is set for {service.name}.",
            f"Enter it in Preferences > Add-ons > Neural4D, or set {service.key_env} in the environment.",
        )


def _pictures(image: Picture | Sequence[Picture] | None, service: Declaration) -> list[str]:
    """Paths of copies that fit the service's limits, in the data folder."""
    if image is None:
        return []
    several = list(image) if isinstance(image, Sequence) and not isinstance(image, str) else [image]
    if service.image_limits is None:
        raise UnsupportedFeature(f"{service.name} makes no models from images.")
    return [str(export_image(one, service.image_limits, settings.data_dir() / "inputs")) for one in several]


def _name_of(image: Picture | Sequence[Picture] | None) -> str:
    """What a job of a picture is called: the copy that is sent has a name that says nothing."""
    first = image[0] if isinstance(image, Sequence) and not isinstance(image, str) and image else image
    if first is None:
        return ""
    return Path(first.name if isinstance(first, bpy.types.Image) else os.fspath(first)).stem  # type: ignore[arg-type]


def _point(location: Sequence[float] | None) -> tuple[float, float, float] | None:
    if location is None:
        return None
    try:
        x, y, z = (float(value) for value in location)
    except (TypeError, ValueError):
        raise InvalidInput(f"location takes three numbers, not {location!r}.") from None
    return x, y, z


def _ask(do: str, timeout: float = 30.0, **values: Any) -> dict[str, Any]:
    """Send a command and wait for its answer."""
    answers: list[dict[str, Any]] = []
    bridge.send(do, answers.append, **values)
    ends = time.monotonic() + timeout
    while not answers:
        if time.monotonic() > ends:
            raise TimeoutError(f"The engine did not answer within {timeout:g} s.")
        if not bridge.drain():
            time.sleep(_LOOK)
    if told := answers[0]["error"]:
        raise JobFailed.from_dict(told)
    return answers[0]
