"""The built-in samples go the way of every job: with no key, no network, and nothing that could be sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.batching.host_without_blender import Host
from neural4d_blender.cli.arguments import parser
from neural4d_blender.engine.errors import KeyMissing
from neural4d_blender.engine.protocol import SAMPLES, declaration, declarations, name_of
from neural4d_blender.engine.services.sample.provider import FILES
from tests.support.engine_in_thread import Offline


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offline]:
    monkeypatch.setattr("requests.Session.request", None)
    desk = Offline(tmp_path)
    yield desk
    desk.close()


def begin(desk: Offline, prompt: str, **request: Any) -> None:
    answer = desk.ask("submit", job="j", provider="sample", request={"prompt": prompt, **request})
    assert not answer.get("error"), answer


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_becomes_a_model_with_nothing_sent(desk: Offline, sample: str) -> None:
    begin(desk, f"A cute {sample}", variants=2, size_mm=300)
    desk.until(lambda: desk.states() == ["ready"])
    told = [event["job"] for event in desk.told if event["event"] == "job"]
    states = list(dict.fromkeys(job["state"] for job in told))
    assert states == ["queued", "submitting", "generating", "downloading", "preparing_model", "ready"]
    shown = [job["progress"] for job in told if job["state"] == "generating"]
    assert shown == sorted(shown)
    assert len(set(shown)) > 2
    assert {"Shape", "Textures"} <= {job["note"] for job in told}
    job = desk.written("j")
    assert (job.costs.total, job.costs.estimated) == (0, False)
    desk.rest()
    for variant in desk.written("j").variants:
        assert Path(variant.preview).read_bytes() == (FILES / f"{sample}{variant.index}.jpg").read_bytes()
    first = desk.written("j").variants[0]
    assert Path(first.model).read_bytes() == (FILES / f"{sample}0.glb").read_bytes()


def test_a_picture_can_be_chosen_first(desk: Offline) -> None:
    begin(desk, "robot", picture_first=True, pictures=2, choose_cutout=True)
    desk.until(lambda: desk.states() == ["choosing_cutout"])
    assert all(Path(picture["path"]).is_file() for picture in desk.written("j").choice.cutouts)
    desk.ask("choose", job="j", cutout=1)
    desk.until(lambda: desk.states() == ["ready"])
    assert Path(desk.written("j").variants[0].model).read_bytes() == (FILES / "robot1.glb").read_bytes()


def test_it_goes_on_after_a_restart(desk: Offline) -> None:
    begin(desk, "chair")
    desk.until(lambda: desk.states() == ["generating"])
    desk.close()
    again = Offline(desk.folder, desk)
    again.until(lambda: "j" in again.jobs and again.states() == ["ready"])
    again.close()


def test_a_prompt_that_names_none_is_refused_with_those_there_are(desk: Offline) -> None:
    answer = desk.ask("submit", job="j", provider="sample", request={"prompt": "a mug"})
    assert "bird, chair, robot" in answer["error"]["what"]


def test_a_service_stays_out_of_reach_all_the_same(desk: Offline) -> None:
    desk.ask("submit", job="j", provider="neural4d", request={"prompt": "a bird"})
    desk.until(lambda: desk.states() == ["failed"])
    assert desk.jobs["j"]["error"]["code"] == "OnlineAccessOff"


def test_it_is_no_service() -> None:
    assert "sample" not in {service.id for service in declarations()}
    assert name_of("sample") == "Built-in Sample"
    assert name_of("neural4d") == "Neural4D"
    assert name_of("another") == "another"


def test_a_python_without_blender_needs_no_key_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in declarations():
        monkeypatch.delenv(service.key_env, raising=False)
    host = Host()
    host.require_ready(declaration("sample"))
    with pytest.raises(KeyMissing):
        host.require_ready(declaration("neural4d"))
    asked = parser("x").parse_args(["generate", "a chair", "--provider", "sample"])
    assert asked.provider == "sample"
