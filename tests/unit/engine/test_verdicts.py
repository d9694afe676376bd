"""What a model is said to be good for, by what was found of it."""

from __future__ import annotations

import itertools

import pytest

from neural4d_blender.engine.model.quality.report import USES, Finding
from neural4d_blender.engine.model.quality.verdicts import WEIGHTS, verdicts


def _bad(*names: str) -> list[Finding]:
    return [Finding(name, 1, "", 0, False) for name in names]


def test_what_is_sound_is_good_for_everything() -> None:
    sound = [Finding(name, 0, "", 0, True) for use in USES for name in WEIGHTS[use]]
    for verdict in verdicts(sound):
        assert (verdict.ok, verdict.score, verdict.reasons) == (True, 1.0, ())


@pytest.mark.parametrize(("use", "name"), [(use, name) for use in USES for name in WEIGHTS[use]])
def test_each_finding_counts_where_it_is_listed_and_nowhere_else(use: str, name: str) -> None:
    for verdict in verdicts(_bad(name)):
        weight = WEIGHTS[verdict.use].get(name)
        assert verdict.reasons == ((name,) if weight else ())
        assert verdict.score == pytest.approx(1 - weight.share if weight else 1)
        assert verdict.ok == (weight is None or not weight.needed)


@pytest.mark.parametrize("use", USES)
def test_the_worst_goes_first_and_more_is_worse(use: str) -> None:
    names = sorted(WEIGHTS[use])
    (verdict,) = (one for one in verdicts(_bad(*names)) if one.use == use)
    weights = [WEIGHTS[use][name] for name in verdict.reasons]
    assert len(weights) == len(names)
    for one, other in itertools.pairwise(weights):
        assert (one.needed, one.share) >= (other.needed, other.share)
    scores = [
        next(one.score for one in verdicts(_bad(*names[:count])) if one.use == use) for count in range(len(names) + 1)
    ]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] < scores[0] == 1
