"""A table of prompts in every way there is to run one, each killed once in the middle and continued."""

from __future__ import annotations

import argparse
import math
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from scripts.benchmarks import _installed
from scripts.benchmarks._killing import kill_when

#: Points that one prompt costs.
PRICE = 30
SHARDS = 3
#: Seconds that the service takes for a job: about as long as two background Blenders need for the four at once.
PACE = 3.0
#: Seconds in which a way has to come to its end.
PATIENCE = 1800.0
_FIGURES = {
    "paid_when_killed": "jobs that were paid by then",
    "ledger_rows": "payments by the service's ledger, at the end",
    "ledger_points": "and their points",
    "report_rows": "lines of the report, at the end",
    "report_points": "and their points",
    "done": "of these lines, with a model",
    "models": "models that stand in the open scene at the end; files written, where there is no scene",
    "paid_twice": "prompts that were paid more than once",
    "killed_with": "exit codes of what was killed",
    "ended_with": "exit codes of what went on",
    "seconds": "from the first start to the end",
}
_WAYS = {
    "console": "from the console of a window in use, and neural4d.resume() in another window's",
    "panel": "the same, and Place Here in the other window's panel",
    "background": "blender --background --python, and neural4d.resume()",
    "command": "blender --command neural4d batch, and the same with --continue",
    "shards": f"the same in {SHARDS} processes with --shard, each of them killed; the reports merged",
}
EXPLAINED = {
    f"{way}.{name}": f"{meaning} ({told})" if name == "paid_when_killed" else meaning
    for way, told in _WAYS.items()
    for name, meaning in _FIGURES.items()
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--count", type=int, default=100, help="prompts (default 100)")
    parser.add_argument("--ways", nargs="+", choices=_WAYS, default=list(_WAYS), help="default: all of them")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Counts by way, None for a way that was not asked for; needs a Blender with a window."""
    from scripts.simulator.launcher import Simulator

    figures: dict[str, Any] = dict.fromkeys(_WAYS)
    for way in options.ways:
        with (
            Simulator(job_seconds=PACE, triangles=2000, texture_size=64, balance=2 * PRICE * options.count) as sim,
            tempfile.TemporaryDirectory(prefix="neural4d-kills-") as folder,
        ):
            begun = time.monotonic()
            run = Run(sim, Path(folder), options.count)
            _RUNS[way](run)
            figures[way] = {**run.figures(), "seconds": round(time.monotonic() - begun, 1)}
    return figures | {"prompts": options.count}


def wrong(figures: dict[str, Any]) -> list[str]:
    """Ways in which something was lost or paid twice, or in which the report says other than the ledger."""
    count = figures["prompts"]
    expected = {
        "ledger_rows": count,
        "ledger_points": PRICE * count,
        "report_rows": count,
        "report_points": PRICE * count,
        "done": count,
        "models": count,
        "paid_twice": 0,
    }
    taken = [way for way in _WAYS if figures[way]]
    differing = [(way, name) for way in taken for name in expected if figures[way][name] != expected[name]]
    failed = [way for way in taken if any(figures[way]["ended_with"])]
    return [
        *(f"{way}: {name} is {figures[way][name]}, not {expected[name]}" for way, name in differing),
        *(f"{way}: what went on ended with {figures[way]['ended_with']}" for way in failed),
    ]


@dataclass
class Run:
    """One way: its table, its report, and what is to be said of it at the end."""

    sim: Any
    folder: Path
    count: int
    paid_when_killed: int = 0
    models: int = 0
    killed_with: list[int] = field(default_factory=list)
    ended_with: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        lines = [f"a bird number {number},{100 + number}\n" for number in range(self.count)]
        self.table.write_text("prompt,size_mm\n" + "".join(lines), encoding="utf-8")

    @property
    def table(self) -> Path:
        """A prompt and a size in each line."""
        return self.folder / "prompts.csv"

    @property
    def report(self) -> Path:
        """The report that covers all of the table."""
        return self.folder / "report.csv"

    def paid(self) -> list[int]:
        """The lines of the table, from 0, that the service has taken, each as often as it was paid."""
        return [int(job["prompt"].rpartition(" ")[2]) for job in self.sim.jobs()]

    def figures(self) -> dict[str, Any]:
        """All but the time."""
        from neural4d_blender.batching.reports import report_files

        lines, ledger = report_files.read(self.report), self.sim.ledger()
        return {
            "paid_when_killed": self.paid_when_killed,
            "ledger_rows": len(ledger),
            "ledger_points": sum(row["points"] for row in ledger),
            "report_rows": len(lines),
            "report_points": sum(line.points or 0 for line in lines),
            "done": sum(line.done for line in lines),
            "models": self.models,
            "paid_twice": sum(times > 1 for times in Counter(self.paid()).values()),
            "killed_with": self.killed_with,
            "ended_with": self.ended_with,
        }


def _windows(run: Run, how: str) -> None:
    from tests.gui.harness import ScenarioFailed, run_scenario

    # The smaller a window the quicker it is drawn; in the larger one all of the panel can be seen, and pressed.
    settings: dict[str, Any] = {"timeout": PATIENCE, "size": (1600, 900) if how == "panel" else (1000, 640)}
    settings["env"] = {**run.sim.environment, "NEURAL4D_DATA_DIR": str(run.folder / "data")}
    known = {"admin_url": run.sim.admin_url, "pace": PACE}
    half = {"table": str(run.table), "concurrency": 4, "paid": PRICE * math.ceil(run.count / 2)}
    run.sim.configure(job_seconds=600)  # nothing is to be done while the user writes; from then on as the pace says
    try:
        run_scenario("console_batch.until_killed", arguments={**known, **half}, **settings)
    except ScenarioFailed as failed:
        if "exit code -9" not in str(failed):
            raise
        run.killed_with.append(-9)
    run.paid_when_killed = len(run.paid())
    told = {**known, "how": how, "report": str(run.report), "seconds": PATIENCE}
    run.models = run_scenario("console_batch.goes_on", arguments=told, **settings)["standing"][-1]
    run.ended_with.append(0)


def _background(run: Run) -> None:
    script = Path(__file__).with_name("_batch_in_blender.py")
    options = ("--background", "--online-mode", "--python-exit-code", "1", "--python", str(script), "--")
    with _installed.Blenders(run.folder, run.sim.environment) as blenders:
        first = blenders.start(*options, "start", str(run.table), str(run.report))
        kill_when(first, lambda: len(run.paid()) >= run.count / 2)
        run.paid_when_killed = len(run.paid())
        second = blenders.start(*options, "resume", str(run.table), str(run.report))
        run.killed_with.append(first.returncode)
        run.ended_with.append(second.wait(PATIENCE))
        run.models = int(blenders.said().rpartition("STANDING=")[2].split()[0])


def _command(run: Run) -> None:
    with _installed.Blenders(run.folder, run.sim.environment) as blenders:
        _commands(run, blenders, [run.report])


def _shards(run: Run) -> None:
    reports = [run.folder / f"report-{number}.csv" for number in range(1, SHARDS + 1)]
    with _installed.Blenders(run.folder, run.sim.environment) as blenders:
        _commands(run, blenders, reports)
        merged = blenders.start("--command", "neural4d", "merge", *map(str, reports), "-o", str(run.report))
        run.ended_with.append(merged.wait(PATIENCE))


def _commands(run: Run, blenders: _installed.Blenders, reports: list[Path]) -> None:
    """A share of the table for each report, all at once."""
    of, output = len(reports), run.folder / "models"

    def start(share: int, *more: str) -> subprocess.Popen[bytes]:
        own = ("--shard", f"{share + 1}/{of}", "--data-dir", str(run.folder / f"work-{share + 1}"))
        common = ("batch", str(run.table), "--output", str(output), "--report", str(reports[share]))
        return blenders.start("--online-mode", "--command", "neural4d", *common, *own, *more)

    def half(share: int) -> bool:
        return sum(line % of == share for line in run.paid()) >= run.count / of / 2

    first = [start(share) for share in range(of)]
    for share, process in enumerate(first):
        kill_when(process, partial(half, share))
    run.paid_when_killed = len(run.paid())
    second = [start(share, "--continue") for share in range(of)]
    run.killed_with += [process.returncode for process in first]
    run.ended_with += [process.wait(PATIENCE) for process in second]
    run.models = len(list(output.glob("*.glb")))


_RUNS: dict[str, Callable[[Run], None]] = {
    "console": partial(_windows, how="console"),
    "panel": partial(_windows, how="panel"),
    "background": _background,
    "command": _command,
    "shards": _shards,
}
