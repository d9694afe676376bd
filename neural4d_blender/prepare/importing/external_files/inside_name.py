"""Does the name of a file lead out of the folder it is read from? Standard library only."""

from __future__ import annotations

import re

_OUT = re.compile(rb"^\s*[\\/~]|^\s*[A-Za-z]:|(?:^|[\\/])\.\.(?:[\\/]|$)|://|^\s*\\\\")


def leads_out(name: bytes) -> bool:
    """It is absolute on some system, an address, or goes up, in part or whole."""
    return _OUT.search(name) is not None


def inside(name: bytes) -> bytes:
    """A name of the same length that leads nowhere else, with the folders by which files are found.

    One that does not lead out stays as it is.
    """
    if not leads_out(name):
        return name
    text = re.sub(rb"^(\s*)~", rb"\1/", name.replace(b":", b"/"))
    text = re.sub(rb"(^|(?<=[\\/]))\s*\.\.(?=[\\/]|$)", lambda up: b"." + b"/" * (len(up[0]) - 1), text)
    lead = len(text) - len(text.lstrip(b" \t\\/"))
    if lead == 1 and (first := re.match(rb".[^\\/]*[\\/]", text, re.S)):
        lead = len(first[0])  # there is no room for "./" but that of the first folder
    if not text[lead:].strip(b"\\/. "):
        return b"_" * len(text)
    return (b"." + b"/" * (lead - 1) if lead > 1 else b"_" * lead) + text[lead:]
