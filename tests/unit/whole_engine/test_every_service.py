"""What holds for one service holds for each: the same scenarios on every generation of all, in a real engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import InvalidInput, UnsupportedFeature
from neural4d_blender.engine.model.declaration import Feature
from neural4d_blender.engine.protocol import Request, check, declarations
from scripts.simulator.launcher import Simulator
from scripts.simulator.settings import GENERATIONS
from tests.support.engine_process import EngineProcess
from tests.support.every_service import CASES, OLDER_ONES, ONE_EACH, TODAY, Case, Witness
from tests.support.today import QUICK

each = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.05, picture_seconds=0.05, matting_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(simulator: Simulator, case: Case) -> Simulator:
    """As it was at the start, and of the case's generation."""
    simulator.reset()
    simulator.configure(**case.configured)
    return simulator


def engine_on(sim: Simulator, folder: Path, **more: Any) -> EngineProcess:
    """An engine whose waits are moments."""
    process = EngineProcess(folder, sim.api_url, sim.keys)
    process.configure(sim.api_url, sim.keys, timing={**QUICK, **more})
    return process


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[EngineProcess]:
    with engine_on(sim, tmp_path) as process:
        yield process


def start(engine: EngineProcess, case: Case, **request: Any) -> str:
    asked = {"format": case.declared.native, **case.input(engine.folder), **request}
    return engine.submit(provider=case.provider, **asked)


def paid(sim: Simulator, case: Case) -> list[str]:
    return case.operations(sim.ledger(case.provider))


def submitted(sim: Simulator, case: Case) -> int:
    return sum(request["method"] == "POST" for request in sim.requests(case.submit))


def test_every_service_is_in_the_suite() -> None:
    services = {service.id for service in declarations()}
    assert {(case.provider, case.generation) for case in CASES} == {
        (service, generation) for service in services for generation in GENERATIONS
    }


@each
def test_the_main_job(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    job = start(engine, case)
    ready = engine.wait(job, "ready")
    assert paid(sim, case) == list(case.paid)
    (variant,) = ready["variants"]
    assert Path(variant["model"]).suffix == f".{case.declared.native.lower()}"
    assert Path(variant["blend"]).is_file()
    states = engine.states(job)
    assert states.index("submitting") < states.index("generating") < states.index("downloading")
    assert (ready["cost"] is not None) == case.tells_price
    if case.tells_price:
        assert ready["cost"] == sum(entry["points"] for entry in sim.ledger(case.provider))


@each
def test_links_without_a_host_are_on_the_services_own_server(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    sim.set_fault(endpoint="*", fault="relative_links", times=None)
    ready = engine.wait(start(engine, case), "ready")
    assert Path(ready["variants"][0]["model"]).is_file()
    sent_on = [request for request in sim.requests() if request["status"] == 302]
    assert sent_on
    assert not any(request["has_token"] for request in sent_on)
    assert paid(sim, case) == list(case.paid)


@each
def test_a_request_a_second_is_the_most(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    sim.configure(job_seconds=1.1)
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "quickest": 0.5})
    engine.wait(start(engine, case), "ready")
    looks = [request["time"] for request in sim.requests(case.look)]
    assert all(later - earlier > 0.4 for earlier, later in itertools.pairwise(looks))


PASSING = [
    ("submit", "http_429", {"retry_after": 0}),
    ("submit", "http_503", {"retry_after": 0}),
    ("submit", "gzip", {}),
    ("look", "http_500", {"times": 2}),
    ("look", "http_429", {"retry_after": 0}),
    ("look", "reset_after", {}),
    ("look", "truncated_body", {}),
    ("look", "not_json", {}),
    ("look", "empty_body", {}),
    ("look", "unknown_code", {}),
    ("look", "gzip", {}),
    ("file", "gzip", {}),
    ("file", "truncated_body", {}),
    ("file", "reset_after", {}),
    ("file", "html_instead", {}),
    ("file", "http_503", {}),
    ("file", "expired_url", {}),
]
#: One that each part of the client meets in a way of its own: what is asked of older generations too.
KINDS = [PASSING[0], PASSING[3], PASSING[7], PASSING[9], PASSING[16]]


@pytest.mark.parametrize(("case", "where", "fault", "params"), [
    *(pytest.param(case, *trouble, id=f"{case}-{trouble[0]}-{trouble[1]}") for case in ONE_EACH for trouble in PASSING),
    *(pytest.param(case, *trouble, id=f"{case}-{trouble[0]}-{trouble[1]}") for case in OLDER_ONES for trouble in KINDS),
])  # fmt: skip
def test_trouble_that_passes(
    sim: Simulator, engine: EngineProcess, case: Case, where: str, fault: str, params: dict[str, Any]
) -> None:
    endpoint = {"submit": case.submit, "look": case.look, "file": "file"}[where]
    if where == "submit" and fault in ("http_429", "http_503") and case.witness is Witness.NOTHING:
        params = {**params, "own": True}  # where nobody can tell whether it was taken, its own words have to say so
    sim.set_fault(endpoint=endpoint, fault=fault, after=case.asks_first if where == "look" else 0, **params)
    engine.wait(start(engine, case), "ready")
    assert sim.faults() == []
    assert paid(sim, case) == list(case.paid)


@pytest.mark.parametrize("case", ONE_EACH, ids=str)
@pytest.mark.parametrize(("where", "fault"), [("look", "http_500"), ("look", "reset_before"), ("file", "http_503"),
                                              ("file", "reset_before")])  # fmt: skip
def test_an_outage_costs_a_paid_job_the_wait(
    sim: Simulator, tmp_path: Path, case: Case, where: str, fault: str
) -> None:
    sim.configure(job_seconds=0.5)
    with engine_on(sim, tmp_path, outage=600.0, slowest=0.05) as engine:
        job = start(engine, case)
        engine.wait(job, "generating")
        sim.set_fault(case.look if where == "look" else "file", fault, times=20)  # six, and nobody would wait
        engine.wait(job, "ready")
    assert sim.faults() == []
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
        # What is refused was, as far as it is seen, not charged. A key that is refused here alone may be a gateway's
        # word, as any other refusal: it takes a balance that stood still to say more.
        sure = fault == "http_401" and case.tells_balance
        unasked = "Not known yet" if case.provider == "csm" else "The service refused"  # its list is refused as well
        told = unasked if fault == "http_401" else "The service refused"
        assert error["cost"].startswith("Nothing was" if sure else told)
        assert paid(sim, case) == []


FINDING = (Witness.RECORDS, Witness.IDS)
LOSING = ["reset_after", "not_json", "truncated_body", "empty_body"]


@pytest.mark.parametrize(("case", "fault"), [
    pytest.param(case, fault, id=f"{case}-{fault}")
    for case in CASES for fault in LOSING[: len(LOSING) if case in ONE_EACH else 2]
])  # fmt: skip
def test_a_lost_answer_is_never_paid_twice(sim: Simulator, engine: EngineProcess, case: Case, fault: str) -> None:
    sim.set_fault(endpoint=case.submit, fault=fault)
    job = start(engine, case)
    ended = engine.wait(job, "ready", "failed")
    assert "unknown" in engine.states(job)
    if case.witness in FINDING:
        assert ended["state"] == "ready"
        assert paid(sim, case) == list(case.paid)
        assert submitted(sim, case) == case.submissions
        return
    assert submitted(sim, case) == 1
    assert paid(sim, case) == [case.paid[0]]
    assert ended["error"]["code"] == "PaymentUnknown"
    assert ended["error"]["cost"].startswith("Unknown") == (case.witness is Witness.NOTHING)
    if case.witness is Witness.BALANCE:
        assert ended["cost"] == sum(entry["points"] for entry in sim.ledger(case.provider))
    assert ended["retry_pays"]
    sim.finish_jobs()  # GoNeural takes no second task before
    engine.ask("retry", job=job)  # the user takes the risk
    engine.wait(job, "ready")
    assert paid(sim, case) == [case.paid[0], *case.paid]


@each
def test_a_request_that_never_arrived_is_not_sent_again_unasked(
    sim: Simulator, engine: EngineProcess, case: Case
) -> None:
    """But where the service's records have shown that it did not arrive."""
    sim.set_fault(endpoint=case.submit, fault="reset_before")
    job = start(engine, case)
    ended = engine.wait(job, "ready", "failed")
    if case.witness is Witness.RECORDS:
        assert "unknown" in engine.states(job)
        assert ended["state"] == "ready"
        assert submitted(sim, case) == 1 + case.submissions
        assert paid(sim, case) == list(case.paid)
        return
    assert submitted(sim, case) == 1
    assert paid(sim, case) == []
    assert ended["error"]["code"] == ("SubmissionLost" if case.tells_balance else "PaymentUnknown")
    engine.ask("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim, case) == list(case.paid)


@each
def test_killed_while_it_generates(sim: Simulator, tmp_path: Path, case: Case) -> None:
    sim.configure(job_seconds=1.0)
    first = engine_on(sim, tmp_path)
    job = start(first, case)
    first.wait(job, "generating")
    first.kill()
    with engine_on(sim, tmp_path) as second:
        second.wait(job, "ready")
    assert paid(sim, case) == list(case.paid)


@each
def test_killed_while_the_answer_was_on_its_way(sim: Simulator, tmp_path: Path, case: Case) -> None:
    sim.set_fault(endpoint=case.submit, fault="hang_after")
    first = engine_on(sim, tmp_path)
    job = start(first, case)
    first.until(lambda: paid(sim, case) or None, "the service to charge it")
    first.kill()
    with engine_on(sim, tmp_path) as second:
        ended = second.wait(job, "ready", "failed")
        assert "unknown" in second.states(job)
    if case.witness in FINDING:
        assert ended["state"] == "ready"
        assert paid(sim, case) == list(case.paid)
        assert submitted(sim, case) == case.submissions
        return
    assert submitted(sim, case) == 1
    assert ended["error"]["code"] == "PaymentUnknown"
    assert paid(sim, case) == [case.paid[0]]


@each
def test_no_key_is_anywhere_but_on_the_pipe(sim: Simulator, tmp_path: Path, case: Case) -> None:
    with engine_on(sim, tmp_path) as engine:
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
        answer = engine.ask("test_key", provider=case.provider)
        assert answer["error"] is None
        assert bool(answer["balance"]) == case.tells_balance
    assert sim.ledger(case.provider) == []


@pytest.mark.parametrize("case", [case for case in CASES if case.generation == TODAY], ids=str)
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


@each
def test_half_an_emoji_in_an_answer_costs_itself_alone(sim: Simulator, engine: EngineProcess, case: Case) -> None:
    sim.set_fault(case.submit, "http_400", message="Not \ud83d allowed: \udc80")
    failed = engine.wait(start(engine, case), "failed")
    assert failed["error"]["what"].encode()  # what Blender can show
    assert "Not ? allowed: ?" in failed["error"]["what"]
    engine.wait(start(engine, case), "ready")
