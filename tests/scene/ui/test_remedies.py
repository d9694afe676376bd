"""Every remedy that is a place has a button that opens it, wherever the error is shown."""

from __future__ import annotations

import pytest

from neural4d_blender.client.jobs.snapshots import Job, Save
from neural4d_blender.engine.protocol import ErrorTexts, Request, State
from neural4d_blender.scene.session import session
from neural4d_blender.ui.drawing import labels, remedies
from neural4d_blender.ui.lists import job_list, job_pictures
from tests.support.drawn import Drawn, without_a_region

pytestmark = pytest.mark.one_blender
FULL: ErrorTexts = {
    "code": "DiskUnusable",
    "what": "The disk is full.",
    "kept": "",
    "cost": "",
    "remedy": "Choose another folder.",
}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_region(monkeypatch)


@pytest.mark.parametrize(
    ("code", "remedy", "opens"),
    [
        ("OnlineAccessOff", "Turn it on.", "neural4d.open_network_settings"),
        ("KeyMissing", "Enter it in Preferences > Add-ons.", "neural4d.open_preferences"),
        ("JournalUnusable", "Choose another folder.", "neural4d.open_preferences"),
        ("NotEnoughPoints", "Buy points.", "wm.url_open"),
        ("Timeout", "Press Retry.", None),
    ],
)
def test_the_place(code: str, remedy: str, opens: str | None) -> None:
    layout = Drawn()
    remedies.draw_told(layout, {**FULL, "code": code, "remedy": remedy}, "neural4d")  # type: ignore[arg-type]
    assert layout.operators() == ([opens] if opens else [])
    assert f"The disk is full. {remedy}" in layout.texts


def test_of_a_file_that_could_not_be_kept() -> None:
    job = Job("a", "neural4d", Request(prompt="a"), state=State.PLACED)
    job.saves.append(Save("s", 0, "STL", "", state="failed", error=FULL))
    job_pictures.draw_saves(layout := Drawn(), job)  # type: ignore[arg-type]
    assert layout.texts == ["STL: The disk is full. Choose another folder."]
    assert layout.operators() == ["neural4d.open_preferences"]


def test_of_the_list_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.asked, "unlisted", FULL)
    job_list.draw(layout := Drawn())  # type: ignore[arg-type]
    assert "neural4d.open_preferences" in layout.operators()


def test_sizes_of_files() -> None:
    told = [labels.size(number) for number in (1, 12, 4_200, 999_999, 4_200_000, 3_100_000_000)]
    assert told == ["1 byte", "12 bytes", "4.2 kB", "1000.0 kB", "4.2 MB", "3.1 GB"]
