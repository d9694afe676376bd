"""What is to be brought in is told apart: files, ids and links; in tables and on the command line too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neural4d_blender.batching import preflight, standalone
from neural4d_blender.batching.bring_in_sources import Origin, listed, origin_of
from neural4d_blender.batching.table import table_reader
from neural4d_blender.cli.exit_codes import Exit
from neural4d_blender.engine.errors import InvalidInput
from neural4d_blender.engine.protocol import declarations
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home, paid, run
from tests.support.glb_files import glb, triangle
from tests.support.simulator_client import Caller

UUID = "54078587-7fdd-49c5-9fe6-317d22f27098"
SESSION, OLDER = "65d5c6ef3fa05a56705af77d", "SESSION_1708502346_4237483"


def services(*with_key: str) -> dict[str, dict[str, str]]:
    return {one.id: {"url": one.url, "key": "k" * (one.id in with_key)} for one in declarations()}


@pytest.fixture
def chair(tmp_path: Path) -> Path:
    path = tmp_path / "a chair.glb"
    path.write_bytes(glb(triangle()))
    return path


@pytest.mark.parametrize(
    ("what", "provider", "id"),
    [
        (UUID, "neural4d", UUID),
        (SESSION, "csm", SESSION),
        (OLDER, "csm", OLDER),
        ("SESSION_P_44569824122", "csm", "SESSION_P_44569824122"),
        ("987654321", "modelslab", "987654321"),
        (f"https://www.neural4d.com/model/{UUID}", "neural4d", UUID),
        (f"https://www.neural4d.com/studio?id={UUID}&tab=2#top", "neural4d", UUID),
        (f"https://3d.csm.ai/#/session/{SESSION}", "csm", SESSION),
        (f"https://api.csm.ai/image-to-3d-sessions/{OLDER}", "csm", OLDER),
        (f"https://goneural.ai/tasks/{UUID}/", "goneural", UUID),
        (f"https://api.goneural.ai/v1/tasks/{UUID}", "goneural", UUID),
        ("https://modelslab.com/api/v6/3d/fetch/987654321", "modelslab", "987654321"),
    ],
)
def test_ids_and_pages_are_known_by_what_the_documents_show(what: str, provider: str, id: str) -> None:
    assert origin_of(what, services("neural4d"))[:3] == (provider, id, "GLB")


@pytest.mark.parametrize(
    ("link", "provider", "name"),
    [
        (f"https://s3.neural4d.com/fbx_{UUID}.zip?sig=example", "neural4d", f"fbx_{UUID}"),
        ("https://cos.zmkj.com/afsafr24.glb?AWSAccessKeyId=A", "neural4d", "afsafr24"),
        (f"https://cdn2.stablediffusionapi.com/out/{UUID}.obj", "modelslab", UUID),
    ],
)
def test_a_link_to_a_file_is_fetched_as_it_is(link: str, provider: str, name: str) -> None:
    assert origin_of(link, services()) == Origin(provider, link, "GLB", name)


def test_the_address_that_is_set_is_the_services_own() -> None:
    own = {**services(), "csm": {"url": "http://127.0.0.1:8123", "key": ""}}
    assert origin_of(f"http://127.0.0.1:8123/v3/sessions/{SESSION}", own).bring_in == SESSION
    with pytest.raises(InvalidInput, match="no address of"):
        origin_of(f"http://127.0.0.1:8124/v3/sessions/{SESSION}", own)


@pytest.mark.parametrize(
    ("what", "provider", "said"),
    [
        (UUID, "", "Neural4D or GoNeural"),
        (SESSION, "neural4d", "no id of a model at Neural4D; it looks like one of CSM"),
        ("a wooden chair", "", "no model file, and no id"),
        ("", "", "no model file, and no id"),
        ("x" * 5000, "", "no model file, and no id"),
        ("a\0chair", "", "no model file, and no id"),
        ("gone.glb", "", "There is no file"),
        ("gone", "file", "There is no file"),
        (UUID, "nobody", "There is no service 'nobody'"),
        ("https://www.neural4d.com/pricing", "", "names no model"),
        ("https://models.example/chair.glb", "", "no address of Neural4D, CSM, GoNeural or ModelsLab"),
        (f"https://models.example/{SESSION}", "csm", "no address of CSM"),
        ("https://[", "", "cannot be read"),
        (f"https://user:secret@www.neural4d.com/model/{UUID}", "", "cannot be read"),
        (f"https://models.example\\@www.neural4d.com/{UUID}.glb", "", "cannot be read"),
        (f"https://www.neural4d.com@models.example/{UUID}.glb", "", "cannot be read"),
        (f"https://www.neural4d.com.models.example/{UUID}.glb", "", "no address of"),
        ("https://www.neural4d.com:99999/chair.glb", "", "cannot be read"),
        ("x" * 300 + ".glb", "", "There is no file"),
        ("\uff11\uff12\uff13", "", "no model file, and no id"),
        ("SESSION_\uff11", "", "no model file, and no id"),
        ("1" * 100, "", "no model file, and no id"),
    ],
)
def test_what_is_none_of_it_is_said(what: str, provider: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        [origin_of(one, services(), provider, tmp_path) for one in listed(what)]
    assert "secret" not in str(caught.value)


def test_of_two_services_the_one_with_a_key_is_meant() -> None:
    assert origin_of(UUID, services("goneural")).provider == "goneural"
    assert origin_of(UUID, services("goneural", "neural4d"), usual="neural4d").provider == "neural4d"
    assert origin_of(UUID, services("neural4d"), "goneural").provider == "goneural"


def test_a_file_is_known_by_its_bytes(chair: Path) -> None:
    assert origin_of(chair, services()) == Origin("file", str(chair), "GLB", "a chair")
    assert origin_of("a chair.glb", services(), folder=chair.parent).bring_in == str(chair)
    assert origin_of(f' "{chair}"\n', services()).bring_in == str(chair)  # as file managers copy it
    assert origin_of(f"'{chair}'", services()).bring_in == str(chair)  # as shells quote it
    assert origin_of(chair.as_uri(), services()).bring_in == str(chair)  # as browsers show it
    assert origin_of(f"<file://localhost{chair.as_uri()[7:]}>", services()).bring_in == str(chair)
    assert listed(chair.parent.as_uri()) == [chair]
    with pytest.raises(InvalidInput, match=r"There is no file .*gone\.glb"):
        origin_of("file:///nowhere/gone.glb", services())
    wrong = chair.rename(chair.with_suffix(".stl"))
    assert origin_of(wrong, services()).format == "GLB"
    for content in (b"", b"a text"):
        (chair.parent / "notes.txt").write_bytes(content)
        with pytest.raises(InvalidInput, match="no model file of a kind"):
            origin_of(chair.parent / "notes.txt", services())


def test_nothing_is_not_the_folder_that_one_is_in(chair: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of a script that was never set."""
    monkeypatch.chdir(chair.parent)
    assert listed("") == [""]
    assert listed(".") == [Path("a chair.glb")]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(InvalidInput, match="cannot be read: Permission denied"):
        listed(tmp_path)


def test_a_folder_is_the_models_in_it(chair: Path) -> None:
    folder = chair.parent
    (folder / "notes.txt").write_text("a text", encoding="utf-8")
    (folder / "._a chair.glb").write_bytes(b"what macOS leaves")
    (folder / "B.obj").write_text("v 0 0 0", encoding="utf-8")
    assert listed(folder) == [folder / "B.obj", chair]
    assert listed(chair) == [chair]
    assert listed(UUID) == [UUID]
    assert listed(f'"{folder}"') == [folder / "B.obj", chair]
    for text in ("x" * 5000, "a\0chair"):
        assert listed(text) == [text]
    inner = folder / "unpacked" / "one"
    inner.mkdir(parents=True)
    with pytest.raises(InvalidInput, match="no model file in"):
        listed(inner.parent)
    chair.rename(inner / "scene.gltf")
    assert listed(inner.parent) == [inner / "scene.gltf"]


# Tables


def plan(folder: Path, *rows: dict[str, object], **defaults: object) -> list[preflight.Item]:
    found = [table_reader.Row(f"line {number}", row, folder) for number, row in enumerate(rows, 2)]
    own = services("neural4d", "csm")
    return preflight.plan(found, defaults, lambda *_: [], {}, services=own)  # type: ignore[arg-type]


def test_a_table_brings_in_beside_what_it_makes(chair: Path) -> None:
    items = plan(
        chair.parent,
        {"prompt": "a bird"},
        {"bring_in": "a chair.glb", "size_mm": "900"},
        {"bring_in": SESSION, "name": "Robot"},
        {"bring_in": UUID},
        size_mm=120,
        variants=4,
        provider="neural4d",
        options={"faceNum": 500_000},
        prompt="what is made where a line says nothing",
    )
    assert [item.provider for item in items] == ["neural4d", "file", "csm", "neural4d"]
    assert [item.request.bring_in for item in items] == ["", str(chair), SESSION, UUID]
    assert [item.request.size_mm for item in items] == [120, 900, 120, 120]
    assert [item.request.title for item in items] == ["a bird", "a chair", "Robot", UUID]
    assert [item.request.variants for item in items] == [4, 1, 1, 1]
    points = [preflight.estimate([item], {}).points for item in items]
    assert points[0] > 0
    assert points[1:] == [0, 0, 0]
    preflight.check_budget(items, {})


def test_what_is_wrong_with_a_line_names_it(chair: Path) -> None:
    rows: list[dict[str, object]] = [
        {"bring_in": "gone.glb"},
        {"bring_in": "a chair.glb", "prompt": "a chair"},
        {"bring_in": SESSION, "options.seed": "3"},
        {"bring_in": SESSION, "variants": "2"},
        {"bring_in": UUID, "provider": "neural4d", "format": "STL"},
        {"bring_in": 7},
    ]
    with pytest.raises(InvalidInput) as caught:
        plan(chair.parent, *rows)
    said = caught.value.what.splitlines()[1:]
    assert [line.partition(":")[0] for line in said] == [f"line {number}" for number in range(2, 8)]
    parts = (
        "no file",
        "takes no prompt",
        "or option",
        "no variants",
        "takes points for a STL",
        "a path, an id or a link",
    )
    for line, part in zip(said, parts, strict=True):
        assert part in line


def test_of_another_share_no_file_has_to_be_there(chair: Path) -> None:
    rows = [table_reader.Row(f"line {number}", {"bring_in": name}, chair.parent) for number, name in
            enumerate(("a chair.glb", "gone.glb"))]  # fmt: skip
    assert len(preflight.plan(rows, {}, lambda *_: [], {}, services=services(), shard="1/2")) == 1
    with pytest.raises(InvalidInput, match="gone"):
        preflight.plan(rows, {}, lambda *_: [], {}, services=services(), shard="2/2")


# The command line, and batches, of a Python without Blender


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    (tmp_path / "home").mkdir()
    return at_home(service.sim, tmp_path / "home", monkeypatch)


def test_files_and_an_id_become_files(
    sim: Simulator, service: Caller, chair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (made,) = service.generate()
    before = paid(sim)
    assert run("bring-in", str(chair), made, "--provider", "neural4d", "--as-made", "-o", "kept", "--json") == Exit.DONE
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["points"] for one in told if one["event"] == "done"] == [0, 0]
    assert sorted(path.name for path in Path("kept").glob("*.glb")) == ["a chair.glb", "a cute bird.glb"]
    assert paid(sim) == before


def test_what_the_command_line_cannot_do_is_refused_first(sim: Simulator, chair: Path) -> None:
    for wrong in (
        ("--type", "glb"),  # needs Blender
        ("--as-made", "-o", "one.glb"),
        ("--as-made", "-o", "one", "-o", "two"),
        ("--as-made", "--size-mm", "-1"),
    ):
        assert run("bring-in", str(chair), *wrong) == Exit.USAGE
    assert run("bring-in", str(chair), "gone.glb", "--as-made") == Exit.USAGE
    assert not list(Path.cwd().glob("*.glb"))
    assert sim.requests() == []


def test_a_batch_of_files_needs_no_budget_and_no_key(sim: Simulator, chair: Path) -> None:
    table = chair.with_name("table.csv")
    table.write_text("bring_in,name\na chair.glb,One\na chair.glb,Two\n", encoding="utf-8")
    batch = standalone.batch(str(table), layout="files", output="kept", budget=0)
    batch.wait(timeout=120)
    assert [(job.state, job.cost) for job in batch.results] == [("ready", 0), ("ready", 0)]
    assert [line.points for line in batch.lines()] == [0, 0]
    assert sorted(path.name for path in Path("kept").glob("*.glb")) == ["0001 One.glb", "0002 Two.glb"]
    assert sim.requests() == []
