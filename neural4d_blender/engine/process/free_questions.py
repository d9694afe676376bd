"""What a service is asked at no cost and for no job: the points that are left, the models that an account has.

Each is answered later, since the request runs on a worker thread.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from ..blenders.job_file import run_in_blender
from ..blenders.job_file_format import BoxesValues
from ..errors import TransportError
from ..http.retries import backoff
from ..steps import small_pictures
from ..steps.context import Context
from ..store.history import History
from .events import Events
from .outbox import Message
from .scheduling.thread_pools import ThreadPools

_T = TypeVar("_T")

#: How often a question is asked before the trouble is told.
_ASKED = 3
#: Seconds that reading a .blend may take.
_LONGEST = 120.0


@dataclass
class FreeQuestions:
    """The commands of protocol.py that name a service or a file, and no job."""

    context: Context
    history: History
    events: Events
    pools: ThreadPools

    def balance(self, message: Message) -> None:
        """``balance`` and ``test_key``."""
        self._later("ask", message, self._read_balance)

    def account(self, message: Message) -> None:
        """A page of the account's models, each with the job that has it here."""
        self._later("ask", message, self._read_account)

    def boxes(self, message: Message) -> None:
        """What of a stranger's .blend could be boxes for models; a background Blender looks, which is confined."""
        self.pools.run("prepare", "", self.events.carry_out, message, functools.partial(self._read_boxes, message))

    def _read_boxes(self, message: Message) -> Message:
        path = Path(message["file"])
        values: BoxesValues = {"task": "boxes", "source": str(path)}
        stopped = self.context.stopping.is_set
        found = run_in_blender(self.context.preparers, values, path.with_name("boxes"), limit=_LONGEST, stopped=stopped)
        return {"boxes": [one for one in found.get("boxes", ()) if _is_box(one)]}

    def draw_pictures(self, message: Message) -> None:
        """Pictures of some of them, or of jobs."""
        self._later("fetch", message, self._fetch_pictures)

    def _later(self, kind: str, message: Message, work: Callable[[Message], Message]) -> None:
        self.pools.run(kind, message["provider"], self.events.carry_out, message, functools.partial(work, message))

    def _read_balance(self, message: Message) -> Message:
        name = message["provider"]
        balance = self._asked(
            lambda: (
                self.context.provider(name).balance()
                if message["do"] == "balance"
                else self.context.provider(name).test_key()
            )
        )
        if balance is not None:
            self.events.balance(name, balance)
        return {"balance": asdict(balance) if balance else None}

    def _read_account(self, message: Message) -> Message:
        name = message["provider"]
        page = self._asked(lambda: self.context.provider(name).list_models(message["page"]))
        here = self.history.jobs_with(name, [model.id for model in page.models])
        return {
            "models": [
                {
                    **asdict(small_pictures.take_in(self.context, name, model)),
                    "outcome": model.outcome.value if model.outcome else "",
                    "job": here.get(model.id, ""),
                }
                for model in page.models
            ],
            "more": page.more,
            "jobs": [job.to_dict() for job in map(self.context.journal.get, here.values()) if job],
        }

    def _fetch_pictures(self, message: Message) -> Message:
        return {"pictures": small_pictures.fetch(self.context, message["provider"], message["pictures"])}

    def _asked(self, question: Callable[[], _T]) -> _T:
        attempt = 0
        while True:
            try:
                return question()
            except TransportError:
                attempt += 1
                wait = backoff(attempt - 1, self.context.timing.backoff, chance=self.context.system.chance)
                if attempt == _ASKED or self.context.clock.wait(self.context.stopping, wait):
                    raise


def _is_box(told: object) -> bool:
    """What a Blender has told that a stranger's file was open in is looked at like the file itself."""
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in ("name", "collection")):
        return False
    sides = told.get("size_mm")
    if not isinstance(sides, list) or len(sides) != 3 or not all(type(side) in (int, float) for side in sides):
        return False
    return all(math.isfinite(side) and side >= 0 for side in sides)
