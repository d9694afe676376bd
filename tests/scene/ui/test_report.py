"""The text of Copy Report: what a maintainer needs, and nothing that is the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.scene.finished_jobs import job_report
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator
from tests.support.every_service import picture

__all__ = ["sim", "simulator"]
pytestmark = pytest.mark.one_blender


def test_a_report_says_what_happened_and_nothing_private(sim: Simulator, tmp_path: Path) -> None:
    job = neural4d.generate("a very secret bird", size_mm=120, name="Aunt Agatha")
    job.wait(60)
    text = job_report.report_text(job.id)
    for part in ("Neural4D for Blender 0.1.0", bpy.app.version_string, "Python 3.", "Service: Neural4D at 127.0.0.1:"):
        assert part in text
    assert f"now {job.state}" in text
    assert "generating " in text
    assert "size_mm = 120" in text
    assert "Made of a prompt of 18 characters" in text
    assert "/api/generateModelWithText" in text
    for secret in (sim.token, "secret bird", "Agatha", str(tmp_path), job.id, *(one["uuid"] for one in sim.jobs())):
        assert secret not in text
    bridge.stop()
    past = bridge.jobs.pop(job.id)
    with pytest.raises(neural4d.InvalidInput, match="no such job"):
        job_report.report_text(job.id)
    assert job_report.report_text(job.id, past) == text


def test_a_report_of_a_failure_has_all_its_sentences(sim: Simulator, tmp_path: Path) -> None:
    sim.set_fault("generateModelWithImage", "http_400")
    sim.set_fault("mattingImage", "http_400")
    image = picture(tmp_path)
    job = neural4d.generate(image=str(image))
    with pytest.raises(neural4d.JobFailed) as failed:
        job.wait(60)
    text = job_report.report_text(job.id)
    assert f"Error: {failed.value.reason}" in text
    assert failed.value.remedy in text
    assert "Made of 1 images" in text
    assert "wooden chair" not in text


def test_a_report_stays_short(sim: Simulator) -> None:
    job = neural4d.generate("a bird", size_mm=120)
    job.wait(60)
    path = Path(bridge.jobs[job.id].folder) / "exchanges.jsonl"
    head, line = path.read_text(encoding="utf-8").splitlines()[:2]
    many = [json.dumps({**json.loads(line), "answer": {"n": n, "words": "ü" * 3000}}) for n in range(40)]
    paid = json.dumps({**json.loads(line), "paid": True, "path": "/the/first"})
    path.write_text("\n".join([head, paid, *many]), encoding="utf-8")
    text = job_report.report_text(job.id)
    assert 40_000 < len(text.encode()) <= job_report.MOST_BYTES
    assert "/the/first" in text
    assert '"n": 39' in text
    assert '"n": 0,' not in text
    path.unlink()
    assert "No exchange with the service was recorded." in job_report.report_text(job.id)
