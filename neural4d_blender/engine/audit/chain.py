"""The audit's file: lines of JSON, each with its number, the hash of the one before it and its own. Only added to.

Several processes and computers add to it, one at a time. Standard library and the store's lock file only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..store import lock_file

NAME = "neural4d-audit.jsonl"
_LOCK = "neural4d-audit.lock"
#: What the first line follows.
FIRST = "0" * 64
_OWN = re.compile(rb'(\{.*), "sha256": "([0-9a-f]{64})"\}')
#: Bytes at the end of the file that have its last whole line.
_TAIL = 262_144
#: Seconds that another process is waited for.
_PATIENCE = 10.0


@dataclass(frozen=True)
class Link:
    """A line that is whole: its number, what it follows, its own hash, and what it says."""

    number: int
    prev: str
    sha256: str
    says: dict[str, Any]


@dataclass
class Checked:
    """What came of a look at the whole file.

    Args:
        count: lines that are as they were written. broken: what is wrong with the first one that is not; empty where
            all is well. line: its place in the file, from 1 on; 0 where it is the lines behind the last one.
    """

    count: int = 0
    broken: str = ""
    line: int = 0


@contextmanager
def alone(folder: Path, clock: Clock) -> Iterator[Path]:
    """The file, which nobody else adds to meanwhile; OSError where that cannot be had."""
    ends = clock.monotonic() + _PATIENCE
    while True:
        try:
            held = lock_file.hold(folder / _LOCK)
            break
        except OSError:
            if clock.monotonic() > ends or not folder.is_dir():
                raise
            clock.sleep(0.02)
    with held:
        yield folder / NAME


def add(path: Path, lines: Iterable[dict[str, Any]]) -> Link | None:
    """Write them behind the last one, on the disk and not in its cache alone; returns the last line there is then.

    Whoever calls it is :func:`alone`.
    """
    with path.open("a+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        last = next((link for line in reversed(tail.splitlines()) if (link := read(line))), None)
        # A line that a power cut has left in the middle gets an end; the next one follows the one before it.
        text = b"\n" if tail and not tail.endswith(b"\n") else b""
        for line in lines:
            last, written = _chained(line, last)
            text += written
        if text.strip():
            file.write(text)
            os.fsync(file.fileno())
    return last


def ids_from(path: Path, begins: int) -> set[str]:
    """Ids of the lines from that byte on."""
    if not path.exists():
        return set()
    with path.open("rb") as file:
        file.seek(begins)
        return {str(link.says.get("id")) for line in file if (link := read(line))}


def read(line: bytes) -> Link | None:
    """A line; None where it is not whole, or is not as it was written."""
    found = _OWN.fullmatch(line.rstrip(b"\r\n"))
    if not found or hashlib.sha256(found[1]).hexdigest() != found[2].decode():
        return None
    try:
        says = json.loads(line)
        return Link(int(says["number"]), str(says["prev"]), says["sha256"], says)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def links(path: Path, checked: Checked, head: tuple[int, str] | None = None) -> Iterator[Link]:
    """All lines up to the first one that is wrong, which is told in ``checked``.

    Args:
        head: number and hash of a line that has to be there.
    """
    number, prev, torn, seen = 0, FIRST, 0, not head
    raw = b""
    with path.open("rb") as file:
        for place, raw in enumerate(file, 1):
            link = read(raw)
            if link is None:
                torn = torn or place  # it may be one that a power cut has left: then the next one does not follow it
                continue
            if (link.number, link.prev) != (number + 1, prev):
                checked.line = torn or place
                checked.broken = f"Line {checked.line} was changed, or lines before it are missing."
                return
            number, prev, torn = link.number, link.sha256, 0
            seen = seen or (number, prev) == head
            checked.count = number
            yield link
    if torn and raw.endswith(b"\n"):
        checked.line, checked.broken = torn, f"Line {torn} was changed."
    elif not seen and head:
        checked.broken = f"Lines behind line {number} are missing: there were {head[0]} when this computer wrote last."
        if head[0] <= number:
            checked.broken = f"Line {head[0]} is not the one that this computer wrote."
            checked.line = head[0]


def _chained(line: dict[str, Any], last: Link | None) -> tuple[Link, bytes]:
    number, prev = (last.number + 1, last.sha256) if last else (1, FIRST)
    body = json.dumps({"number": number, "prev": prev, **line}, ensure_ascii=True)[:-1].encode()
    own = hashlib.sha256(body).hexdigest()
    return Link(number, prev, own, line), body + f', "sha256": "{own}"}}\n'.encode()
