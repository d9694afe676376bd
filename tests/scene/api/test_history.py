"""History from Python, on the bpy module: found, placed again, summed up, deleted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.api.history import query
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator

__all__ = ["sim", "simulator"]
pytestmark = pytest.mark.both_ends


def test_a_job_of_an_earlier_session_is_found_placed_and_deleted(sim: Simulator, tmp_path: Path) -> None:
    neural4d.generate("a wooden chair", size_mm=900, name="Chair").wait(60)
    neural4d.generate("a cute bird", size_mm=120).wait(60)
    bridge.stop()  # another day, another file
    bridge.jobs.clear()
    bpy.ops.wm.read_factory_settings(use_empty=True)

    assert [job.request["prompt"] for job in neural4d.history()] == ["a cute bird", "a wooden chair"]
    assert [job.request["name"] for job in neural4d.history(limit=1, offset=1)] == ["Chair"]
    today = dt.datetime.now().astimezone().date()
    (job,) = neural4d.history("CHAIR", provider="neural4d", state=["placed", "ready"], since=today, until=today)
    assert neural4d.history(since=today + dt.timedelta(days=1)) == []
    assert job.id not in bridge.jobs, "looking at the past holds nothing in the host"
    assert (job.state, job.cost, repr(job)) == ("placed", 60, f"<Job {job.id[:8]} placed 'Chair'>")
    (root,) = job.place(location=(1, 0, 0))
    assert root.name == "Chair"

    neural4d.totals()  # by its answer the engine has heard, and written down, that it was placed
    folder = tmp_path / "jobs" / job.id
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert neural4d.delete(job) == size > 0
    assert not folder.exists()
    assert job.id not in bridge.jobs
    assert root.name in bpy.data.objects
    assert neural4d.history("chair") == []
    (total,) = neural4d.totals()
    assert (total.provider, total.month, total.jobs, total.points) == ("neural4d", f"{today:%Y-%m}", 2, 120)
    assert neural4d.spent() == 120
    with pytest.raises(neural4d.JobFailed, match="no such job"):
        job.delete()
    assert sim.spent == 120


def test_dates_mean_whole_days_here() -> None:
    day = dt.datetime.fromisoformat("2031-05-24").astimezone()
    noon = day.replace(hour=12)
    asked = query(since="2031-05-24", until="2031-05-24")
    assert (asked["since"], asked["until"]) == (day.timestamp(), day.replace(day=25).timestamp())
    assert query(since=noon, until=dt.date(2031, 5, 24)) == query(since="2031-05-24 12:00", until=day.replace(day=25))
    assert query(since=5.5)["since"] == 5.5


@pytest.mark.parametrize(
    "bad", [{"state": "done"}, {"provider": "nobody"}, {"since": "yesterday"}, {"limit": -1}], ids=str
)
def test_what_means_nothing_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(neural4d.InvalidInput):
        query(**bad)  # type: ignore[arg-type]
