"""Jobs as a script sees them: what a job is now, and what can be done with it.

May import scene and the engine's ``protocol``. Nothing here waits but :meth:`Job.wait`,
:meth:`Job.save`, :meth:`Job.place` of a variant that is not prepared yet, and short questions to the engine.
"""

from __future__ import annotations

import datetime as dt
import os
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .engine.protocol import (
    SETTLED,
    EngineStopped,
    InvalidInput,
    JobFailed,
    Neural4DError,
    Request,
    State,
    VariantState,
)
from .scene import arrival, assets, clock, placeholder, provenance, settings, starting, targets
from .scene.asking import LOOK, ask
from .scene.bridge import bridge
from .scene.replacing import twins


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
        error: why it failed: what, kept, cost, remedy and code; None where it did not.
    """

    index: int
    state: str
    preview: str
    model: str
    blend: str
    facts: dict[str, Any]
    scale: float | None
    details: dict[str, str]
    error: dict[str, str] | None


class Job:
    """A job, by its id. All attributes are as of the last look at the engine; nothing here waits but wait()."""

    def __init__(self, job_id: str, past: dict[str, Any] | None = None) -> None:
        self.id = job_id
        self._past = past  # the snapshot of a job that the journal knows and nobody works on

    def __repr__(self) -> str:
        return f"<Job {self.id[:8]} {self.state} {self.title[:40]!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def _data(self) -> dict[str, Any]:
        return bridge.jobs[self.id] if self._past is None else bridge.jobs.get(self.id, self._past)

    @property
    def state(self) -> str:
        """queued, preparing_input, choosing_cutout, submitting, unknown, generating, converting, downloading,
        preparing_model, ready, placed, failed or cancelled."""
        return str(self._data["state"])

    @property
    def provider(self) -> str:
        """Id of the service."""
        return str(self._data["provider"])

    @property
    def title(self) -> str:
        """What it is called: its name, else its prompt or its image's name."""
        return Request.from_dict(self._data["request"]).title

    @property
    def created(self) -> dt.datetime:
        """When it was started, in this computer's time."""
        return dt.datetime.fromtimestamp(self._data["created"]).astimezone()

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

    @property
    def placeholder(self) -> bpy.types.Object | None:
        """The Empty in the open file whose place the model is going to take."""
        return placeholder.find(self.id)

    @property
    def note(self) -> str:
        """What else is to be said of the job now, in words: that its placeholder was gone, say; often empty."""
        return str(self._data["note"]) or arrival.remarks.get(self.id, "")

    def wait(self, timeout: float | None = None) -> Job:
        """Work until the model stands in the scene and the other variants are fetched; returns the job.

        Returns early, in the state choosing_cutout or ready, where somebody has to decide first.

        Args:
            timeout: seconds; None waits as long as it takes.

        Raises:
            JobFailed: it failed or was cancelled; the text says what was kept and what to do.
            TimeoutError: the time is up; the job goes on.
        """
        self._until(self._settled, timeout)
        if self.state == State.CANCELLED:
            raise JobFailed("The job was cancelled.", "Call retry() to go on with it.", cost=self._data["note"])
        if error := self.error:
            raise error
        return self

    def _until(self, condition: Callable[[], object], timeout: float | None) -> None:
        """Do the pump's work until the condition holds."""
        ends = None if timeout is None else time.monotonic() + timeout
        while not condition():
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError(f"The job is {self.state} after {timeout:g} s; it goes on, ask again later.")
            if not arrival.pump():
                if not bridge.running:
                    raise EngineStopped("The engine process ended and did not come back; engine.log says why.")
                time.sleep(LOOK)

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
        """Go on with one of the pictures (0, 1, ...); the generation is paid for only from here on."""
        ask("choose", job=self.id, cutout=cutout)
        clock.start()

    def save(
        self,
        format: str,
        folder: str | os.PathLike[str],
        *,
        size_mm: float | None = None,
        variant: int | None = None,
        timeout: float | None = None,
    ) -> Path:
        """Keep a file: an exact copy of the model as the service makes it in that format.

        The GLB is free. Another format, or a GLB in a size of its own, is converted by the service, at its price.

        Args:
            format: GLB, STL, FBX, OBJ, BLEND or USDZ, or ZIP, as far as the service offers it.
            folder: where to, made if it is not there; the file is named after the job.
            size_mm: the size the service is told; where it is None the job's own, and none for GLB.
            variant: index of the variant; the job's own one where it is None.
            timeout: seconds; None waits as long as it takes.

        Returns:
            The file; for a format that comes as several files, their folder.

        Raises:
            JobFailed: it could not be made or written; the text says what it cost.
            TimeoutError: the time is up; the file is still being made.
        """
        save_id = self.start_save(format, folder, size_mm=size_mm, variant=variant)

        def ended() -> dict[str, Any] | None:
            found = (save for save in self._data["saves"] if save["id"] == save_id)
            return next((save for save in found if save["state"] in ("saved", "failed")), None)

        self._until(ended, timeout)
        save = ended() or {}
        if save["state"] == "failed":
            raise JobFailed.from_dict(save["error"])
        return Path(save["path"])

    def start_save(
        self, format: str, folder: str | os.PathLike[str], *, size_mm: float | None = None, variant: int | None = None
    ) -> str:
        """Like :meth:`save`, without waiting for anything; returns the id under which the job lists the file."""
        if size_mm is None and format != self._data["native"]:
            size_mm = self.request["size_mm"]
        kept: dict[str, Any] = {
            "variant": next((v.index for v in self.variants if v.blend), 0) if variant is None else variant,
            "format": format,
            "folder": str(Path(bpy.path.abspath(os.fspath(folder))).expanduser().resolve()),
            "size_mm": size_mm,
        }
        save_id = str(uuid.uuid4())

        def refused(answer: dict[str, Any]) -> None:
            if answer["error"]:
                failed = {"id": save_id, **kept, "state": "failed", "path": "", "error": answer["error"]}
                self._data["saves"].append(failed)

        # The engine answers when the job's present step is done, which may be a request that hangs.
        bridge.send("save", refused, job=self.id, save=save_id, **kept)
        clock.start()
        return save_id

    def cancel(self) -> None:
        """Stop following the job. Free until the service has accepted it; what is paid stays retryable."""
        bridge.send("cancel", job=self.id)
        clock.start()

    def retry(self) -> None:
        """Take a failed or cancelled job up again where it stopped; pays nothing that was paid already.

        A job whose models the service itself failed to make is sent, and paid, anew.
        """
        arrival.trouble.pop(self.id, None)
        ask("retry", job=self.id)
        clock.start()

    def place(
        self, variant: int | None = None, location: Sequence[float] | None = None, collection: str = ""
    ) -> list[bpy.types.Object]:
        """Put the model into the open scene once more, at no cost; returns the root objects.

        Args:
            variant: index of the variant; the job's first one where it is None. One that is not
                prepared yet is prepared first, which waits for that.
            location: in Blender units; None puts it to the right of what stands of this job already,
                with a gap of a tenth of its width; where nothing does, into the place of its placeholder; where there
                is none, at the 3D cursor.
            collection: name of the collection; the active one where it is empty.

        Raises:
            Neural4DError: there is nothing to place yet, or the files are gone.
        """
        target = targets.bind(location, collection)
        target["beside"], target["exact"] = location is None, location is not None
        return self._place(variant, target)

    def replace(self, thing: bpy.types.Object, variant: int | None = None) -> list[bpy.types.Object]:
        """Put the model into the place of another one, at no cost; returns the root objects that hold it now.

        Transform, parent, children, collections, visibility, name, modifiers and constraints stay; duplicates that
        share the mesh get it too. It is one undo step.

        Args:
            thing: the model to be replaced, or anything below its root. variant: as in :meth:`place`.

        Raises:
            InvalidInput: it is no model that came from a job. Neural4DError: as :meth:`place`.
        """
        root = _root(thing)
        if why := targets.blocked():
            raise Neural4DError(why, "Try again then.")
        return self._place(variant, targets.in_place_of(root), twins(root))

    def _place(
        self, variant: int | None, target: dict[str, Any], replaced: Sequence[bpy.types.Object] = ()
    ) -> list[bpy.types.Object]:
        if self.is_prepared(variant):
            return arrival.place_job(self._data, variant, target)
        before = set(self.objects).difference(replaced)
        arrival.trouble.pop(self.id, None)
        ask("retarget", job=self.id, target=target)
        ask("prepare", job=self.id, variant=variant)
        self.wait()
        failed = next((v for v in self.variants if v.index == variant and v.state == VariantState.FAILED), None)
        if failed and failed.error:
            raise JobFailed.from_dict(failed.error)
        return [root for root in self.objects if root not in before]

    def delete(self) -> int:
        """Delete a job that is over: its files, and what is known of it less what it cost; returns the bytes freed.

        Models in scenes and files that were kept elsewhere stay. There is no retry and no placing again.

        Raises:
            JobFailed: it is still under way, or its files are in use; the job is kept.
        """
        freed: int = ask("delete", job=self.id)["freed"]
        forget(self.id)
        return freed

    def start_place(self, variant: int | None, target: dict[str, Any]) -> None:
        """Put the model where the target says, now or as soon as it is prepared and the scene is free; never waits."""
        if not targets.blocked() and self.is_prepared(variant):
            arrival.place_job(self._data, variant, target)
            return
        there = [v.index for v in self.variants if variant in (None, v.index)]
        there.sort(key=lambda index: not self.is_prepared(index))
        arrival.trouble.pop(self.id, None)
        bridge.send("retarget", job=self.id, target=target)
        bridge.send("prepare", job=self.id, variant=there[0])
        clock.start()

    def again(
        self,
        *,
        replace: bpy.types.Object | None = None,
        location: Sequence[float] | None = None,
        collection: str = "",
        **changes: Any,
    ) -> Job:
        """Start the same request once more, as a new job that is paid anew; returns it at once.

        Args:
            replace: the model whose place the new one takes when it is ready, or anything below its root.
            location, collection: where to otherwise. Where both are left out it comes to the right of what stands of
                this job; where nothing does, to the 3D cursor.
            changes: what is to be different, by the names of ``generate``: variants=, size_mm=, options=, ...

        Raises:
            InvalidInput: the copy of the image is gone; or what ``generate`` raises.
        """
        request = starting.changed(starting.anew(Request.from_dict(self.request)), changes)
        standing = self.objects
        if replace is not None:
            target = targets.in_place_of(_root(replace))
        elif standing and location is None and not collection:
            target = targets.next_to(standing[0])
        else:
            target = targets.bind(location, collection)
        return Job(starting.start_again(self.provider, request, target))

    def variations(self, count: int = 4) -> list[Job]:
        """Start jobs that bring so many other results of the same request, beside what stands of it; paid anew.

        One job where the service makes several variants of a request, else a job for each, with a seed of its
        own where the service takes one.
        """
        requests = starting.variations(self.provider, Request.from_dict(self.request), count)
        standing = self.objects
        return [
            Job(
                starting.start_again(
                    self.provider, request, targets.next_to(standing[0], number) if standing else targets.bind()
                )
            )
            for number, request in enumerate(requests, 1)
        ]

    def save_asset(
        self,
        folder: str | os.PathLike[str] = "",
        *,
        variant: int | None = None,
        name: str = "",
        catalog: str = assets.NAME,
        description: str = "",
        author: str = "",
        tags: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Path:
        """Put the model into an asset library, as a .blend of its own with picture and catalog; returns the file.

        It is the model as it was prepared, in real metres, written by a background Blender. Saving the same variant
        again under the same name writes it anew.

        Args:
            folder: of the library, made if it is not there; the one in the preferences where it is empty.
                ``neural4d.add_library()`` has the Asset Browser show it.
            variant: index of the variant; the job's first prepared one where it is None.
            catalog: path of the catalog ("Props/Birds").
            name, description, author, tags: of the asset; from the job where they are empty.
            timeout: seconds; None waits as long as it takes.

        Raises:
            JobFailed: it is not prepared, or could not be written. TimeoutError: the time is up; it is still made.
        """
        told = {"name": name, "catalog": catalog, "description": description, "author": author, "tags": tags}
        answers: list[dict[str, Any]] = []
        self.start_save_asset(folder, variant, answers.append, **told)
        self._until(lambda: answers, timeout)
        if error := answers[0]["error"]:
            raise JobFailed.from_dict(error)
        return Path(answers[0]["path"])

    def start_save_asset(
        self,
        folder: str | os.PathLike[str],
        variant: int | None,
        answer: Callable[[dict[str, Any]], None],
        **told: Any,
    ) -> None:
        """Like :meth:`save_asset`, without waiting: ``answer`` is called with ``path``, or with an ``error``."""
        place = Path(bpy.path.abspath(os.fspath(folder))).expanduser().resolve() if folder else settings.library_dir()
        index = next((v.index for v in self.variants if v.blend), 0) if variant is None else variant
        raw = next((v for v in self._data["variants"] if v["index"] == index), None)
        if raw is None:
            raise InvalidInput(f"There is no variant {index} of this job yet.", "Wait until it is ready.")
        bridge.send("asset", answer, job=self.id, variant=index, **assets.wanted(self._data, raw, place, **told))
        clock.start()

    def is_prepared(self, variant: int | None = None) -> bool:
        """The variant (any one where it is None) can be placed at once: its file is there."""
        return any(v.blend and Path(v.blend).is_file() for v in self.variants if variant in (None, v.index))


def forget(job_id: str) -> None:
    """Take a deleted job out of what this Blender knows."""
    bridge.jobs.pop(job_id, None)
    arrival.trouble.pop(job_id, None)
    arrival.remarks.pop(job_id, None)
    bridge.revision += 1


def _root(thing: bpy.types.Object) -> bpy.types.Object:
    root = provenance.root_of(thing)
    if root is None:
        raise InvalidInput(f"{thing.name} is no model of this extension.", "Choose one that is.")
    return root
