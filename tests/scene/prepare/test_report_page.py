"""docs/report.md has the checks and the verdicts as the code has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural4d_blender.engine.model.quality.report import USES, number
from neural4d_blender.engine.model.quality.verdicts import WEIGHTS
from neural4d_blender.prepare.checks import run
from neural4d_blender.prepare.checks.check import Check

PAGE = Path(__file__).resolve().parents[3] / "docs" / "report.md"
CHECKS = "| check | what it says of N | as it should be |\n| --- | --- | --- |\n"
VERDICTS = "| finding | render | game | print |\n| --- | --- | --- | --- |\n"


def check_row(check: Check) -> str:
    limit = number(check.threshold)
    said = check.sentence.replace("{value}", "N").replace("{threshold}", limit)
    wanted = f"{'at least' if check.at_least else 'at most'} {limit} {check.unit}".replace(" °", "°")
    return f"| `{check.name}` | {said} | {wanted if check.threshold is not None else 'told only'} |\n"


def verdict_row(name: str) -> str:
    found = [WEIGHTS[use].get(name) for use in USES]
    told = [f"-{100 * one.share:.0f} %{', needed' if one.needed else ''}" if one else "" for one in found]
    return f"| `{name}` | {' | '.join(told)} |\n".replace("|  |", "| |").replace("|  |", "| |")


@pytest.mark.one_blender
def test_the_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    checks = run.checks()
    weighed = [check.name for check in checks if any(check.name in WEIGHTS[use] for use in USES)]
    assert CHECKS + "".join(map(check_row, checks)) + "\n" in page
    assert VERDICTS + "".join(map(verdict_row, weighed)) + "\n" in page
