"""Once is once: by a key, or by what a table says, the same job is the same, whatever died in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import neural4d_blender as neural4d
from neural4d_blender.batching import standalone
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home, paid, run, table
from tests.support.simulator_client import Caller

FILES = ("--files-only", "--output", "models")


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    service.sim.configure(triangles=200, texture_size=16, balance=10_000)
    yield at_home(service.sim, tmp_path, monkeypatch)
    another_python()


def another_python() -> None:
    """What the last one has begun stands in the journal alone."""
    if standalone._host:
        standalone._host.bridge.stop()
    standalone._host = None
    standalone.host().bridge.timing = {"quickest": 0.05, "look_again": 0.05}


def test_a_key_is_one_batch_and_its_rows_are_one_job_each(sim: Simulator) -> None:
    for _ in range(2):
        another_python()
        batch = neural4d.batch(["a bird", {"prompt": "a dog", "key": "dog"}], output="one", key="night 1").wait(60)
        assert batch.progress.done == 2
    assert len(paid(sim)) == 2
    other = neural4d.batch(["a cat", {"prompt": "a dog", "key": "dog"}], output="two", key="night 2").wait(60)
    assert [line.item for line in other.lines()] == [1, 2]
    assert (other.progress.done, len(paid(sim))) == (2, 3)
    another_python()
    assert [job.id for job in neural4d.resume(other.id).wait(60).results] == [job.id for job in other.results]
    for rows, output, says in (
        ([{"prompt": "a horse", "key": "dog"}], "three", "used for another request"),
        ([{"prompt": "a fox", "key": "k"}, {"prompt": "a fox", "key": "k"}], "three", "More than one row has the key"),
        ([{"prompt": "a fox", "key": "x" * 300}], "three", "key takes"),
    ):
        with pytest.raises(neural4d.InvalidInput, match=says):
            neural4d.batch(rows, output=output)
    with pytest.raises(neural4d.InvalidInput, match="goes to"):
        neural4d.batch(["a bird"], output="elsewhere", key="night 1")
    assert len(paid(sim)) == 3


def test_the_same_list_and_folder_are_refused_or_go_on(sim: Simulator) -> None:
    sim.set_fault("generateModelWithText", "http_400", match="a dgo", times=None)
    first = neural4d.batch(["a bird", "a dgo"], output="models").wait(60)
    with pytest.raises(neural4d.InvalidInput, match="begun already") as caught:
        neural4d.batch(["a bird", "a dgo"], output="models")
    assert "go_on=True" in caught.value.remedy
    again = neural4d.batch(["a bird", "a dgo"], output="models", go_on=True).wait(60)
    assert (again.id, len(paid(sim))) == (first.id, 1)


def test_a_corrected_line_goes_on_as_itself_and_all_others_as_they_were(
    sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.set_fault("generateModelWithText", "http_400", match="a dgo", times=None)
    batch = ("batch", table("things.csv", "a bird", "a dgo", "a cat"), *FILES, "--report", "report.json")
    assert run(*batch) == 5
    assert len(paid(sim)) == 2
    before = json.loads(Path("report.json").read_text("utf-8"))
    table("things.csv", "a bird", "a dog", "a cat", "a fox")
    capsys.readouterr()
    assert run(*batch, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["items"], told["points"]) == (2, 120)
    assert run(*batch, "--continue") == 0
    assert len(paid(sim)) == 4
    after = json.loads(Path("report.json").read_text("utf-8"))
    assert [(line["item"], line["of"], line["input"], line["error"]) for line in after] == [
        (1, 4, "a bird", ""),
        (2, 4, "a dog", ""),
        (3, 4, "a cat", ""),
        (4, 4, "a fox", ""),
    ]
    assert [after[at]["job"] == before[at]["job"] for at in range(3)] == [True, False, True]
    assert run(*batch, "--continue") == 0
    assert run(*batch, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["points"] == 0
    assert neural4d.resume().wait(60).progress.total == 4  # what was taken out stays out
    assert len(paid(sim)) == 4


def test_a_command_with_a_key_is_paid_once_and_replaces_no_file(
    sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("generate", "a bird", "--as-made", "-o", "bird.glb")
    sim.configure(job_seconds=600)
    assert run(*command, "--key", "bird", "--timeout", "1") == 6
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    for _ in range(2):
        assert run(*command, "--key", "bird") == 0
    assert len(paid(sim)) == 1
    made = Path("bird.glb").read_bytes()
    Path("bird.glb").unlink()
    assert run(*command, "--key", "bird") == 0
    assert (Path("bird.glb").read_bytes(), len(paid(sim))) == (made, 1)
    assert run("generate", "a cat", "--as-made", "-o", "bird.glb", "--key", "bird") == 2
    assert "used for another request" in capsys.readouterr().err
    assert run(*command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run(*command, "--if-missing") == 0
    assert len(paid(sim)) == 1
    assert run(*command, "--overwrite") == 0
    assert len(paid(sim)) == 2
