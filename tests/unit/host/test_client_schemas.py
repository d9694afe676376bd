"""What the client asks is what the services' documents say: every request of each main job, held to the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from neural4d_blender.engine.model.declaration import Feature
from scripts import schemas
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.every_service import CASES, OLDER, TODAY, Case
from tests.support.today import QUICK

#: How the stand-in logs a file of a form.
_FILE = re.compile(r"[^/]+ \(image/\w+, \d+ bytes\)")
#: What a server that lacks an address says to the question whether it has it.
_MISSING = (404, 405)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.05, picture_seconds=0.05, matting_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(simulator: Simulator, case: Case) -> Simulator:
    simulator.reset()
    simulator.configure(**case.configured)
    return simulator


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[EngineProcess]:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as process:
        process.configure(sim.api_url, sim.keys, timing=QUICK)
        yield process


def problems(sim: Simulator, case: Case) -> list[str]:
    """What is wrong with the requests so far."""
    found: list[str] = []
    known = schemas.load(case.provider)[case.generation]
    for entry in sim.requests():
        endpoint, fields = entry["endpoint"], entry["body"]
        if entry["host"] != "api" or (endpoint not in known and entry["status"] in _MISSING):
            continue
        if isinstance(fields, dict):
            fields = {name: _as_file(value) for name, value in fields.items()}
        if "request" in known.get(endpoint, {}) or fields is not None or endpoint not in known:
            found += schemas.check_request(case.provider, case.generation, endpoint, fields)
    return found


def _as_file(value: Any) -> Any:
    return {"file": True} if isinstance(value, str) and _FILE.fullmatch(value) else value


def run(engine: EngineProcess, case: Case, **request: Any) -> None:
    asked = {"format": case.declared.native, **case.input(engine.folder), **request}
    engine.wait(engine.submit(provider=case.provider, **asked), "ready")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_main_job(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    engine.ask("test_key", provider=case.provider)
    run(engine, case)
    assert sim.requests(case.submit)
    assert sim.requests(case.look)
    assert problems(sim, case) == []


#: Options of each service as its documents of that generation have them.
OPTIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("neural4d", TODAY): {"mesh_quality": "standard", "faceNum": 100_000, "onlyGenerateMesh": True},
    ("neural4d", OLDER): {},
    ("csm", TODAY): {"geometry_model": "turbo", "texture_model": "pbr", "faces": 2000, "symmetry": "auto", "seed": 7},
    ("csm", OLDER): {"topology": "quads", "texture_resolution": "512"},
    ("goneural", TODAY): {"seed": 7, "faceLimit": 3000},
    ("goneural", OLDER): {"seed": 7, "faceLimit": 3000},
    ("modelslab", TODAY): {"resolution": 128, "chunk_size": 12000, "mesh_simplify": 0.95, "seed": 7, "temp": "yes"},
    ("modelslab", OLDER): {"resolution": 128, "chunk_size": 12000, "remove_bg": True, "foreground_ratio": 0.5},
}
#: Those that ModelsLab's generations do not share: what a server does not have with an image is refused.
OF_ANOTHER = {**OPTIONS["modelslab", TODAY], **OPTIONS["modelslab", OLDER]}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_options(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    options = OPTIONS[case.provider, case.generation]
    run(engine, case, options=options)
    sent = str([entry["body"] for entry in sim.requests(case.submit)])
    assert [name for name in options if name not in sent and name != "faces"] == []  # CSM's resolution
    assert problems(sim, case) == []


@pytest.mark.parametrize("case", [case for case in CASES if case.provider == "modelslab"], ids=str)
def test_options_of_another_generation_are_not_sent(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    asked = {"format": "GLB", **case.input(engine.folder), "options": OF_ANOTHER}
    ended = engine.wait(engine.submit(provider=case.provider, **asked), "ready", "failed")
    assert (ended["error"] or {}).get("code") == (None if case.made_of is Feature.TEXT else "UnsupportedFeature")
    assert bool(sim.requests(case.submit)) == (case.made_of is Feature.TEXT)
    assert problems(sim, case) == []


@pytest.mark.parametrize("case", [CASES[-1]], ids=str)
def test_a_server_that_is_of_today_by_now_is_sent_todays_options(
    sim: Simulator, engine: EngineProcess, case: Case
) -> None:
    run(engine, case)
    sim.configure(generations={"modelslab": TODAY}, modelslab_key_kind="enterprise")
    engine.ask("test_key", provider="modelslab")
    run(engine, case, options={"seed": 7})
    sent = sim.requests(case.submit)[-1]["body"]
    assert schemas.check_request("modelslab", TODAY, case.submit, sent) == []
    assert (sent["seed"], sent["output_format"]) == (7, "glb")


@pytest.mark.parametrize("case", [CASES[0]], ids=str)
def test_what_does_not_fit_is_noticed(sim: Simulator, case: Case) -> None:
    headers = {"Authorization": f"Bearer {sim.token}"}
    address = f"{sim.api_url}/api/generateModelWithText"
    requests.post(address, json={"prompt": "a chair", "colour": "red"}, headers=headers, timeout=30)
    (problem,) = problems(sim, case)
    assert "colour" in problem
