"""Neural4D's operations under way: models being generated, images being matted, conversions.

Standard library only (and `modelmaker`'s description of a model). Time is what moves them on.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .modelmaker import ModelSpec


@dataclass
class Operation:
    """What was charged at once: one call that generates."""

    kind: str
    points: int
    uuids: list[str]
    refunded: bool = False


@dataclass
class Job:
    """One model of an operation. Generating until `seconds` have passed, then done or failed."""

    uuid: str
    prompt: str
    source_page: str
    spec: ModelSpec
    operation: Operation
    seconds: float
    fails: bool = False
    started: float = field(default_factory=time.monotonic)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: What 'progress_backwards' showed last.
    shown: int | None = None

    @property
    def over(self) -> bool:
        return time.monotonic() - self.started >= self.seconds

    @property
    def state(self) -> str:
        """generating, done or failed."""
        if not self.over:
            return "generating"
        return "failed" if self.fails else "done"

    @property
    def percent(self) -> int:
        """100 when done and never before."""
        if self.state == "done":
            return 100
        share = (time.monotonic() - self.started) / self.seconds if self.seconds else 1.0
        return min(99, int(100 * share))

    @property
    def created_at(self) -> str:
        """As in the document: 2024-11-07T05:59:40.000Z."""
        return self.created.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.created.microsecond // 1000:03d}Z"

    def end(self) -> None:
        """Now, whatever was left."""
        self.seconds = 0.0

    def fail(self) -> None:
        self.fails = True
        self.end()


@dataclass
class Matting:
    """One uploaded image on its way to four cut-outs."""

    request_id: int
    image: bytes
    file_keys: list[str]
    seconds: float
    lost: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> bool:
        return not self.lost and time.monotonic() - self.started >= self.seconds


@dataclass
class Conversion:
    """One model on its way to one format and size; `file` holds key and bytes when Blender is done."""

    task: asyncio.Task[bytes]
    key: str
    scale: int
    seconds: float
    fails: bool = False
    asked: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def running(self) -> bool:
        return not self.task.done() or time.monotonic() - self.started < self.seconds
