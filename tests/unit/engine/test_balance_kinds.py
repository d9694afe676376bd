"""Each kind of points that a balance is told in: as numbers or texts, whole or not, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from neural4d_blender.client.jobs import snapshots
from neural4d_blender.engine.errors import UnexpectedAnswer
from neural4d_blender.engine.services.csm import sessions_today
from neural4d_blender.engine.services.neural4d import responses
from neural4d_blender.engine.services.results import Balance

KINDS = {"total_points": 1234, "monthly_bonus_points": 200, "permanent_points": 1000, "year_points": 34}


def told(**changed: Any) -> dict[str, Any]:
    return {"statusType": 0, "data": {**KINDS, "expiration_day": "2031-05-24", **changed}}


@pytest.mark.parametrize("kind", [int, float, str, lambda number: f"{number}.75", lambda number: number + 0.75])
def test_every_kind(kind: Any) -> None:
    balance = responses.balance(told(**{name: kind(number) for name, number in KINDS.items()}))
    assert (balance.total, balance.monthly, balance.permanent, balance.yearly) == (1234, 200, 1000, 34)
    assert balance.expires == "2031-05-24"


def test_it_travels_whole() -> None:
    balance = Balance(1234, 200, 1000, 34, "2031-05-24")
    assert snapshots.balance(vars(balance)) == balance


@pytest.mark.parametrize("number", [None, True, "many", "nan", "inf", [], {}])
def test_what_is_no_number_is_not_told_as_one(number: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match="could not be read"):
        responses.balance(told(total_points=number))


@pytest.mark.parametrize("answer", [{"credits": 12.9}, {"data": {"credits": "12"}}, {"credits": "12.5"}])
def test_credits_of_csm(answer: dict[str, Any]) -> None:
    class Http:
        def call(self, *_path: object, **_how: object) -> dict[str, Any]:
            return answer

    assert sessions_today.balance(Http()).total == 12  # type: ignore[arg-type]
