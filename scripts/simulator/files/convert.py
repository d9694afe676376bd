"""Conversions of a finished GLB to other formats, made by a Blender in a process of its own.

Standard library only; `convert_in_blender` is what runs in Blender.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import io
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path

SCRIPT = Path(__file__).with_name("convert_in_blender.py")
LONGEST_RUN = 300.0
NO_BLENDER = (
    "This simulator found no Blender to convert with: give --blender or $BLENDER, put blender on PATH, "
    "or run it with a Python that has bpy."
)


class ConversionError(Exception):
    """The conversion could not be made; the text says why."""


def find_command(blender: str | None) -> list[str]:
    """The command that runs a script in Blender, up to and without the job file.

    Args:
        blender: a path or command line from the settings; None looks at $BLENDER, this Python's bpy, PATH.

    Raises:
        ConversionError: there is none.
    """
    wanted = blender or os.environ.get("BLENDER", "")
    if wanted:
        command = [wanted] if Path(wanted).exists() else shlex.split(wanted)
        if shutil.which(command[0]) is None:
            raise ConversionError(f"There is no Blender at '{command[0]}'.")
    elif importlib.util.find_spec("bpy") is not None:
        command = [sys.executable]
    elif found := shutil.which("blender"):
        command = [found]
    else:
        raise ConversionError(NO_BLENDER)
    if Path(command[-1]).name.startswith("python"):
        return [*command, "-I", str(SCRIPT)]
    options = ["--background", "--factory-startup", "--offline-mode", "--python-exit-code", "3"]
    return [*command, *options, "--python", str(SCRIPT), "--"]


class Converter:
    """Runs one Blender at a time (they are hungry) and remembers what it has converted."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._done: dict[tuple[str, str, float, bool], bytes] = {}
        self._running: asyncio.Task[bytes] | None = None
        self._stopped = False

    def command(self, blender: str | None) -> list[str]:
        """See `find_command`."""
        return find_command(blender)

    def begin(
        self, command: list[str], glb: Callable[[], Awaitable[bytes]], kind: str, scale: float, zipped: bool
    ) -> asyncio.Future[bytes]:
        """The same at its own pace; arguments as for `convert`."""
        task = asyncio.create_task(self.convert(command, glb, kind, scale, zipped))
        # A conversion that nobody asks about again must not end as 'exception was never retrieved'.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def convert(
        self, command: list[str], glb: Callable[[], Awaitable[bytes]], kind: str, scale: float, zipped: bool
    ) -> bytes:
        """The model in another format.

        Args:
            kind: fbx, glb, obj, stl, blend or usdz.
            scale: factor on the model as authored.
            zipped: whether to give a zip of everything Blender wrote, instead of the one file (which then
                holds the textures, where its format can).

        Raises:
            ConversionError: Blender could not do it.
        """
        source = await glb()
        key = (hashlib.sha256(source).hexdigest(), kind, scale, zipped)
        async with self._one_at_a_time:
            if self._stopped:
                raise ConversionError("The simulator is ending.")
            if key not in self._done:
                with tempfile.TemporaryDirectory(prefix="simulator-convert-") as folder:
                    work = self._run(command, source, kind, scale, zipped, Path(folder))
                    self._running = asyncio.create_task(work)
                    self._done[key] = await self._running
        return self._done[key]

    async def stop(self) -> None:
        """Convert nothing any more; wait until a running conversion, which is cancelled, has ended its Blender."""
        self._stopped = True
        if self._running is not None:
            self._running.cancel()
        async with self._one_at_a_time:
            pass

    async def _run(
        self, command: list[str], source: bytes, kind: str, scale: float, zipped: bool, folder: Path
    ) -> bytes:
        model, out = folder / "model.glb", folder / "out"
        model.write_bytes(source)
        out.mkdir()
        target = out / f"model.{kind}"
        job = folder / "job.json"
        order = {"source": str(model), "target": str(target), "kind": kind, "scale": scale, "alone": not zipped}
        job.write_text(json.dumps(order))
        process = await asyncio.create_subprocess_exec(
            *command,
            str(job),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), LONGEST_RUN)
        except TimeoutError:
            raise ConversionError("Format conversion failed: Blender took too long.") from None
        finally:
            if process.returncode is None:
                _kill(process)
                await process.wait()
        if process.returncode != 0 or not target.exists():
            last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise ConversionError(f"Format conversion failed: {last[0]}")
        return _zip(out) if zipped else target.read_bytes()


def _kill(process: asyncio.subprocess.Process) -> None:
    """End the process, and with it what it started: the command may be a script around the real Blender."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _zip(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
