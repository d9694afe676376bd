"""What was found out. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .spending import Cost


@dataclass
class Ids:
    """What became of ids of ours; None where nobody could tell.

    Args:
        sent: how many went along. back: they were in the answer. used: the answer names the models by them.
        known: the service answers about them.
    """

    sent: int = 0
    back: bool | None = None
    used: bool | None = None
    known: bool | None = None


@dataclass
class Findings:
    """Args:
    generation: "today" or "2024". how: by what it was told.
    free: sentences about what cost nothing. jobs: by step, what became of it, in a sentence.
    files: by step, what came. differences: what is not as the documents, the stand-in or the product have it.
    left_out: what was not done, and why.
    """

    service: str
    name: str
    url: str
    unit: str
    generation: str = ""
    how: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    balance: int | None = None
    balance_after: int | None = None
    free: list[str] = field(default_factory=list)
    ids: Ids = field(default_factory=Ids)
    costs: list[Cost] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    waited: float = 0.0
    refusals: int = 0

    def differs(self, sentence: str) -> None:
        """Note a difference, once."""
        if sentence not in self.differences:
            self.differences.append(sentence)

    def to_dict(self) -> dict[str, Any]:
        """The JSON-able form."""
        return {**vars(self), "ids": vars(self.ids), "costs": [cost.to_dict() for cost in self.costs]}
