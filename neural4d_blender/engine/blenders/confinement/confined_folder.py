"""The folder of one background Blender: what it may read is put in, what it made is taken out. Standard library only.

The Blender is started before anyone knows for which job, and may reach nothing but this folder from then on: ``in``,
which it can only read, and ``out``. Files go in as hard links where that works, which costs nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...errors import PreparerFailed
from ...system import System

_GIB = 1024**3
#: What a program needs to start: libraries, fonts, what it asks about the computer. Never /proc or /etc as a whole.
_SYSTEM = (
    "/app", "/bin", "/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime",
    "/gnu/store", "/lib", "/lib64", "/nix/store", "/proc/cpuinfo", "/proc/meminfo", "/proc/self", "/snap",
    "/sys/devices/system", "/usr", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero",
)  # fmt: skip
_PACKAGE = Path(__file__).resolve().parents[3]
_SANDBOX = Path(__file__).with_name("sandbox.py")
_LARGEST_FILE = 8 * _GIB
#: Seconds that trying out takes at most.
_TRIED = 30.0


class ConfinedFolder:
    """A new folder for one background Blender.

    Args:
        folder: where to make it; best on the disk that the jobs' files are on. Made if it is not there.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, folder: Path, system: System) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="blender-", dir=folder))
        self.taken, self.made = self.folder / "in", self.folder / "out"
        self.taken.mkdir()
        self.made.mkdir()
        self._system = system
        self._places: dict[Path, Path] = {}

    def command(
        self, argv: Sequence[str], memory: int, grants: Sequence[str] = (), *, strict: bool = False
    ) -> list[str]:
        """The program to start in place of ``argv``, which confines itself and then becomes it.

        Args:
            strict: it does not start where this kernel cannot keep it from all else.
            grants: folders that it may read and change beside its own: where the user has the images go, or an asset.
        """
        return confined(argv, memory, [str(self.taken)], [str(self.made), *grants], strict=strict)

    def environment(self) -> dict[str, str]:
        """Home and folder for temporary files are its own, as all else would be out of reach."""
        return dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(self.made))

    def take_in(self, values: Mapping[str, Any]) -> Path:
        """Put in what the job reads; returns the job's file, whose paths are those in here.

        Raises:
            OSError: it cannot be read, or there is no room.
        """
        inside = dict(values)
        download, source = Path(values.get("download") or values["source"]), Path(values["source"])
        if source.is_relative_to(download):
            within = self._link(download)
            inside |= {"download": str(within), "source": str(within / source.relative_to(download))}
        else:
            inside["source"] = str(self._link(source))
        if values.get("preview") and Path(values["preview"]).is_file():
            inside["preview"] = str(self._link(Path(values["preview"])))
        for name in ("output", "facts"):
            outside = Path(values[name])
            inside[name] = str(self.made / outside.name)
            self._places[self.made / outside.name] = outside
        path = self.folder / "in" / ".job.json"
        path.write_text(json.dumps(inside), encoding="utf-8")
        return path

    def give_out(self) -> None:
        """Put what was made where the job has it.

        Raises:
            PreparerFailed: it is not a file, but a link or a pipe. OSError: it cannot be written there.
        """
        for inside, outside in self._places.items():
            with suppress(FileNotFoundError):
                is_file = stat.S_ISREG(found := inside.lstat().st_mode) and inside.lstat().st_nlink == 1
                if not is_file:
                    raise PreparerFailed(f"The background Blender made no file, but something else ({found:o}).")
                try:
                    self._system.replace(inside, outside)
                except OSError:  # on another disk
                    unfinished = outside.with_name(f"{outside.name}.part")
                    shutil.copyfile(inside, unfinished)
                    self._system.replace(unfinished, outside)

    def close(self) -> None:
        """Remove the folder, with all in it."""
        self._system.discard(self.folder)

    def _link(self, source: Path) -> Path:
        """A file, or a folder with all that was unpacked to it, by the same name."""
        target = self.taken / source.name
        if not source.is_dir():
            return _copied(source, target)
        for folder, _, names in os.walk(source):
            within = target / Path(folder).relative_to(source)
            within.mkdir(parents=True, exist_ok=True)
            for name in names:
                if (path := Path(folder, name)).is_file() and not path.is_symlink():
                    _copied(path, within / name)
        return target


def _copied(source: Path, target: Path) -> Path:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(source, target)
    return target


def _of_program(argv: Sequence[str]) -> list[str]:
    """Folders of Blender, of this Python, of modules that are named, and of what of this extension runs in there."""
    program = Path(shutil.which(argv[0]) or argv[0])
    found = [program.parent, program.resolve().parent, Path(sys.prefix), Path(sys.base_prefix), _PACKAGE]
    if (program.parent.parent / "pyvenv.cfg").is_file():
        found.append(program.parent.parent)
    found += [
        path.resolve() for path in map(Path, argv[1:]) if path.is_dir() or (path.suffix == ".py" and path.is_file())
    ]
    for name in ("LD_LIBRARY_PATH", "OCIO", "BLENDER_SYSTEM_RESOURCES", "BLENDER_SYSTEM_SCRIPTS"):
        found += [Path(one) for one in os.environ.get(name, "").split(os.pathsep) if one]
    home = Path.home()
    return [str(path) for path in found if path not in (home, *home.parents)]


def holds(system: System) -> dict[str, bool]:
    """What this computer keeps from a background Blender, tried out: "files", "network", "processes", and its "limits".

    Raises:
        OSError, ValueError: it cannot be tried.
    """
    if sys.platform != "linux":
        limited = sys.platform == "win32"  # a job object: see windows_job.py
        return {"files": False, "network": False, "processes": limited, "limits": limited}
    with tempfile.TemporaryFile() as log:
        process = system.start_process(confined([], 4 * _GIB, [], []), log=log, environment={})
        process.communicate(timeout=_TRIED)
        log.seek(0)
        found: dict[str, bool] = json.loads(log.read().splitlines()[-1])
        return found


def confined(
    argv: Sequence[str], memory: int, read: Sequence[str], write: Sequence[str], *, strict: bool = False
) -> list[str]:
    """The program to start in place of ``argv``: see sandbox.py. Without an ``argv`` it tells what holds here."""
    settings = {
        "memory": memory,
        "file": _LARGEST_FILE,
        "read": [*_SYSTEM, *(_of_program(argv) if argv else ()), *read],
        "write": [*write, "/dev/null"],
        "parent": os.getpid(),
        "strict": strict,
    }
    return [sys.executable, "-I", str(_SANDBOX), json.dumps(settings), *argv]
