"""An agent's way to the engine: questions that are waited for without anybody standing still, and its own jobs alone.

Client, batching and the engine's ``protocol`` only.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio

from ..batching import preflight
from ..batching.host_without_blender import Host
from ..batching.table.generate_arguments import Arguments
from ..batching.table.table_reader import Row
from ..client.engine_client import Bridge
from ..client.jobs.job_target import Target
from ..client.jobs.replies import Answer
from ..client.jobs.snapshots import Job
from ..client.request_reply import LOOK
from ..engine import protocol
from ..engine.protocol import Declaration, ImageLimits, InvalidInput, JobFailed, Request, UnsupportedFeature
from .folders import Folders
from .settings import AgentSettings

#: Quotes that are kept for the agent at a time; the oldest ones go.
_KEPT = 20
#: Seconds that an answer of the engine is waited for: a service may be asked for it.
_PATIENCE = 90.0

#: Told how far something is: a part of the whole, and in words.
Progress = Callable[[float, str], Awaitable[None]]


@dataclass(frozen=True)
class Kept:
    """What a quote was given for."""

    job: str
    provider: str
    request: Request
    target: Target = field(default_factory=Target)


class AgentSession:
    """One agent's.

    Args:
        agent: its name. folders: what it may read and write.
    """

    def __init__(self, settings: AgentSettings, agent: str, folders: Folders) -> None:
        self.settings, self.agent, self.folders = settings, agent, folders
        self.bridge = Bridge(settings)
        self.host = Host(self.bridge)
        self._kept: dict[str, Kept] = {}

    async def pump(self) -> None:
        """Take in what the engine says, for as long as the server runs."""
        while True:
            if not self.bridge.drain():
                await anyio.sleep(LOOK)
            else:
                await anyio.sleep(0)

    def close(self) -> None:
        """The agent is gone: the engine ends as every host's does, when what may be paid is answered."""
        self.bridge.stop()
        for kept in self._kept.values():
            self._discard(kept)

    async def ask(self, do: str, **values: Any) -> Answer:
        """Send the engine a command and wait for its answer.

        Raises:
            JobFailed: it refused it. TimeoutError: it did not answer. EngineStopped: it cannot be started.
        """
        answers: list[Answer] = []
        self.bridge.send(do, answers.append, **values)
        with anyio.fail_after(_PATIENCE):
            while not answers:
                await anyio.sleep(LOOK)
        if told := answers[0].error:
            raise JobFailed.from_dict(told)
        return answers[0]

    async def job(self, job_id: str) -> Job:
        """The agent's job of that id, as it is now; InvalidInput where it has none."""
        if job_id not in self.bridge.jobs or self.bridge.jobs[job_id].left:
            for one in (await self.ask("find", job=job_id)).jobs:
                self.bridge.jobs[job_id] = one
        job = self.bridge.jobs.get(job_id)
        if job is None or job.agent != self.agent:
            raise InvalidInput("There is no such job of this agent.", "Look into its history.")
        return job

    async def going(self, job_id: str) -> Job:
        """The same, and the engine goes on with it where the one that worked on it is no more."""
        if (await self.job(job_id)).left:
            for one in (await self.ask("follow", jobs={job_id: 0})).jobs:
                self.bridge.jobs[job_id] = one
        return await self.job(job_id)

    def planned(self, values: Mapping[str, Any], pictures: Mapping[str, Any]) -> Kept:
        """A checked request, with copies of its pictures.

        Args:
            values: arguments of ``generate``. pictures: those of them that name files.

        Raises:
            InvalidInput, UnsupportedFeature: it cannot work, or a picture may not be read. KeyMissing: likewise.
        """
        job = str(uuid.uuid4())
        folder = self.settings.data_dir() / "jobs" / job
        count = iter(range(1000))

        def copied(named: Any) -> Any:
            if isinstance(named, Mapping):
                return {side: copied(one) for side, one in named.items()}
            if isinstance(named, list):
                return [copied(one) for one in named]
            return str(self.folders.copy(named, folder / f"input{next(count)}"))

        def fitting(paths: list[str], _service: Declaration, _job: str, limits: ImageLimits) -> list[str]:
            for path in paths:
                limits.check(path)
            return paths

        try:
            copies = {name: copied(named) for name, named in pictures.items() if named}
            row = Row("the request", {**values, **copies}, folder)
            services = self.settings.services()
            (item,) = preflight.plan(
                *([row], Arguments(), fitting, self.bridge.servers), services=services, keep_in=self.keep_in(job)
            )
            self.host.require_ready(protocol.declaration(item.provider))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Kept(job, item.provider, replace(item.request, agent=self.agent, originals=[]))

    async def boxes(self, named: str) -> tuple[Path, list[dict[str, Any]]]:
        """A .blend that the user has offered, and the boxes in it: a copy is read, by a Blender that is confined.

        Raises:
            InvalidInput: the file may not be read. UnsupportedFeature: there is no Blender. JobFailed: it is damaged.
        """
        file = self.folders.file(named)
        if file.suffix.lower() != ".blend":
            raise InvalidInput(f"{file.name} is no .blend.", "Name a .blend in a folder for agents.")
        if not self.settings.preparer():
            raise UnsupportedFeature("There is no Blender to read it with.", "Have the user start it with --blender.")
        folder = self.settings.data_dir() / "jobs" / str(uuid.uuid4())
        try:
            return file, (await self.ask("boxes", file=str(self.folders.copy(named, folder / "offered")))).boxes
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep_in(self, job: str) -> str:
        """Where a job's models are kept as they were made, where there is no Blender to prepare them."""
        return "" if self.settings.preparer() else str(self.settings.data_dir() / "jobs" / job / "as made")

    def keep(self, quote: str, kept: Kept) -> None:
        """Keep what a quote was given for."""
        self._kept[quote] = kept
        while len(self._kept) > _KEPT:
            self._discard(self._kept.pop(next(iter(self._kept))))

    def kept(self, quote: str) -> Kept | None:
        """What it was given for; it is used up by that."""
        return self._kept.pop(quote, None)

    async def submit(self, kept: Kept, quote: str = "") -> Job:
        """Send it; JobFailed where the engine refuses it."""
        told = {"provider": kept.provider, "request": kept.request.to_dict(), "target": kept.target, "quote": quote}
        try:
            await self.ask("submit", job=kept.job, **told)
        except JobFailed:
            self._discard(kept)
            raise
        return await self.job(kept.job)

    def _discard(self, kept: Kept) -> None:
        """The copies of its pictures, of what was not sent."""
        folder: Path = self.settings.data_dir() / "jobs" / kept.job
        shutil.rmtree(folder, ignore_errors=True)
