"""Errors of points that are not there, or that may not be spent, and of the policy that says so.

Standard library only. All errors are imported from errors.py.
"""

from __future__ import annotations

from .error_base import Neural4DError


class NotEnoughPoints(Neural4DError):
    """The balance does not cover the operation."""

    default_remedy = "Buy points at the service, then press Retry."


class CapReached(NotEnoughPoints):
    """The user's own spending limit for a job, or for a group of them, does not cover the operation."""

    default_remedy = "Raise the spending limit and generate again."


class BudgetUsedUp(NotEnoughPoints):
    """The batch's budget does not cover its next item."""

    default_remedy = "Continue the batch with a larger budget; nothing that was paid is paid again."


class AllowanceUsedUp(NotEnoughPoints):
    """The allowance of points for a day, a month or a job does not cover it, and nobody has approved of it.

    Args:
        points: that the job would come to in all.
    """

    default_remedy = "Press Retry to be asked once more, or have the allowance raised."

    def __init__(self, what: str, remedy: str = "", *, kept: str = "", cost: str = "", points: int = 0) -> None:
        super().__init__(what, remedy, kept=kept, cost=cost)
        self.points = points


class ForbiddenByPolicy(Neural4DError):
    """The studio's policy forbids it; refused before anything was sent or paid."""

    default_remedy = "Ask whoever looks after the policy."


class PolicyUnusable(Neural4DError):
    """There is a policy, or an allowance in the environment, that cannot be read or understood: nothing is sent."""

    default_remedy = "Have the file corrected, then press Retry."
