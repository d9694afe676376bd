"""A world: computers, disk, network, services, Blenders and their users, on one clock, as a plan wants it.

Imports the engine; `setting_up.load` has to have been called. Everything in it is over when `run` returns.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from neural4d_blender.engine import protocol
from neural4d_blender.engine.errors import JournalDamaged, JournalUnusable
from neural4d_blender.engine.policy import policy_file
from neural4d_blender.engine.policy.points_allowance import VARIABLE
from neural4d_blender.engine.process.main_loop import Engine

from . import allowances
from .faults import Faults
from .host import Host
from .machine import disk, pipes, scheduler, wire
from .machine.computer import Computer
from .machine.scheduler import Busy, Process, Scheduler
from .plan import Event, Plan
from .services import EPOCH, Services
from .witness import Witness

#: Seconds that a world is given to come to rest, when nothing goes wrong any more.
REST = 86_400.0
#: Of these an engine may die at each.
EDGES = ("commit", "committed", "request", "acted", "answered", "rename", "renamed", "read")


class World:
    """Args:
    folder: for all data folders; removed at the end. teller: told what happens, line by line.
    """

    def __init__(self, plan: Plan, folder: Path, teller: Callable[[str], None] | None = None) -> None:
        self.plan, self.folder, self._teller = plan, folder, teller
        self.chance = random.Random(f"{plan.seed} world")
        self.scheduler = Scheduler(random.Random(f"{plan.seed} order"))
        self.jumped = self.slept = 0.0
        #: By agent's job its quote, and until when that is good.
        self.quotes: dict[int, tuple[str, float]] = {}
        self.outside = Process("outside")
        self.services = Services(plan.settings, random.Random(f"{plan.seed} services"), self.moment)
        self.disk = disk.Disk(self)
        self.network = wire.Network(self)
        self.faults = Faults(plan.faults)
        self.witness = Witness(self)
        self.engines: list[Process] = []
        self.log = io.StringIO()
        self.policy = plan.policy
        #: Says when another process is let go on between two questions to the journal.
        self.whim = random.Random(f"{plan.seed} whim")
        self.well = False
        self._edges: Counter[str] = Counter()
        self._deaths = {(death.edge, death.nth) for death in plan.deaths}
        self._blenders = 0
        self.hosts: list[Host] = []

    # What others ask of it

    def moment(self) -> float:
        """Seconds that have passed for the rest of the world."""
        return self.scheduler.now + self.slept

    @property
    def clock_moved(self) -> bool:
        """The computer's clock was set, or it has slept."""
        return bool(self.jumped or self.slept)

    def wall(self) -> float:
        """Seconds since the epoch by the computer's clock."""
        return EPOCH + self.moment() + self.jumped

    def latency(self) -> float:
        """Seconds that something takes on its way."""
        return 0.01 + 0.3 * self.chance.random() ** 3

    def blender(self) -> tuple[float, str]:
        """Seconds that the next background Blender takes, and how it ends."""
        self._blenders += 1
        return 0.1 + self.chance.random(), "" if self.well else self.plan.blenders.get(self._blenders, "")

    def tell(self, what: str) -> None:
        """A line of the story."""
        if self._teller:
            now, process = self.moment(), self.scheduler.process.name
            self._teller(f"{now:10.2f} {process:10} {what}")

    def edge(self, kind: str, *, paid: bool = False) -> None:
        """The engine that runs may die here."""
        process = self.scheduler.process
        if self.well or process not in self.engines:
            return
        for name in () if not self._deaths else (kind, f"{kind} paid") if paid else (kind,):
            self._edges[name] += 1
            if (name, self._edges[name]) in self._deaths:
                self.tell(f"dies at {name} {self._edges[name]}")
                self.scheduler.kill(process)
        if kind.startswith("commit") and self.chance.random() < 0.1:
            self.scheduler.breathe()

    def start_engine(self, folder: Path, commands: pipes.Pipe, events: pipes.Pipe) -> Process:
        """A new engine process."""
        process = Process(f"engine {len(self.engines) + 1}")
        process.on_death.append(lambda: setattr(events, "closed", True))
        self.engines.append(process)
        computer = Computer(self, process, random.Random(f"{self.plan.seed} {process.name}"))

        def main() -> None:
            # As the engine's own main() has it, less what is the operating system's.
            try:
                Engine(folder, commands, events, computer).run()  # type: ignore[arg-type]
            except JournalUnusable as error:
                self.tell(f"{process.name} ends: {error.what}")
                with contextlib.suppress(OSError, ValueError):
                    if not isinstance(error, JournalDamaged):
                        events.write(protocol.encode({"event": "ended", "error": error.to_dict()}))
            return self.scheduler.kill(process)

        self.tell(f"{process.name} starts")
        self.scheduler.spawn(process, "main", main)
        return process

    # Its own course

    def run(self) -> Witness:
        """Let it happen; what was seen is in the witness."""
        scheduler.use(self.scheduler)
        pipes.use(self)
        disk.Connection.world = wire.Wire.world = self
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stderr(self.log))
            stack.callback(shutil.rmtree, self.folder, True)
            stack.callback(self.scheduler.close)
            for span in self.plan.environment:
                stack.callback(os.environ.pop, f"{VARIABLE}{span.upper()}", None)
            self.folder.mkdir(parents=True)
            self._prepare()
            self.hosts = [Host(self, number) for number in range(self.plan.hosts)]
            for event in self.plan.events:
                self.scheduler.spawn(self.outside, event.what, lambda event=event: self._befall(event))  # type: ignore[misc]
            try:
                self.scheduler.run(self.plan.lasts)
                self._make_well()
                self.scheduler.run(self.scheduler.now + REST, self._at_rest)
            except Busy as busy:
                self.witness.found("busy", f"does not come to rest: {busy}")
            self.witness.conclude()
        return self.witness

    def _prepare(self) -> None:
        """A journal that is there already: an empty one of today, as making one takes longer than a job."""
        data = self.folder / "data"
        data.mkdir()
        for name, content in journal_of(self.plan.journal).items():
            (data / name).write_bytes(content)
        if self.policy:
            self.write_policy()
        os.environ |= {f"{VARIABLE}{span.upper()}": str(points) for span, points in self.plan.environment.items()}
        self.witness.allowances.observe()

    def write_policy(self) -> None:
        """As it is now."""
        policy_file._read.cache_clear()  # one that was written within the same tick of the clock may look the same
        allowances.write(self.policy, self.folder / policy_file.NAME)

    def _befall(self, event: Event) -> None:
        self.scheduler.block(None, event.at)
        if self.well:
            return
        self.tell(f"{event.what} {event.seconds:g} {event.more or ''}")
        self.witness.allowances.observe()
        match event.what:
            case "outage":
                until = self.scheduler.now + event.seconds
                self.network.outages[event.more["service"]] = (until, event.more["how"])
            case "clock":
                self.jumped += event.seconds
            case "sleep":
                self.slept += event.seconds
                self.network.broken += 1
            case "full":
                self.disk.full_until = self.scheduler.now + event.seconds
            case "death":
                for process in self.engines:
                    self.scheduler.kill(process)
                self._harm_journal(event.more.get("journal", ""))
            case "others buy":
                self.services.others_buy(event.more["service"], int(event.more["points"]))
            case "quit" | "crash" | "open":
                self.hosts[event.more["host"] % len(self.hosts)].befall(event.what)
        self.witness.allowances.observe()

    def _harm_journal(self, how: str) -> None:
        """What becomes of it while no engine has it open, see `planning.HARMED`."""
        file = self.folder / "data/journal.sqlite3"
        if not file.exists():
            return
        if how == "gone":
            file.unlink()
        elif how == "older":
            file.write_bytes(journal_of(None)[file.name])
        elif how == "zeros":
            with file.open("r+b") as opened:
                opened.seek(4096)
                opened.write(bytes(4096))

    def _make_well(self) -> None:
        """From now on nothing goes wrong any more."""
        self.tell("from here on all is well")
        self.well = True
        self.network.outages.clear()
        self.faults.clear()
        self.disk.full_until, self.disk.fills = -1.0, {}
        self.services.state.settings.calls_per_minute = None
        for host in self.hosts:
            host.make_well()

    def _at_rest(self) -> bool:
        return all(host.at_rest and not host.bridge.busy for host in self.hosts)


_journals: dict[int | None, dict[str, bytes]] = {}


def journal_of(version: int | None) -> dict[str, bytes]:
    """The files of a journal: an empty one of today, or what an earlier version of the tables has left."""
    if version not in _journals:
        folder = Path(sys.modules["tempfile"].mkdtemp())
        try:
            if version is None:
                from neural4d_blender.engine.store.journal import Journal

                Journal(folder).close()
            else:
                import sqlite3

                script = Path(__file__).resolve().parents[2] / f"tests/unit/engine/journals/version_{version}.sql"
                db = sqlite3.connect(folder / "journal.sqlite3")
                db.executescript(script.read_text("utf-8"))
                db.close()
            _journals[version] = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        finally:
            shutil.rmtree(folder)
    return _journals[version]
