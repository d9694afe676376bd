"""What a text of the user's may hold. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import InvalidInput


def check(texts: Iterable[str]) -> None:
    """Refuse texts that are none, as a file's name may be on Linux; InvalidInput."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = text.encode("ascii", "backslashreplace").decode()
            raise InvalidInput(
                f"This text has characters that are none: {shown}", "Correct it, or rename the file."
            ) from None
