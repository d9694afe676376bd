"""What happens in a world: its jobs, what users do, what goes wrong and when. A seed makes one; plain data.

Standard library only. Each part can be left out without making the rest impossible: that is how a story is made short.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: Parts of a plan that can be left out one by one.
PARTS = ("jobs", "acts", "faults", "deaths", "events")


@dataclass
class Job:
    """A job that a user sends.

    Args:
        at: seconds from the beginning. host: by which Blender, by its number. request: less the tag, which is put
            before the prompt or the name of the picture.
        quote: of an agent's job how its agent comes by its quote: "good", "none", "late", "other" (for something else),
            or "of" and the number of the job whose quote it takes.
    """

    number: int
    provider: str
    at: float
    host: int
    request: dict[str, Any]
    batch: int | None = None
    quote: str = ""


@dataclass
class Act:
    """What a user does.

    Args:
        job: to which one. after: a state, which the user waits to see first; empty for the beginning of the world.
        at: seconds after that. do: a name of `users.ACTS`.
    """

    job: int
    after: str
    at: float
    do: str
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Fault:
    """What becomes of requests.

    Args:
        where: "paid", "balance", "ask" (all else at a service), "file", or any endpoint's name.
        nth: the first of those that it befalls, from 0. times: and so many in a row.
    """

    where: str
    nth: int
    kind: str
    times: int = 1
    param: float = 0.5
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Death:
    """An engine dies.

    Args:
        edge: at what. nth: the how manieth of those in the world, from 1.
    """

    edge: str
    nth: int


@dataclass
class Event:
    """What befalls the computer at a time: an outage, a full disk, a clock that jumps, sleep, an end of Blender."""

    at: float
    what: str
    seconds: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Plan:
    """Args:
    settings: of the services. hosts: how many Blenders there are. lasts: seconds until everything is well again.
    policy: what stands in the file of that name. environment, of_agents: allowances by span, of the environment and for
        each agent. answers: by job what its user says when it is asked to approve of it ("approve" or "decline"), after
        how many seconds, and in which Blender.
    """

    seed: int
    settings: dict[str, Any]
    hosts: int = 1
    lasts: float = 600.0
    journal: int | None = None
    blenders: dict[int, str] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, int] = field(default_factory=dict)
    of_agents: dict[str, int] | None = None
    answers: dict[int, tuple[str, float, int]] = field(default_factory=dict)
    batches: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def parts(self) -> list[Any]:
        """All that can be left out."""
        return [part for name in PARTS for part in getattr(self, name)]

    def without(self, parts: list[Any]) -> Plan:
        """The same less those."""
        left = {id(part) for part in parts}
        kept = {name: [part for part in getattr(self, name) if id(part) not in left] for name in PARTS}
        return Plan(**{**vars(self), **kept})
