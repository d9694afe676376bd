"""What a batch needs of the place it runs in; here a plain Python, where the results are files.

Standard library, client and the engine's ``protocol`` only. ``batches.py`` has the same for a scene in Blender.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..client import api_keys
from ..client.engine_client import Bridge
from ..client.environment_variables import Environment
from ..client.jobs.job_target import Target
from ..client.jobs.snapshots import Job
from ..client.paths import check_writable, expanded
from ..client.request_reply import ask
from ..engine.protocol import (
    JOURNAL,
    SETTLED,
    Declaration,
    ErrorTexts,
    ImageLimits,
    InvalidInput,
    KeyMissing,
    State,
    UnsupportedFeature,
    is_web_address,
)
from .file_job import FileJob
from .preflight import Item
from .table.generate_arguments import Arguments, Picture


class Host:
    """A plain Python: keys from the environment, models as files.

    Args:
        bridge: to the engine; a new one where it is None.
    """

    def __init__(self, bridge: Bridge | None = None) -> None:
        self.bridge = bridge or Bridge(Environment())

    def pump(self) -> bool:
        """Take in what the engine says; True where anything changed."""
        return self.bridge.drain()

    def wake(self) -> None:
        """See to it that the pump is worked by itself, where something does that."""

    def prices(self) -> dict[str, int]:
        """What operations really cost, from the journal: an engine that has not been needed yet is started for that."""
        bridge = self.bridge
        if not bridge.running and (bridge.settings.data_dir() / JOURNAL).exists():
            ask(bridge, "list", limit=0)  # it tells them when it starts
        return bridge.prices

    def job(self, job_id: str) -> Any:
        """What a batch's results give for a job."""
        return FileJob(self.bridge, job_id)

    def settled(self, job: Job) -> bool:
        """Nothing more happens to the job by itself."""
        return not job.under_way and job.state in {*SETTLED, State.READY, State.CHOOSING_CUTOUT}

    def trouble(self, job: Job) -> ErrorTexts | None:
        """What keeps a finished model from its place."""
        return None

    def require_ready(self, service: Declaration) -> None:
        """OnlineAccessOff or KeyMissing, with the remedy, where the service cannot be used now."""
        if not (service.built_in or self.bridge.settings.services()[service.id]["key"]):
            api_keys.key(service)  # which says so where it cannot be read
            remedy = f"Set {service.key_env} in the environment, or the key in the config file."
            raise KeyMissing(f"No key is set for {service.name}.", remedy)

    def pictures(self, paths: list[Picture], service: Declaration, folder: Path, limits: ImageLimits) -> list[str]:
        """The pictures as they are sent; a file that fits the limits is sent as it is.

        Args:
            folder: for copies that fit, where a file does not. limits: what the service takes with the item's options.

        Raises:
            InvalidInput: one cannot be sent.
        """
        for path in paths:
            if not isinstance(path, str):
                raise InvalidInput(f"A picture is a path or a web address, not {path!r}.")
        given = [path if is_web_address(path) else str(expanded(path)) for path in paths]
        for path in given:
            if not is_web_address(path):
                limits.check(path)
        return given

    def target(self, item: Item, offset: tuple[float, float], own: tuple[str, str] | None) -> Target:
        """Where the item is to stand.

        Args:
            offset: from the 3D cursor to the right and to the back, in millimetres.
            own: the job's id and title, where it is to have a collection of its own.
        """
        raise UnsupportedFeature("Without Blender there is no scene.", 'Use layout="files".')

    def boxed(self, values: Arguments) -> tuple[Target, list[float]]:
        """Where an item is to stand that is to fill a box, and the sides of that in millimetres.

        Raises:
            InvalidInput: there is no such box, or it has no size.
        """
        raise UnsupportedFeature("Without Blender there is no box to fill.", "Leave the column fit out.")

    def take_boxes(self, items: list[Item]) -> None:
        """Note in the scene, where there is one, that its boxes are going to be filled."""

    def bring_here(self, jobs: list[Job]) -> list[str]:
        """Take the jobs whose scene is lost into the open one; returns their ids."""
        return []

    def mark_places(self, items: list[Item]) -> None:
        """Show in the scene, where there is one, where the items that want it are going to stand."""

    def folder(self, path: str) -> str:
        """The folder for files, as an absolute path; InvalidInput where none is named, or it cannot be written."""
        if not path:
            raise InvalidInput("layout='files' needs a folder for them: output='models'.")
        folder = expanded(path).resolve()
        check_writable(folder / "a model")
        return str(folder)

    def texture_folder(self) -> str:
        """Where images go that are not packed; without Blender nothing is packed at all."""
        return ""
