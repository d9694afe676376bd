"""What the user is to be told of the job journal, which the engine says before it sends anything.

Standard library and the engine's ``protocol`` only.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

from ..engine.protocol import ErrorTexts, JobFailed


class Notices(list[str]):
    """Those that nobody has been told yet, oldest first.

    Args:
        told: has the engine forget them.

    Attributes:
        tell: tells one at once. None where they are shown until somebody calls :meth:`close`.
    """

    def __init__(self, told: Callable[[str], None]) -> None:
        super().__init__()
        self.tell: Callable[[str], None] | None = warnings.warn
        self._told = told

    def take(self, notice: ErrorTexts) -> None:
        """One has come, in the form of an error."""
        text = str(JobFailed.from_dict(notice))
        if text not in self:
            self.append(text)
        if self.tell:
            self.tell(text)
            self.close()

    def close(self) -> None:
        """The user has been told."""
        self.clear()
        self._told("noticed")
