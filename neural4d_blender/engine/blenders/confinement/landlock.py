"""Linux' Landlock: this process, and what it starts, reaches only the files that are named. Standard library only.

Needs no privileges. Each version of it (its "ABI") knows more rights; only what the kernel knows can be asked for.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # on all architectures
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
#: Rights by the ABI that they came with: the first, moving files to other folders, cutting files, devices' own.
_ALL = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_OF_FILES = _EXECUTE | _WRITE | _READ | 1 << 14 | 1 << 15
#: Since ABI 6: no abstract sockets and no signals beyond this process and its own.
_SCOPES = 3


def version() -> int:
    """The kernel's ABI of it; 0 where it has none, or it is switched off."""
    return max(0, _call(_CREATE, None, 0, _VERSION))


def restrict(read: Iterable[str], write: Iterable[str]) -> bool:
    """Have this process reach only these files and folders, and all below them; False where the kernel cannot.

    Args:
        read: may be read and run. write: may be changed too. What is not there is passed over.
    """
    abi = version()
    if not abi:
        return False
    rights = sum(rights for since, rights in _ALL.items() if since <= abi)
    # Rights on files, on ports (which seccomp has), scopes; an older kernel takes as much of it as it knows.
    attributes = struct.pack("QQQ", rights, 0, _SCOPES if abi >= 6 else 0)[: 24 if abi >= 6 else 8]
    rules = _call(_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return False
    try:
        for paths, allowed in ((read, _EXECUTE | _READ | _LIST), (write, rights & ~_EXECUTE)):
            for path in paths:
                _allow(rules, path, rights & allowed)
        return _call(_RESTRICT, rules, 0) == 0
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(file).st_mode):
            rights &= _OF_FILES
        _call(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", rights, file), 0)
    finally:
        os.close(file)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    taken = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return int(libc.syscall(ctypes.c_long(number), *taken))
