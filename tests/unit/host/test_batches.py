"""Batches without Blender: what is read, what is refused, shards that are killed, reports that are joined."""

from __future__ import annotations

import json
import os
import pydoc
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neural4d_blender as neural4d
from neural4d_blender.batching import preflight, scene_grid, standalone
from neural4d_blender.batching.batch import Batch
from neural4d_blender.batching.preflight import Item
from neural4d_blender.batching.reports import report_files
from neural4d_blender.batching.table import columns, identity, table_reader
from neural4d_blender.client.jobs.snapshots import Job, Save
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.protocol import BatchRecord, State
from scripts.simulator.launcher import ROOT, Simulator
from tests.support.simulator_client import Caller

SHARD = Path(__file__).resolve().parents[2] / "support" / "shard_run.py"


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    service.sim.configure(triangles=200, texture_size=16, balance=10_000)
    for name, value in service.sim.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(standalone, "_host", None)
    standalone.host().bridge.timing = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.05}
    yield service.sim
    standalone.host().bridge.stop()


def rows(tmp_path: Path, name: str, text: str) -> list[dict[str, Any]]:
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    return [dict(row.values) for row in table_reader.read(tmp_path / name)]


def test_csv_as_spreadsheets_write_it(tmp_path: Path) -> None:
    table = 'prompt;size_mm\r\n"a bird;\nred";120\r\n;\r\n chair ;\r\n'
    assert rows(tmp_path, "a.csv", table) == [{"prompt": "a bird;\nred", "size_mm": "120"}, {"prompt": "chair"}]
    assert [row.where for row in table_reader.read(tmp_path / "a.csv")] == ["line 2 of a.csv", "line 5 of a.csv"]
    assert rows(tmp_path, "b.tsv", "prompt\tname\nö\tÄ, B\n") == [{"prompt": "ö", "name": "Ä, B"}]


def test_a_line_keeps_its_number_whatever_stands_before_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('\n\nprompt,size_mm,\n\n"a\nbird",9,\n,,\n\nx,wide,\n')
    (tmp_path / "a.jsonl").write_text('"a\u2028bird"\r\n\n{"prompt": "x\u0085y"}\n', encoding="utf-8")
    assert [row.where for row in table_reader.read(tmp_path / "a.csv")] == ["line 5 of a.csv", "line 9 of a.csv"]
    assert [(row.where, row.values["prompt"]) for row in table_reader.read(tmp_path / "a.jsonl")] == [
        ("line 1 of a.jsonl", "a\u2028bird"),
        ("line 3 of a.jsonl", "x\u0085y"),
    ]


def test_a_folder_of_images(tmp_path: Path) -> None:
    for name in ("b.PNG", "a;1.jpg", "._b.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "old.png").mkdir()
    found = table_reader.read(tmp_path)
    assert [row.where for row in found] == ["a;1.jpg", "b.PNG"]
    assert columns.arguments(found[0], {})[0]["image"] == [str(tmp_path / "a;1.jpg")]


def test_one_item_is_no_batch() -> None:
    with pytest.raises(neural4d.InvalidInput, match="one item"):
        table_reader.read({"prompt": "a bird", "size_mm": 120})  # type: ignore[arg-type]


def test_jsonl(tmp_path: Path) -> None:
    assert rows(tmp_path, "a.jsonl", '{"prompt": "x", "variants": 2}\n\n"y"\n') == [
        {"prompt": "x", "variants": 2},
        {"prompt": "y"},
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "prompt,name\nx,y,z\n", "Line 2 of a.csv has more cells"),
        ("a.csv", "\nprompt,\n\nx,,z\n", "Line 4 of a.csv has more cells"),
        ("a.csv", "prompt,,name\nx,y,z\n", "Line 2 of a.csv has more cells"),
        ("a.csv", "prompt,size_mm,size_mm\nx,1,2\n", "more than one column 'size_mm'"),
        ("a.csv", "prompt\n", "nothing in this batch"),
        ("a.jsonl", '{"prompt": "x"}\n{"prompt"}\n', "Line 2 of a.jsonl is no JSON"),
        ("a.jsonl", "[1]\n", "Line 1 of a.jsonl has to be an object"),
        ("a.txt", "x\n", "no batch"),
    ],
)
def test_files_that_are_no_batch(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(neural4d.InvalidInput, match=said):
        rows(tmp_path, name, text)
    with pytest.raises(neural4d.InvalidInput, match="cannot be read"):
        table_reader.read(tmp_path / "missing.csv")


def test_cells_become_values_of_the_argument_s_kind(tmp_path: Path) -> None:
    row = table_reader.Row(
        "line 2",
        {
            "image": "a.png; b.png",
            "size_mm": "95.5",
            "variants": "2",
            "pbr": "no",
            "axis": "z",
            "location": "1; 2.5 -3",
            "options": '{"style": "TAG"}',
            "options.portrait_check": "off",
            "name": "",
        },
        tmp_path,
    )
    found, wrong = columns.arguments(row, {"name": "Mug", "prompt": "passed over", "axis": "X"})
    assert wrong == []
    assert found == {
        "image": [str(tmp_path / "a.png"), str(tmp_path / "b.png")],
        "size_mm": 95.5,
        "variants": 2,
        "pbr": False,
        "axis": "Z",
        "location": [1.0, 2.5, -3.0],
        "options": {"style": "TAG", "portrait_check": "off"},
        "name": "Mug",
        "provider": "neural4d",
        "views": {},
        "references": [],
    }


def test_what_generate_takes_a_batch_takes_too(tmp_path: Path) -> None:
    class Collection:
        name = "Birds"

    given = {
        "location": np.array([1.0, 2.0, 3.0]),
        "size_mm": np.float32(9.5),
        "variants": np.int64(2),
        "collection": Collection(),
        "max_points": None,
        "options": None,
    }
    unsaid = dict.fromkeys(["size_mm", "pbr", "max_points", "location", "placeholder", "options", "name"])
    for row, defaults in ((given, unsaid), ({}, given), ({**given, "options": {}}, {"options": {}})):
        found, wrong = columns.arguments(table_reader.Row("item 1", {"prompt": "x", **row}, tmp_path), defaults)
        assert wrong == []
        assert found == {
            "prompt": "x",
            "location": [1.0, 2.0, 3.0],
            "size_mm": 9.5,
            "variants": 2,
            "collection": "Birds",
            "provider": "neural4d",
            "options": {},
            "image": [],
            "views": {},
            "references": [],
        }
        json.dumps(found)


def test_what_holds_for_one_service_does_not_hold_for_another(tmp_path: Path) -> None:
    def read(provider: str, **own: Any) -> tuple[dict[str, Any], list[str]]:
        row = table_reader.Row("item 1", {"image": "a.png", "provider": provider, **own}, tmp_path)
        defaults = {"options": {"portrait_check": "on"}, "options.style": "TAG", "size_mm": 9, "format": "GLB"}
        by_service = {"csm": {"format": "OBJ", "options": {"model_resolution": "low", "diffusion_time_steps": 30}}}
        return columns.arguments(row, defaults, by_service)

    found, wrong = read("")
    assert (found["format"], found["options"], wrong) == ("GLB", {"portrait_check": "on", "style": "TAG"}, [])
    found, wrong = read("csm", **{"options.diffusion_time_steps": "40"})
    assert (found["format"], found["size_mm"], wrong) == ("OBJ", 9, [])
    assert found["options"] == {"model_resolution": "low", "diffusion_time_steps": 40}
    assert read("goneural")[0]["options"] == {}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"promt": "x"}, "no column 'promt'"),
        ({"prompt": 3}, "prompt takes a text, not 3"),
        ({"variants": "2.5"}, "variants takes a whole number, not '2.5'"),
        ({"size_mm": "wide"}, "size_mm takes a number of millimetres"),
        ({"size_mm": True}, "size_mm takes a number"),
        ({"pbr": "perhaps"}, "pbr takes true or false"),
        ({"location": "1 2"}, "location takes three numbers"),
        ({"location": "nan 0 0"}, "location takes three numbers"),
        ({"location": {"x": 1, "y": 2, "z": 3}}, "location takes three numbers"),
        ({"location": 3}, "location takes three numbers"),
        ({"size_mm": "inf"}, "size_mm takes a number"),
        ({"image": 3}, "image takes a path"),
        ({"options": "[1]"}, "options takes a JSON object"),
        ({"options.nope": "1"}, "has no option 'nope'"),
        ({"provider": "nobody"}, "no service 'nobody'"),
    ],
)
def test_what_is_wrong_with_a_cell(values: dict[str, Any], said: str, tmp_path: Path) -> None:
    _, wrong = columns.arguments(table_reader.Row("item 1", values, tmp_path), {})
    assert len(wrong) == 1
    assert said in wrong[0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prompt": "x" * 20_000, "variants": 2}, "The prompt has 20000 characters"),
        ({"prompt": "\ud800", "variants": 2}, "characters that are none"),
        ({"prompt": "a bird", "name": "\ud800", "variants": 2}, "characters that are none"),
        ({"prompt": "a bird", "variants": True}, "variants takes a whole number, not True"),
        ({"prompt": 3, "variants": 2}, "prompt takes a text, not 3"),
        ({"prompt": " ", "variants": 2}, "Give either a prompt or an image"),
        ({"prompt": "a bird", "variants": 9}, "Variants must be 1 to 4"),
        ({"prompt": "a bird", "image": ["a.png"], "variants": 2}, "Give either"),
        ({"prompt": "a bird", "views": {"left": "a.png"}, "variants": 2}, "makes a model of one view"),
    ],
)
def test_a_row_like_the_one_before_is_refused_for_what_is_its_own(values: dict[str, Any], said: str) -> None:
    good: list[Any] = [{"prompt": "a chair", "name": "Chair", "variants": 2}, {"prompt": "a chair", "variants": 2}]
    rows = table_reader.read([*good, *good, values])
    with pytest.raises(neural4d.InvalidInput, match=said) as refused:
        preflight.plan(rows, {}, lambda paths, *_: [str(path) for path in paths], {})
    assert "item 5: " in str(refused.value)
    assert "item 4" not in str(refused.value)


def test_rows_that_differ_in_their_texts_alone_are_each_their_own() -> None:
    rows: list[Any] = [{"prompt": f"a bird {n}", "size_mm": 50 + n % 2} for n in range(6)]
    rows += [{"prompt": "a mug", "name": "Mug", "size_mm": 50}, {"name": "Cup", "size_mm": 50, "prompt": "a cup"}]
    for shard, expected in (("", range(8)), ("2/3", (1, 4, 7))):
        items = preflight.plan(table_reader.read(rows), {}, lambda *_: [], {}, shard=shard, keep_in="/files")
        assert [item.index for item in items] == list(expected)
        assert len({item.job for item in items}) == len(items)
        for item in items:
            row = rows[item.index]
            told = (item.request.prompt, item.request.name, item.request.size_mm, item.request.keep_in)
            assert told == (row["prompt"], row.get("name", ""), row["size_mm"], "/files")


def test_the_ids_of_rows_are_those_that_uuid5_gives() -> None:
    """A batch of an earlier version goes on by them."""
    batch, texts = str(uuid.uuid4()), [f'{{"prompt": "a bird {number}"}}' for number in range(40)]
    own = [str(uuid.uuid5(uuid.UUID(batch), f"1 {text}")) for text in texts]
    again = str(uuid.uuid5(uuid.UUID(batch), f"2 {texts[0]}"))
    assert identity.row_ids(batch, [*texts, texts[0]]) == [*own, again]


def test_samples_by_name_or_for_all_rows() -> None:
    rows: list[Any] = [{"sample": "chair"}, {"prompt": "a bird"}, {"sample": "robot", "prompt": "a red"}]
    items = preflight.plan(table_reader.read(rows), {}, lambda *_: [], {})
    told = [(item.provider, item.request.prompt) for item in items]
    assert told == [("sample", "chair"), ("neural4d", "a bird"), ("sample", "a red robot")]
    items = preflight.plan(table_reader.read([{"size_mm": 5}, {"size_mm": 6}]), {"sample": "bird"}, lambda *_: [], {})
    assert {(item.provider, item.request.prompt) for item in items} == {("sample", "bird")}


def test_a_grid_is_as_wide_as_deep() -> None:
    assert [scene_grid.offset("grid", index, 5, 10.0) for index in range(5)] == [
        (0, 0),
        (10, 0),
        (20, 0),
        (0, 10),
        (10, 10),
    ]
    assert scene_grid.offset("row", 3, 5, 10.0) == (30, 0)
    assert scene_grid.offset("cursor", 3, 5, 10.0) == (0, 0)


def test_items_do_not_touch() -> None:
    def step(**request: Any) -> float:
        return scene_grid.spacing_mm([Item(0, "1", "neural4d", Request(**request))])

    assert (step(size_mm=100), step(size_mm=100, axis="Z"), step()) == (125, 200, 1250)
    assert step(size_mm=100, variants=4) == 125
    assert step(size_mm=100, variants=4, place_all=True) == 500


def test_every_wrong_line_is_named_and_nothing_is_sent(sim: Simulator, tmp_path: Path) -> None:
    with pytest.raises(neural4d.InvalidInput) as caught:
        neural4d.batch([f"bird {number}" if number % 2 else "" for number in range(60)], output=str(tmp_path))
    assert str(caught.value).count("item ") == 20
    assert "and 10 more" in str(caught.value)
    for shard in ("0/3", "4/3", "1", "a/b"):
        with pytest.raises(neural4d.InvalidInput, match="shard"):
            neural4d.batch(["a bird"], output=str(tmp_path), shard=shard)
    with pytest.raises(neural4d.InvalidInput, match="concurrency"):
        neural4d.batch(["a bird"], output=str(tmp_path), concurrency=0)
    assert sim.requests() == []
    assert not standalone.host().bridge.running


def test_stop_retry_and_a_callback_that_fails(
    sim: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sim.configure(job_seconds=600)
    sim.set_fault("generateModelWithText", "generation_failed", match="bird 0")

    def fails(batch: Batch, job: Any) -> None:
        raise RuntimeError("not mine")

    batch = neural4d.batch(
        [f"bird {n}" for n in range(4)], output=str(tmp_path / "o"), concurrency=2, on_progress=fails
    )
    while batch.progress.working < 2 or batch.cost < 120:
        standalone.host().pump()
    batch.stop()
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    batch.wait(60)
    assert [job.state for job in batch.results] == ["failed", "ready", "cancelled", "cancelled"]
    assert str(batch.progress) == "1 of 4 done, 1 failed, 2 stopped; 120 points"
    assert batch.resume(concurrency=4) == 2  # what the service failed to make would be paid again
    batch.wait(60)
    assert (batch.progress.done, sim.spent) == (3, 240)
    batch.retry(0)
    batch.wait(60)
    assert (batch.progress.done, sim.spent, batch.cost) == (4, 300, 300)
    assert "not mine" in capfd.readouterr().err


def test_three_shards_each_killed_once_and_continued_agree_with_the_ledger(sim: Simulator, tmp_path: Path) -> None:
    # Of what shares buy on one account at once the balance cannot tell the price: as documented, or by the answer.
    sim.configure(job_seconds=600)
    table = tmp_path / "prompts.csv"
    table.write_text("prompt,size_mm\n" + "".join(f"robot {number},{50 + number}\n" for number in range(14)))
    folders = [tmp_path / f"shard{number}" for number in (1, 2, 3)]

    def run(what: str, number: int) -> subprocess.Popen[bytes]:
        folder = folders[number - 1]
        folder.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, str(SHARD), what, str(table), f"{number}/3"],
            cwd=folder,
            env={**os.environ, "NEURAL4D_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)},
        )

    started = [run("start", number) for number in (1, 2, 3)]
    while sim.spent < 6 * 60:  # two of each are at the service; whatever comes after them is not done before the end
        time.sleep(0.05)
    sim.finish_jobs()
    for process in started:
        assert process.wait(120) != 0
    assert 6 * 60 <= sim.spent < 14 * 60
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    for process in [run("resume", number) for number in (1, 2, 3)]:
        assert process.wait(120) == 0
    lines = neural4d.merge_reports([folder / "report.csv" for folder in folders], tmp_path / "all.json")
    assert [(line.item, line.input, line.state) for line in lines] == [
        (number + 1, f"robot {number}", "ready") for number in range(14)
    ]
    assert {line.shard for line in lines} == {"1/3", "2/3", "3/3"}
    assert sum(line.points or 0 for line in lines) == sim.spent == 14 * 60
    assert len({request["body"]["prompt"] for request in sim.requests("generateModelWithText")}) == 14
    assert all(Path(file).read_bytes().startswith(b"glTF") for line in lines for file in line.files)
    assert report_files.read(tmp_path / "all.json") == lines


def test_reports_come_back_as_they_were_written_and_the_better_line_is_kept(tmp_path: Path) -> None:
    record = BatchRecord("b", size=2)
    seconds = {"queued": 50.0, "generating": 2.0, "choosing_cutout": 60.0, "failed": 9e4, "downloading": 1.0}
    mug = Request(images=["/data/jobs/0/image-1.png"], originals=["photos/mug.png"])
    made = [
        Job("0", "neural4d", mug, seconds=seconds, batch="b", item=0),
        Job("1", "neural4d", Request("bird; 1"), batch="b", item=1),
    ]
    lines = [report_files.line(job, record) for job in made]
    assert (lines[0].input, lines[0].seconds) == ("photos/mug.png", 3.0)
    done = report_files.line(
        replace(made[1], state=State.READY, cost=60, saves=[Save("s", 0, "GLB", "", path="a.glb")]), record
    )
    for name in ("r.csv", "r.json"):
        assert report_files.read(report_files.write(lines, tmp_path / name)) == lines
        (tmp_path / name).write_text((tmp_path / name).read_text("utf-8"), "utf-8-sig")  # as Excel saves it
        assert report_files.read(tmp_path / name) == lines
        assert report_files.read(report_files.write([], tmp_path / f"empty {name}")) == []
    report_files.write([done], tmp_path / "later.csv")
    assert report_files.merge_reports([tmp_path / "later.csv", tmp_path / "r.csv"]) == [lines[0], done]
    third = replace(made[0], item=2)
    report_files.write([report_files.line(third, replace(record, size=3))], tmp_path / "other.csv")
    with pytest.raises(neural4d.InvalidInput, match="another input: that one has 3 items, not 2"):
        report_files.merge_reports([tmp_path / "empty r.csv", tmp_path / "r.csv", tmp_path / "other.csv"])
    with pytest.raises(neural4d.InvalidInput, match=r"\.csv or a \.json"):
        report_files.write(lines, tmp_path / "r.txt")
    (tmp_path / "no.csv").write_text("prompt\nx\n")
    with pytest.raises(neural4d.InvalidInput, match="no report"):
        report_files.read(tmp_path / "no.csv")


def test_the_price_measured_last_is_the_one_that_counts(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(prices={"text": 45})
    neural4d.batch(["a bird"], output=str(tmp_path / "one")).wait(60)
    standalone.host().bridge.stop()
    standalone._host = None  # another Python, later
    assert neural4d.batch(["a bird", "a dog"], output=str(tmp_path / "two"), dry_run=True).points == 90
    standalone.host().bridge.stop()


def test_asking_for_the_price_goes_on_with_nothing(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=600)
    bridge = neural4d.batch(["a bird", "a dog"], output=str(tmp_path / "one"), concurrency=1)._bridge
    while not bridge.prices:  # the first job is paid, and what that cost is measured
        bridge.drain()
    bridge._process.kill()
    bridge.stop()
    standalone._host = None  # another Python, later
    asked = len(sim.requests())
    assert neural4d.batch(["a cat"], output=str(tmp_path / "two"), dry_run=True, budget=1000).points == 60
    standalone.host().bridge.stop()
    assert (len(sim.requests()), sim.spent) == (asked, 60)
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    assert neural4d.resume().wait(60).progress.done == 2
    assert sim.spent == 120


def test_copies_of_pictures_do_not_outlive_a_batch_that_does_not_start(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "")

    def copy(paths: list[str], _service: object, folder: Path, _limits: object) -> list[str]:
        folder.mkdir(parents=True)
        (folder / "copy.png").write_bytes(b"x")
        return [str(folder / "copy.png")]

    monkeypatch.setattr(standalone.host(), "pictures", copy)
    with pytest.raises(neural4d.Neural4DError):
        neural4d.batch([{"image": "mug.png"}], output=str(tmp_path / "o"))
    assert not list((tmp_path / "data").rglob("copy.png"))


def test_a_batch_is_found_by_its_id_its_report_and_its_folder(sim: Simulator, tmp_path: Path) -> None:
    first = neural4d.batch(["a bird"], output=str(tmp_path / "one")).wait(60)
    second = neural4d.batch(["a dog"], output=str(tmp_path / "two")).wait(60)
    first.report(tmp_path / "one.csv")
    assert [record.id for record in neural4d.batches()] == [second.id, first.id]
    found = [neural4d.resume(which).id for which in (first.id[:8], tmp_path / "one.csv", str(tmp_path / "one"), "")]
    assert found == [first.id] * 3 + [second.id]
    with pytest.raises(neural4d.InvalidInput, match="no batch"):
        neural4d.resume("nothing")
    assert sim.spent == 120


def test_without_blender_help_tells_of_what_there_is() -> None:
    told = pydoc.plain(pydoc.render_doc(neural4d))
    assert "batch(" in told
    assert "neural4d" in {service.id for service in neural4d.providers()}
    assert "job_of" not in dir(neural4d)
    with pytest.raises(AttributeError, match="needs Blender"):
        neural4d.job_of("a bird")
