"""Allowances of points and the studio's policy, kept to by real engines; the simulator's ledger is the witness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import TIMING, EngineProcess
from tests.unit.whole_engine.test_engine_jobs import paid, sim
from tests.unit.whole_engine.test_two_engines import together

__all__ = ["sim"]

#: Nobody answers for long; whoever waits looks often.
PATIENT = {**TIMING, "approval": 100.0, "ask_again": 0.05}
HASTY = {**TIMING, "approval": 0.2, "ask_again": 0.05}
Engines = tuple[EngineProcess, EngineProcess]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write a policy, which holds from the next job on."""
    path = tmp_path / "studio.toml"
    monkeypatch.setenv("NEURAL4D_POLICY", str(path))

    def to_file(text: str) -> Path:
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)  # an empty one in between would allow everything
        return path

    to_file("")
    return to_file


@pytest.fixture
def engines(sim: Simulator, tmp_path: Path, write: object) -> Iterator[Engines]:
    folder = tmp_path / "data"
    folder.mkdir()
    with (
        EngineProcess(folder, sim.api_url, sim.token, timing=PATIENT) as first,
        EngineProcess(folder, sim.api_url, sim.token, timing=PATIENT) as second,
    ):
        first.ask("totals")
        second.ask("totals")
        yield first, second


def waiting(engine: EngineProcess, job: str) -> dict[str, Any]:
    """The job's snapshot as soon as it waits for the user's word."""
    told = engine.until(
        lambda: engine.jobs[job] if job in engine.jobs and engine.jobs[job]["waits_for"] == "approval" else None,
        "it to ask",
    )
    assert isinstance(told, dict)
    return told


def wished(engine: EngineProcess, agent: str) -> str:
    """A job of an agent, with its quote; returns its id."""
    job, request = f"of {agent} {len(engine.jobs)}", {"prompt": "a bird", "agent": agent}
    quote = engine.ask("quote", jobs=[{"provider": "neural4d", "request": request}])["quote"]["id"]
    assert engine.ask("submit", job=job, provider="neural4d", request=request, quote=quote)["error"] is None
    return job


def test_two_processes_cannot_both_take_the_last_points(
    sim: Simulator, engines: Engines, write: Callable[[str], Path]
) -> None:
    rounds = range(6)
    write("\n".join(f"[points.project.p{number}]\nday = 60" for number in rounds))
    for engine in engines:
        engine.configure(sim.api_url, sim.token, timing=HASTY)
    for number in rounds:
        ids = [f"{number}-{place}" for place in (0, 1)]
        for job, engine in zip(ids, engines, strict=True):
            request = {"prompt": "a bird", "project": f"p{number}"}
            engine.send("submit", job=job, provider="neural4d", request=request)
        ended = [engine.wait(job, "ready", "failed") for job, engine in zip(ids, engines, strict=True)]
        assert sorted(job["state"] for job in ended) == ["failed", "ready"]
        (refused,) = (job["error"] for job in ended if job["error"])
        assert (refused["code"], refused["cost"]) == ("AllowanceUsedUp", "Nothing was paid.")
        assert "Nobody has approved of it" in refused["what"]
        assert len(paid(sim)) == number + 1


def test_what_would_go_over_waits_and_goes_on_when_it_is_approved_of_by_any_process(
    sim: Simulator, engines: Engines, write: Callable[[str], Path]
) -> None:
    first, second = engines
    write("[points]\nday = 100")
    first.wait(first.submit(), "ready")
    job = first.submit()
    told = waiting(first, job)
    assert (told["asks"], told["state"], told["committed"]) == (60, "queued", 0)
    assert "everybody together may take 100 a day, of which 60 are taken." in told["note"]
    assert paid(sim) == [60]
    assert second.ask("approve", job=job, points=30)["error"]["code"] == "InvalidInput", "another price was shown"
    assert second.ask("approve", job=job, points=60)["error"] is None
    assert first.wait(job, "ready")["cost"] == 60
    assert paid(sim) == [60, 60]
    assert first.ask("approve", job=job)["error"]["code"] == "InvalidInput", "it waits no more"
    assert first.ask("approve", job="none")["error"]["code"] == "JobNotFound"


def test_what_is_declined_ends_and_may_be_asked_for_once_more(
    sim: Simulator, engines: Engines, monkeypatch: pytest.MonkeyPatch, write: Callable[[str], Path]
) -> None:
    first, second = engines
    write("[points]\njob = 50")
    job = first.submit()
    waiting(first, job)
    assert second.ask("decline", job=job)["error"] is None
    error = first.wait(job, "failed")["error"]
    assert (error["code"], error["cost"]) == ("AllowanceUsedUp", "Nothing was paid.")
    assert "declined" in error["what"]
    first.ask("retry", job=job)
    waiting(first, job)
    write("[points]\njob = 60")  # what was declined was one thing, the studio's mind another
    first.wait(job, "ready")
    assert paid(sim) == [60]


def test_an_agent_pays_nothing_that_nobody_has_allowed_it(sim: Simulator, engines: Engines) -> None:
    first, second = engines
    job = wished(first, "claude")
    told = waiting(first, job)
    assert (told["agent"], told["asks"]) == ("claude", 60)
    own = first.submit("the user's own bird")
    first.wait(own, "ready")
    services = {"neural4d": {"url": sim.api_url, "key": sim.token}}
    second.ask("configure", services=services, online=True, preparer=[], agent_allowances={"day": 60})
    first.wait(job, "ready")
    other = wished(first, "claude")
    waiting(first, other)
    first.ask("cancel", job=other)
    assert first.wait(other, "cancelled")["note"] == "Nothing was paid."
    assert first.wait(wished(first, "codex"), "ready")["user"]
    assert paid(sim) == [60] * 3


def test_another_format_of_a_model_is_asked_for_too(
    sim: Simulator, engines: Engines, tmp_path: Path, write: Callable[[str], Path]
) -> None:
    first, _ = engines
    job = first.submit()
    first.until(lambda: first.jobs.get(job, {}).get("under_way") is False or None, "all of it")
    write("[points]\nday = 60")
    first.ask("save", job=job, variant=0, format="STL", folder=str(tmp_path / "kept"), size_mm=None)
    waiting(first, job)
    assert together((first, first), "decline", job=job) == ["", ""]
    saved = first.until(lambda: next((one for one in first.jobs[job]["saves"] if one["error"]), None), "its end")
    assert saved["error"]["code"] == "AllowanceUsedUp"
    assert (first.jobs[job]["state"], first.jobs[job]["waits_for"], paid(sim)) == ("ready", "", [60])


FORBIDDEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "service": ('[services]\nallowed = ["csm"]', {}, "The service Neural4D is not allowed here."),
    "option": ("[options.forbidden]\npicture_first = true", {"picture_first": True}, "picture_first is not allowed"),
    "images from the web": (
        "[options.forbidden]\nimage_urls = true",
        {"prompt": "", "images": ["https://pictures.example/a.png"]},
        "image_urls is not allowed",
    ),
    "fixed": ("[options.fixed]\nvariants = 1", {"variants": 2}, "variants is fixed to 1"),
    "folder": ('[folders]\nfiles = ["/srv/models"]', {"keep_in": "/tmp/models"}, "No files may be written to"),
    "agents": ("[agents]\nallowed = false", {"agent": "claude"}, "Agents are not allowed"),
    "what an agent may": ('[agents]\nmay = ["fit"]', {"agent": "claude"}, "Agents may not generate"),
}


def test_what_is_forbidden_is_refused_with_the_studios_sentence(
    sim: Simulator, engines: Engines, write: Callable[[str], Path]
) -> None:
    engine, _ = engines
    for number, (policy, request, said) in enumerate(FORBIDDEN.values()):
        write(f'{policy}\n[texts]\nforbidden = "Not at this studio."')
        answer = engine.ask("submit", job=str(number), provider="neural4d", request={"prompt": "a bird", **request})
        error = answer["error"]
        assert (error["code"], error["remedy"]) == ("ForbiddenByPolicy", "Not at this studio."), error
        assert said in error["what"]
    write('[services.addresses]\nneural4d = ["https://elsewhere.example"]')
    assert engine.wait(engine.submit(), "failed")["error"]["code"] == "ForbiddenByPolicy"
    for policy in ("points]", "[point]\nday = 1", "[points]\nday = -1", '[services]\nallowed = ["neural"]'):
        write(policy)
        answer = engine.ask("submit", job="x", provider="neural4d", request={"prompt": "a bird"})
        assert answer["error"]["code"] == "PolicyUnusable"
        assert "studio.toml" in answer["error"]["what"]
    assert sim.requests() == []


def test_a_policy_that_gets_stricter_holds_for_jobs_that_wait(
    sim: Simulator, engines: Engines, write: Callable[[str], Path]
) -> None:
    first, _ = engines
    write('[points]\nday = 0\n[options.fixed]\nprompt_suffix = "low poly"')
    job = first.submit("a bird")
    assert waiting(first, job)["request"]["prompt"] == "a bird low poly"
    write('[services]\nallowed = ["csm"]')
    assert first.wait(job, "failed")["error"]["code"] == "ForbiddenByPolicy"
    assert paid(sim) == []
