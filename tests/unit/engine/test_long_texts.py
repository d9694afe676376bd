"""What a service says is cut where nobody would read on."""

from __future__ import annotations

import pytest

from neural4d_blender.engine.errors import UnexpectedAnswer
from neural4d_blender.engine.services import results
from neural4d_blender.engine.services.csm import calls


@pytest.mark.parametrize("told", [results.details, calls.told])
def test_details(told: object) -> None:
    said = told({"type": "x" * 10_000_000, "seed": 7}, "type", "seed")  # type: ignore[operator]
    assert (len(said["type"]), said["seed"]) == (results.LONGEST, "7")


def test_an_error() -> None:
    error = UnexpectedAnswer(f"It said {'x' * 10_000_000}")
    assert len(error.what) == len(str(error)) < 2100
    assert error.to_dict()["what"].startswith("It said xxx")
