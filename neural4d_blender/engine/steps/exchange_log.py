"""Keeps the last exchanges of each job, masked, as exchanges.jsonl in the job's folder.

Standard library only. A line is an exchange as redaction.py gives it; the first line says of which service, and what
was known of its server. What cannot be written is passed over: a recording is a help, never a reason to stop.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from ..http.exchange import Exchange
from ..http.redaction import Masker
from ..model.job import Job
from ..model.server_facts import Server
from ..store.private_files import FOLDER
from ..system import SYSTEM, System

NAME = "exchanges.jsonl"
#: Version of the form, in the first line.
FORM = 1
MOST, MOST_BYTES = 40, 200_000
#: Of one exchange.
_LONGEST = 40_000

_thread = threading.local()


class Recording:
    """The exchanges of one job.

    Args:
        path: the file; what an earlier process left there stays a part of it.
        own: texts of the user's, see Masker.
    """

    def __init__(self, path: Path, own: list[str], system: System = SYSTEM) -> None:
        self._path = path
        self._system = system
        self._head: dict[str, Any] = {}
        self._is_there = False  # a file of ours, whole
        self._lines: list[tuple[bool, str]] = []
        with suppress(OSError, ValueError):
            head, *exchanges = path.read_text(encoding="utf-8", errors="replace").splitlines()
            self._lines = [(bool(told["paid"]), line) for line in exchanges if "paid" in (told := _read(line))]
            self._head = _read(head)
        self._size = sum(len(line.encode()) + 1 for _, line in self._lines)
        # Which ids the stand-ins of that process stood for is not known any more.
        used = [int(number) for _, line in self._lines for number in re.findall(r"(?<![A-Za-z0-9-])id-(\d+)\b", line)]
        self._masker = Masker(own, first=max(used, default=0) + 1)

    def add(self, server: Server, exchange: Exchange) -> None:
        """Take in an exchange; the oldest one that costs nothing goes where there are too many."""
        self._head = self._head or {"form": FORM, "service": server.provider, "facts": dict(server.facts)}
        told = self._masker.exchange(exchange)
        line = json.dumps(told, ensure_ascii=False)
        if len(line) > _LONGEST:
            line = json.dumps({**told, "fields": {}, "answer": f"<{len(line)} characters>"}, ensure_ascii=False)
        self._lines.append((exchange.paid, line))
        self._size += len(line.encode()) + 1
        while len(self._lines) > MOST or self._size > MOST_BYTES:
            self._is_there = False
            free = (number for number, (paid, _) in enumerate(self._lines[:-1]) if not paid)
            self._size -= len(self._lines.pop(next(free, 0))[1].encode()) + 1
        self._write()

    def _write(self) -> None:
        """Write all of it, or only what is new: a job is asked about for hours."""
        append, self._is_there = self._is_there, False
        part = self._path.with_name(self._path.name + ".part")
        with suppress(OSError):
            if append and self._path.exists():
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(f"{self._lines[-1][1]}\n")
                self._is_there = True
                return
            self._path.parent.parent.mkdir(FOLDER, exist_ok=True)  # not the data folder: it may be gone, and come back
            self._path.parent.mkdir(FOLDER, exist_ok=True)
            lines = [json.dumps(self._head, ensure_ascii=False), *(line for _, line in self._lines)]
            part.write_text("\n".join(lines) + "\n", encoding="utf-8")
            self._system.replace(part, self._path)
            self._is_there = True


Keep = Callable[[str, str, int | None, str], None]


def _read(line: str) -> dict[str, Any]:
    """A line of the file; empty where it is damaged."""
    with suppress(ValueError, RecursionError):
        told = json.loads(line)
        return told if isinstance(told, dict) else {}
    return {}


class Recorded(Protocol):
    """A job that is worked on, with its recording from the first exchange on."""

    job: Job
    recording: Recording | None


@contextmanager
def of(active: Recorded, folder: Path, system: System = SYSTEM, keep: Keep = lambda *_: None) -> Iterator[None]:
    """What the calling thread asks services meanwhile belongs to that job.

    Args:
        folder: of all jobs' files. keep: keeps an answer to what may cost points: job, path, status, the answer.
    """
    _thread.active, _thread.folder, _thread.keep, _thread.system = active, folder, keep, system
    try:
        yield
    finally:
        _thread.active = None


def observe(server: Server, exchange: Exchange) -> None:
    """An exchange with the server is over; without a job it belongs to no recording."""
    active: Recorded | None = getattr(_thread, "active", None)
    if active is None:
        return
    if active.recording is None:
        path = _thread.folder / "jobs" / active.job.id / NAME
        active.recording = Recording(path, _own(active.job), _thread.system)
    active.recording.add(server, exchange)
    if exchange.raw:
        _thread.keep(active.job.id, exchange.path, exchange.status, exchange.raw)


def _own(job: Job) -> list[str]:
    """What the user has written, and what the pictures are called."""
    request = job.request
    pictures = [*request.get("images", ()), *request.get("views", {}).values(), *request.get("references", ())]
    named = [*pictures, *request.get("originals", ())]
    parts = [part for name in named for part in (name, Path(name).name, Path(name).stem)]
    return [*(str(request.get(name) or "") for name in ("prompt", "name", "group", "project")), *parts]
