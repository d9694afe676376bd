"""How a command tells a price: whether it was measured here, or is the service's word alone. Standard library only."""

from __future__ import annotations


def in_words(points: int, *, documented: bool, some_of: int = 0) -> str:
    """So many points, with where the price is from.

    Args:
        documented: it was not measured yet, or not all of it.
        some_of: how many of several prices are documented only, where others were measured.
    """
    if not documented:
        return f"{points} points (measured)"
    return f"about {points} points (documented{f' for {some_of} of them' if some_of else ''})"
