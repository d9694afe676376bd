"""A part of scripts/torture.py: what it holds outcomes against, and a few trials of its quicker parts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scripts.fault_injection import disks, faults, journals, kills
from scripts.fault_injection.engines import Kind, kinds
from scripts.fault_injection.trial import Trial, judge, world
from tests.support.every_service import ONE_EACH

READY: dict[str, Any] = {
    "state": "ready",
    "error": None,
    "cost": 30,
    "cost_estimated": False,
    "in_doubt": False,
    "saves": [],
}
PAID = {"operation": "text", "points": 30}
REFUSED = {"what": "It was refused.", "cost": "Nothing was paid."}


@pytest.mark.parametrize(("job", "ledger", "broken"), [
    (READY, [PAID], ""),
    (READY | {"state": "failed", "error": REFUSED, "cost": None}, [], ""),
    (READY | {"cost": None}, [PAID], ""),
    (READY, [PAID, PAID], "more often"),
    (READY, [], "another one"),
    (READY | {"cost": None}, [], "without being paid"),
    (READY | {"cost": 60}, [PAID], "another one"),
    (READY | {"state": "failed", "error": REFUSED, "cost": None}, [PAID], "says that nothing was"),
    (READY | {"state": "failed", "error": {"what": "An internal error stopped it."}, "cost": 30}, [PAID], "mistake"),
    (READY | {"saves": [{"error": {"what": "An internal error stopped it."}}]}, [PAID], "mistake"),
    (None, [PAID], "never ends"),
])  # fmt: skip
def test_what_is_not_so_is_found(job: dict[str, Any] | None, ledger: list[dict[str, Any]], broken: str) -> None:
    found = judge(["text"], job, ledger)
    assert broken in found
    assert bool(found) == bool(broken)


def some() -> list[Trial]:
    """One or two of each part, on each service."""
    chosen: list[Trial] = []
    for number, case in enumerate(ONE_EACH):
        kind = next(kind for kind in kinds() if kind == Kind(case))
        edges = (13 + number, 19 + number)
        chosen += [Trial(f"{kind} killed at {edge}", partial(kills._killed, kind, [edge, 2])) for edge in edges]
        for endpoint in (case.submit, case.look):
            how = {"endpoint": endpoint, "fault": "truncated_body", "times": 1}
            chosen.append(Trial(f"{kind} {how}", partial(faults._faulty, kind, how)))
        chosen.append(Trial(f"{kind} disk full at {9 + number}", partial(disks._full, kind, 9 + number, 4)))
        damage = journals.DAMAGES["a row that is no object"]
        chosen.append(Trial(f"{kind} damaged row", partial(journals._damaged, kind, 20, damage)))
    return chosen


@pytest.mark.parametrize("trial", some(), ids=lambda trial: trial.name)
def test_it_holds(trial: Trial, tmp_path: Path) -> None:
    with world() as simulator:
        assert trial.run(simulator, tmp_path) == ""
