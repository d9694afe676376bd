"""Which of several models is wanted, and whether that can be said of a request. Standard library only."""

from __future__ import annotations

from ..errors import InvalidInput
from .report import USES


def check(best_for: str, require: str, keep_in: str) -> None:
    """Raise InvalidInput where there is no such use, or nothing is checked that it could be said of."""
    for what, value in (("best_for", best_for), ("require", require)):
        if value not in ("", *USES):
            raise InvalidInput(f"{what} must be one of {', '.join(USES)}, not {value!r}.")
    if require and keep_in:
        raise InvalidInput(
            "A file that is kept as the service made it is not checked, so nothing can be required of it.",
            "Leave require out, or have the model prepared.",
        )
