"""What a batch is: many jobs with one budget, of which only so many are at a service at once.

Standard library only; no I/O.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ..errors import InvalidInput

#: More than this many at once is no batch but an assault on a service.
MAX_CONCURRENCY = 100


@dataclass
class BatchRecord:
    """What the journal knows of a batch beside its jobs, each of which carries its id and its own ``item``.

    Args:
        concurrency: how many of it may be at one service at once, from the first upload to the last
            model that is made there; downloads and preparations do not count.
        budget: points that all of it may cost together; None sets no limit.
        stopped: nothing more of it is submitted, until somebody continues it.
        size: items of the whole input. shard: "2/8" where this is the second of eight parts of it.
        settings: what the host wants to be told again after a restart.
        damaged: what of it could not be read in the journal, in words; empty where all could.
        created: seconds since the epoch.
    """

    id: str
    name: str = ""
    concurrency: int = 4
    budget: int | None = None
    stopped: bool = False
    size: int = 0
    shard: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    damaged: str = ""
    created: float = 0.0

    def check(self) -> None:
        """Raise InvalidInput where a number makes no sense."""
        if type(self.concurrency) is not int or not 1 <= self.concurrency <= MAX_CONCURRENCY:
            raise InvalidInput(f"concurrency must be 1 to {MAX_CONCURRENCY}, not {self.concurrency!r}.")
        if self.budget is not None and (type(self.budget) is not int or self.budget < 0):
            raise InvalidInput(f"budget must be a whole number of points, not {self.budget!r}.")

    def to_dict(self) -> dict[str, Any]:
        """The JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> BatchRecord:
        """Read :meth:`to_dict`'s form; keys that this version does not know are passed over."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})
