"""The command batch, by the simulator's ledger: which batch it goes on with, what it refuses, what it ends with."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.batching.reports.report_files import read
from neural4d_blender.cli.exit_codes import Exit, code_of_many
from neural4d_blender.engine import errors
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home, paid, run, table
from tests.support.simulator_client import Caller, picture

FILES = ("--files-only", "--output", "models")


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    service.sim.configure(triangles=200, texture_size=16)
    return at_home(service.sim, tmp_path, monkeypatch)


def photos(folder: str, *names: str, colour: str = "#d07830") -> str:
    Path(folder).mkdir()
    for name in names:
        Path(folder, name).write_bytes(picture((300, 300), colour=colour))
    return folder


def lines(report: str) -> list[dict[str, Any]]:
    return [dict(line) for line in json.loads(Path(report).read_text(encoding="utf-8"))]


def test_a_table_on_another_path_is_the_same_batch(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("batch", table("things.csv", "a mug", "a cup"), *FILES) == 0
    Path("elsewhere").mkdir()
    copy = shutil.copy("things.csv", "elsewhere/same.csv")
    assert run("batch", copy, *FILES) == 2
    assert "begun already" in capsys.readouterr().err
    assert run("batch", copy, *FILES, "--continue") == 0
    assert paid(sim) == [60, 60]
    table("things.csv", "a jug", "a bowl")
    assert run("batch", "things.csv", *FILES, "--continue") == 2
    assert "has changed" in capsys.readouterr().err
    assert run("batch", table("others.csv", "a bowl"), *FILES, "--continue") == 0
    assert paid(sim) == [60] * 3


def test_a_folder_of_images_is_the_same_wherever_it_lies(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("batch", photos("photos", "a.jpg"), *FILES) == 0
    shutil.copytree("photos", "copied")
    assert run("batch", "copied", *FILES, "--continue") == 0
    assert len(paid(sim)) == 1
    other = photos("other", "a.jpg", colour="#102030")
    assert Path(other, "a.jpg").stat().st_size != Path("photos/a.jpg").stat().st_size
    assert run("batch", other, *FILES, "--continue") == 0  # other pictures of the same name
    assert len(paid(sim)) == 2
    photos("more", "b.jpg")
    shutil.copy("more/b.jpg", "photos/b.jpg")
    assert run("batch", "photos", *FILES, "--continue") == 0
    assert len(paid(sim)) == 3  # the one that is new
    Path("photos/a.jpg").write_bytes(picture((320, 320), colour="#405060"))
    assert run("batch", "photos", *FILES, "--continue") == 0
    assert len(paid(sim)) == 4


def test_another_number_of_shares_is_refused(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    batch = ("batch", table("things.csv", "a mug", "a cup", "a jug", "a pot"), *FILES, "--continue")
    assert run(*batch, "--shard", "1/4") == 0
    for shard in (["--shard", "1/2"], ["--shard", "3/3"], ["--shard", "1/1"], []):
        assert run(*batch, *shard) == 2, shard
        said = capsys.readouterr().err
        assert "begun here in 4 shares (1/4)" in said
        assert "--output" in said
    assert paid(sim) == [60]
    assert run(*batch, "--shard", "2/4") == 0
    assert run(*batch, "--shard", "1/4") == 0
    assert paid(sim) == [60, 60]
    assert run(*batch, "--output", "whole") == 0
    assert run(*batch, "--output", "whole", "--shard", "1/1") == 0
    capsys.readouterr()
    assert run(*batch, "--output", "whole", "--shard", "1/2") == 2
    assert "begun here as a whole" in capsys.readouterr().err
    assert run(*batch, "--output", "whole", "--shard", "half") == 2
    table("things.csv", "a mug", "a cup", "a bowl")
    assert run(*batch, "--shard", "1/2") == 2  # has lines in common with what was paid, too
    assert "has changed" in capsys.readouterr().err
    assert paid(sim) == [60] * 6


def test_lines_that_fail_are_allowed(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    sim.set_fault("generateModelWithText", "http_400", match="a cup")
    batch = ("batch", table("things.csv", "a mug", "a cup"), *FILES, "--report", "report.json")
    assert run(*batch, "--allow-failed") == 0
    assert [bool(line["error"]) for line in lines("report.json")] == [False, True]
    assert run("merge", "report.json", "-o", "whole.csv") == 5
    assert run("merge", "report.json", "-o", "whole.csv", "--allow-failed") == 0
    assert "1 of 2 done, 1 failed" in capsys.readouterr().out
    table("one.csv", "a mug", "a cup")
    assert run("batch", "one.csv", "--files-only", "--output", "o", "--shard", "1/2", "--report", "1.csv") == 0
    assert run("merge", "1.csv", "-o", "whole.csv", "--allow-failed") == 5  # a share that said nothing did not fail


def test_a_line_that_is_paid_again_comes_into_the_report(sim: Simulator) -> None:
    sim.set_fault("generateModelWithText", "generation_failed", match="a cup")
    batch = ("batch", table("things.csv", "a mug", "a cup"), *FILES, "--report", "report.json", "--continue")
    assert run(*batch) == 5
    assert run(*batch) == 5  # going on pays nothing twice
    assert len(sim.requests("generateModelWithText")) == 2
    assert run("resume", "--pay-again") == 0
    assert run(*batch) == 0
    assert [(line["state"], line["error"]) for line in lines("report.json")] == [("ready", "")] * 2
    assert len(sim.requests("generateModelWithText")) == 3


def test_what_is_no_failed_job_is_not_allowed(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = ("batch", table("things.csv", "a mug", "a cup"), *FILES, "--allow-failed")
    assert run(*batch, "--shard", "3/2") == 2
    assert run(*batch, "--budget", "59") == 8
    sim.configure(job_seconds=1000)
    assert run(*batch, "--budget", "120", "--continue", "--timeout", "0.5") == 6
    monkeypatch.delenv("NEURAL4D_API_TOKEN")
    assert run(*batch, "--continue") == 3
    no_key, no_points = errors.JobFailed("x", reason="KeyRejected"), errors.JobFailed("x", reason="BudgetUsedUp")
    broken = errors.JobFailed("x", reason="GenerationFailed")
    assert code_of_many(1, [no_key], allow_failed=True) == Exit.SOME_FAILED
    poor = errors.JobFailed("x", reason="NotEnoughPoints")
    for done in (0, 1):
        assert code_of_many(done, [no_points, broken], allow_failed=True) == Exit.UNSENT
    assert code_of_many(0, [poor], allow_failed=True) == Exit.NO_POINTS
    assert code_of_many(1, [poor], allow_failed=True) == Exit.SOME_FAILED
    assert code_of_many(0, [broken], allow_failed=True) == Exit.DONE


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_share_without_lines_has_a_report(sim: Simulator, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    batch = ("batch", table("things.csv", "a mug"), *FILES, "--continue")
    assert run(*batch, "--shard", "2/2", "--report", f"2.{ending}") == 0
    assert read(f"2.{ending}") == []
    assert run(*batch, "--shard", "1/2", "--report", f"1.{ending}") == 0
    assert run("merge", f"2.{ending}", f"1.{ending}", "-o", "whole.csv") == 0
    with Path("whole.csv").open(encoding="utf-8") as file:
        assert [line["input"] for line in csv.DictReader(file)] == ["a mug"]
    assert "1 of 1 done, 0 failed, 60 points" in capsys.readouterr().out


def test_settings_hold_for_lines_that_say_nothing(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    Path("things.csv").write_text("prompt,size_mm,variants\na mug,,\na cup,90,1\n", encoding="utf-8")
    wanted = ("--size-mm", "120", "--axis", "z", "--origin", "center", "--variants", "2", "--no-pbr")
    assert run("batch", "things.csv", *FILES, *wanted) == 0
    assert run("jobs", "--json") == 0
    told = [json.loads(line)["request"] for line in capsys.readouterr().out.splitlines() if '"job"' in line]
    asked = {one["prompt"]: one for one in told if "size_mm" in one}
    names = ("size_mm", "variants", "axis", "origin", "pbr", "joined")
    assert [asked["a mug"][name] for name in names] == [120.0, 2, "Z", "CENTER", False, False]
    assert [asked["a cup"][name] for name in names[:4]] == [90.0, 1, "Z", "CENTER"]
    bodies = [json.dumps(request["body"]) for request in sim.requests("generateModelWithText")]
    assert all("disablePbr" in body for body in bodies)
    assert run("batch", "things.csv", *FILES, "--continue", *wanted) == 0
    for other in (wanted[2:], (*wanted[:-1], "--pbr"), (*wanted, "--format", "stl"), (*wanted, "--provider", "csm")):
        assert run("batch", "things.csv", *FILES, "--continue", *other) == 2, other
        said = capsys.readouterr().err
        assert "begun with other settings: provider neural4d, variants 2, pbr False, size_mm 120.0, axis Z" in said
    assert len(paid(sim)) == 2


def test_settings_that_cannot_be_are_refused(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong, says in ((["--option", "shine=1"], "no option 'shine'"), (["--variants", "9"], "line 2 of things.csv")):
        assert run("batch", table("things.csv", "a mug"), *FILES, *wrong) == 2
        assert says in capsys.readouterr().err
    assert sim.requests() == []


def test_an_option_belongs_to_the_service(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    batch = ("batch", photos("photos", "a.jpg"), *FILES, "--provider", "csm", "--dry-run")
    assert run(*batch, "--option", "resolution=many") == 2
    assert "resolution takes" in capsys.readouterr().err
    assert run(*batch, "--option", "resolution=high_poly") == 0


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--files-only", "--type", "stl"], "no --type"),
        (["--files-only", "--thumbnails"], "no --thumbnails"),
        (["--files-only", "--quads", "--max-faces", "900"], "no --max-faces and no --quads"),
        (["--files-only", "--report", "./things.csv"], "take the place of things.csv"),
        (["--files-only", "--report", "link.csv"], "take the place of things.csv"),
        (["--files-only", "--report", "a file/report.csv"], "Nothing can be written into"),
        (["--files-only", "--report", "folder.csv"], "is a folder"),
        (["--files-only", "--output", "a file"], "Nothing can be written into"),
        (["--files-only", "--output", "a file/models"], "Nothing can be written into"),
    ],
)
def test_what_could_not_be_written_is_refused(
    sim: Simulator, argv: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path(table("things.csv", "a mug")).read_bytes()
    Path("a file").write_text("no folder", encoding="utf-8")
    Path("folder.csv").mkdir()
    Path("link.csv").hardlink_to("things.csv")
    assert run("batch", "things.csv", *argv) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert Path("things.csv").read_bytes() == before
    assert sim.requests() == []


def test_the_time_that_was_given_is_what_is_told(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    sim.configure(job_seconds=1000)
    sim.set_fault("generateModelWithText", "http_400", match="a cup")
    assert run("batch", table("things.csv", "a cup", "a mug"), *FILES, "--timeout", "8") == 6
    said = capsys.readouterr()
    assert "Not done after 8 s." in said.err
    assert "0001 thing: failed" in said.out
