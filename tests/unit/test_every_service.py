"""What holds for one service holds for each: the same scenarios on all of them, in a real engine over real HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.declaration import Feature
from neural4d_blender.engine.errors import InvalidInput, UnsupportedFeature
from neural4d_blender.engine.protocol import Request, check, declarations
from scripts.simulator.handle import Simulator
from tests.every_service import CASES, Case
from tests.unit.engine_process import EngineProcess

each = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(generation="2024", job_seconds=0.1, matting_seconds=0.0) as process:
        yield process


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    simulator.reset()
    simulator.configure(job_seconds=0.1)
    return simulator


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[EngineProcess]:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as process:
        yield process


def start(engine: EngineProcess, case: Case, **request: Any) -> str:
    asked = {"format": case.declared.native, **case.input(engine.folder), **request}
    return engine.submit(provider=case.provider, **asked)


def paid(sim: Simulator, case: Case) -> list[str]:
    return case.operations(sim.ledger(case.provider))


def submitted(sim: Simulator, case: Case) -> int:
    return sum(request["method"] == "POST" for request in sim.requests(case.submit))


def test_every_service_is_in_the_suite() -> None:
    assert {case.provider for case in CASES} == {service.id for service in declarations()}


@each
def test_the_main_job(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    sim.configure(modelslab_format="glb")  # servers of 2024 make one format, whichever is ordered
    job = start(engine, case)
    ready = engine.wait(job, "ready")
    assert paid(sim, case) == list(case.paid)
    (variant,) = ready["variants"]
    assert Path(variant["model"]).suffix == f".{case.declared.native.lower()}"
    assert Path(variant["blend"]).is_file()
    states = engine.states(job)
    assert states.index("submitting") < states.index("generating") < states.index("downloading")
    if case.provider != "csm" and case.provider != "modelslab":  # their documents leave open what was paid
        assert ready["cost"] == sum(entry["points"] for entry in sim.ledger(case.provider))


@each
def test_a_request_a_second_is_the_most(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    sim.configure(job_seconds=2.0)
    engine.configure(sim.api_url, sim.keys, timing={"quickest": 0.5})
    engine.wait(start(engine, case), "ready")
    looks = [request["time"] for request in sim.requests(case.look)]
    assert all(later - earlier > 0.4 for earlier, later in itertools.pairwise(looks))


PASSING = [
    ("submit", "http_429", {"retry_after": 0}),
    ("submit", "http_503", {"retry_after": 0}),
    ("look", "http_500", {"times": 2}),
    ("look", "http_429", {"retry_after": 0}),
    ("look", "reset_after", {}),
    ("look", "truncated_body", {}),
    ("look", "not_json", {}),
    ("look", "empty_body", {}),
    ("look", "unknown_code", {}),
    ("file", "truncated_body", {}),
    ("file", "reset_after", {}),
    ("file", "html_instead", {}),
    ("file", "http_503", {}),
    ("file", "expired_url", {}),
]


@pytest.mark.parametrize("case", [case for case in CASES if str(case) != "neural4d-image"], ids=str)
@pytest.mark.parametrize(("where", "fault", "params"), PASSING, ids=lambda value: str(value) if value else "")
def test_trouble_that_passes(
    sim: Simulator, engine: EngineProcess, case: Case, where: str, fault: str, params: dict[str, Any]
) -> None:
    endpoint = {"submit": case.submit, "look": case.look, "file": "file"}[where]
    sim.set_fault(endpoint=endpoint, fault=fault, **params)
    engine.wait(start(engine, case), "ready")
    assert paid(sim, case) == list(case.paid)


LASTING = [
    ("http_401", "KeyRejected", "key"),
    ("http_402", "NotEnoughPoints", "points"),
    ("http_400", "RequestRefused", "refused"),
    ("generation_failed", "GenerationFailed", "could not make"),
]


@each
@pytest.mark.parametrize(("fault", "code", "word"), LASTING)
def test_trouble_that_stays(
    sim: Simulator, engine: EngineProcess, case: Case, fault: str, code: str, word: str
) -> None:
    sim.set_fault(endpoint=case.submit, fault=fault, times=50)
    failed = engine.wait(start(engine, case), "failed")
    error = failed["error"]
    assert error["code"] == code
    assert word in error["what"]
    assert all(error[part] for part in ("what", "kept", "cost", "remedy"))
    assert case.declared.name in error["what"] or "service" in error["what"]
    if fault != "generation_failed":
        assert error["cost"].startswith("Nothing was")
        assert paid(sim, case) == []


LOSING = ["reset_after", "truncated_body", "not_json", "empty_body"]


@each
@pytest.mark.parametrize("fault", LOSING)
def test_a_lost_answer_is_never_paid_twice(sim: Simulator, engine: EngineProcess, case: Case, fault: str) -> None:
    sim.set_fault(endpoint=case.submit, fault=fault)
    job = start(engine, case)
    ended = engine.wait(job, "ready", "failed")
    assert submitted(sim, case) == 1
    assert "unknown" in engine.states(job)
    if ended["state"] == "ready":
        assert case.provable
        assert paid(sim, case) == list(case.paid)
        return
    assert paid(sim, case) == [case.paid[0]]
    assert ended["error"]["code"] == "PaymentUnknown"
    assert ended["retry_pays"]
    engine.ask("retry", job=job)  # the user takes the risk
    engine.wait(job, "ready")
    assert paid(sim, case) == [case.paid[0], *case.paid]


@pytest.mark.parametrize("case", [case for case in CASES if case.made_of is not Feature.TEXT], ids=str)
def test_a_request_that_never_arrived_is_not_sent_again_unasked(
    sim: Simulator, engine: EngineProcess, case: Case
) -> None:
    sim.set_fault(endpoint=case.submit, fault="reset_before")
    job = start(engine, case)
    ended = engine.wait(job, "failed")
    assert submitted(sim, case) == 1
    assert paid(sim, case) == []
    assert ended["error"]["code"] == ("SubmissionLost" if case.provable else "PaymentUnknown")
    engine.ask("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim, case) == list(case.paid)


@each
def test_killed_while_it_generates(sim: Simulator, tmp_path: Path, case: Case) -> None:
    sim.configure(job_seconds=1.5)
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first, case)
    first.wait(job, "generating")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.wait(job, "ready")
    assert paid(sim, case) == list(case.paid)


@each
def test_killed_while_the_answer_was_on_its_way(sim: Simulator, tmp_path: Path, case: Case) -> None:
    sim.set_fault(endpoint=case.submit, fault="hang_after")
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first, case)
    first.until(lambda: paid(sim, case) or None, "the service to charge it")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        ended = second.wait(job, "ready", "failed")
        assert "unknown" in second.states(job)
    assert submitted(sim, case) == 1
    if ended["state"] == "failed":
        assert ended["error"]["code"] == "PaymentUnknown"
        assert paid(sim, case) == [case.paid[0]]


@each
def test_no_key_is_anywhere_but_on_the_pipe(sim: Simulator, tmp_path: Path, case: Case) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
        engine.wait(start(engine, case), "ready")
        sim.set_fault(endpoint=case.submit, fault="http_400", message=f"Bad key {sim.keys[case.provider]} in body")
        refused = engine.wait(start(engine, case), "failed")
        told = str(engine.events)
    assert "Bad key" in refused["error"]["what"]
    for key in sim.keys.values():
        assert key not in told
        for path in tmp_path.rglob("*"):
            assert not path.is_file() or key.encode() not in path.read_bytes(), path
    assert not any(request["has_token"] for request in sim.requests() if request["host"] == "file")


@each
def test_a_wrong_key(sim: Simulator, tmp_path: Path, case: Case) -> None:
    with EngineProcess(tmp_path, sim.api_url, "wrong") as engine:
        error = engine.wait(start(engine, case), "failed")["error"]
        assert (error["code"], error["cost"]) == ("KeyRejected", "Nothing was paid.")
        tested = engine.ask("test_key", provider=case.provider)["error"]
        assert tested["code"] == "KeyRejected"
        engine.configure(sim.api_url, sim.keys)
        sim.configure(generations={"goneural": "today"})  # in 2024 it told no balance
        answer = engine.ask("test_key", provider=case.provider)
        assert answer["error"] is None
        can = case.provider != "csm" and case.declared.can(Feature.BALANCE)  # CSM's older sessions cannot
        assert bool(answer["balance"]) == can
    assert sim.ledger(case.provider) == []


@each
def test_what_a_service_lacks_is_said(tmp_path: Path, case: Case) -> None:
    service, fine = case.declared, case.input(tmp_path)
    wrong: dict[Feature, dict[str, Any]] = {
        Feature.TEXT: {"prompt": "a chair"},
        Feature.IMAGE: {"images": [str(tmp_path / "any.png")]},
        Feature.IMAGE_URL: {"images": ["https://pictures.example/chair.png"]},
        Feature.VARIANTS: {**fine, "variants": 2},
        Feature.PBR: {**fine, "pbr": True},
        Feature.CHOICE: {**fine, "choose_cutout": True},
        Feature.SEVERAL_IMAGES: {"prompt": "", "images": fine.get("images", []) * 2},
    }
    lacking = [feature for feature in wrong if not service.can(feature)]
    for feature in lacking:
        if feature is Feature.SEVERAL_IMAGES and not fine.get("images"):
            continue
        with pytest.raises(UnsupportedFeature) as caught:
            check(service.id, Request(**{"format": service.native, **wrong[feature]}))
        assert caught.value.what == service.lacks(feature)
        assert service.name in caught.value.what
    for option in service.options:
        for value in ([], *([] if option.maximum is None else [option.maximum + 1])):
            with pytest.raises(InvalidInput, match=option.key):
                check(service.id, Request(**fine, format=service.native, options={option.key: value}))
