"""What a program reads of a report: by the schema in the docs, with sums of the files, and of one table alone."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

import neural4d_blender as neural4d
from neural4d_blender.batching import standalone
from neural4d_blender.batching.reports import report_files
from scripts.simulator.launcher import ROOT
from tests.support.command_line import at_home, run, table
from tests.support.simulator_client import Caller

SCHEMA = ROOT / "docs/reference/report.schema.json"


def test_a_report_follows_its_schema_and_knows_its_table(
    service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service.sim.configure(triangles=200, texture_size=16)
    service.sim.set_fault("generateModelWithText", "http_400", match="a cup", times=None)
    at_home(service.sim, tmp_path, monkeypatch)
    Path("things.csv").write_text("prompt,key,size_mm\na mug,mug 7,90\na cup,,\n", encoding="utf-8")
    for ending in ("json", "csv"):
        run("batch", "things.csv", "--files-only", "--output", "o", "--continue", "--report", f"r.{ending}")
    told = json.loads(Path("r.json").read_text("utf-8"))
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(told)
    assert set(schema["items"]["properties"]) == {one.name for one in fields(report_files.Line)}
    mug, cup = told
    (file,) = map(Path, mug["files"])
    assert mug["sha256"] == [hashlib.sha256(file.read_bytes()).hexdigest()]
    assert mug["bytes"] == [file.stat().st_size]
    assert (mug["key"], mug["size_mm"], mug["code"]) == ("mug 7", 90.0, "")
    assert (cup["code"], cup["files"]) == (cup["error"].split(":")[0], [])
    assert [line.sha256 for line in report_files.read("r.csv")] == [mug["sha256"], []]
    with Path("r.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    with Path("later.csv").open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows([[*row, "of a later version"] for row in rows])
    assert len(report_files.read("later.csv")) == 2
    capsys.readouterr()
    assert run("jobs", "mug", "--json") == 0
    assert json.loads(capsys.readouterr().out)["delivered"] == mug["files"]
    run("batch", table("others.csv", "a jug", "a pot"), "--files-only", "--output", "p", "--report", "s.csv")
    assert run("merge", "r.csv", "s.csv", "-o", "all.csv") == 2
    assert "another table" in capsys.readouterr().err
    monkeypatch.setattr(standalone, "_host", None)
    paid = service.sim.spent
    assert neural4d.find_batch("r.json").progress.done == 1
    standalone.host().bridge.stop()
    assert service.sim.spent == paid
