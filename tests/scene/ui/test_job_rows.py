"""The list of jobs and of batches as it is drawn: one line for what is over, what opens it, what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.batching.preflight import Estimate
from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.protocol import Request, State
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.drawing import icons
from neural4d_blender.ui.lists import job_list, job_pictures
from neural4d_blender.ui.lists.history_page import page
from neural4d_blender.ui.operators import generate_from_files
from tests.support.drawn import Drawn, without_a_region

ERROR = {"code": "GenerationFailed", "what": "It was not made.", "kept": "", "cost": "", "remedy": "Try again."}
FACTS: Any = {"dimensions_mm": [1.0, 2.0, 3.0], "faces": 12}


@pytest.fixture
def layout(empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path))
    without_a_region(monkeypatch)
    monkeypatch.setattr(icons, "of_job", lambda path: 7 if path else 0)
    ui.register()
    session.shown.details.clear()
    page.forget()
    yield Drawn()
    ui.unregister()


def job(id: str, state: State, **others: Any) -> Job:
    values = {"under_way": False, "cost": 30, **others}
    bridge.jobs[id] = Job(id, "neural4d", Request(prompt=f"job {id}"), state=state, **values)
    return bridge.jobs[id]


def drawn() -> Any:
    layout: Any = Drawn()
    job_list.draw(layout)
    return layout


def test_a_job_that_is_over_takes_one_line_until_it_is_unfolded(layout: Any) -> None:
    variants = [Variant(0, "prepared", preview="0.png", facts=FACTS), Variant(1, "prepared", preview="1.png")]
    job("a", State.PLACED, variants=variants, placed=[0])
    closed = drawn()
    assert (closed.texts, closed.pictures) == (["job a"], [])
    assert "neural4d.use_again" in closed.operators()
    assert bpy.ops.neural4d.unfold(job="a") == {"FINISHED"}
    opened = drawn()
    assert "12 faces" in " ".join(opened.texts)
    assert len(opened.pictures) == 2
    assert opened.operators().count("neural4d.place") == 2


def test_what_was_not_measured_is_not_told_as_if_it_were(layout: Any) -> None:
    session.shown.details.add("a")
    for estimated, told in ((False, "30 points"), (True, "about 30 points")):
        job("a", State.PLACED, variants=[Variant(0, "prepared", facts=FACTS)], cost_estimated=estimated)
        words = " · ".join(drawn().texts)
        assert told in words
        assert ("about" in words) is estimated


def test_a_failure_is_open_and_its_button_says_whether_it_pays(layout: Any) -> None:
    job("a", State.FAILED, error=ERROR)
    buttons = {text: name for text, name, _ in drawn().buttons}
    assert buttons["Retry"] == "neural4d.retry"
    job("a", State.FAILED, error=ERROR, retry_pays=True)
    assert [text for text, name, _ in drawn().buttons if name == "neural4d.retry"] == ["Pay Again"]
    assert bpy.ops.neural4d.unfold(job="a") == {"FINISHED"}
    assert "It was not made." not in drawn().texts
    job("a", State.CANCELLED)
    session.shown.details.clear()
    assert drawn().operators().count("neural4d.retry") == 1


@pytest.mark.parametrize(
    ("code", "remedy", "opens"),
    [
        ("KeyRejected", "Check the key in Preferences > Add-ons > Neural4D.", "neural4d.open_preferences"),
        ("DiskUnusable", "Free some space.", "neural4d.open_preferences"),
        ("OnlineAccessOff", "Turn on Preferences > System > Network.", "neural4d.open_network_settings"),
        ("NotEnoughPoints", "Buy points at the service.", "wm.url_open"),
        ("PaymentUnknown", "Look at the service's own page.", "wm.url_open"),
        ("CapReached", "Raise the spending limit.", ""),
    ],
)
def test_a_remedy_that_is_a_place_has_a_button(layout: Any, code: str, remedy: str, opens: str) -> None:
    job("a", State.FAILED, error={**ERROR, "code": code, "remedy": remedy})
    places = {"neural4d.open_preferences", "neural4d.open_network_settings", "wm.url_open"}
    assert places & set(drawn().operators()) == ({opens} if opens else set())


def test_pictures_are_compared_in_a_window_of_their_own(layout: Any) -> None:
    variants = [Variant(index, "prepared", preview=f"{index}.png") for index in range(4)]
    job_pictures.draw_large(layout, job("a", State.PLACED, variants=variants))
    assert (len(layout.pictures), layout.operators().count("neural4d.place")) == (4, 4)
    assert min(layout.pictures) * 20 > 250
    chosen: Any = Drawn()
    job_pictures.draw_large(chosen, job("b", State.CHOOSING_CUTOUT, pictures=["1.png", "2.png"]))
    assert (len(chosen.pictures), chosen.operators()) == (2, ["neural4d.choose_cutout"] * 2)
    only: Any = Drawn()
    job_pictures.draw_large(only, job("c", State.FAILED, pictures=["1.png", ""], error=ERROR))
    assert (len(only.pictures), only.texts) == (1, ["1"])


def test_empty_panels_do_not_exist(layout: Any, tmp_path: Path) -> None:
    jobs, history = bpy.types.NEURAL4D_PT_jobs, bpy.types.NEURAL4D_PT_history
    assert not jobs.poll(bpy.context)
    assert not history.poll(bpy.context)
    job("a", State.PLACED)
    assert jobs.poll(bpy.context)
    assert history.poll(bpy.context)
    job("a", State.PLACED, dismissed=True)
    assert not jobs.poll(bpy.context)
    bridge.jobs.clear()
    (tmp_path / "journal.sqlite3").touch()
    page.forget()
    assert history.poll(bpy.context)
    assert not bpy.types.NEURAL4D_PT_totals.poll(bpy.context)


def test_a_sample_table_is_one_that_a_batch_takes(layout: Any, tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    assert bpy.ops.neural4d.save_sample_table(filepath=str(path)) == {"FINISHED"}
    settings: Any = bpy.context.scene.neural4d
    settings.size_mm, settings.variants = 321.0, 1
    from neural4d_blender.api import batches

    estimate = batches.batch(str(path), dry_run=True)
    assert isinstance(estimate, Estimate)
    assert estimate.items == 4
    assert "4 models" in generate_from_files.price(estimate, "neural4d")
