"""Makes the plan of a world that breaks a rule shorter, as long as it breaks it."""

from __future__ import annotations

from collections.abc import Callable

from ..plan import Plan
from . import campaign


def shrink(plan: Plan, rule: str, say: Callable[[str], None] = lambda _: None) -> Plan:
    """The plan with every part left out that the breaking of the rule does not need."""

    def breaks(shorter: Plan) -> bool:
        return any(found == rule for found, _ in campaign.live(shorter).findings)

    size = max(1, len(plan.parts) // 2)
    while size:
        at = 0
        while at < len(plan.parts):
            shorter = plan.without(plan.parts[at : at + size])
            if breaks(shorter):
                plan = shorter
                say(f"{len(plan.parts)} parts left")
            else:
                at += size
        size //= 2
    return plan
