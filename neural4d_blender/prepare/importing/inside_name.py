"""Does the name of a file lead out of the folder it is read from? Standard library only."""

from __future__ import annotations

import re

_OUT = re.compile(rb"^\s*[\\/~]|^\s*[A-Za-z]:|(?:^|[\\/])\.\.(?:[\\/]|$)|://|^\s*\\\\")


def leads_out(name: bytes) -> bool:
    """It is absolute on some system, an address, or goes up, in part or whole."""
    return _OUT.search(name) is not None


def inside(name: bytes) -> bytes:
    """A name of the same length that leads nowhere else: of a path that leads out, the file's own name."""
    bare = re.split(rb"[\\/:]", name)[-1]
    if bare in (b"", b".", b".."):
        bare = b"_" * min(len(name), 1 + len(bare))
    room = len(name) - len(bare)
    return (b"./" + b"/" * (room - 2) if room > 1 else b"_" * room) + bare
