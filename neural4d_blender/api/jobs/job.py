"""Jobs as a script sees them: what a job is now, and what can be done with it.

May import scene and the engine's ``protocol``. Nothing in here waits but :meth:`Job.wait`, :meth:`Job.save`,
:meth:`Job.save_asset`, :meth:`Job.place` and :meth:`Job.replace` of a variant that is not prepared yet, and short
questions to the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

from ...batching.table.argument_types import checked
from ...client.jobs.job_target import Target
from ...engine.protocol import BrokenModel, InvalidInput, JobFailed, Neural4DError, VariantState
from ...scene import start_job, timer_and_file_handlers
from ...scene.ask_engine import ask
from ...scene.finished_jobs import place_finished_models
from ...scene.placing import provenance, targets
from ...scene.placing.replacement import twins
from ...scene.session import session
from ...scene.shared_engine import bridge
from .job_files import Files

__all__ = ["Job", "forget"]


class Job(Files):
    """A job, by its id. All attributes are as of the last look at the engine."""

    @checked
    def choose(self, cutout: int) -> None:
        """Go on with one of the pictures (0, 1, ...); the model is paid for only from here on.

        For a job that was started with ``choose_cutout=True``, while it is in the state choosing_cutout: one of its
        ``cutouts``, or, where pictures were made of the prompt first, of its ``pictures``.

        Raises:
            JobFailed: there is no such picture, or the job does not wait for a choice.
        """
        ask("choose", job=self.id, cutout=cutout)
        timer_and_file_handlers.start()

    def approve(self) -> None:
        """Let the job cost ``asks`` points in all, beyond an allowance; for one whose ``waits_for`` is "approval".

        Raises:
            JobFailed: it does not wait for that, or asks for another sum by now.
        """
        ask("approve", job=self.id, points=self.asks)
        timer_and_file_handlers.start()

    def decline(self) -> None:
        """Let it end instead: nothing more is sent. Raises as :meth:`approve`."""
        ask("decline", job=self.id, points=self.asks)
        timer_and_file_handlers.start()

    def cancel(self) -> None:
        """Stop following the job. Free until the service has accepted it; what is paid stays retryable."""
        bridge.send("cancel", job=self.id)
        timer_and_file_handlers.start()

    def retry(self) -> None:
        """Take a failed or cancelled job up again where it stopped; pays nothing that was paid already.

        A job whose models the service itself failed to make is sent, and paid, anew.
        """
        session.placings.trouble.pop(self.id, None)
        ask("retry", job=self.id)
        timer_and_file_handlers.start()

    @checked
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
        own = self._data.target
        if own.get("fit") and location is None and not collection and not self.objects and targets.is_here(own):
            return self._place(variant, own)
        target = targets.bind(location, collection)
        target["beside"], target["exact"] = location is None, location is not None
        return self._place(variant, target)

    @checked
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
        self, variant: int | None, target: Target, replaced: Sequence[bpy.types.Object] = ()
    ) -> list[bpy.types.Object]:
        anew = False
        if self.is_prepared(variant):
            try:
                return place_finished_models.place_job(self._data, variant, target)
            except BrokenModel:
                anew = True
        before = set(self.objects).difference(replaced)
        session.placings.trouble.pop(self.id, None)
        ask("retarget", job=self.id, target=target)
        ask("prepare", job=self.id, variant=variant, anew=anew)
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
        freed = ask("delete", job=self.id).freed
        forget(self.id)
        return freed

    def start_place(self, variant: int | None, target: Target) -> None:
        """Put the model where the target says, now or as soon as it is prepared and the scene is free; never waits."""
        anew = False
        if not targets.blocked() and self.is_prepared(variant):
            try:
                place_finished_models.place_job(self._data, variant, target)
                return
            except BrokenModel:
                anew = True
        there = [v.index for v in self.variants if variant in (None, v.index)]
        there.sort(key=lambda index: not self.is_prepared(index))
        session.placings.trouble.pop(self.id, None)
        bridge.send("retarget", job=self.id, target=target)
        bridge.send("prepare", job=self.id, variant=there[0], anew=anew)
        timer_and_file_handlers.start()

    @checked
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
            location: where to otherwise. Where this and the collection are left out it comes to the right of what
                stands of this job; where nothing does, to the 3D cursor.
            collection: its name; the active one where it is left out.
            changes: what is to be different, by the names of ``generate``: variants=, size_mm=, options=, ...

        Raises:
            InvalidInput: the copy of the image is gone; or what ``generate`` raises.
        """
        request = start_job.changed(start_job.anew(self._data.request), changes)
        standing = self.objects
        if replace is not None:
            target = targets.in_place_of(_root(replace))
        elif standing and location is None and not collection:
            target = targets.next_to(standing[0])
        else:
            target = targets.bind(location, collection)
        return Job(start_job.start_again(self.provider, request, target))

    @checked
    def variations(self, count: int = 4) -> list[Job]:
        """Start jobs that bring so many other results of the same request, beside what stands of it; paid anew.

        One job where the service makes several variants of a request, else a job for each, with a seed of its
        own where the service takes one.
        """
        requests = start_job.variations(self.provider, self._data.request, count)
        standing = self.objects
        started = []
        for place, request in start_job.side_by_side(requests):
            target = targets.next_to(standing[0], place) if standing else targets.bind()
            started.append(Job(start_job.start_again(self.provider, request, target)))
        return started


def forget(job_id: str) -> None:
    """Take a deleted job out of what this Blender knows."""
    bridge.jobs.pop(job_id, None)
    session.placings.trouble.pop(job_id, None)
    session.placings.remarks.pop(job_id, None)
    session.placings.hidden.discard(job_id)
    bridge.revision += 1


def _root(thing: bpy.types.Object) -> bpy.types.Object:
    root = provenance.root_of(thing)
    if root is None:
        raise InvalidInput(f"{thing.name} is no model of this extension.", "Choose one that is.")
    return root
