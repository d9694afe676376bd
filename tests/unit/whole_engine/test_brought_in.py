"""What was made elsewhere is brought in from each generation of all services, with nothing sent that could be paid."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_in_thread import Desk
from tests.support.engine_process import EngineProcess
from tests.support.every_service import CASES, OLDER, ONE_EACH, Case
from tests.support.today import QUICK

#: One way of each generation of each service.
GENERATIONS = list({(case.provider, case.generation): case for case in CASES}.values())
each = pytest.mark.parametrize("case", GENERATIONS, ids=str)
newest = pytest.mark.parametrize("case", ONE_EACH, ids=str)
#: Ids as each service has them, of models that it does not have.
NOBODYS = {
    "neural4d": "54078587-7fdd-49c5-9fe6-317d22f27098",
    "csm": "65d5c6ef3fa05a56705af77d",
    "goneural": "54078587-7fdd-49c5-9fe6-317d22f27098",
    "modelslab": "987654321",
}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.05, picture_seconds=0.05, matting_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(simulator: Simulator, case: Case) -> Simulator:
    simulator.reset()
    simulator.configure(**case.configured)
    return simulator


def engine_on(sim: Simulator, folder: Path) -> EngineProcess:
    folder.mkdir(exist_ok=True)
    process = EngineProcess(folder, sim.api_url, sim.keys)
    process.configure(sim.api_url, sim.keys, timing=QUICK)
    return process


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[EngineProcess]:
    with engine_on(sim, tmp_path / "here") as process:
        yield process


@pytest.fixture
def made(sim: Simulator, case: Case, tmp_path: Path) -> str:
    """The id of a model that another computer has ordered."""
    with engine_on(sim, tmp_path / "elsewhere") as other:
        asked = {"format": case.declared.native, **case.input(tmp_path)}
        ready = other.wait(other.submit(provider=case.provider, **asked), "ready")
        return str(ready["variants"][0]["uuid"])


def bring_in(engine: EngineProcess, case: Case, what: str, **request: Any) -> str:
    return engine.submit("", provider=case.provider, format=case.declared.native, bring_in=what, **request)


@each
def test_a_model_that_was_made_elsewhere_costs_nothing(
    sim: Simulator, engine: EngineProcess, case: Case, made: str, tmp_path: Path
) -> None:
    before = sim.ledger()
    job = bring_in(engine, case, made, size_mm=250)
    ready = engine.wait(job, "ready")
    assert sim.ledger() == before
    assert (ready["cost"], ready["cost_estimated"], ready["committed"]) == (0, False, 0)
    assert engine.states(job) == ["queued", "generating", "downloading", "preparing_model", "ready"]
    assert ready["variants"][0]["uuid"] == made
    prompt = "" if case.provider == "csm" else case.input(tmp_path).get("prompt", "")  # which has made a picture there
    assert ready["request"].get("name", "") == prompt, "the prompt is its name, where the service shows one"
    assert ready["variants"][0]["facts"]["measured_mm"] == 250
    assert not [event for event in engine.events if event["event"] == "prices" and event["prices"]]


@newest
def test_another_jobs_payment_is_not_taken_for_its_own(
    sim: Simulator, engine: EngineProcess, case: Case, made: str, tmp_path: Path
) -> None:
    """Both at once: the one that pays has its whole price, the one that is brought in has none."""
    asked = {"format": case.declared.native, **case.input(tmp_path)}
    pays = engine.submit(provider=case.provider, **asked)
    brought = bring_in(engine, case, made)
    paid, free = engine.wait(pays, "ready"), engine.wait(brought, "ready")
    assert (free["cost"], free["cost_estimated"]) == (0, False)
    assert case.operations(sim.ledger(case.provider)) == [*case.paid, *case.paid]
    assert (paid["cost"] is not None) == case.tells_price


@each
def test_one_that_is_not_there_is_said_to_be_of_somebody_else(
    sim: Simulator, engine: EngineProcess, case: Case
) -> None:
    what = (
        "SESSION_1708502346_4237483" if (case.provider, case.generation) == ("csm", OLDER) else NOBODYS[case.provider]
    )
    failed = engine.wait(bring_in(engine, case, what), "failed")
    error = failed["error"]
    assert error["code"] == "ModelNotFound"
    assert what in error["what"]
    assert "another account or service" in error["what"]
    assert error["cost"] == "Nothing was paid."
    assert not failed["retry_pays"]
    assert sim.ledger() == []


@newest
def test_retry_asks_again_and_sends_nothing(sim: Simulator, engine: EngineProcess, case: Case, made: str) -> None:
    before = sim.ledger()
    refusal = "http_422" if case.provider == "modelslab" else "http_403"  # which there is of a key
    said = "Invalid request id. It is another user's."
    sim.set_fault(case.look, refusal, times=1 + case.asks_first, own=True, message=said)
    job = bring_in(engine, case, made)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "ModelNotFound"
    assert said in failed["error"]["what"]
    engine.ask("retry", job=job)
    engine.wait(job, "ready")
    assert sim.ledger() == before


@newest
def test_it_waits_for_one_that_is_not_done_and_survives_a_kill(sim: Simulator, case: Case, tmp_path: Path) -> None:
    sim.configure(job_seconds=0.6)
    with engine_on(sim, tmp_path / "elsewhere") as other:
        asked = {"format": case.declared.native, **case.input(tmp_path)}
        job = other.submit(provider=case.provider, **asked)
        first = other.wait(job, "generating")["variants"][0]["uuid"]
        before = sim.ledger()
        brought = str(uuid.uuid4())
        here = engine_on(sim, tmp_path / "here")
        request = {"bring_in": first, "format": case.declared.native, "size_mm": 80}
        here.ask("submit", job=brought, provider=case.provider, request=request)
        here.kill()
        with engine_on(sim, tmp_path / "here") as again:
            ready = again.wait(brought, "ready")
        assert ready["cost"] == 0
        other.wait(job, "ready")
    assert sim.ledger() == before


@newest
def test_one_that_failed_there_is_told_in_the_services_own_words(
    sim: Simulator, engine: EngineProcess, case: Case, made: str
) -> None:
    sim.set_fault(case.look, "generation_failed", times=None)
    failed = engine.wait(bring_in(engine, case, made), "failed")
    assert failed["error"]["code"] == "GenerationFailed"
    assert "no model to bring in" in failed["error"]["remedy"]
    assert failed["error"]["cost"] == "Nothing was paid."


@pytest.mark.parametrize("case", [case for case in CASES if str(case) == f"csm-{OLDER}-image"], ids=str)
def test_no_stage_is_ordered(sim: Simulator, engine: EngineProcess, case: Case, tmp_path: Path) -> None:
    """A session whose spins are there waits for an order that is paid: it stays as it is, and that is said."""
    with engine_on(sim, tmp_path / "elsewhere") as other:
        asked = {**case.input(tmp_path), "choose_cutout": True, "format": "GLB"}
        job = other.submit(provider="csm", **asked)
        waits = other.wait(job, "choosing_cutout")
        before = sim.ledger()
        failed = engine.wait(bring_in(engine, case, waits["variants"][0]["uuid"]), "failed")
        assert failed["error"]["code"] == "GenerationFailed"
        assert "nothing was ordered" in failed["error"]["what"]
        assert sim.ledger() == before


@newest
def test_a_link_to_the_result_is_fetched_without_the_key(
    sim: Simulator, engine: EngineProcess, case: Case, made: str, tmp_path: Path
) -> None:
    first = bring_in(engine, case, made)
    link = engine.wait(first, "ready")["variants"][0]["model_url"]
    asked = len(sim.requests(case.look))
    ready = engine.wait(bring_in(engine, case, link), "ready")
    assert ready["cost"] == 0
    assert len(sim.requests(case.look)) == asked
    sim.expire_urls()
    failed = engine.wait(bring_in(engine, case, link), "failed")
    assert failed["error"]["code"] == "ModelNotFound"
    assert "fresh link" in failed["error"]["remedy"]


@pytest.mark.parametrize("case", [case for case in ONE_EACH if case.provider == "csm"], ids=str)
def test_a_session_that_made_a_picture_is_no_model(
    sim: Simulator, engine: EngineProcess, case: Case, tmp_path: Path
) -> None:
    with engine_on(sim, tmp_path / "elsewhere") as other:
        job = other.submit("a wooden chair", provider="csm", format="GLB", picture_first=True, choose_cutout=True)
        picture = other.wait(job, "choosing_cutout")["picture_ids"][0]
    before = sim.ledger()
    failed = engine.wait(bring_in(engine, case, picture), "failed")
    assert failed["error"]["code"] == "ModelNotFound"
    assert "CSM has no GLB of it" in failed["error"]["what"]
    assert sim.ledger() == before


@newest
def test_what_costs_and_what_is_no_id_is_refused_before_anything_is_sent(
    sim: Simulator, engine: EngineProcess, case: Case
) -> None:
    wrong = {"bring_in": "a chair"}, {"bring_in": NOBODYS[case.provider], "prompt": "a chair"}
    for request in wrong:
        answer = engine.ask("submit", job="j", provider=case.provider, request=request)
        assert answer["error"]["code"] == "InvalidInput"
    if case.provider == "neural4d":
        request = {"bring_in": NOBODYS["neural4d"], "format": "STL"}
        answer = engine.ask("submit", job="j", provider="neural4d", request=request)
        assert answer["error"]["code"] == "UnsupportedFeature"
    assert sim.requests() == []


def test_a_link_may_lead_to_another_format(tmp_path: Path) -> None:
    """Its own bytes say which; converting it was paid by whoever has the link."""
    desk = Desk(tmp_path)
    stl = bytes(80) + (1).to_bytes(4, "little") + bytes(50)

    def download(url: str, path: Path, *, check: Callable[[Path], object], **_: object) -> int:
        part = path.with_suffix(".part")
        part.write_bytes(stl)
        check(part)
        part.replace(path)
        return len(stl)

    desk.engine.context.download = download
    link = "https://s3.neural4d.com/stl_54078587-7fdd-49c5-9fe6-317d22f27098.stl?sig=example"
    desk.ask("submit", job="j", provider="neural4d", request={"bring_in": link, "format": "GLB"})
    desk.until(lambda: desk.states() == ["ready"])
    (variant,) = desk.written("j").variants
    assert (variant.format, Path(variant.model).suffix) == ("STL", ".stl")
    assert desk.written("j").costs.total == 0
    desk.close()
