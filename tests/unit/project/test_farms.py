"""The examples for farms: they parse, and what they run are commands that there are."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from py_mini_racer import MiniRacer

from neural4d_blender.cli import arguments

FARMS = Path(__file__).resolve().parents[3] / "docs" / "farms"
#: What Flamenco hands a job type's script: the functions that write down tasks, and Go's path functions.
FLAMENCO = """
const path = { join: (...parts) => parts.join("/") };
const author = {
    Command: (name, parameters) => ({ name, parameters }),
    Task: (name, type) => {
        const task = { name, type, commands: [], after: [] };
        task.addCommand = (command) => task.commands.push(command);
        task.addDependency = (other) => task.after.push(other.name);
        return task;
    },
};
function compiled(settings) {
    const tasks = [];
    compileJob({ settings, addTask: (task) => tasks.push(task) });
    return JSON.stringify(tasks);
}
"""


def parsed(blender: list[str]) -> dict[str, object]:
    """The arguments that our command gets when Blender is started so."""
    assert blender[:3] == ["--online-mode", "--command", "neural4d"]
    return vars(arguments.parser("neural4d").parse_args(blender[3:]))


def test_the_flamenco_job_type_splits_the_table_and_joins_the_reports() -> None:
    engine = MiniRacer()
    engine.eval(FLAMENCO)
    engine.eval((FARMS / "neural4d_batch.js").read_text(encoding="utf-8"))
    settings = json.loads(str(engine.eval("JSON.stringify(JOB_TYPE.settings)")))
    assert {setting["key"] for setting in settings if setting.get("required")} == {"table", "folder"}
    chosen = {setting["key"]: setting.get("default") for setting in settings}
    chosen |= {"table": "/t/prompts.csv", "folder": "/t/out", "shards": 3, "budget": 500}
    *shares, merging = json.loads(str(engine.eval(f"compiled({json.dumps(chosen)})")))
    assert all(command["name"] == "exec" for task in (*shares, merging) for command in task["commands"])
    found = [parsed(task["commands"][0]["parameters"]["args"]) for task in shares]
    assert [share["shard"] for share in found] == ["1/3", "2/3", "3/3"]
    assert len({share["data_dir"] for share in found}) == 3
    assert all((share["table"], share["budget"], share["go_on"]) == ("/t/prompts.csv", 500, True) for share in found)
    joined = parsed(merging["commands"][0]["parameters"]["args"])
    assert joined["report"] == [share["report"] for share in found]
    assert joined["output"] == "/t/out/report.csv"
    # Flamenco does nothing that comes after a task which ends with another code than 0.
    assert all(command["allow_failed"] for command in (*found, joined))
    assert merging["after"] == [task["name"] for task in shares]


def slurm(tmp_path: Path, index: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One task of the array, whose Blender prints its arguments."""
    blender = tmp_path / "blender"
    blender.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    blender.chmod(0o755)
    # An array of one task: what `--array=3` starts, to do one share once more.
    task = {"BLENDER": str(blender), "SLURM_ARRAY_TASK_ID": str(index), "SLURM_ARRAY_TASK_COUNT": "1"}
    return subprocess.run(
        ["bash", FARMS / "neural4d_slurm.sh", *arguments],
        env=os.environ | task,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="Slurm runs on Linux")
def test_the_slurm_array_runs_one_share_a_task(tmp_path: Path) -> None:
    subprocess.run(["bash", "-n", FARMS / "neural4d_slurm.sh"], check=True, timeout=30)
    done = slurm(tmp_path, 2, "my prompts.csv", "/t/out", "8")
    share = parsed(done.stdout.splitlines())
    assert (share["table"], share["shard"], share["go_on"]) == ("my prompts.csv", "2/8", True)
    assert (share["output"], share["report"]) == ("/t/out", "/t/out/report-2.csv")


@pytest.mark.skipif(os.name == "nt", reason="Slurm runs on Linux")
@pytest.mark.parametrize(("index", "shares"), [(0, "8"), (9, "8"), (1, "some"), (1, "")])
def test_a_slurm_task_that_is_no_share_starts_nothing(tmp_path: Path, index: int, shares: str) -> None:
    done = slurm(tmp_path, index, "prompts.csv", "/t/out", *([shares] if shares else []))
    assert done.returncode != 0
    assert done.stdout == ""
    assert "shares" in done.stderr


def test_every_file_the_page_speaks_of_is_there() -> None:
    page = (FARMS.parent / "farms.md").read_text(encoding="utf-8")
    assert [path.name for path in FARMS.iterdir() if f"farms/{path.name}" not in page] == []
