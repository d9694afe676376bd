"""The background Blenders that prepare models: started ahead of time, two at most, confined. Standard library only.

One is started when a download begins and waits, without doing anything, for the path of a job file on its
standard input; the end of that input is its own end. Whichever job needs one first gets it, so a slow download
holds up nobody. Where it runs without network and how much memory it gets: sandbox.py.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ..errors import CannotStart, ModelTooLarge, NotConfined, PreparerFailed, UnsafeModel
from ..files.download import Stopped
from ..system import SYSTEM, System
from .blender_environment import environment
from .confinement import confined_folder, windows_job
from .confinement.confined_folder import ConfinedFolder
from .shared_names import GROWING, GROWN, READY

#: Each is a whole Blender; waiting ones count.
AT_ONCE: Final = 2
_GIB = 1024**3
#: How sandbox.py says that it would not start the program.
LACKING: Final = b"not confined: "
#: How Blender, C++ and Python speak of memory that they did not get.
_OUT_OF_MEMORY = (b"alloc returns null", b"alloc_array", b"bad_alloc", b"MemoryError", b"annot allocate memory")


def memory_limit() -> int:
    """Bytes that one may write to: all together three quarters of the computer's, but each from 3 to 16 GiB.

    A model of 1.3 million triangles with textures of 4096 pixels takes less than 1.
    """
    try:
        there_is = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 16 * _GIB
    return max(3 * _GIB, min(there_is * 3 // 4 // AT_ONCE, 16 * _GIB))


@dataclass(frozen=True)
class JobFile:
    """What a background Blender is to do.

    Attributes:
        path: the file that tells it, and values: what stands there.
        grants: folders that it may change beside its own; with any it works on the job's files where they are.
    """

    path: Path
    values: Mapping[str, object]
    grants: Sequence[str] = ()


class Preparer:
    """One background Blender, which takes one job.

    Raises:
        CannotStart: the program cannot be run.
    """

    def __init__(
        self,
        argv: Sequence[str],
        memory: int,
        system: System = SYSTEM,
        folder: Path | None = None,
        grants: Sequence[str] = (),
        *,
        strict: bool = False,
    ) -> None:
        self._clock = system.clock
        self._log: IO[bytes] = io.BytesIO()
        self._confined: ConfinedFolder | None = None
        command, known = [*argv, "-"], environment()
        if strict and sys.platform != "linux":
            raise NotConfined("This system cannot confine the background Blender.")
        try:
            if sys.platform == "linux":
                self._confined = ConfinedFolder(folder or Path(tempfile.gettempdir()), system)
                command = self._confined.command(command, memory, grants, strict=strict)
                known |= self._confined.environment()
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
            self._process = system.start_process(command, log=self._log, environment=known)
            self._held = windows_job.hold(self._process, memory)
        except OSError as error:
            self._close()
            raise CannotStart(f"The background Blender could not be started: {error.strerror or error}.") from error

    @property
    def alive(self) -> bool:
        """It has not ended."""
        return self._process.poll() is None

    def run(self, job: JobFile, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        """Have it do the job, write what it said to the log file, and return its exit code.

        Raises:
            CannotStart: it ended before it could do anything.
            ModelTooLarge, PreparerFailed: it took more memory, or longer, than it may.
            Stopped: `stopped` said so.
        """
        try:
            confined = self._confined if self._confined and not job.grants else None
            self._tell(str(confined.take_in(job.values) if confined else job.path))
            code = self._wait(limit, stopped)
            if confined:
                confined.give_out()
        except OSError as error:
            raise PreparerFailed(f"The model cannot be brought to the background Blender: {error.strerror}.") from error
        finally:
            self._end()
            self._log.seek(0)
            said = self._log.read()
            with suppress(OSError):  # a log is a help, never a reason to stop
                log_file.write_bytes(said)
            self._close()
        if code and READY.encode() not in said:
            if LACKING in said:
                lacking = said.rpartition(LACKING)[2].decode(errors="replace").strip()
                raise NotConfined(f"This system cannot confine the background Blender: {lacking[:200]}.")
            why = said.decode(errors="replace").strip().splitlines()[-1:] or [f"it ended with code {code}"]
            raise CannotStart(f"The background Blender could not be started: {why[0][:200]}.")
        if code and code == -getattr(signal, "SIGXCPU", 0):  # Windows has none, and 0 is a success
            raise UnsafeModel("The model takes absurdly long to work out: its modifiers or nodes multiply without end.")
        if code:
            _look_for_hunger(said)
        if code and said.rfind(GROWING.encode()) > said.rfind(GROWN.encode()):
            raise UnsafeModel("Blender crashes while it works out what the model's modifiers or nodes make.")
        return code

    def _tell(self, line: str) -> None:
        if self._process.stdin:
            with suppress(OSError):  # it is gone; why, its exit code and its log tell
                self._process.stdin.write(os.fsencode(line) + b"\n")
                self._process.stdin.flush()

    def _wait(self, limit: float, stopped: Callable[[], bool]) -> int:
        ends = self._clock.monotonic() + limit
        while True:
            try:
                return self._process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                if stopped():
                    raise Stopped from None
                _look_for_hunger(self._said_so_far())
                if self._clock.monotonic() > ends:
                    raise PreparerFailed(
                        f"The background Blender did not finish within {limit:g} s and was ended."
                    ) from None

    def _said_so_far(self) -> bytes:
        # Read without moving the place in the file, which is where the process writes on.
        return os.pread(self._log.fileno(), 1 << 20, 0) if hasattr(os, "pread") else b""

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._end()
        self._close()

    def _close(self) -> None:
        self._log.close()
        if self._confined:
            self._confined.close()

    def _end(self) -> None:
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        if self.alive:
            self._process.kill()
        self._process.wait()
        if self._held:
            self._held.close()
            self._held = None


def _look_for_hunger(said: bytes) -> None:
    """ModelTooLarge where it did not get memory. Blender says so and goes on, which can be anything: a hang too."""
    if any(mark in said for mark in _OUT_OF_MEMORY):
        raise ModelTooLarge("Preparing the model takes more memory than the background Blender may have.")


class Preparers:
    """All background Blenders of one engine; its methods may be called from any thread.

    Attributes:
        argv: how to start one; a "-" is added, for the job that comes later. Empty where there is no Blender.
        memory: bytes that each may write to.
        strict: none is started where the system cannot confine it.
        folder: where each has its own for as long as it runs; None: the system's for temporary files.
    """

    def __init__(self, system: System = SYSTEM, folder: Path | None = None) -> None:
        self.system = system
        self.folder = folder
        self.strict = False
        self.argv: Sequence[str] = ()
        self.memory = memory_limit()
        #: How many are at work.
        self.running = 0
        self._waiting: list[Preparer] = []
        self._expected: set[str] = set()
        self._changed = threading.Condition()

    def expect(self, job: str) -> None:
        """Start one for a job whose model is on its way, where there is room for it."""
        with self._changed:
            self._expected.add(job)
            wanted = len(self._waiting) < len(self._expected) and self.running + len(self._waiting) < AT_ONCE
            if self.argv and wanted:
                with suppress(PreparerFailed):  # it is told when the model is there and needs it
                    self._waiting.append(self._start())

    def forget(self, job: str) -> None:
        """End what waits for a job that needs none, or none any more."""
        with self._changed:
            self._expected.discard(job)
            while len(self._waiting) > len(self._expected):
                self._waiting.pop().close()

    def run(self, job: JobFile, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        """Preparer.run in the first one that is free; one that has died while it waited is made up for."""
        while True:
            preparer, waited = self._take(stopped, job.grants)
            try:
                return preparer.run(job, log_file, limit, stopped)
            except CannotStart:
                if not waited:
                    raise
            finally:
                with self._changed:
                    self.running -= 1
                    self._changed.notify()

    def close(self) -> None:
        """End all that wait; those that run are ended by whoever they run for."""
        with self._changed:
            while self._waiting:
                self._waiting.pop().close()

    def holds(self) -> dict[str, bool]:
        """What the system keeps from them: see confined_folder.holds. Empty where that cannot be tried."""
        if not self.argv:
            return {}
        try:
            return confined_folder.holds(self.system)
        except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
            return {}

    def _start(self, grants: Sequence[str] = ()) -> Preparer:
        return Preparer(self.argv, self.memory, self.system, self.folder, grants, strict=self.strict)

    def _take(self, stopped: Callable[[], bool], grants: Sequence[str]) -> tuple[Preparer, bool]:
        """One to run, and whether it was waiting."""
        if not self.argv:
            raise CannotStart("There is no Blender here to prepare the model with.")
        with self._changed:
            while not self._waiting and self.running >= AT_ONCE:
                if stopped():
                    raise Stopped
                self.system.clock.wait(self._changed, 0.1)
            for dead in [one for one in self._waiting if not one.alive]:
                self._waiting.remove(dead)
                dead.close()
            if grants and self._waiting and self.running + len(self._waiting) >= AT_ONCE:
                self._waiting.pop().close()  # what it may reach is settled when it starts
            waited = bool(self._waiting) and not grants
            preparer = self._waiting.pop(0) if waited else self._start(grants)
            self.running += 1
            return preparer, waited
