"""What the engine says, in order and without ever waiting for whoever listens. Standard library only.

A pipe holds some 64 kB. While nobody reads it (Blender renders, or loads a large file) the events stay
here, and of each job only the newest snapshot: however long that lasts, there are never more than the jobs.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import Any, BinaryIO

from .. import protocol
from ..errors import Neural4DError
from ..system import SYSTEM, System

Message = dict[str, Any]
#: As long as no more than this wait, every one of them is sent: a listener that keeps up sees each change.
_PATIENT = 64


class Outbox:
    """Writes messages on a thread of its own.

    Args:
        sink: where they go. Once nobody is there any more nothing is sent; that the other pipe has ended too is
            noticed by whoever reads it, behind all that was written into it before.
    """

    def __init__(self, sink: BinaryIO, system: System = SYSTEM) -> None:
        self._system, self._clock = system, system.clock
        self._sink = sink
        self._waiting: deque[list[Message]] = deque()
        #: The entry of each job's newest snapshot that has not been sent yet.
        self._newest: dict[str, list[Message]] = {}
        self._changed = threading.Condition()
        self._writing = self._gone = False
        system.start_thread("outbox", self._write)

    def put(self, message: Message) -> None:
        """Send the message when its turn comes; it must not be changed any more."""
        with self._changed:
            if self._gone:
                return
            job = message["job"]["id"] if message["event"] == "job" else None
            if job is not None and len(self._waiting) > _PATIENT and job in self._newest:
                # In the old one's place: an answer that came after it must not get ahead of what it speaks of.
                self._newest[job][0] = message
                return
            entry = [message]
            self._waiting.append(entry)
            if job is not None:
                self._newest[job] = entry
            self._changed.notify_all()

    def flush(self, patience: float) -> None:
        """Wait until everything is sent or nobody is there, for so many seconds at most."""
        ends = self._clock.monotonic() + patience
        with self._changed:
            while (self._waiting or self._writing) and not self._gone and (left := ends - self._clock.monotonic()) > 0:
                self._clock.wait(self._changed, left)

    def close(self, patience: float) -> None:
        """Send what waits, for so many seconds at most, and nothing more: the listener sees that this is the end."""
        self.flush(patience)
        with self._changed:
            self._gone = True
            self._waiting.clear()
            if not self._writing:  # closing would wait for that
                with suppress(OSError, ValueError):
                    self._sink.close()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                entry = self._waiting.popleft()
                message = entry[0]
                if message["event"] == "job" and self._newest.get(message["job"]["id"]) is entry:
                    del self._newest[message["job"]["id"]]
                self._writing = True
            try:
                line = protocol.encode(message)
            except Exception as error:  # no JSON, or no memory for it: that message is lost, the line is not
                self._system.log(error)
                line = protocol.encode(_instead(message, error))
            try:
                self._sink.write(line)
                self._sink.flush()
            except (OSError, ValueError):
                with self._changed:
                    self._gone, self._writing = True, False
                    self._waiting.clear()
                    self._changed.notify_all()
                return


def _instead(message: Message, error: Exception) -> Message:
    """What goes in the place of a message that is no JSON, so that nobody waits for its answer for ever."""
    trouble = Neural4DError(f"What the engine had to say could not be sent ({type(error).__name__}).")
    return {"event": "answer", "tag": message.get("tag"), "error": trouble.to_dict()}
