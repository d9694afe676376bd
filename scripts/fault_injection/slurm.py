"""docs/farms/neural4d_slurm.sh on a real Slurm of three nodes, while nodes die and shares are queued again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks._installed import Blenders
from scripts.fault_injection._slurm_cluster import NODES, Cluster
from scripts.fault_injection.trial import Trial
from scripts.simulator.launcher import Simulator
from scripts.toolbox import blender
from scripts.toolbox.console import ROOT

AT_ONCE = 1
_LINES, _SHARES = 18, 3
_SCRIPT = ROOT / "docs" / "farms" / "neural4d_slurm.sh"
_SECONDS = 900.0


def trials() -> Iterator[Trial]:
    """One."""
    yield Trial(f"{_LINES} lines in {_SHARES} shares on {len(NODES)} nodes", _farm)


def _farm(simulator: Simulator, folder: Path) -> str:
    simulator.configure(job_seconds=2.0, balance=10**6)
    table, output = folder / "prompts.csv", folder / "models"
    lines = [f"a bird number {number},{100 + number}\n" for number in range(_LINES)]
    table.write_text("prompt,size_mm\n" + "".join(lines), encoding="utf-8")
    output.mkdir()
    with Blenders(folder, simulator.environment) as blenders:
        variables = {**blenders.environment, "BLENDER": str(blender.find().path)}
        cluster_folder = folder / "slurm"
        cluster_folder.mkdir()
        with Cluster(cluster_folder, variables) as cluster:
            submitted = ("sbatch", "--parsable", f"--array=1-{_SHARES}", str(_SCRIPT), str(table), str(output), "3")
            job = cluster.run(*submitted).strip()
            _disturb(cluster, simulator, job)
            cluster.wait(lambda: not cluster.run("squeue", "--noheader").strip(), _SECONDS)
            restarts = sum(map(int, re.findall(r"Restarts=(\d+)", cluster.run("scontrol", "show", "job", job))))
            if restarts < len(NODES):
                return f"only {restarts} shares were begun anew: nothing was tried"
            if broken := _compare(blenders, simulator, output):
                return broken
            paid = simulator.spent
            cluster.run(*submitted)  # the same line once more
            cluster.wait(lambda: not cluster.run("squeue", "--noheader").strip(), _SECONDS)
            if simulator.spent != paid:
                return f"the same line once more has paid {simulator.spent - paid} points"
            return _compare(blenders, simulator, output)


def _disturb(cluster: Cluster, simulator: Simulator, job: str) -> None:
    """Nodes die when lines were paid and others were not, and come back; a share is queued again while it works."""
    cluster.wait(lambda: len(simulator.ledger()) >= _LINES // 6, _SECONDS)
    cluster.kill(NODES[0])
    cluster.wait(lambda: len(simulator.ledger()) >= _LINES // 3, _SECONDS)
    cluster.kill(NODES[1])
    cluster.start(NODES[0])
    cluster.run("scontrol", "requeue", f"{job}_3")
    cluster.wait(lambda: len(simulator.ledger()) >= _LINES // 2, _SECONDS)
    cluster.start(NODES[1])


def _compare(blenders: Blenders, simulator: Simulator, output: Path) -> str:
    """What of the merged report is not as if nothing had happened."""
    from neural4d_blender.batching.reports import report_files

    reports = sorted(output.glob("report-*.csv"))
    merged = output / "report.csv"
    command = ("--command", "neural4d", "merge", *map(str, reports), "-o", str(merged))
    if code := blenders.start(*command).wait(300):
        return f"merge ended with {code}: {blenders.said()[-500:]}"
    lines = report_files.read(merged)
    prompts = Counter(made["prompt"] for made in simulator.jobs())
    figures = {
        "lines of the report": (len(lines), _LINES),
        "of them done": (sum(line.done for line in lines), _LINES),
        "models": (len(list(output.glob("*.glb"))), _LINES),
        "prompts made": (len(prompts), _LINES),
        "the most for one": (max(prompts.values(), default=0), 1),
        "points of the report": (sum(line.points or 0 for line in lines), simulator.spent),
    }
    return "; ".join(f"{name}: {got}, not {due}" for name, (got, due) in figures.items() if got != due)
