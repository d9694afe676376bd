"""The tool that puts models into folders, as files."""

from __future__ import annotations

import anyio
from mcp.types import CallToolResult

from ...client.jobs.snapshots import Job, Save
from ...client.request_reply import LOOK
from ...engine import protocol
from ...engine.protocol import InvalidInput, State, UnsupportedFeature
from .. import tool_results
from . import arguments as a
from .base import Tools

#: Seconds that a file is waited for.
_PATIENCE = 600.0


class FileTools(Tools):
    """Keep files."""

    async def keep_files(
        self, job: a.JobId, folder: a.Folder, format: str = "", variant: int | None = None
    ) -> CallToolResult:
        """Put a job's models into a folder for agents, as the service made them: all of them, or one. Costs nothing.

        A format that the service takes points for is refused.
        """
        found = await self.session.job(job)
        if found.state not in (State.READY, State.PLACED):
            raise InvalidInput("There is no model of this job yet.", "Call wait first.")
        wanted = format.upper() or found.request.format
        if wanted not in (found.native, found.request.format) and protocol.conversion_estimate(found.provider, {}) != 0:
            name = protocol.name_of(found.provider)
            raise UnsupportedFeature(f"{name} takes points for a {wanted}, or may.", f"Keep the {found.native}.")
        target = str(self.session.folders.folder(folder))
        there = [one.index for one in found.variants if one.state != "failed"]
        asked = []
        for index in there if variant is None else [variant]:
            save = self.new_id()
            kept = {"variant": index, "format": wanted, "folder": target, "size_mm": None}
            await self.session.ask("save", job=job, save=save, **kept)
            asked.append(save)
        with anyio.move_on_after(_PATIENCE):
            while not all(save.over for save in self._saves(asked, await self.session.job(job))):
                await anyio.sleep(LOOK)
        found = await self.session.job(job)
        saves = self._saves(asked, found)
        failed = next((save for save in saves if save.error), None)
        if failed:
            failed.kept()  # which raises it
        return self.told({**tool_results.of_job(found), "kept": [save.path for save in saves if save.path]})

    def _saves(self, asked: list[str], job: Job) -> list[Save]:
        return [save for save in job.saves if save.id in asked]
