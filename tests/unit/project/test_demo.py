"""The demo's command line: what it asks for, what it takes Blender from, and how it shows a failure."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import demo, demo_run
from scripts.toolbox import blender, environments
from scripts.toolbox.blender import Blender
from scripts.toolbox.console import ToolError

BLENDER = Blender(Path("/opt/blender/blender"), (5, 2, 0))
RUNNING = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What there is on this machine; nothing is installed or started. `order` is what would be run."""
    there: dict[str, Any] = {"module": "5.0.1", "blender": None}

    def ensure(name: str) -> Path:
        if there.get("refused"):
            raise ToolError("no wheel for this system")
        return Path(f"/dev-folder/{name}/python")

    def run(command: list[str]) -> int:
        there["command"], there["order"] = command, json.loads(command[-1])
        return 0

    monkeypatch.setattr(environments, "newest_bpy", lambda python: there["module"])
    monkeypatch.setattr(environments, "ensure", ensure)
    monkeypatch.setattr(environments, "ensure_tool", lambda group: ensure(f"{group}-{RUNNING}"))
    monkeypatch.setattr(blender, "installed", lambda: there["blender"])
    monkeypatch.setattr(blender, "find", lambda: BLENDER)
    monkeypatch.setattr(demo, "_run", run)
    monkeypatch.delenv("NEURAL4D_API_TOKEN", raising=False)
    return there


def test_a_python_with_a_bpy_of_its_own_takes_that(machine: dict[str, Any], tmp_path: Path) -> None:
    assert demo.main(["--out", str(tmp_path)]) == 0
    assert machine["order"]["host"] == ["/dev-folder/scene(5.0.1)/python", str(demo.SCENE)]
    assert machine["order"]["blend"] == str(tmp_path.resolve() / "demo.blend")
    assert machine["order"]["models"][0]["prompt"] == "a cute bird"
    assert (machine["order"]["live"], machine["order"]["window"], machine["order"]["files"]) == (False, False, "")


@pytest.mark.parametrize("change", [{"module": None}, {"refused": True}])
def test_without_one_it_takes_the_blender_that_is_there(
    machine: dict[str, Any], change: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.update(change, blender=BLENDER)
    monkeypatch.setattr(environments, "ensure_tool", lambda group: Path(f"/{group}-{RUNNING}/python"))
    assert demo.main(["--out", str(tmp_path)]) == 0
    assert machine["command"][0] == f"/simulator-{RUNNING}/python"
    host = machine["order"]["host"]
    assert host[0] == str(BLENDER.path)
    assert {"--background", "--factory-startup", "--online-mode"} <= set(host)


def test_without_any_it_says_what_to_install(machine: dict[str, Any]) -> None:
    machine["module"] = None
    with pytest.raises(ToolError, match=r"Python 3\.11 or 3\.13, or install Blender 4\.2 or newer") as told:
        demo.main([])
    assert RUNNING in str(told.value)
    assert "order" not in machine


def test_a_window_takes_a_real_blender(
    machine: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":5")
    assert demo.main(["--gui", "--quit", "--out", str(tmp_path)]) == 0
    assert (machine["order"]["window"], machine["order"]["quit"]) == (True, True)
    assert "--background" not in machine["order"]["host"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_a_window_needs_a_display(machine: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(ToolError, match="there is no display"):
        demo.main(["--gui"])


@pytest.mark.parametrize("arguments", [["--quit"], ["--yes"], ["--no-such"], ["extra"]])
def test_arguments_that_mean_nothing_are_refused(machine: dict[str, Any], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        demo.main(arguments)
    assert end.value.code == 2


def test_live_without_a_key_is_refused(machine: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match="set NEURAL4D_API_TOKEN in the environment"):
        demo.main(["--live", "--yes"])
    assert "order" not in machine


@pytest.mark.parametrize("answer", ["", "n", "no", "yep", None])
def test_live_spends_nothing_without_a_yes(
    machine: dict[str, Any], answer: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def reply(prompt: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setenv("NEURAL4D_API_TOKEN", "a-key")
    monkeypatch.setattr(builtins, "input", reply)
    with pytest.raises(ToolError, match=r"nothing was paid|give --yes"):
        demo.main(["--live"])
    assert "order" not in machine
    said = capsys.readouterr().err
    assert "about 90 points" in said
    assert "a-key" not in said


@pytest.mark.parametrize("arguments", [["--live"], ["--live", "--yes"]])
def test_live_goes_on_with_a_yes_and_keeps_its_files(
    machine: dict[str, Any], arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "a-key")
    monkeypatch.setattr(builtins, "input", lambda prompt: "y")
    assert demo.main([*arguments, "--out", str(tmp_path)]) == 0
    assert machine["order"]["live"]
    assert machine["order"]["files"] == str(tmp_path.resolve() / "demo-files")
    assert "a-key" not in json.dumps(machine["command"])


def follow(program: str, folder: Path) -> list[dict[str, Any]]:
    """What demo_run makes of a Blender that is this program."""
    order = {"host": [sys.executable, "-c", program], "window": False}
    return list(demo_run.follow(order, folder, {}))


def test_only_marked_lines_are_messages(tmp_path: Path) -> None:
    program = "print('Fra:1 Mem:2M'); print('DEMO {\"say\": \"rendering\"}'); print('DEMO {\"result\": {}}')"
    assert follow(program, tmp_path) == [{"say": "rendering"}, {"result": {}}]


def test_a_crash_shows_what_blender_said_last(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"(?s)exit code 11:.*out of memory"):
        follow("print('out of memory'); raise SystemExit(11)", tmp_path)


def test_a_crash_while_it_closes_takes_no_result_away(tmp_path: Path) -> None:
    assert follow("print('DEMO {\"result\": {}}', flush=True); raise SystemExit(11)", tmp_path) == [{"result": {}}]


def test_a_blender_that_does_not_start_is_named(tmp_path: Path) -> None:
    order = {"host": [str(tmp_path / "none")], "window": False}
    with pytest.raises(ToolError, match="none could not be started"):
        list(demo_run.follow(order, tmp_path, {}))


class Ledger:
    """Stands in for the simulator."""

    def __init__(self, spent: int) -> None:
        self.spent = spent


def test_costs_that_the_ledger_contradicts_are_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    model = {"prompt": "a bird", "cost": 60, "size_mm": 120.0, "measured_mm": 120.01, "stages": {"generating": 1.23}}
    order = {"window": False, "quit": False, "json": True, "blockout": False}
    result = {"models": [model], "left": 940, "blend": "demo.blend", "png": "demo.png"}
    demo_run.show(order, result, Ledger(60))
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[-1]) == {"models": [model], "blend": "demo.blend", "png": "demo.png"}
    assert any("120 mm    120.01 mm  generating 1.2" in line for line in lines)
    with pytest.raises(ToolError, match="report 60 points and the ledger 120"):
        demo_run.show(order, result, Ledger(120))
