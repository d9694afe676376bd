"""What a user has a job carry, and where a file came from: in the journal, reports, events and beside each file."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from neural4d_blender.engine.errors import InvalidInput
from neural4d_blender.engine.files.sidecar import embed
from neural4d_blender.engine.model.inputs import metadata
from scripts.simulator.launcher import ROOT
from tests.support.command_line import at_home, paid, run
from tests.support.glb_files import glb, triangle
from tests.support.simulator_client import Caller

EVENTS = json.loads((ROOT / "docs/reference/events.schema.json").read_text("utf-8"))
KEY = "NEURAL4D_API_TOKEN"
Said = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def said(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """The events since the last look, each as its schema has it."""
    service.sim.configure(triangles=200, texture_size=16)
    at_home(service.sim, tmp_path, monkeypatch)
    validator = jsonschema.Draft202012Validator(EVENTS)

    def read() -> list[dict[str, Any]]:
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        for event in events:
            validator.validate(event)
        return events

    return read


def test_a_table_carries_it_everywhere(service: Caller, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_NAME_USERS", "1")
    table = Path("t.csv")
    table.write_text("prompt,key,meta.shot,meta.take\na mug,mug 7,sh010,3\n", encoding="utf-8")
    batch = ("batch", "t.csv", "--files-only", "-o", "o", "--continue", "--meta", "show=owl", "--json")
    assert run(*batch, "--report", "r.json") == 0
    events = said()
    (done,) = [event for event in events if event["event"] == "done"]
    carried = {"show": "owl", "shot": "sh010", "take": "3"}
    assert (done["metadata"], done["key"], done["item"]) == (carried, "mug 7", 1)
    assert [done["job"]] == list({event["job"] for event in events if event["event"] == "progress"})
    (file,) = map(Path, done["files"])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (done["sha256"], done["bytes"]) == ([digest], [file.stat().st_size])
    (model,) = Path("data").glob("jobs/*/v0*.glb")
    assert file.read_bytes() == model.read_bytes(), "what the service has made stays as it is"

    beside = json.loads(file.with_name(f"{file.name}.json").read_text("utf-8"))
    assert beside["files"] == [{"name": file.name, "sha256": digest, "bytes": file.stat().st_size}]
    assert (beside["metadata"], beside["prompt"], beside["key"]) == (carried, "a mug", "mug 7")
    assert (beside["service"], beside["job"], beside["item"]) == ("neural4d", done["job"], 1)
    assert (beside["points"], beside["points_estimated"]) == (done["points"], done["points_estimated"])
    assert beside["versions"].keys() == {"neural4d", "api"}
    assert beside["service_id"] == done["service_id"] in str(service.sim.requests())
    assert done["request_id"]
    assert beside["user"]
    assert beside["host"]
    (line,) = json.loads(Path("r.json").read_text("utf-8"))
    alike = ("metadata", "service_id", "request_id", "options", "generation", "sha256", "user", "host", "variant")
    assert {name: line[name] for name in alike} == {name: done[name] for name in alike}

    spent = paid(service.sim)
    table.write_text("prompt,key,meta.shot\na mug,mug 7,sh020\n", encoding="utf-8")
    assert run(*batch, "--report", "r.csv") == 0
    with Path("r.csv").open(encoding="utf-8", newline="") as source:
        (cells,) = csv.DictReader(source)
    assert (cells["meta.shot"], cells["meta.show"]) == ("sh010", "owl")
    assert paid(service.sim) == spent, "a note is no reason to pay again"
    assert len(list(Path("o").iterdir())) == 2
    assert run("merge", "r.csv", "-o", "all.json", "--json") == 0
    assert json.loads(Path("all.json").read_text("utf-8"))[0]["metadata"] == carried
    said()
    assert run("jobs", "--json") == 0
    (job,) = said()
    assert (job["metadata"], job["delivered"]) == (carried, [str(file)])


def test_one_that_is_named_and_whoever_is_not(said: Said) -> None:
    made = ("generate", "a mug", "--as-made", "-o", "mug.glb", "--meta", "shot=1", "--json")
    assert run(*made) == 0
    beside = json.loads(Path("mug.glb.json").read_text("utf-8"))
    assert (beside["metadata"], beside["files"][0]["name"]) == ({"shot": "1"}, "mug.glb")
    assert "user" not in beside
    assert said()[-1]["host"] == ""
    Path("mug.glb").unlink()
    assert run(*made) == 2, "what is beside it is somebody's"
    (error,) = said()
    assert (error["code"], error["exit"], "mug.glb.json" in error["what"]) == ("InvalidInput", 2, True)
    assert run(*made, "--overwrite") == 0


def test_wrong_usage_is_an_event_too(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (("generate", "a mug", "--sice-mm", "3"), ("generate", "a mug", "--size-mm", "large"), ("paint",)):
        assert run(*argv, "--json") == 2
        (error,) = said()
        assert (error["event"], error["code"], error["exit"]) == ("error", "InvalidInput", 2)
    assert run("generate", "a mug", "--sice-mm", "3") == 2
    assert "usage: neural4d" in capsys.readouterr().err


def test_a_secret_is_not_carried(service: Caller, said: Said) -> None:
    secret = service.sim.environment[KEY]
    assert run("generate", "a mug", "--as-made", "--meta", f"note=it is {secret}", "--json") == 2
    assert secret not in str(said())
    assert not [path for path in Path("data").rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert not service.sim.ledger()


@pytest.mark.parametrize(
    "given",
    [
        *([], {"": 1}, {"a b": 1}, {"1st": 1}, {1: 2}, {"shot": []}, {"shot": {}}, {"shot": float("nan")}),
        *({"api_key": "x"}, {"render-token": "x"}, {"Password": "x"}, {"x.secret": "x"}, {"a": "x" * 5000}),
    ],
)
def test_what_it_may_not_be(given: object) -> None:
    with pytest.raises(InvalidInput):
        metadata.check(given)
    metadata.check({"shot": "sh010", "take": 3, "score": 0.5, "final": True, "asset.name": None, "keyframe": 1})


def test_a_glb_of_our_own_has_it_inside(tmp_path: Path) -> None:
    file = tmp_path / "a.glb"
    file.write_bytes(glb(triangle()))
    before = file.read_bytes()
    for note in ("ü", "longer"):
        embed(file, {"metadata": {"shot": note}})
    content = file.read_bytes()
    length = int.from_bytes(content[12:16], "little")
    document = json.loads(content[20 : 20 + length])
    assert document["asset"]["extras"] == {"neural4d": {"metadata": {"shot": "longer"}}}
    assert int.from_bytes(content[8:12], "little") == len(content)
    assert length % 4 == 0
    assert content.endswith(before[20 + int.from_bytes(before[12:16], "little") :])
