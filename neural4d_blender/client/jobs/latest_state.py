"""What the engine has told, the newest of each. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ...engine.protocol import Balance, BatchRecord
from ..notices import Notices
from . import snapshots
from .job_table import Jobs
from .snapshots import ToPrepare

_LOG = logging.getLogger("neural4d")
#: A line of the pipe before it is read, or as it is sent: see engine/protocol.py.
Message = dict[str, Any]


class Told:
    """What is known by the engine's events.

    Attributes:
        jobs: the newest snapshot of each job, by id.
        batches: the batches that were spoken of in this session, by id.
        balances: the last known balance of each service, by id.
        servers: what is known of each service's server, by id (see engine/model/server_facts.py).
        prices: measured points by ``provider:operation``.
        spent: points spent in all, by service.
        notices: what the user is to be told of the journal.
        usage: bytes that the data folder takes, None while not known.
        sandbox: what is kept from a background Blender here, by name; None while not known.
        to_prepare: models that nobody but the host can prepare, oldest first.
        revision: goes up whenever any of these changed.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self.jobs = Jobs()
        self.batches: dict[str, BatchRecord] = {}
        self.balances: dict[str, Balance] = {}
        self.servers: dict[str, dict[str, str]] = {}
        self.prices: dict[str, int] = {}
        self.spent: dict[str, int] = {}
        self.notices = Notices(send)
        self.usage: int | None = None
        self.sandbox: dict[str, bool] | None = None
        self.to_prepare: list[ToPrepare] = []
        self.revision = 0

    def _take(self, event: Message) -> None:
        self.revision += 1
        match event.get("event"):
            case "job":
                told = event["job"]
                before = self.jobs.get(told["id"])
                job = snapshots.Job.read(told, before)
                self.jobs[job.id] = job
                if before is None or before.state != job.state:
                    _LOG.info("job %s at %s: %s, %s points", job.id, job.provider, job.state, job.cost)
            case "prepare":
                self.to_prepare.append(ToPrepare(event["job"], event["variant"], event["values"]))
            case "balance":
                self.balances[event["provider"]] = snapshots.balance(event["balance"])
            case "server":
                self.servers[event["provider"]] = event["facts"]
            case "prices":
                self.prices, self.spent = event["prices"], event["spent"]
            case "batch":
                batch = BatchRecord.from_dict(event["batch"])
                self.batches[batch.id] = batch
            case "notice":
                self.notices.take(event["notice"])
            case "sandbox":
                self.sandbox = event["holds"]
            case "usage":
                self.usage = event["bytes"]
