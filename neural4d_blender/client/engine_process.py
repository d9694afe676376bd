"""The engine's process and its two pipes, neither of which is ever waited for. Standard library only."""

from __future__ import annotations

import functools
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ..engine.protocol import EngineStopped, declarations
from .config_file import FILE, setting
from .pipes import PipeReader, PipeWriter, pipe

_ENGINE = Path(__file__).resolve().parent.parent / "engine" / "__main__.py"
_INSTALL_AGAIN = "Install the extension again, and have the virus scanner leave its folder alone."
#: Without a window of its own; and free of a job object that would end it with Blender, where that lets it be.
_HIDDEN = getattr(subprocess, "CREATE_NO_WINDOW", 0)
_FREE = getattr(subprocess, "CREATE_BREAKAWAY_FROM_JOB", 0)
_LOG = logging.getLogger("neural4d")
#: Names the Python that the engine runs in, where that is not to be the one that starts it.
PYTHON_ENV = "NEURAL4D_PYTHON"
_ANOTHER_PYTHON = f"Set {PYTHON_ENV} to a Python of 3.11 or newer that has requests."


class EngineProcess(subprocess.Popen[bytes]):
    """A running engine. It outlives this process where a request of its own is still to be answered.

    Args:
        folder: the data folder, made where it is not there; ``engine.log`` in it has what the engine prints.
        search_path: where it looks for modules; empty: its Python's own folders alone, whatever the environment says.

    Attributes:
        reader: its messages. writer: takes commands.

    Raises:
        EngineStopped: it could not be started.
    """

    def __init__(self, folder: Path, search_path: Sequence[str] = ()) -> None:
        try:
            folder.mkdir(0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EngineStopped(
                f"The folder for files, {folder}, cannot be used: {error.strerror or error}.",
                "Have it there and writable, or choose another one in Preferences > Add-ons > Neural4D.",
            ) from error
        if not _ENGINE.is_file():
            raise EngineStopped(f"{_ENGINE} is missing: a virus scanner may have removed it.", _INSTALL_AGAIN)
        python = _python(search_path)
        start = functools.partial(self._start, [*python, str(_ENGINE)], _environment(search_path), folder)
        try:
            with _log(folder / "engine.log") as log:
                try:
                    start(log, _HIDDEN | _FREE)
                except PermissionError:  # the job object does not let it be free
                    start(log, _HIDDEN)
        except OSError as error:
            raise EngineStopped(
                f"{python[0]} could not be started: {error.strerror or error}.",
                _ANOTHER_PYTHON
                if search_path
                else "Start Blender again; if it stays so, install Blender again, or ask what keeps programs from "
                "starting.",
            ) from error

    def _start(self, program: list[str], environment: dict[str, str], folder: Path, log: IO[bytes], flags: int) -> None:
        (commands, ours), (theirs, events) = pipe(), pipe()  # Popen's have room for next to nothing on Windows
        sink, source = os.fdopen(ours, "wb", 0), os.fdopen(theirs, "rb", 0)
        with os.fdopen(commands, "rb", 0), os.fdopen(events, "wb", 0):  # its own ends
            super().__init__(
                [*program, "--data-dir", str(folder)],
                stdin=commands,
                stdout=events,
                stderr=log,
                env=environment,
                creationflags=flags,
                # Ctrl+C on a terminal, and its end, is for the command; a submission on its way goes on.
                start_new_session=True,
            )
        self.stdin, self.stdout = sink, source
        self.reader, self.writer = PipeReader(source), PipeWriter(sink)
        _LOG.debug("engine %d started with %s in %s", self.pid, program[0], folder)

    def end(self) -> None:
        """Close the pipes, whereupon it ends by itself, as soon as what may be paid is answered and written down."""
        self.writer.finish()
        for end in (self.stdin, self.stdout):
            if end:
                end.close()


def _log(path: Path) -> IO[bytes]:
    """The log, emptied; an engine that still ends writes on behind. Without one it is as good an engine."""
    try:
        log = open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115 (returned)
        log.truncate(0)
    except OSError:
        return open(os.devnull, "wb")
    return log


def _python(search_path: Sequence[str]) -> list[str]:
    """What starts Python for the engine; EngineStopped where there is none."""
    if not search_path:
        return [sys.executable, "-I"]
    chosen = setting(PYTHON_ENV)
    if not chosen and (getattr(sys, "frozen", False) or not sys.executable):
        program = sys.executable or "This program"
        raise EngineStopped(f"{program} has a Python inside and is none itself: no engine runs in it.", _ANOTHER_PYTHON)
    # Never the engine's own folder, where a module may be called as one of Python's; nor the user's, but by that path.
    return [chosen or sys.executable, "-P", "-s"]


def _environment(search_path: Sequence[str]) -> dict[str, str]:
    """The environment less the keys: they reach the engine through its pipe only."""
    keys = {service.key_env + end for service in declarations() for end in ("", FILE)}
    kept = {name: value for name, value in os.environ.items() if name not in keys}
    if search_path and not setting(PYTHON_ENV):
        # What else Python is told by variables is for whoever set them; without its home it may not start at all.
        kept = {name: value for name, value in kept.items() if not name.startswith("PYTHON") or name == "PYTHONHOME"}
        kept["PYTHONPATH"] = os.pathsep.join(search_path)
    return kept
