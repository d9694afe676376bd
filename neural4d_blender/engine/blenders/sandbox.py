"""Starts a program with less memory and without a network: `python -I sandbox.py BYTES PROGRAM ARGUMENT...`

A script of its own, because it has to run between the engine and the background Blender: in a process with
one thread, which then becomes that Blender. Linux only; standard library only.

What holds where: the limit counts what the process writes to (RLIMIT_DATA, Linux 4.7 and later). The network,
loopback included, is gone where the system lets a user make namespaces (or for root); where it does not,
Blender's own --offline-mode and proxies that lead nowhere are what is left, as on all other systems.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000


def main(arguments: list[str]) -> None:
    """Confine this process and become the program; ends with 127 where that cannot be started."""
    most, *command = arguments
    _limit(resource.RLIMIT_DATA, int(most))
    _limit(resource.RLIMIT_CORE, 0)  # a crash of a large model would fill the disk
    _leave_network()
    try:
        os.execvp(command[0], command)  # noqa: S606 (the point of it: no shell)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (wanted, wanted))


def _leave_network() -> None:
    """Into a network namespace with nothing in it, where that works; a copy of this process tries it out."""
    trial = os.fork()
    if trial == 0:
        try:
            _enter_empty_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1]) == 0:
        _enter_empty_namespace()


def _enter_empty_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NET) == 0:
        return
    if libc.unshare(_NEW_USER | _NEW_NET) != 0:
        raise OSError(ctypes.get_errno(), "no namespaces")
    # The same user inside, or no file could be made any more.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
