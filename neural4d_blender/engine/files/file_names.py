"""Names of files as every system takes them. Standard library only."""

from __future__ import annotations

import re

#: Bytes of a name; more than that some file systems do not take.
_LONGEST = 200
#: What Windows takes in no name, and the names that it has for devices.
_IMPOSSIBLE = re.compile(r'[<>"|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3]|con(in|out)\$", re.IGNORECASE)


def possible_name(part: str) -> str:
    """One name on the way, or the last one, whose ending stays."""
    part = _IMPOSSIBLE.sub("_", part.encode("utf-8", "replace").decode()).rstrip(" .") or "_"
    if _RESERVED.fullmatch(part.partition(".")[0].rstrip()):
        part = f"_{part}"
    stem, dot, ending = part.rpartition(".")
    if len(part.encode()) <= _LONGEST:
        return part
    kept = f"{dot}{ending}" if stem and len(ending) <= 8 else ""
    return part.encode()[: _LONGEST - len(kept.encode())].decode("utf-8", "ignore") + kept
