"""What scripts/test.py counts, and that nothing broken passes for green."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import test as command
from scripts.toolbox import plan, stages
from scripts.toolbox.console import ToolError
from scripts.toolbox.stages import Outcome, Run, Stage, perform

PYTHON = Path(sys.executable)


@pytest.fixture(autouse=True)
def _reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "REPORTS", tmp_path / "reports")


def run_tests(folder: Path, source: str, expression: str = "") -> Outcome:
    """The outcome of a stage that runs pytest on one file with this source."""
    file = folder / "test_made_up.py"
    file.write_text(source, encoding="utf-8")
    return perform(Stage("made-up", lambda run: run.pytest(PYTHON, "-p", "no:cacheprovider", file)), expression)


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
    outcome = run_tests(tmp_path, source)
    assert (outcome.passed, outcome.failed, outcome.skipped, outcome.ok) == (1, 2, 1, False)


@pytest.mark.parametrize("source", ["", "raise ValueError", "import os\ndef test_crash(): os._exit(0)"])
def test_a_file_without_tests_that_breaks_or_crashes_is_no_success(tmp_path: Path, source: str) -> None:
    assert not run_tests(tmp_path, source).ok


def test_a_crash_after_the_last_test_is_a_failure(tmp_path: Path) -> None:
    outcome = run_tests(tmp_path, "import atexit, os\natexit.register(os._exit, 9)\ndef test_good(): pass")
    assert (outcome.passed, outcome.failed) == (1, 1)
    assert "exit code 9" in outcome.note


def test_a_stage_without_matching_tests_is_fine_only_where_some_were_asked_for(tmp_path: Path) -> None:
    assert run_tests(tmp_path, "def test_good(): pass", "other").ok
    assert not run_tests(tmp_path, "# none").ok


def test_a_stage_that_hangs_is_ended() -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    outcome = perform(Stage("hanging", lambda run: run.check("sleep", sleeper), seconds=0.5))
    assert outcome.failed == 1
    assert "ended" in outcome.note


def test_a_missing_tool_is_a_failure_with_its_sentence() -> None:
    def work(run: Run) -> None:
        raise ToolError("No Blender was found: install one.\nMore.")

    outcome = perform(Stage("gui", work))
    assert (outcome.failed, outcome.note) == (1, "No Blender was found: install one.")


def test_the_developers_own_settings_do_not_reach_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "a real one")
    monkeypatch.setenv("BLENDER_USER_CONFIG", "/home/somebody/config")
    env = stages.clean_environment(tmp_path)
    assert "a real one" not in env.values()
    assert "BLENDER_USER_CONFIG" not in env
    assert env["NEURAL4D_DATA_DIR"].startswith(str(tmp_path))


def test_every_stage_has_its_line_in_the_help() -> None:
    assert {stage.kind for stage in plan.stages(["5.0.1"])} == set(plan.KINDS)


def test_a_stage_that_takes_more_places_has_fewer_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = set[str](), dict[str, int]()
    lock = threading.Lock()

    def stage(name: str, places: int = 1) -> Stage:
        def work(run: Run) -> None:
            with lock:
                now.add(name)
            for _ in range(20):
                with lock:
                    for one in now:
                        most[one] = max(most.get(one, 0), len(now))
                time.sleep(0.01)
            with lock:
                now.discard(name)
            run.outcome.passed += 1

        return Stage(name, work, places=places)

    order = [stage("lint 1"), stage("lint 2"), stage("gui", 2), *(stage(f"unit {n}") for n in range(4))]
    monkeypatch.setattr(plan, "stages", lambda *_: order)
    assert command.main([]) == 0
    assert set(most) == {one.name for one in order}
    assert most["gui"] == 2
    assert max(most.values()) <= 3
    most.clear()
    assert command.main(["--jobs", "1"]) == 0
    assert set(most.values()) == {1}


@pytest.mark.parametrize(
    ("work", "code", "closing"),
    [
        (lambda run: run.check("true", [sys.executable, "-c", ""]), 0, "1 passed, 0 failed"),
        (lambda run: run.check("false", [sys.executable, "-c", "exit(1)"]), 1, "0 passed, 1 failed"),
        (lambda run: None, 1, "0 passed, 1 failed"),
    ],
)
def test_the_exit_code_and_the_last_line_tell_the_truth(
    work: Callable[[Run], None],
    code: int,
    closing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(plan, "stages", lambda *_: [Stage("lint", work)])
    assert command.main(["--only", "lint"]) == code
    assert capsys.readouterr().out.splitlines()[-1] == closing
