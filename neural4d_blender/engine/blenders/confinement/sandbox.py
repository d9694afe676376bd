"""Starts a program that may do next to nothing: `python -I sandbox.py SETTINGS PROGRAM ARGUMENT...`

A script of its own, because it has to run between the engine and the background Blender: in a process with one thread,
which then becomes that Blender. Linux only; standard library only. SETTINGS is JSON: see :class:`Settings`.

What holds where: limits and the loss of privileges everywhere; no sockets, no new processes and no reaching into others
with seccomp (about every kernel); only the named files with Landlock (Linux 5.13 and later, where it is switched on).
``python -I sandbox.py SETTINGS`` without a program tries all of it out, and prints as JSON what holds here.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from . import landlock, seccomp
else:  # this is a script: -I leaves its folder out, and there is no package
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    landlock, seccomp = (importlib.import_module(name) for name in ("landlock", "seccomp"))

#: How it says what this kernel cannot keep from the program.
LACKING = "not confined: "
_NO_NEW_PRIVILEGES, _END_WITH_PARENT = 38, 1


class Settings(TypedDict):
    """What the program may.

    Attributes:
        memory: bytes of its own. file: bytes of one file that it writes.
        read, write: paths of files and folders that it may read, and change too, with all below them.
        parent: the process whose end is its end; 0 for nobody's.
        strict: it does not become the program where not all of it holds.
    """

    memory: int
    file: int
    read: list[str]
    write: list[str]
    parent: int
    strict: bool


def main(arguments: list[str]) -> None:
    """Confine this process and become the program; ends with 127 where that cannot be started, 126 where it may not."""
    settings: Settings = json.loads(arguments[0])
    held = confine(settings)
    if not arguments[1:]:
        print(json.dumps(held))
        return
    if settings["strict"] and not all(held.values()):
        print(f"{LACKING}{', '.join(sorted(what for what, holds in held.items() if not holds))}", file=sys.stderr)
        sys.exit(126)
    try:
        os.execvp(arguments[1], arguments[1:])  # noqa: S606 (the point of it: no shell)
    except OSError as error:
        print(f"{arguments[1]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


def confine(settings: Settings) -> dict[str, bool]:
    """Of this process and all that comes of it. Returns what holds: "files", "network", "processes", "limits"."""
    libc = ctypes.CDLL(None, use_errno=True)
    os.setsid()  # no terminal to type into
    if settings["parent"]:
        libc.prctl(_END_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != settings["parent"]:
            sys.exit(1)  # it has ended before this could be said
    _limit(resource.RLIMIT_DATA, settings["memory"])
    _limit(resource.RLIMIT_FSIZE, settings["file"])
    _limit(resource.RLIMIT_CORE, 0)  # a crash of a large model would fill the disk
    _limit(resource.RLIMIT_MSGQUEUE, 0)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    files = landlock.restrict(settings["read"], settings["write"])
    filtered = seccomp.install()
    return {"files": files, "network": filtered, "processes": filtered, "limits": True}


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (wanted, wanted))


if __name__ == "__main__":
    main(sys.argv[1:])
