"""What scripts/test.py counts, and that nothing broken passes for green."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from scripts import test as command
from scripts.toolbox import environments, stages
from scripts.toolbox.console import ToolError
from scripts.toolbox.stages import Stage


@pytest.fixture(autouse=True)
def _nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr(environments, "ensure", lambda session: Path())


def run_tests(folder: Path, source: str, filtered: str = "") -> Stage:
    """The stage that runs pytest on one file with this source."""
    file = folder / "test_made_up.py"
    file.write_text(source, encoding="utf-8")
    stage = Stage("made-up", filtered=bool(filtered))
    report = f"--junitxml={stages.REPORTS}/made-up.xml"
    chosen = ["-k", filtered] if filtered else []
    # As in noxfile.py, to have no tests is no failure of the command.
    program = "import pytest, sys; sys.exit(pytest.main(sys.argv[1:]) % 5)"
    stage.perform([sys.executable, "-c", program, "-p", "no:cacheprovider", report, *chosen, str(file)])
    return stage


def test_it_counts_what_passed_failed_and_was_skipped(tmp_path: Path) -> None:
    source = """
import pytest
def test_good(): pass
def test_bad(): assert 1 == 2
@pytest.fixture
def broken(): raise ValueError
def test_error(broken): pass
@pytest.mark.skip
def test_skipped(): pass
"""
    stage = run_tests(tmp_path, source)
    assert (stage.passed, stage.failed, stage.skipped, stage.ok) == (1, 2, 1, False)
    names = [line.split(": ")[0].split(".")[-1] for line in stage.failures]
    assert names == ["test_bad", "test_error"]
    assert "assert 1 == 2" in stage.failures[0]


@pytest.mark.parametrize("source", ["", "raise ValueError", "import os\ndef test_crash(): os._exit(0)"])
def test_a_file_without_tests_that_breaks_or_crashes_is_no_success(tmp_path: Path, source: str) -> None:
    assert not run_tests(tmp_path, source).ok


def test_a_crash_after_the_last_test_is_a_failure(tmp_path: Path) -> None:
    stage = run_tests(tmp_path, "import atexit, os\natexit.register(os._exit, 9)\ndef test_good(): pass")
    assert (stage.passed, stage.failed) == (1, 1)
    assert "exit code 9" in stage.note


def test_a_stage_without_matching_tests_is_fine_only_where_some_were_asked_for(tmp_path: Path) -> None:
    assert run_tests(tmp_path, "def test_good(): pass", "other").ok
    assert not run_tests(tmp_path, "# none").ok


def test_a_report_of_an_earlier_run_counts_for_nothing(tmp_path: Path) -> None:
    assert run_tests(tmp_path, "def test_good(): pass").ok
    again = Stage("made-up")
    again.perform([sys.executable, "-c", ""])
    assert (again.passed, again.ok, again.note) == (0, False, "no test ran")


def test_a_stage_that_hangs_is_ended() -> None:
    stage = Stage("hanging", limit=0.5)
    stage.perform([sys.executable, "-c", "import time; time.sleep(600)"])
    assert stage.failed == 1
    assert "ended" in stage.note


def test_a_missing_tool_is_a_failure_with_its_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ensure(session: str) -> Path:
        raise ToolError("No Python was found: install one.\nMore.")

    monkeypatch.setattr(environments, "ensure", ensure)
    assert command.main(["--only", "lint"]) == 1
    assert "NOT OK No Python was found: install one.\n" in capsys.readouterr().out


def test_the_developers_own_settings_do_not_reach_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "a real one")
    monkeypatch.setenv("BLENDER_USER_CONFIG", "/home/somebody/config")
    env = stages.clean_environment(tmp_path)
    assert "a real one" not in env.values()
    assert "BLENDER_USER_CONFIG" not in env
    assert env["NEURAL4D_DATA_DIR"].startswith(str(tmp_path))


def test_a_stage_that_takes_more_places_has_fewer_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = set[str](), dict[str, int]()

    def perform(stage: Stage, arguments: object) -> None:
        now.add(stage.name)
        for _ in range(20):
            for one in list(now):
                most[one] = max(most.get(one, 0), len(now))
            time.sleep(0.01)
        now.discard(stage.name)
        stage.passed += 1

    order = ["lint(1)", "lint(2)", "gui", *(f"unit({n})" for n in range(4))]
    monkeypatch.setattr(command, "stages", lambda *_: [Stage(name, 2 if name == "gui" else 1) for name in order])
    monkeypatch.setattr(command, "_perform", perform)
    assert command.main([]) == 0
    assert set(most) == set(order)
    assert most["gui"] == 2
    assert max(most.values()) <= 3
    most.clear()
    assert command.main(["--jobs", "1"]) == 0
    assert set(most.values()) == {1}


@pytest.mark.parametrize(
    ("kind", "program", "code", "closing"),
    [
        ("lint", "", 0, "1 passed, 0 failed"),
        ("lint", "exit(1)", 1, "0 passed, 1 failed"),
        ("unit", "", 1, "0 passed, 1 failed"),
    ],
)
def test_the_exit_code_and_the_last_line_tell_the_truth(
    kind: str,
    program: str,
    code: int,
    closing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(environments, "nox", lambda *_: [sys.executable, "-c", program])
    assert command.main(["--only", kind]) == code
    assert capsys.readouterr().out.splitlines()[-1] == closing
