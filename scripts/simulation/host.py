"""A Blender with its user: the extension's own client on the simulated pipes, and what the plan has the user do.

Imports the client and the engine's protocol. What the scene does by itself is done here too: a model that is ready is
placed, and one that no background Blender can prepare is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from neural4d_blender.client.engine_client import Bridge
from neural4d_blender.client.jobs.new_jobs import NewJob
from neural4d_blender.client.jobs.replies import Answer
from neural4d_blender.client.jobs.snapshots import Job
from neural4d_blender.engine.protocol import BatchRecord, Request, State, declaration

from . import agents, plan, users
from .machine.pipes import EngineProcess
from .machine.scheduler import Process
from .services import API, job_id, number_of

if TYPE_CHECKING:
    from .world import World

#: Seconds between two looks of a Blender at its jobs when all is well.
_LOOK = 5.0
#: How often a failed job is tried again at the end, as long as that costs nothing.
_TRIES = 3


class Settings:
    """What the user has set."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.is_online = True
        self.keys = dict(KEYS)
        self.url = API
        self.imports_itself = False

    def services(self) -> dict[str, dict[str, str]]:
        return {name: {"url": self.url, "key": key} for name, key in self.keys.items()}

    def online(self) -> bool:
        return self.is_online

    def preparer(self) -> list[str]:
        return ["blender"]

    def imports(self) -> bool:
        return self.imports_itself

    def agent_allowances(self) -> dict[str, int] | None:
        return self._world.plan.of_agents

    def strict(self) -> bool:
        return False

    def data_dir(self) -> Path:
        return self._world.folder / "data"

    def search_path(self) -> list[str]:
        return []


#: The right ones.
KEYS = {
    "neural4d": "simulator-token",
    "csm": "simulator-csm-key",
    "goneural": "simulator-goneural-key",
    "modelslab": "simulator-modelslab-key",
}


class Host:
    """One Blender, opened at once."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.settings = Settings(world)
        self.bridge = Bridge(self.settings)
        self.bridge.adopting = True  # a window
        self.process = Process(f"blender {number}")
        self.at_rest = False
        self._sent: set[int] = set()
        self._acted: set[int] = set()
        self._busy: set[tuple[str, str, int]] = set()
        self._seen: dict[str, Job] = {}
        self._tries: dict[str, int] = {}
        self.open()

    # Blender itself

    def open(self) -> None:
        """Start Blender, with a new session of the extension."""
        self.process = Process(f"blender {self.number}")
        self.bridge = Bridge(self.settings)
        self.bridge.adopting = True  # a window
        self.bridge.timing = {"preparer_limit": 20.0, "ask_again": 10.0}  # or half of a life is to ask again
        self._seen, self._busy = {}, set()
        self.world.scheduler.spawn(self.process, "main", self._live)
        for job in self.world.plan.jobs:
            if job.host % self.world.plan.hosts == self.number and job.number not in self._sent and job.batch is None:
                self.later(f"job {job.number}", job.at - self.world.scheduler.now, lambda job=job: self._submit(job))
        for number, batch in enumerate(self.world.plan.batches):
            if batch["host"] % self.world.plan.hosts == self.number and -1 - number not in self._sent:
                wait = batch["at"] - self.world.scheduler.now
                self.later("batch", wait, lambda number=number: self._submit_batch(number))
        self._plan_acts("", None)

    def befall(self, what: str) -> None:
        """Quit Blender, have it crash, or open it again."""
        if what == "open":
            if not self.process.alive:
                self.open()
            return
        if not self.process.alive:
            return
        self.world.scheduler.kill(self.process)
        if what == "quit":
            self.world.scheduler.spawn(self.world.outside, "quit", self.bridge.stop)
        elif process := self._engine:
            process.commands.closed = process.events.broken = True  # as the operating system closes them

    @property
    def _engine(self) -> EngineProcess | None:
        """The engine that it talks to."""
        return cast("EngineProcess | None", self.bridge._process)

    def make_well(self) -> None:
        """The user has everything right from now on, and goes on with what can go on for nothing."""
        self.settings.is_online, self.settings.keys, self.settings.url = True, dict(KEYS), API
        if not self.process.alive:
            self.open()
        self.world.scheduler.spawn(self.process, "patience", self._be_patient)

    def _live(self) -> None:
        bridge, scheduler = self.bridge, self.world.scheduler
        bridge.send("list", self._listed)
        while True:
            scheduler.block(lambda: bool((p := self._engine) and (p.reader.closed or p.reader.pipe.lines)))
            bridge.drain()
            self.look()

    def _listed(self, answer: Answer) -> None:
        for job in answer.jobs:
            self.bridge.jobs[job.id] = job
        self.look()

    def later(self, name: str, seconds: float, act: Any) -> None:
        """Do it after so many seconds, where Blender is still there then."""

        def wait() -> None:
            self.world.scheduler.block(None, max(0.0, seconds))
            act()
            self.look()

        self.world.scheduler.spawn(self.process, name, wait)

    # Jobs

    def _submit(self, job: plan.Job) -> None:
        self._sent.add(job.number)
        if job.quote:
            agents.submit(self, job)
            return
        self.world.witness.word(job.number, "submits")
        request = Request.from_dict(users.request_of(job, self.world.folder))
        self.bridge.submit(job_id(job.number), job.provider, request, {"scene": "Scene"})

    def bring_in(self, number: int, provider: str, what: str) -> None:
        """Send a job for a model that is there already."""
        self.world.witness.brings_in(number, what)
        request = Request(bring_in=what, format=declaration(provider).native)
        self.bridge.submit(job_id(number), provider, request, {"scene": "Scene"})

    def _submit_batch(self, number: int) -> None:
        self._sent.add(-1 - number)
        told = self.world.plan.batches[number]
        record = BatchRecord(f"batch-{number}", **told["record"])
        jobs = []
        for item, job in enumerate(one for one in self.world.plan.jobs if one.batch == number):
            request = Request.from_dict(users.request_of(job, self.world.folder))
            jobs.append(NewJob(job_id(job.number), job.provider, request, {}, item))
            self.world.witness.word(job.number, "submits")
        if jobs:
            self.bridge.submit_many(record, jobs)

    def look(self) -> None:
        """What the extension and its user do about what they see."""
        for id, job in list(self.bridge.jobs.items()):
            before = self._seen.get(id)
            if before is job:
                continue
            self._seen[id] = job
            self.world.witness.told(self, job, before)
            number = number_of(id)
            if number is not None:
                agents.asked(self, job, before, number)
            if before is None or before.state != job.state:
                if number is not None:
                    self._plan_acts(job.state, number)
                self._do_by_itself(job)
        for event in self.bridge.to_prepare:
            facts = {"ok": True, "triangles": 1, "root": "model"}
            told = {"job": event.job, "variant": event.variant, "facts": facts}
            Path(event.values["output"]).write_bytes(b"BLENDER-v402")
            self.later("import", 1.0, lambda told=told: self.bridge.send("prepared", **told))
        self.bridge.to_prepare.clear()

    def _plan_acts(self, state: str, number: int | None) -> None:
        for index, act in enumerate(self.world.plan.acts):
            mine = number == act.job if state else self._submits(act.job)
            if act.after == state and mine and index not in self._acted:
                self._acted.add(index)
                self.later(act.do, act.at, lambda act=act: users.do(self, act))

    def _submits(self, number: int) -> bool:
        return any(
            job.number == number and job.host % self.world.plan.hosts == self.number for job in self.world.plan.jobs
        )

    def _do_by_itself(self, job: Job) -> None:
        if job.state == State.READY and not job.request.keep_in and (primary := users.primary(job)) is not None:
            told: dict[str, Any] = {"job": job.id, "variant": primary, "target": {"scene": "Scene"}}
            self.later("place", 0.3, lambda: self.bridge.send("placed", **told))
        elif job.state == State.CHOOSING_CUTOUT:
            self.later("choose", 60.0, lambda: users.choose(self, job.id, 0))

    # The end

    def _be_patient(self) -> None:
        """Look until nothing is left to be done: what failed is tried again where that is free."""
        scheduler = self.world.scheduler
        self.bridge.send("list", self._listed)
        scheduler.block(None, _LOOK)
        until = scheduler.now + 60 * _LOOK
        while True:
            again = [job for job in self.bridge.jobs.values() if self._may_go_on(job)]
            for job in again:
                self._tries[job.id] = self._tries.get(job.id, 0) + 1
                users.retry(self, job.id)
            waits = [job for job in self.bridge.jobs.values() if self._may_choose(job)]
            for job in waits:
                self._tries[job.id] = self._tries.get(job.id, 0) + 1
                users.choose(self, job.id)
            self.at_rest = not (again or waits or self.bridge.busy)
            scheduler.block(None, _LOOK if again or waits or scheduler.now < until else 20 * _LOOK)

    def _may_choose(self, job: Job) -> bool:
        """Another window may have done that already, of which this one is not told."""
        return job.state == State.CHOOSING_CUTOUT and self._tries.get(job.id, 0) < _TRIES

    def _may_go_on(self, job: Job) -> bool:
        if job.state != State.FAILED or number_of(job.id) is None or self._tries.get(job.id, 0) >= _TRIES:
            return False
        return not job.retry_pays and not self.world.witness.may_pay(job)
