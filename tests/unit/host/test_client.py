"""What the client keeps at hand of thousands of jobs, and pipes that never make anybody wait."""

from __future__ import annotations

import os
import threading
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.client import engine_process, pipes
from neural4d_blender.client.engine_client import Bridge
from neural4d_blender.client.environment_variables import Environment
from neural4d_blender.client.jobs import replies, snapshots
from neural4d_blender.client.jobs.job_table import Jobs
from neural4d_blender.client.jobs.new_jobs import NewJob, snapshots_of
from neural4d_blender.client.pipes import PipeReader, PipeWriter
from neural4d_blender.engine.model.job import Job, Save, SaveState, Variant
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import State, VariantState
from tests.support.engine_process import PATIENCE


def snapshot(state: State, **changes: Any) -> snapshots.Job:
    job = Job("1", "neural4d", {"prompt": "a bird", **changes.pop("request", {})}, batch="b")
    job.state = state
    job.delivery.placed = changes.pop("placed", [])
    for name, value in changes.items():
        setattr(job, name, value)
    return snapshots.Job.of(job)


def test_only_what_something_is_to_be_done_for_is_at_hand() -> None:
    jobs = Jobs()
    heard: list[str] = []
    jobs.watch("b", lambda job: heard.append(job.state))
    for state, under_way, arriving in (
        (State.QUEUED, True, False),
        (State.GENERATING, True, False),
        (State.READY, False, True),
        (State.PLACED, False, False),
        (State.CANCELLED, False, False),
    ):
        jobs["1"] = snapshot(state)
        assert ("1" in jobs.under_way, "1" in jobs.arriving) == (under_way, arriving), state
    assert heard == ["queued", "generating", "ready", "placed", "cancelled"]
    jobs["1"] = snapshot(State.READY, dismissed=True)
    assert not jobs.arriving
    jobs["1"] = snapshot(State.READY, request={"keep_in": "/models"})
    assert not jobs.arriving


def test_an_answer_that_was_read_before_a_step_does_not_take_its_word_back() -> None:
    jobs = Jobs()
    jobs["1"] = snapshot(State.FAILED, revision=3)
    jobs["1"] = snapshot(State.QUEUED, revision=1)  # of a list that the journal gave while the step ran
    assert (jobs["1"].state, jobs.under_way) == (State.FAILED, {})
    jobs["1"] = snapshot(State.QUEUED, revision=4)
    assert "1" in jobs.under_way


def test_all_variants_that_were_asked_for_arrive_one_after_the_other() -> None:
    jobs = Jobs()
    variants = [Variant(index, str(index), VariantState.PREPARED, blend="x.blend") for index in (0, 1)]
    jobs["1"] = snapshot(State.PLACED, request={"place_all": True}, variants=variants, placed=[0])
    assert "1" in jobs.arriving
    jobs["1"] = replace(jobs["1"], placed=[0, 1])
    assert not jobs.arriving


def test_a_snapshot_says_what_the_job_does() -> None:
    job = Job("1", "neural4d", Request("a bird", variants=2).to_dict(), {"location": [1.0, 2.0, 3.0]}, State.FAILED)
    job.variants = [Variant(0, "u", VariantState.PREPARED, blend="x.blend", facts={"triangles": 5}), Variant(1, "v")]
    job.delivery.saves = [Save("s", 0, "STL", "/kept", error={"code": "ConversionFailed"}, state=SaveState.FAILED)]
    job.choice.cutouts = [
        {"key": "a", "url": "https://a", "path": "a.png"},
        {"key": "b", "url": "https://b", "path": ""},
    ]
    job.costs.book("text", 60)
    read = snapshots.Job.of(job)
    assert read.request == Request("a bird", variants=2)
    assert (read.pictures, read.saves[0].over, read.bytes) == (["a.png", ""], True, None)
    assert [(one.blend, one.state, one.facts) for one in read.variants] == [
        ("x.blend", "prepared", {"triangles": 5}),
        ("", "generating", {}),
    ]
    told = job.to_dict()
    for name in {field.name for field in fields(read)} & told.keys() - {"request", "variants", "saves"}:
        assert getattr(read, name) == told[name], name


def test_the_snapshots_of_a_batch_are_those_of_its_jobs() -> None:
    jobs = [
        NewJob(str(at), provider, Request(f"a bird {at}", options={"seed": at}), {"scene": str(at)}, at)
        for at, provider in enumerate(["neural4d", "csm", "neural4d"])
    ]
    made = list(snapshots_of("b", jobs))
    for new, job in zip(made, jobs, strict=True):
        whole = Job(job.id, job.provider, job.request.to_dict(), dict(job.target), batch="b", item=job.item)
        whole.created = whole.entered = new.created
        assert new == snapshots.Job.of(whole)
    assert list(snapshots_of("b", [])) == []


def test_an_unchanged_request_and_what_is_empty_are_the_same_objects() -> None:
    told = Job("1", "neural4d", Request("a bird").to_dict()).to_dict()
    before = snapshots.Job.read(told)
    after = snapshots.Job.read({**told, "progress": 0.5}, before)
    assert (after.progress, after.request is before.request, after.saves is before.variants) == (0.5, True, True)
    changed = {**told, "request": {**told["request"], "prompt": "a chair"}}
    assert snapshots.Job.read(changed, before).request.prompt == "a chair"


def test_a_snapshot_of_another_version_is_read_as_far_as_it_goes() -> None:
    told = {
        "id": "1",
        "provider": "csm",
        "request": {"prompt": "a mug", "x": 3},
        "variants": [{"index": 0}],
        "x": 1,
    }
    read = snapshots.Job.read(told)
    assert (read.request.prompt, read.state, read.under_way, read.native) == ("a mug", State.QUEUED, True, "GLB")
    assert (read.variants[0].state, read.target, read.cost) == ("generating", {}, None)
    with pytest.raises(FrozenInstanceError):
        read.note = "changed in place"  # type: ignore[misc]


def test_what_is_forgotten_is_not_at_hand_any_more() -> None:
    jobs = Jobs()
    heard: list[str] = []
    jobs.watch("b", lambda job: heard.append(job.state))
    jobs["1"] = snapshot(State.QUEUED)
    assert jobs.setdefault("1", snapshot(State.READY)).state == "queued"
    del jobs["1"]
    assert (dict(jobs), jobs.under_way) == ({}, {})
    jobs.setdefault("1", snapshot(State.READY))
    jobs.clear()
    assert (dict(jobs), jobs.arriving) == ({}, {})
    jobs["1"] = snapshot(State.QUEUED)
    assert heard == ["queued", "ready"]


def test_megabytes_go_through_a_pipe_that_holds_little_and_nobody_waits() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
        reader, writer = PipeReader(source), PipeWriter(sink)
        sent = [bytes([65 + number]) * 1_000_000 for number in range(5)]
        writer.write(b"".join(line + b"\n" for line in sent))
        came: list[bytes] = []
        watchdog = threading.Timer(60, os.close, [writing])  # a read that waits would wait for ever
        watchdog.start()
        while len(came) < len(sent):
            came += reader.lines()
            writer.write()
        watchdog.cancel()
        assert came == sent
        assert reader.lines() == []
        assert not reader.closed


def test_whoever_reads_nothing_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "_PATIENCE", 0.01, raising=False)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb"), os.fdopen(writing, "wb") as sink:
        writer = PipeWriter(sink)
        assert writer.write(bytes(5_000_000))  # for ever, where it waits: the test's time is up
        assert not writer.write(b"more")
        writer.finish()


def test_what_the_engine_was_told_last_arrives_though_blender_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "reads.py"
    script.write_text("import sys\nprint(sum(map(len, sys.stdin.buffer)), file=open('count', 'w'))\n")
    monkeypatch.setattr(engine_process, "_ENGINE", script)
    monkeypatch.setattr(pipes, "_PATIENCE", PATIENCE, raising=False)
    monkeypatch.chdir(tmp_path)
    engine = engine_process.EngineProcess(tmp_path / "data")
    engine.writer.write(b"a row of a table\n" * 200_000)
    engine.end()
    assert engine.wait(PATIENCE) == 0
    assert (tmp_path / "count").read_text() == "3400000\n"


@pytest.mark.parametrize("given", ["abc", " abc\n", "Bearer abc", "bearer  abc", "Authorization: Bearer abc"])
def test_a_key_is_taken_with_what_stands_before_it_in_the_header(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", given)
    assert Environment().services()["neural4d"]["key"] == "abc"


def test_a_file_is_told_when_it_is_there() -> None:
    job = Job("1", "neural4d", {"prompt": "a bird"})
    job.delivery.saves = [Save("s", 0, "GLB", "/files", state=state, path="/files/a.glb") for state in SaveState]
    told = {save.state: save.path for save in snapshots.Job.of(job).saves}
    assert told == {"asked": "", "converting": "", "saved": "/files/a.glb", "failed": ""}, "its name comes first"


def test_a_job_that_the_journal_does_not_have_any_more_says_that_its_cost_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bridge = Bridge(Environment())
    bridge.jobs["1"] = snapshot(State.GENERATING, revision=3)
    monkeypatch.setattr(bridge, "send", lambda _do, answer, **_: answer(replies.Answer(gone=["1"])))
    bridge._follow()
    error = bridge.jobs["1"].error
    assert error
    assert (bridge.jobs["1"].state, error["cost"]) == (State.FAILED, "What it has cost is not known here.")
