"""Everything that can go wrong between the engine and the service: told in words, and nothing paid twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import PREPARER, EngineProcess
from tests.unit.whole_engine.test_engine_jobs import engine, paid, sim

__all__ = ["engine", "sim"]

GENERATE, RETRIEVE, PROGRESS, FILE = "generateModelWithText", "retrieveModel", "queryJobProgress", "file"

#: (endpoint, fault, its parameters): the job comes through all the same, for one payment.
PASSING = [
    (GENERATE, "http_429", {"retry_after": 1}),
    (GENERATE, "http_500", {}),
    (GENERATE, "http_502", {}),
    (GENERATE, "http_429", {"retry_after": 0, "acted": True}),
    (GENERATE, "http_503", {"retry_after": 0}),
    (GENERATE, "http_503", {"retry_after": 0, "acted": True}),
    (GENERATE, "http_500", {"acted": True}),
    (GENERATE, "reset_before", {}),
    (GENERATE, "reset_after", {}),
    (GENERATE, "truncated_body", {}),
    (GENERATE, "not_json", {}),
    (GENERATE, "missing_field", {}),
    (GENERATE, "empty_body", {}),
    (PROGRESS, "http_500", {"times": 500}),
    (PROGRESS, "progress_garbage", {"times": 2}),
    (PROGRESS, "not_json", {}),
    (RETRIEVE, "http_429", {"as_date": True}),
    (RETRIEVE, "reset_after", {}),
    (RETRIEVE, "unknown_code", {}),
    (RETRIEVE, "expired_url", {}),
    (RETRIEVE, "http_404", {"times": 0}),
    (FILE, "truncated_body", {}),
    (FILE, "reset_after", {}),
    (FILE, "broken_glb", {"where": "header"}),
    (FILE, "html_instead", {}),
    (FILE, "expired_url", {}),
    (FILE, "no_length", {}),
    (FILE, "http_503", {}),
    ("queryPointsInfo", "http_500", {}),
]


@pytest.mark.parametrize(("endpoint", "fault", "params"), PASSING, ids=lambda value: str(value))
def test_trouble_that_passes(
    sim: Simulator, engine: EngineProcess, endpoint: str, fault: str, params: dict[str, Any]
) -> None:
    times = params.pop("times", 1) if "times" in params else 1
    engine.wait(engine.submit("the bird before"), "ready")  # that the service books at once is known from here on
    if times:
        sim.set_fault(endpoint=endpoint, fault=fault, times=times, **params)
    engine.wait(engine.submit(), "ready")
    assert paid(sim) == [60, 60]
    assert sim.balance == 880


#: (endpoint, fault, code of the error, points paid, a word of what it must say)
LASTING = [
    (GENERATE, "http_401", "KeyRejected", [], "key"),
    (GENERATE, "http_402", "NotEnoughPoints", [], "points"),
    (GENERATE, "http_403", "RequestRefused", [], "account"),
    (GENERATE, "http_400", "RequestRefused", [], "refused"),
    (GENERATE, "http_404", "RequestRefused", [], "address"),
    (GENERATE, "http_429", "ServiceBusy", [], "slow down"),
    (GENERATE, "http_500", "SubmissionLost", [], "has not fallen"),
    (GENERATE, "generation_failed", "GenerationFailed", [60], "could not make"),
    (RETRIEVE, "not_json", "UnexpectedAnswer", [60], "not JSON"),
    (RETRIEVE, "missing_field", "UnexpectedAnswer", [60], "no usable"),
    (RETRIEVE, "unknown_code", "UnexpectedAnswer", [60], "unknown codeStatus"),
    (FILE, "truncated_body", "DownloadFailed", [60], "broke off"),
    (FILE, "broken_glb", "BrokenModel", [60], "GLB"),
    (FILE, "html_instead", "BrokenModel", [60], "GLB"),
]


@pytest.mark.parametrize(("endpoint", "fault", "code", "points", "word"), LASTING, ids=lambda value: str(value))
def test_trouble_that_stays(
    sim: Simulator, engine: EngineProcess, endpoint: str, fault: str, code: str, points: list[int], word: str
) -> None:
    params = {"retry_after": 0} if fault == "http_429" else {"where": "header"} if fault == "broken_glb" else {}
    sim.set_fault(endpoint=endpoint, fault=fault, times=None, **params)
    job = engine.submit()
    error = engine.wait(job, "failed")["error"]
    assert (error["code"], paid(sim)) == (code, points)
    assert word.lower() in " ".join(error.values()).lower()
    assert error["remedy"]
    assert error["kept"]
    assert ("60 points were paid" in error["cost"]) == bool(points)
    if code != "GenerationFailed":
        # The trouble is over: Retry brings the model, and pays nothing that was paid.
        sim.clear_faults()
        engine.send("retry", job=job)
        engine.wait(job, "ready")
        assert paid(sim) == [60]


def test_retry_after_the_service_failed_is_a_new_job(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint=GENERATE, fault="generation_failed")
    job = engine.submit()
    error = engine.wait(job, "failed")["error"]
    assert "paid again" in error["cost"]
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [60, 60]


def test_a_service_that_is_not_there(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, "http://127.0.0.1:9", sim.token) as engine:
        job = engine.submit()
        error = engine.wait(job, "failed")["error"]
        assert error["code"] == "ServiceUnreachable"
        assert error["cost"] == "Nothing was paid."
        engine.configure(sim.api_url, sim.token)
        engine.send("retry", job=job)
        engine.wait(job, "ready")
    assert paid(sim) == [60]


def test_a_wrong_key(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, "not-the-key") as engine:
        error = engine.wait(engine.submit(), "failed")["error"]
        assert error["code"] == "KeyRejected"
        assert "Preferences" in error["remedy"]
        assert "not-the-key" not in repr(engine.events)
        assert engine.ask("balance", provider="neural4d")["error"]["code"] == "KeyRejected"
    assert paid(sim) == []


@pytest.mark.parametrize(("key", "online", "code"), [("", True, "KeyMissing"), ("k", False, "OnlineAccessOff")])
def test_nothing_is_sent_without_a_key_or_online_access(
    sim: Simulator, tmp_path: Path, key: str, online: bool, code: str
) -> None:
    with EngineProcess(tmp_path, sim.api_url, key, online=online) as engine:
        assert engine.wait(engine.submit(), "failed")["error"]["code"] == code
    assert sim.requests() == []


def test_too_few_points_are_noticed_before_anything_is_sent(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(engine.submit(), "ready")  # only a price that was measured is a reason not to ask
    sim.configure(balance=59)
    before = len(sim.requests(GENERATE))
    error = engine.wait(engine.submit(), "failed")["error"]
    assert error["code"] == "NotEnoughPoints"
    assert "59 are left" in error["what"]
    assert len(sim.requests(GENERATE)) == before


def test_a_lost_connection_halfway_through_a_slow_download(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint=FILE, fault="slow_drip", chunk=65536, delay=0.01)
    engine.wait(engine.submit(), "ready")
    assert paid(sim) == [60]


@pytest.mark.parametrize(
    ("behaviour", "code"), [("crash", "PreparerFailed"), ("hang", "PreparerFailed"), ("broken", "BrokenModel")]
)
def test_the_preparer_fails_and_the_download_is_kept(sim: Simulator, tmp_path: Path, behaviour: str, code: str) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.token, preparer=[*PREPARER, behaviour]) as engine:
        job = engine.submit()
        failed = engine.wait(job, "failed")
        assert failed["error"]["code"] == code
        engine.configure(sim.api_url, sim.token)
        engine.send("retry", job=job)
        engine.wait(job, "ready")
    assert paid(sim) == [60]
    downloads = [r for r in sim.requests() if r["endpoint"] == FILE and r["path"].endswith(".glb")]
    assert len(downloads) == (2 if code == "BrokenModel" else 1)


def asked_to_prepare(engine: EngineProcess) -> dict[str, Any]:
    """The values of the job that the engine has nobody but the host for."""
    told: dict[str, Any] = engine.until(
        lambda: next((e for e in engine.events if e["event"] == "prepare"), None), "the host to be asked"
    )
    return told


def test_where_no_background_blender_can_be_started_the_host_is_asked(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.token, preparer=[str(tmp_path / "blender")], imports=True) as engine:
        job = engine.submit(max_faces=500)
        asked = asked_to_prepare(engine)
        note = engine.wait(job, "preparing_model")["note"]
        assert "No such file" in note
        assert "stands still" in note
        assert asked["values"]["max_faces"] == 500
        assert Path(asked["values"]["source"]).is_file()
        facts = {"ok": False, "code": "UnsafeModel", "what": "It reaches out.", "remedy": ""}
        engine.send("prepared", job=job, variant=asked["variant"], facts=facts)
        assert engine.wait(job, "failed")["error"]["code"] == "UnsafeModel"
        engine.events.clear()
        engine.send("retry", job=job)
        asked = asked_to_prepare(engine)
        Path(asked["values"]["output"]).write_bytes(b"BLENDER")
        engine.send("prepared", job=job, variant=asked["variant"], facts={"ok": True, "dimensions_mm": [1, 2, 3]})
        (variant,) = engine.wait(job, "ready")["variants"]
        assert (variant["blend"], variant["facts"]["dimensions_mm"]) == (asked["values"]["output"], [1, 2, 3])
    assert paid(sim) == [60]


def test_a_model_that_took_the_host_with_it_is_not_imported_again_by_itself(sim: Simulator, tmp_path: Path) -> None:
    nothing = [str(tmp_path / "blender")]
    with EngineProcess(tmp_path, sim.api_url, sim.token, preparer=nothing, imports=True) as engine:
        job = engine.submit()
        asked_to_prepare(engine)
    with EngineProcess(tmp_path, sim.api_url, sim.token, preparer=nothing, imports=True) as engine:
        error = engine.wait(job, "failed")["error"]
        assert error["code"] == "PreparerFailed"
        assert not [event for event in engine.events if event["event"] == "prepare"]
        engine.send("retry", job=job)
        asked_to_prepare(engine)
    assert paid(sim) == [60]


def test_a_host_without_blender_is_not_asked(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.token, preparer=[]) as engine:
        failed = engine.wait(engine.submit(), "failed")
    assert failed["error"]["code"] == "CannotStart"
