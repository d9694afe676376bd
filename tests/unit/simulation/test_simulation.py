"""Holds that a seed decides a world whole, that worlds hold, and that what is planted in the engine is found.

In processes of their own: the simulation loads the engine with other threads in it. `scripts/simulate.py` runs more of
it than this has time for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
#: Changes that few worlds are enough to find.
QUICKLY_FOUND = ("Retry sends a paid job anew", "a submission is journaled after it was sent", "a quote is used twice")
#: A stretch of seeds that hold, some 60 lives.
SEEDS = ("--from", "129", "--seeds", "15")


def simulate(*arguments: str, code: int = 0) -> str:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "scripts/simulate.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def test_a_seed_tells_the_same_story_each_time() -> None:
    told = [simulate("--seed", "31", "--story") for _ in range(2)]
    assert told[0] == told[1]
    assert "told: job 0 is" in told[0]


def test_lives_hold() -> None:
    figures = json.loads(simulate(*SEEDS, "--jobs", "1", "--json").splitlines()[-1])
    assert figures["broke"] == {}
    assert figures["lives"] > 45


@pytest.mark.parametrize("name", QUICKLY_FOUND)
def test_what_is_planted_is_found(name: str) -> None:
    assert "1 of 1 found" in simulate("--planted", name, "--lives", "1000", "--jobs", "1")


def test_each_change_can_be_planted() -> None:
    program = (
        "from scripts.simulation import setting_up; setting_up.load(); "
        "from scripts.simulation.campaigns import planted; print(planted.missing(), len(planted.PLANTED))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    missing, count = done.stdout.rsplit(maxsplit=1)
    assert missing == "[]"
    assert int(count) >= 40
