"""The command line and tables where no bpy is: pictures first, views, prices with their source, waits that are told."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import neural4d_blender as neural4d
from neural4d_blender.batching import preflight, standalone
from neural4d_blender.batching.table import columns, table_reader
from neural4d_blender.cli.console import Console
from neural4d_blender.cli.settings import views_of
from neural4d_blender.client.jobs.snapshots import Job
from neural4d_blender.engine import protocol
from neural4d_blender.engine.model.declaration import Declaration, Feature, ImageLimits
from neural4d_blender.engine.services import PROVIDERS
from neural4d_blender.engine.services.neural4d.provider import Neural4D
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home, paid, run


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.0, picture_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    simulator.reset()
    simulator.configure(triangles=200, texture_size=16)
    return at_home(simulator, tmp_path, monkeypatch)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    Image.effect_noise((300, 300), 90).save(tmp_path / "sketch.png")
    return "sketch.png"


def test_a_picture_first_and_where_its_price_is_from(
    sim: Simulator, picture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ("generate", "a mug", "--as-made", "-o", "mug.glb", "--picture-first", "--pictures", "2")
    assert run(*wanted, "--reference", picture, "--dry-run", "--max-points", "60") == 0
    said = capsys.readouterr()
    assert "about 56 points (documented) at Neural4D" in said.out
    assert "The spending limit of 60 does not cover 106 points" in said.err
    assert sim.requests() == []

    assert run(*wanted, "--reference", picture, "--json") == 0
    done = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [Path(path).is_file() for path in done["pictures"]] == [True, True]
    assert (done["points"], paid(sim)) == (56, [26, 30])
    (ordered,) = sim.requests("createNormalPicture")
    assert "bytes" in ordered["body"]["images"]

    assert run(*wanted, "--dry-run") == 0
    assert capsys.readouterr().out.startswith("56 points (measured) at Neural4D")
    assert run(*wanted, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["points"], told["measured"]) == (56, True)
    assert run("generate", "--image", done["pictures"][1], "--as-made", "-o", "again.glb") == 0
    assert Path("again.glb").is_file()


def test_pictures_of_a_job_that_fails_are_kept(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    sim.set_fault("generateModelWithImage", "generation_failed")
    assert run("generate", "a mug", "--as-made", "-o", "mug.glb", "--picture-first") == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "is kept: " in line]
    assert Path(line.partition("is kept: ")[2]).is_file()


def test_what_a_server_lacks_is_refused_at_once(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "a mug", "--reference", "sketch.png", "--as-made") == 2
    assert run("generate", "--image", "sketch.png", "--view", "front=sketch.png", "--as-made") == 2
    assert "front is given twice" in capsys.readouterr().err
    assert run("generate", "--view", "left", "--as-made") == 2
    assert "SIDE=FILE" in capsys.readouterr().err
    assert sim.requests() == []
    with pytest.raises(protocol.UnsupportedFeature, match="makes no pictures"):
        protocol.check("neural4d", protocol.Request("a mug", picture_first=True), {"pictures": "none"})
    protocol.check("neural4d", protocol.Request("a mug", picture_first=True), {})


def test_views_come_from_side_and_file() -> None:
    assert views_of(["left=a=b.png", "back=c.png"]) == {"left": "a=b.png", "back": "c.png"}
    for wrong in (["left"], ["=a.png"], ["left="], ["left=a.png", "left=b.png"]):
        with pytest.raises(protocol.InvalidInput):
            views_of(wrong)


def read(row: dict[str, Any], folder: Path, **defaults: Any) -> tuple[dict[str, Any], list[str]]:
    return columns.arguments(table_reader.Row("line 2", row, folder), defaults)


def test_cells_of_views_and_references(tmp_path: Path) -> None:
    found, wrong = read(
        {"view.front": "f.png", "view.left": "l.png", "references": "a.png; b.png", "picture_first": "no"}, tmp_path
    )
    assert wrong == []
    assert found["image"] == [str(tmp_path / "f.png")]
    assert found["views"] == {"left": str(tmp_path / "l.png")}
    assert found["references"] == [str(tmp_path / name) for name in ("a.png", "b.png")]
    found, wrong = read({"image": "f.png", "views": '{"back": "b.png"}'}, tmp_path, pictures="2")
    assert (found["views"], found["pictures"], wrong) == ({"back": str(tmp_path / "b.png")}, 2, [])
    found, wrong = read({"image": "f.png"}, tmp_path, views={"back": "b.png"}, prompt="a mug")
    assert (found["views"], "prompt" in found, wrong) == ({}, False, [])
    for row, said in (
        ({"image": "f.png", "view.front": "g.png"}, "front is given twice"),
        ({"image": "f.png", "view.left": "a.png;b.png"}, "view.left takes a path"),
        ({"image": "f.png", "views": "left.png"}, "views takes a JSON object"),
        ({"prompt": "x", "picture_first": "perhaps"}, "picture_first takes true or false"),
    ):
        _, wrong = read(row, tmp_path)
        assert len(wrong) == 1
        assert said in wrong[0]


def test_pictures_are_made_to_fit_what_the_options_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sided(Neural4D):
        declaration = Declaration(
            **Neural4D.declaration.as_dict()
            | {"id": "sided", "name": "Sided", "features": frozenset(Feature), "views": ("left", "back")}
        )

    monkeypatch.setitem(PROVIDERS, "sided", Sided)
    seen: list[tuple[list[Any], tuple[str, ...]]] = []

    def pictures(paths: list[Any], _service: object, _job: str, limits: ImageLimits) -> list[str]:
        seen.append((paths, limits.formats))
        return paths

    def items(**row: Any) -> list[preflight.Item]:
        return preflight.plan([table_reader.Row("line 2", {"provider": "sided", **row}, tmp_path)], {}, pictures, {})

    Image.effect_noise((300, 300), 90).save(tmp_path / "a.webp")
    Image.effect_noise((300, 300), 90).save(tmp_path / "a.png")
    (item,) = items(image="a.webp", **{"view.left": "a.png"})
    assert item.request.views == {"left": str(tmp_path / "a.png")}
    assert {formats for _, formats in seen} == {("PNG", "JPEG", "WEBP")}
    seen.clear()
    with pytest.raises(protocol.InvalidInput, match="WEBP picture"):
        items(image="a.webp", **{"options.portrait_check": "on"})
    assert {formats for _, formats in seen} == {("PNG", "JPEG")}
    with pytest.raises(protocol.InvalidInput, match="left, back"):
        items(image="a.png", **{"view.top": "a.png"})


def test_a_table_is_priced_and_takes_the_first_picture(
    sim: Simulator, picture: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("things.csv").write_text(
        f"prompt,picture_first,pictures,references\na mug,yes,2,{picture}\na cup,,,\n", encoding="utf-8"
    )
    batch = ("batch", "things.csv", "--files-only", "--output", "models")
    assert run(*batch, "--dry-run") == 0
    assert capsys.readouterr().out == "2 jobs: about 86 points (documented)\n"
    assert run(*batch) == 0
    assert "2 of 2 done, 0 failed, 86 points" in capsys.readouterr().out
    assert sum(paid(sim)) == 86
    assert run(*batch, "--dry-run") == 0
    assert capsys.readouterr().out == "0 jobs that are left: 0 points (measured)\n"
    assert run(*batch[:-1], "others", "--dry-run") == 0
    assert capsys.readouterr().out == "2 jobs: 86 points (measured)\n"
    Path("more.csv").write_text("prompt,variants\na mug,\na cup,2\n", encoding="utf-8")
    assert run("batch", "more.csv", "--files-only", "--dry-run") == 0
    assert capsys.readouterr().out == "2 jobs: about 90 points (documented for 1 of them)\n"
    monkeypatch.setattr(standalone, "_host", None)
    try:
        estimate = neural4d.batch(["a mug", "a cup"], output="o", picture_first=True, dry_run=True)
        assert (estimate.points, estimate.documented) == (86, 2)
    finally:
        standalone.host().bridge.stop()


def test_a_wait_that_the_service_asks_for_is_shown_as_one() -> None:
    def job(until: float, note: str = "") -> Job:
        waits_for = protocol.WaitsFor.PACE if until else protocol.WaitsFor.NOTHING
        return Job("j", "neural4d", protocol.Request(), note=note, waits_for=waits_for, until=until)

    busy = "Too many requests. Going on in 60 s."
    told = (job(0.0), job(1000.0, busy), job(1000.0, busy), job(2000.0, busy), job(0.0))
    out, err = io.StringIO(), io.StringIO()
    program, person = Console(as_json=True, out=out), Console(out=io.StringIO(), err=err)
    for row in told:
        program.watch([row], {"j": "a mug"})
        person.watch([row], {"j": "a mug"})
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(line.get("waits_for"), line.get("waits_until"), line.get("note")) for line in lines] == [
        (None, None, None),
        ("pace", 1000.0, busy),
        ("pace", 2000.0, busy),
        (None, None, None),
    ]
    assert err.getvalue() == f"a mug: queued\na mug: queued: {busy}\na mug: queued: {busy}\n"
