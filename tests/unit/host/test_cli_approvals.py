"""What would go over an allowance on the command line: asked on a terminal, declined where there is none."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.support.command_line import at_home, paid, run
from tests.support.simulator_client import Caller


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "code", "points"), [("y\n", 0, [60]), ("\n", 4, []), (None, 4, [])], ids=["yes", "no", "no terminal"]
)
def test_the_terminal_is_asked_and_without_one_it_is_declined(
    service: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str | None,
    code: int,
    points: list[int],
) -> None:
    at_home(service.sim, tmp_path, monkeypatch)
    monkeypatch.setenv("NEURAL4D_ALLOWANCE_DAY", "50")
    monkeypatch.setattr("sys.stdin", io.StringIO() if typed is None else Terminal(typed))
    assert run("generate", "a bird", "--as-made", "-o", "bird.glb") == code
    assert paid(service.sim) == points
    said = capsys.readouterr().err
    assert "may take 50 a day" in said
    assert ("approve of up to 60 points at Neural4D? [y/N]" in said) == (typed is not None)
    assert ("declined" in said) == (code != 0)


def test_what_the_policy_forbids_is_refused_before_anything_is_sent(
    service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home(service.sim, tmp_path, monkeypatch)
    (tmp_path / "neural4d-policy.toml").write_text(
        '[options.fixed]\nvariants = 1\n[texts]\nforbidden = "Not at this studio."', encoding="utf-8"
    )
    for command in (["generate", "a bird", "--as-made"], ["generate", "a bird", "--as-made", "--dry-run"]):
        assert run(*command, "--variants", "2", "--json") != 0
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (told["code"], told["remedy"]) == ("ForbiddenByPolicy", "Not at this studio.")
    Path("things.csv").write_text("prompt,variants\na bird,2\n", encoding="utf-8")
    assert run("batch", "things.csv", "--files-only", "--output", "o") != 0
    assert paid(service.sim) == []
    assert not any(request["endpoint"].startswith("generate") for request in service.sim.requests())


def test_the_audit_is_shown_summed_up_and_verified(
    service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at_home(service.sim, tmp_path, monkeypatch)
    assert run("audit") == 1
    assert "no policy names a folder" in capsys.readouterr().err
    (tmp_path / "audit").mkdir()
    policy = f"[folders]\naudit = {json.dumps(str(tmp_path / 'audit'))}"
    (tmp_path / "neural4d-policy.toml").write_text(policy, encoding="utf-8")
    assert run("generate", "a bird", "--as-made", "-o", "bird.glb", "--project", "birds") == 0
    assert run("audit", "--verify") == 0
    capsys.readouterr()
    assert run("audit", "--json") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    payments = [one["line"] for one in told if one["event"] == "audit_line" and one["line"]["kind"] == "payment"]
    assert [line["paid"] for line in payments] == paid(service.sim) == [60]
    (total,) = [one for one in told if one["event"] == "audit_total"]
    assert (total["project"], total["points"], total["payments"]) == ("birds", 60, 1)
    assert told[-1]["broken"] == ""
    (file,) = (tmp_path / "audit").glob("*.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"paid": 60', b'"paid": 10'))
    assert run("audit", "--totals") == 0
    assert run("audit", "--verify") == 1
    assert "was changed" in capsys.readouterr().err
