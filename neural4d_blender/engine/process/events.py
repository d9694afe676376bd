"""What the engine tells the host: the events of protocol.py."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from ..blenders.job_file_format import PrepareValues
from ..errors import ErrorTexts, JournalDamaged, Neural4DError
from ..files.download import Stopped
from ..model.batch import BatchRecord
from ..model.job import Job
from ..model.server_facts import Server
from ..model.states import AGENTS
from ..model.variant import Variant
from ..services.results import Balance
from ..steps.failure_texts import unforeseen
from ..store import private_files
from ..store.journal import Journal
from ..system import System
from .outbox import Message, Outbox


class Events:
    """Says things to the host, which may take its time to listen.

    Args:
        outbox: sends them. journal: has the prices.
    """

    def __init__(self, outbox: Outbox, journal: Journal, system: System) -> None:
        self.send = outbox.put
        self._journal = journal
        self._of_agents: dict[str, tuple[object, ...]] = {}
        self._system = system

    def job(self, job: Job) -> None:
        """What a job is like now."""
        self.snapshot(job.to_dict())
        stands = (job.state, job.costs.asks, job.under_way)
        if job.agent and self._of_agents.get(job.id) != stands:
            self._of_agents[job.id] = stands
            with suppress(OSError):
                (self._journal.folder / AGENTS).touch(private_files.FILE)

    def snapshot(self, told: dict[str, Any]) -> None:
        """The same, as it is told."""
        self.send({"event": "job", "job": told})

    def prepare(self, job: Job, variant: Variant, values: PrepareValues) -> None:
        """Have the host prepare a variant; it answers with the command ``prepared``."""
        self.send({"event": "prepare", "job": job.id, "variant": variant.index, "values": values})

    def batch(self, record: BatchRecord) -> None:
        """What a batch is like now."""
        self.send({"event": "batch", "batch": record.to_dict()})

    def balance(self, provider: str, balance: Balance) -> None:
        """A balance that was just read."""
        self.send(
            {"event": "balance", "provider": provider, "balance": asdict(balance), "at": self._system.clock.now()}
        )

    def prices(self) -> None:
        """What operations really cost."""
        self.send({"event": "prices", "prices": self._journal.prices(), "spent": self._journal.spent()})

    def server(self, server: Server) -> None:
        """What is known of a service's server now."""
        self.send({"event": "server", "provider": server.provider, "facts": dict(server.facts)})

    def notices(self) -> None:
        """What the user is to be told of the journal, until somebody has been."""
        for notice in self._journal.notices():
            self.send({"event": "notice", "notice": notice})

    def usage(self, taken: int) -> None:
        """Bytes that the data folder takes."""
        self.send({"event": "usage", "bytes": taken})

    def sandbox(self, holds: dict[str, bool]) -> None:
        """What this computer keeps from a background Blender."""
        self.send({"event": "sandbox", "holds": holds})

    def carry_out(self, message: Message, work: Callable[[], Message | None]) -> None:
        """Do what a command asks for, on any thread, and answer it, whatever comes of it; None: that is done later."""
        try:
            answer = work()
        except Stopped:
            return  # nobody listens any more
        except JournalDamaged:  # whoever waits is told by the next engine
            raise
        except Neural4DError as error:
            self.answer(message, error.to_dict())
        except Exception as error:  # a bug of ours must not end the engine, nor leave anybody waiting
            self._system.log(error)
            self.answer(message, unforeseen(error, f"the command {message.get('do')!r}").to_dict())
        else:
            if answer is not None:
                self.answer(message, **answer)

    def answer(self, message: Message, error: ErrorTexts | None = None, **values: Any) -> None:
        """What became of a command that asked for an answer, or failed."""
        if "tag" in message or error is not None:
            told = {"tag": message.get("tag"), "job": message.get("job"), "error": error}
            self.send({"event": "answer", **told, **values})
