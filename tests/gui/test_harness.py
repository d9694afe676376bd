"""The harness itself: it opens a window, finds, clicks and types, sees pictures, and reports failures."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.gui.harness import SCREENSHOTS, ScenarioFailed, run_scenario


def test_it_clicks_and_types_like_a_person() -> None:
    done = run_scenario("harness_proof", arguments={"text": "a cute bird, 12 mm: ümlaut"}, install=False)
    assert done["text"] == "a cute bird, 12 mm: ümlaut"
    assert (done["pressed"], done["wrong"]) == (1, False)
    assert done["widened"] == pytest.approx(100, abs=20)
    assert done["gaps"]["ticks"] > 10
    assert any(what.startswith("bpy.ops.proof.other(") for what in done["buttons"])


def test_its_pictures_show_the_window() -> None:
    picture = SCREENSHOTS / "harness-tab.png"
    picture.unlink(missing_ok=True)
    run_scenario("harness_proof", arguments={"text": "x"}, install=False)
    with Image.open(picture) as image:
        assert image.size == (1000, 900)
        assert len(image.convert("RGB").getcolors(maxcolors=1 << 24) or []) > 100


def test_a_failure_comes_back_with_its_traceback() -> None:
    with pytest.raises(ScenarioFailed, match=r"in fails\n(?s:.*)ValueError: on purpose"):
        run_scenario("harness_proof.fails", install=False)


def test_a_scenario_that_does_not_end_is_ended() -> None:
    with pytest.raises(ScenarioFailed, match="not done after 2 s"):
        run_scenario("harness_proof.never_ends", install=False, timeout=2)
