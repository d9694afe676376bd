"""The command line where no bpy is, against the simulator: models as the services made them, one or a table of them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.simulator.launcher import ROOT, Simulator
from tests.support.command_line import at_home, paid, run, table
from tests.support.engine_process import EngineProcess
from tests.support.simulator_client import Caller


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    return at_home(service.sim, tmp_path, monkeypatch)


def test_a_model_as_the_service_made_it(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("generate", "a mug", "--as-made", "--variants", "2", "--every-variant", "-o", "new/mug.glb", "--json") == 0
    )
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [Path(file).name for file in done["files"]] == ["mug.glb", "mug-2.glb"]
    assert all(Path(file).read_bytes().startswith(b"glTF") for file in done["files"])
    assert done["faces"] > 1000
    assert run("resume") == 0
    assert "Nothing is unfinished" in capsys.readouterr().out
    assert paid(sim) == [60]


def test_what_could_not_be_written_is_written_later(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    sim.configure(job_seconds=1000)
    assert run("generate", "a mug", "--as-made", "-o", "new/mug.glb", "--timeout", "0.5") == 6
    sim.configure(job_seconds=0)  # of a slow computer nothing was sent yet
    sim.finish_jobs()
    Path("new").write_text("a file in the folder's place", encoding="utf-8")
    assert run("resume") == 1
    assert "could not be written" in capsys.readouterr().err
    assert run("generate", "a mug", "--as-made", "-o", "new/mug.glb") == 2
    Path("new").unlink()
    assert run("resume") == 0
    assert Path("new/mug.glb").read_bytes().startswith(b"glTF")
    assert paid(sim) == [60]


def test_a_job_without_time_to_wait_is_not_lost(sim: Simulator) -> None:
    assert run("generate", "a mug", "--as-made", "-o", "mug.glb", "--timeout", "0") == 6
    assert run("resume") == 0
    assert Path("mug.glb").is_file()
    assert paid(sim) == [60]


def test_what_needs_blender_is_left_to_it(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    sim.configure(job_seconds=1000)
    Path("data").mkdir()
    with EngineProcess(Path("data"), sim.api_url, sim.token, preparer=["a Blender"]) as engine:
        engine.wait(engine.submit("a mug"), "generating")
    assert run("generate", "a cup", "--as-made", "-o", "cup.glb", "--timeout", "0.5") == 6
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    assert run("resume") == 0
    assert "1 unfinished jobs need Blender" in capsys.readouterr().err
    assert Path("cup.glb").is_file()
    assert run("jobs", "mug", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["state"] == "generating"


def test_a_table_becomes_files_and_a_report(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    batch = ("batch", table("things.csv", "a mug", "a cup", "a jug"), "--files-only", "--output", "models")
    assert run(*batch, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["points"] == 90
    assert not Path("models").exists()
    assert run(*batch, "--report", "report.csv") == 0
    names = [f"000{number} thing.glb" for number in (1, 2, 3)]
    beside = [f"{name}.json" for name in names]
    assert sorted(path.name for path in Path("models").glob("*.*")) == sorted([*names, *beside])
    with Path("report.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [(line["input"], line["points"], Path(line["files"]).name) for line in lines] == [
        (prompt, "60", name) for prompt, name in zip(("a mug", "a cup", "a jug"), names, strict=True)
    ]
    assert run(*batch) == 2
    assert "begun already" in capsys.readouterr().err
    assert run(*batch, "--continue") == 0
    assert run(*batch, "--continue", "--report", "report.txt") == 2
    table("things.csv", "a pot", "a pan", "a bowl")
    assert run(*batch, "--continue") == 2
    assert "has changed" in capsys.readouterr().err
    assert paid(sim) == [60] * 3


def test_a_wrong_line_is_named_and_nothing_is_sent(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    Path("things.jsonl").write_text('{"prompt": "a mug"}\n{"prompt": "a cup", "size": 3}\n', encoding="utf-8")
    assert run("batch", "things.jsonl", "--files-only") == 2
    assert "line 2 of things.jsonl" in capsys.readouterr().err
    assert run("batch", "things.jsonl") == 2
    assert "--files-only" in capsys.readouterr().err
    assert sim.requests() == []


def test_points_that_do_not_cover_it(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    batch = ("batch", table("things.csv", "a mug", "a cup"), "--files-only", "--output", "models")
    assert run(*batch, "--budget", "59") == 8
    assert run(*batch, "--budget", "60", "--continue", "--report", "report.json") == 8
    lines = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert sorted(line["error"].split(":")[0] for line in lines) == ["", "BudgetUsedUp"]
    assert run("merge", "report.json", "-o", "whole.csv", "--allow-failed") == 8
    assert "1 of 2 done, 0 failed, 1 not sent, 60 points" in capsys.readouterr().out
    assert run(*batch, "--continue", "--allow-failed") == 8, "the budget is as it was"
    assert run(*batch, "--budget", "none", "--continue") == 0
    assert paid(sim) == [60, 60]
    assert run(*batch, "--budget", "some") == 2


def test_three_shares_each_killed_once_pay_each_line_once(sim: Simulator, tmp_path: Path) -> None:
    things = table("things.csv", *(f"thing number {number}" for number in range(10)))
    # Of what shares buy on one account at once the balance cannot tell the price: as documented, or by the answer.
    sim.configure(job_seconds=1000, balance=10_000)

    def start(number: int) -> subprocess.Popen[bytes]:
        share = ["--shard", f"{number}/3", "--data-dir", f"work/{number}", "--report", f"report-{number}.csv"]
        command = [sys.executable, "-m", "neural4d_blender", "batch", things, "--files-only", "--output", "models"]
        return subprocess.Popen(
            [*command, *share, "--concurrency", "2", "--continue"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    shares = [start(number) for number in (1, 2, 3)]
    sim.wait_for_request("generateModelWithText", 6)
    for share in shares:
        share.kill()
        share.wait()
    assert len(sim.ledger()) == 6
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    shares = [start(number) for number in (1, 2, 3)]
    assert [share.wait() for share in shares] == [0, 0, 0]
    assert run("merge", *(f"report-{number}.csv" for number in (3, 1, 2)), "-o", "report.csv") == 0
    with Path("report.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["input"] for line in lines] == [f"thing number {number}" for number in range(10)]
    assert sum(int(line["points"]) for line in lines) == sum(paid(sim)) == 600
    assert len(list((tmp_path / "models").glob("*.glb"))) == 10
    assert run("merge", "report-1.csv", "report-2.csv", "-o", "part.csv") == 5
