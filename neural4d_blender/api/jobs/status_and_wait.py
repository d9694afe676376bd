"""What a job is now, and waiting for it. May import scene and the engine's ``protocol``."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import bpy

from ...batching.table.argument_types import checked
from ...client.jobs import ranking, snapshots
from ...client.jobs.box_fit import fit_of
from ...client.remedies import for_python
from ...client.request_reply import LOOK, check_going, go_on
from ...engine.protocol import SETTLED, ErrorTexts, JobFailed, NotFit, State
from ...scene import main_thread, timer_and_file_handlers
from ...scene.finished_jobs import place_finished_models
from ...scene.placing import placeholder
from ...scene.session import session
from ...scene.shared_engine import bridge

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Variant(snapshots.Variant):
    """One of a job's models, as of the last look at the engine.

    Attributes:
        fit: how much of its box (0 to 1) it fills; None where it has none, or was not measured yet.
    """

    fit: float | None = None


def _in_words(told: ErrorTexts) -> ErrorTexts:
    """Those of functions where there are no buttons."""
    return for_python(told) if bpy.app.background else told


class Following:
    """A job, by its id: what it is as of the last look at the engine. Nothing here waits but :meth:`wait`."""

    def __init__(self, job_id: str, past: snapshots.Job | None = None) -> None:
        self.id = job_id
        self._past = past  # the snapshot of a job that the journal knows and nobody works on

    def __repr__(self) -> str:
        return f"<Job {self.id[:8]} {self.state} {self.title[:40]!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Following) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def _data(self) -> snapshots.Job:
        return bridge.jobs[self.id] if self._past is None else bridge.jobs.get(self.id, self._past)

    @property
    def state(self) -> str:
        """queued, preparing_input, choosing_cutout, submitting, unknown, generating, converting, downloading,
        preparing_model, ready, placed, failed or cancelled."""
        return str(self._data.state)

    @property
    def provider(self) -> str:
        """Id of the service."""
        return self._data.provider

    @property
    def title(self) -> str:
        """What it is called: its name, else its prompt or its image's name."""
        return self._data.request.title

    @property
    def created(self) -> dt.datetime:
        """When it was started, in this computer's time."""
        return dt.datetime.fromtimestamp(self._data.created).astimezone()

    @property
    def request(self) -> dict[str, Any]:
        """What was asked for: prompt, variants, size_mm, ... A copy."""
        return self._data.request.to_dict()

    @property
    def progress(self) -> float:
        """0..1, of the present state."""
        return self._data.progress

    @property
    def cost(self) -> int | None:
        """Points that were spent; None before the service accepted the job."""
        return self._data.cost

    @property
    def cost_estimated(self) -> bool:
        """What a part of it cost is not known, or whether something more was paid."""
        return self._data.cost_estimated

    @property
    def seconds(self) -> dict[str, float]:
        """How long each state took."""
        return dict(self._data.seconds)

    @property
    def error(self) -> JobFailed | None:
        """What went wrong, with ``what``, ``kept``, ``cost``, ``remedy`` and ``reason`` (a class name)."""
        told = session.placings.trouble.get(self.id) or self._data.error
        return JobFailed.from_dict(_in_words(told)) if told else None

    @property
    def service(self) -> dict[str, str]:
        """What else the service said of the job, by its own names."""
        return dict(self._data.service)

    @property
    def variants(self) -> list[Variant]:
        """All models of the job, finished or not."""
        data, names = self._data, snapshots.Variant.__dataclass_fields__
        made = [Variant(**{name: getattr(one, name) for name in names}, fit=fit_of(data, one)) for one in data.variants]
        return [replace(one, error=_in_words(one.error)) if one.error else one for one in made]

    @property
    def ranking(self) -> list[Variant]:
        """The prepared models, the best one first, by what was asked for: ``require``, ``fit`` and ``best_for``."""
        there = {one.index: one for one in self.variants}
        return [there[one.index] for one in ranking.best_first(self._data)]

    @property
    def shortfall(self) -> NotFit | None:
        """What the best model lacks of what ``require`` wants, with ``what``, ``kept`` and ``cost``; None where it
        lacks nothing. The model is there all the same."""
        return ranking.shortfall(self._data)

    @property
    def tries(self) -> int:
        """How often models were ordered by the rule ``retry_below``."""
        return self._data.tries

    @property
    def objects(self) -> list[bpy.types.Object]:
        """The root objects in the open file that came from this job."""
        return place_finished_models.placed_roots(self.id)

    @property
    def placeholder(self) -> bpy.types.Object | None:
        """The Empty in the open file whose place the model is going to take."""
        return placeholder.find(self.id)

    @property
    def waits_until(self) -> float | None:
        """When the job goes on that stands still, in seconds since the epoch; None where it does not.

        It does so by itself; ``waits_for`` says why, ``note`` has the service's own words.
        """
        until = self._data.until
        return until if until > time.time() else None

    @property
    def waits_for(self) -> str:
        """Why the job stands still: "pace" (the service asked to slow down), "outage" (it cannot be reached),
        "other_job" (another one has to be over first, or what it cost has to be known), "approval" (it would go over
        an allowance: ``approve()`` or ``decline()``); empty where it does not.
        """
        return self._data.waits_for if self.waits_until else ""

    @property
    def asks(self) -> int:
        """Points in all that it asks approval for; 0 where it does not."""
        return self._data.asks

    @property
    def note(self) -> str:
        """What else is to be said of the job now, in words: that its placeholder was gone, say; often empty."""
        return self._data.note or session.placings.remarks.get(self.id, "")

    @checked
    def wait(self, timeout: float | None = None, *, place: bool = True) -> Self:
        """Work until the model stands in the scene and the other variants are fetched; returns the job.

        Returns early, in the state choosing_cutout or ready, where somebody has to decide first.

        Args:
            timeout: seconds; None waits as long as it takes.
            place: put the model into the scene, which the main thread alone may do. False waits until it is there to
                be placed, and does nothing to the scene: on any thread, while the main one goes on.

        Raises:
            WrongThread: another thread than the main one waits for it to be placed; nothing has happened.
            JobFailed: it failed or was cancelled; the text says what was kept and what to do.
            JobInterrupted: it is one of an earlier process, and nothing goes on with it, see :meth:`resume`.
            WorkedOnElsewhere: another process works on it.
            TimeoutError: the time is up; the job goes on.
        """
        if place:
            main_thread.require("wait()")
        settled = self._settled if place else self._made
        if not settled():
            check_going(bridge, self.id)
        self._until(settled, timeout, place=place)
        if self.state == State.CANCELLED:
            raise JobFailed("The job was cancelled.", "Call retry() to go on with it.", cost=self._data.note)
        if error := self.error:
            raise error
        return self

    def resume(self) -> Self:
        """Go on with the job where the process that worked on it is no more; pays nothing that was paid.

        Raises:
            WorkedOnElsewhere: another process works on it.
        """
        go_on(bridge, self.id)
        timer_and_file_handlers.start()
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        """Wait in an event loop: on the main thread until the model is placed, on another one until it can be."""
        return self._awaited(place=main_thread.is_here()).__await__()

    async def _awaited(self, *, place: bool) -> Self:
        settled = self._settled if place else self._made
        if not settled():
            check_going(bridge, self.id)
        while not settled():
            if not (place_finished_models.pump() if place else bridge.drain()):
                if not bridge.running:
                    raise bridge.ending
                await asyncio.sleep(LOOK)
        return self.wait(place=place)

    @checked
    def on_change(self, callback: Callable[[Self], object]) -> Self:
        """Have it called with the job whenever that has come to another state, on the main thread: from any ``wait`` or
        ``await`` there, or, in a window, while Blender is idle. Returns the job.
        """
        before = [self._data.state]

        def changed(job: snapshots.Job) -> None:
            if job.state != before[0]:
                before[0] = job.state
                session.asked.calls.append((callback, self))

        bridge.jobs.watch(self.id, changed)
        return self

    def _until(self, condition: Callable[[], _Found | None], timeout: float | None, *, place: bool = True) -> _Found:
        """Do the pump's work until the condition holds; returns what it found."""
        ends = None if timeout is None else time.monotonic() + timeout
        while not (found := condition()):
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError(f"The job is {self.state} after {timeout:g} s; it goes on, ask again later.")
            if not (place_finished_models.pump() if place else bridge.drain()):
                if not bridge.running:
                    raise bridge.ending
                time.sleep(LOOK)
        if place:
            main_thread.call_back()
        return found

    def _made(self) -> bool:
        """Nothing more is done for it but what touches the scene."""
        return not self._data.under_way and self._data.state in {*SETTLED, State.READY, State.CHOOSING_CUTOUT}

    def _settled(self) -> bool:
        data = self._data
        if data.state == State.CHOOSING_CUTOUT:
            return True
        if data.state == State.READY and not data.request.keep_in:
            return bool(session.placings.trouble.get(self.id) or place_finished_models.waiting_for(data))
        return not data.under_way and data.state in {*SETTLED, State.READY}

    @property
    def cutouts(self) -> list[str]:
        """Paths of the pictures to choose from while the job waits for that; see :meth:`choose`."""
        return list(self._data.pictures)

    @property
    def pictures(self) -> list[str]:
        """Paths of the pictures that were made of the prompt first, in the order of :meth:`choose`.

        They stay on disk until the job is deleted, whatever came of it, and can be made a model of once more with
        ``generate(image=...)``. The path of one that could not be fetched is empty.
        """
        return self.cutouts if self._data.request.picture_first else []

    @checked
    def is_prepared(self, variant: int | None = None) -> bool:
        """The variant (any one where it is None) can be placed at once: its file is there."""
        return any(v.blend and Path(v.blend).is_file() for v in self.variants if variant in (None, v.index))
