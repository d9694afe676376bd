"""What jobs and batches need of the place they run in: Blender, with its open file. May import batching and scene."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..batching.host_without_blender import Host
from ..batching.preflight import Item
from ..batching.table.generate_arguments import Arguments, Picture
from ..client.jobs import snapshots
from ..client.jobs.box_fit import prompt_of
from ..client.jobs.job_target import Target
from ..engine.protocol import (
    Declaration,
    ErrorTexts,
    Feature,
    ImageLimits,
    InvalidInput,
    State,
    is_web_address,
)
from ..scene import timer_and_file_handlers, user_settings
from ..scene.finished_jobs import place_finished_models, recover_unsaved
from ..scene.placing import targets
from ..scene.placing.fitting import boxes, fit_into_box
from ..scene.placing.placeholder import ask_for as ask_for_placeholder
from ..scene.placing.placement import metres_per_unit
from ..scene.session import session
from ..scene.shared_engine import bridge
from ..scene.start_job import require_ready
from .jobs.job import Job


class SceneHost(Host):
    """Blender: the pump places what is ready, and a model can be put anywhere in a scene."""

    def __init__(self) -> None:
        super().__init__(bridge)

    def pump(self) -> bool:
        """Take in what the engine says, and place what is ready."""
        return place_finished_models.pump()

    def wake(self) -> None:
        """The timer works the pump in a window."""
        timer_and_file_handlers.start()

    def prices(self) -> dict[str, int]:
        """In a window, where nothing waits, those that the engine has told so far."""
        return super().prices() if bpy.app.background else bridge.prices

    def job(self, job_id: str) -> Job:
        """The job of the Python API."""
        return Job(job_id)

    def settled(self, job: snapshots.Job) -> bool:
        """Nothing more happens to the job by itself; a ready model is in the scene, or cannot be put there now."""
        if recover_unsaved.is_on_its_way(job.id):
            return False
        if job.state == State.READY and not job.request.keep_in:
            return bool(session.placings.trouble.get(job.id) or place_finished_models.waiting_for(job))
        return super().settled(job)

    def trouble(self, job: snapshots.Job) -> ErrorTexts | None:
        """What keeps a finished model out of the scene."""
        return session.placings.trouble.get(job.id)

    def require_ready(self, service: Declaration) -> None:
        """OnlineAccessOff or KeyMissing, where the service cannot be used now."""
        require_ready(service)

    def pictures(self, paths: list[Picture], service: Declaration, folder: Path, limits: ImageLimits) -> list[str]:
        """A file that fits the limits as it is, a copy that does in place of every other one."""
        return [_fitting(path, service, folder, limits) for path in paths]

    def target(self, item: Item, offset: tuple[float, float], own: tuple[str, str] | None) -> Target:
        """In the open file: in its box, or from the 3D cursor on."""
        if item.boxed:
            return {**item.boxed, "placeholder": item.placeholder}
        bound = targets.bind(item.location, item.collection)
        if item.location is None:
            scale = 0.001 / metres_per_unit(targets.scene_of(bound))
            x, y, z = bound["location"]
            bound["location"] = [x + offset[0] * scale, y + offset[1] * scale, z]
        bound["placeholder"] = item.placeholder
        if own:
            bound["own"] = own
        return bound

    def boxed(self, values: Arguments) -> tuple[Target, list[float]]:
        """In the boxes of the open scene; a box whose item says nothing else gives the prompt."""
        things = [bpy.data.objects.get(box) if isinstance(box, str) else box for box in values["fit"]]
        if lost := [box for box, thing in zip(values["fit"], things, strict=True) if thing is None]:
            raise InvalidInput(f"There is no object {lost[0]!r}.")
        found = [thing for thing in things if thing is not None]
        target, sides = fit_into_box.into(
            found,
            seat=values.get("seat", "FLOOR"),
            stretch=values.get("stretch", ""),
            turns=values.get("quarter_turns", True),
            collection=values.get("collection", ""),
        )
        if not (values.get("prompt") or values.get("bring_in") or values["image"] or values["options"]):
            values["prompt"] = prompt_of(found[0].name)
        return target, sides

    def take_boxes(self, items: list[Item]) -> None:
        """Mark them, all at once: each change of an object has Blender look at the scene anew."""
        boxes.mark(fit for item in items if item.boxed for fit in item.boxed["fit"])

    def bring_here(self, jobs: list[snapshots.Job]) -> list[str]:
        """Into the open file, those whose own was closed or lost before it was saved."""
        return recover_unsaved.bring_here(jobs)

    def mark_places(self, items: list[Item]) -> None:
        """A placeholder for each item that asks for one; a batch makes none by itself, since each is an undo step."""
        for item in items:
            if item.placeholder and not item.request.keep_in:
                ask_for_placeholder(item.job)

    def folder(self, path: str) -> str:
        """The folder for files; ``//`` is the open file's."""
        return super().folder(str(user_settings.located(path)) if path else "")

    def texture_folder(self) -> str:
        """Beside the open .blend; InvalidInput where that was never saved."""
        return user_settings.texture_folder()


def _fitting(picture: str | bpy.types.Image, service: Declaration, folder: Path, limits: ImageLimits) -> str:
    if isinstance(picture, str) and is_web_address(picture):
        return picture
    service.require(Feature.IMAGE)
    if isinstance(picture, str):
        try:
            limits.check(picture)
            return picture
        except InvalidInput:
            pass  # a copy may fit
    elif not isinstance(picture, bpy.types.Image):
        raise InvalidInput(f"A picture is a path or an image of Blender's, not {picture!r}.")
    from ..scene.images.export import export_image  # it brings numpy, which would hold up Blender's start

    return str(export_image(picture, limits, folder))


HOST = SceneHost()
