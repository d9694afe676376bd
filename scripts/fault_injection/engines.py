"""Starts engines as the host does, and has jobs of every kind made by them."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.fault_injection.trial import ENDED
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess, Snapshot
from tests.support.every_service import CASES, Case

_DYING = Path(__file__).with_name("dying_engine.py")
#: Waits that are seconds for a user.
_TIMING = {"quickest": 0.02, "backoff": 0.01, "look_again": 0.02, "minute": 0.2, "preparer_limit": 10.0, "outage": 0.0}
#: Seconds in which a job comes to its end on a busy machine.
_PATIENCE = 120.0
JOB = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Args:
        case: where it is made, and what of. request: what else is asked for.
        pays_too: operations that this adds to those of the case.
        keep: the format of a file that its user wants to keep in the end.
    """

    case: Case
    request: dict[str, Any] = field(default_factory=dict)
    pays_too: tuple[str, ...] = ()
    keep: str = ""

    def __str__(self) -> str:
        more = [f"{name}={value}" for name, value in self.request.items()]
        return " ".join([str(self.case), *more, *([f"keep={self.keep}"] if self.keep else [])])

    @property
    def paid(self) -> tuple[str, ...]:
        """All that may be in the ledger, each as often as here."""
        return (*self.pays_too, *self.case.paid)


def kinds() -> list[Kind]:
    """One of each way to a model, and of each thing that makes further requests."""
    of_neural4d = [case for case in CASES if case.provider == "neural4d"]
    variants = [Kind(case, {"variants": 2, "place_all": True}) for case in of_neural4d]
    converted = [Kind(case, {"format": "STL"}, ("conversion",)) for case in of_neural4d]
    kept = [Kind(case, {}, ("conversion",), keep="STL") for case in of_neural4d]
    choosing = [Kind(case, {"choose_cutout": True}) for case in of_neural4d if case.made_of == "image"]
    pictures = {"picture_first": True, "pictures": 2, "choose_cutout": True}
    drawn = [Kind(case, pictures, ("picture", "image")) for case in of_neural4d[:1]]
    return [*map(Kind, CASES), *variants, *converted, *kept, *choosing, *drawn]


class Engine(EngineProcess):
    """An engine that may end at any moment.

    Args:
        more: arguments of dying_engine.py; the engine itself where there are none.
    """

    def __init__(self, folder: Path, simulator: Simulator, more: Sequence[str] = ()) -> None:
        command = [sys.executable, str(_DYING), *more] if more else None
        super().__init__(folder, simulator.api_url, simulator.keys, command=command, timing=_TIMING)

    @property
    def ended(self) -> bool:
        """It is not there any more."""
        return self.process.poll() is not None

    def close(self) -> None:
        """End it as Blender's end does; one that has something on its way is not waited for."""
        if not self.ended and self.process.stdin:
            self.process.stdin.close()
        self.process.wait(_PATIENCE)

    def tell(self, do: str, **values: Any) -> None:
        """Send a command, whether or not anybody is there."""
        with contextlib.suppress(OSError):
            self.send(do, **values)

    def watch(self, found: Callable[[], Any], seconds: float = _PATIENCE) -> Any:
        """Take in events until there is something found, or the engine has ended, or the time is up: then None."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            gone = self.ended
            if (value := self.take(found, 0.1)) is not None or gone:
                return value
        return None

    def take_to_its_end(self, kind: Kind) -> Snapshot | None:
        """Do for the job what its user does; its last snapshot, None where the engine ends before, or nothing comes."""
        if not self.answered("submit"):
            asked = {"size_mm": 120.0, "format": kind.case.declared.native, **kind.case.input(self.folder)}
            if not self.listed():
                self.tell("submit", job=JOB, provider=kind.case.provider, request=asked | kind.request, tag="submit")
        job = self.watch(lambda: self._in(*ENDED) or self._refused())
        if job and job["state"] == "choosing_cutout":
            self.tell("choose", job=JOB, cutout=0, tag="choose")
            job = self.watch(lambda: self._in("ready", "failed"))
        if job and job["state"] == "ready" and kind.keep and not job["saves"]:
            where = {"folder": str(self.folder / "kept"), "size_mm": None}
            self.tell("save", job=JOB, variant=0, format=kind.keep, **where, tag="save")
        if job and job["state"] == "ready" and kind.keep:
            job = self.watch(self._kept)
        return job

    def answered(self, tag: str) -> bool:
        """A command has been answered."""
        return any(event.get("tag") == tag for event in self.events)

    def listed(self) -> bool:
        """The journal has the job: whoever sent it need not send it again."""
        self.tell("list", tag="list")
        answer = self.watch(lambda: next((event for event in self.events if event.get("tag") == "list"), None))
        for job in (answer or {}).get("jobs", []):
            self.jobs.setdefault(job["id"], job)
        return JOB in self.jobs

    def _refused(self) -> Snapshot | None:
        """The job as the host has it that the engine did not take in: it is in no journal, and can be sent again."""
        answer = next((event for event in self.events if event.get("tag") == "submit"), {})
        not_taken = {"state": "failed", "cost": 0, "cost_estimated": False, "in_doubt": False, "saves": []}
        return not_taken | {"error": answer["error"]} if answer.get("error") else None

    def _in(self, *states: str) -> Snapshot | None:
        job = self.jobs.get(JOB)
        return job if job and job["state"] in states else None

    def _kept(self) -> Snapshot | None:
        job = self.jobs[JOB]
        return job if job["saves"] and all(save["state"] in ("saved", "failed") for save in job["saves"]) else None
