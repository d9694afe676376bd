"""What repairs are told in. Standard library only."""

from __future__ import annotations


def counted(number: int, what: str, plural: str = "") -> str:
    """A number with its noun: "1 hole", "1,200 holes"."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


def share(part: float) -> str:
    """A part of the whole in percent: "0.4 %", "12 %"."""
    return f"{part * 100:.2g} %" if part < 0.1 else f"{part * 100:.0f} %"
