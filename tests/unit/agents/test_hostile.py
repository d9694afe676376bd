"""Clients that mean no good come to nothing; `scripts/hostile_agents.py --sessions 1000` is the long run of it."""

from __future__ import annotations

from pathlib import Path

from scripts import hostile_agents


def test_two_processes_of_hostile_clients_pay_and_read_nothing_that_they_may_not(tmp_path: Path) -> None:
    wrong, told = hostile_agents.run(tmp_path, sessions=36, seed=1)  # one in which some pay
    assert wrong == [], told
    assert ", 0 points paid" not in told, "what is allowed, they may"
