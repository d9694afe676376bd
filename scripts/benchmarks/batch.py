"""How close a batch comes to its ideal makespan, and what it asks of the service."""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
import timeit
from pathlib import Path
from typing import Any

EXPLAINED = {
    "jobs": "jobs in the batch",
    "concurrency": "of them at the service at once",
    "job_s": "seconds that the service takes for each",
    "clock": "times faster than in life: the engine's clock and the service's together",
    "ideal_s": "makespan if nothing took any time but the service",
    "makespan_s": "from batch() to the last file on disk",
    "over_ideal": "the one by the other (1.05 is the aim)",
    "wait_for_turn_s": "from a job's end at the service to the next one's submission: median",
    "requests_per_job": "requests to the service and its file host, by all jobs (12 is the most for a job of 60 s)",
    "most_requests": "the most that one job made, without the balance (which is asked for around each payment)",
    "points_reported": "points by the report",
    "points_ledger": "points by the service's ledger",
    "rows": "prompts of one batch",
    "call_s": "until batch() returns: of three, the quickest",
    "over_json": "that, over what json.dumps takes for the same requests",
    "worst_tick_ms": "the longest look at the engine while it tells of them, of the processor's time",
    "over_plain_tick": "that, over the longest look while it tells of a hundredth as many",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--jobs", type=int, default=200, help="default 200")
    parser.add_argument("--concurrency", type=int, default=8, help="default 8")
    parser.add_argument("--job-seconds", type=float, default=60.0, help="in life, before --clock (default 60)")
    parser.add_argument("--rows", type=int, default=0, help="measure batch() itself and the looks after it instead")
    parser.add_argument("--clock", type=float, default=10.0, help="times faster than in life (default 10)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds and counts; without Blender, the models kept as files."""
    from neural4d_blender.batching import standalone
    from neural4d_blender.batching.host_without_blender import Host
    from neural4d_blender.client.engine_client import Bridge
    from neural4d_blender.client.environment_variables import Environment
    from scripts.simulator.launcher import Simulator

    if options.rows:
        return _rows(options.rows)
    seconds = options.job_seconds / options.clock
    points = 100 * options.jobs
    with (
        Simulator(job_seconds=seconds, triangles=200, texture_size=16, balance=points) as sim,
        tempfile.TemporaryDirectory(prefix="neural4d-batch-") as folder,
    ):
        bridge = Bridge(_settings(Environment, sim, Path(folder) / "data"))
        bridge.timing = {"quickest": 1.0 / options.clock}
        standalone._host = Host(bridge)
        # All the same: making a model's file is the stand-in's work, and it remembers them.
        prompts = ["a cute bird"] * options.jobs
        wanted: dict[str, Any] = {"output": str(Path(folder) / "models"), "concurrency": options.concurrency}
        try:
            standalone.batch(prompts[:1], **wanted).wait()
            sim.reset()
            sim.configure(balance=points)
            begun = time.monotonic()
            batch = standalone.batch(prompts, **wanted, budget=points)
            batch.wait()
            makespan = time.monotonic() - begun
        finally:
            bridge.stop()
        if batch.progress.done != options.jobs:
            raise RuntimeError(f"The batch is not whole: {batch.progress}")
        ideal = math.ceil(options.jobs / options.concurrency) * seconds
        requests = sim.requests()
        return {
            "jobs": options.jobs,
            "concurrency": options.concurrency,
            "job_s": seconds,
            "clock": options.clock,
            "ideal_s": round(ideal, 2),
            "makespan_s": round(makespan, 2),
            "over_ideal": round(makespan / ideal, 4),
            "wait_for_turn_s": round(_wait_for_turn(sim, seconds, options.concurrency), 4),
            "requests_per_job": round(len(requests) / options.jobs, 2),
            "most_requests": _most(requests),
            "points_reported": sum(line.points or 0 for line in batch.lines()),
            "points_ledger": sim.spent,
        }


def _rows(count: int) -> dict[str, Any]:
    """What a batch of so many rows costs whoever calls it, who may be a window."""
    few, _ = _looks(max(1, count // 100))
    looks = [_looks(count) for _ in range(3)]
    call_s, json_s = min(call for _, call in looks), min(timeit.repeat(lambda: _as_json(count), number=1, repeat=3))
    worst = min(worst for worst, _ in looks)
    return {
        "rows": count,
        "call_s": round(call_s, 4),
        "over_json": round(call_s / json_s, 2),
        "worst_tick_ms": round(1000 * worst, 2),
        "over_plain_tick": round(worst / few, 2),
    }


def _as_json(count: int) -> str:
    from neural4d_blender.engine.protocol import Request

    return json.dumps([Request(f"a bird {number}").to_dict() for number in range(count)])


def _looks(count: int) -> tuple[float, float]:
    """The longest look at the engine that a batch of so many is followed by, and how long batch() took; seconds."""
    from neural4d_blender.batching import standalone
    from neural4d_blender.batching.host_without_blender import Host
    from neural4d_blender.client.engine_client import Bridge
    from neural4d_blender.client.environment_variables import Environment
    from scripts.simulator.launcher import Simulator

    with (
        Simulator(job_seconds=3600, triangles=200, texture_size=16, balance=100 * count) as sim,
        tempfile.TemporaryDirectory(prefix="neural4d-batch-", ignore_cleanup_errors=True) as folder,
    ):
        bridge = Bridge(_settings(Environment, sim, Path(folder) / "data"))
        standalone._host = Host(bridge)
        try:
            begun = time.monotonic()
            batch = standalone.batch([f"a bird {number}" for number in range(count)], output=folder, concurrency=1)
            called, longest = time.monotonic() - begun, 0.0
            while sum(bridge.jobs[job.id].revision > 0 for job in batch.results) < count:
                for _ in range(20):
                    begun = time.thread_time()
                    bridge.drain()
                    longest = max(longest, time.thread_time() - begun)
                    time.sleep(0.02)
        finally:
            bridge.stop()
    return longest, called


def _settings(kind: Any, sim: Any, folder: Path) -> Any:
    class Own(kind):
        def services(self) -> dict[str, dict[str, str]]:
            return {**super().services(), "neural4d": {"url": sim.api_url, "key": sim.token}}

        def data_dir(self) -> Path:
            return folder

    return Own()


def _wait_for_turn(sim: Any, seconds: float, concurrency: int) -> float:
    """Median seconds from the moment a job could end at the service to the submission that takes its place."""
    sent = sorted(row["time"] for row in sim.ledger())
    waits = sorted(after - (before + seconds) for before, after in zip(sent, sent[concurrency:], strict=False))
    return float(waits[len(waits) // 2]) if waits else 0.0


def _most(requests: list[dict[str, Any]]) -> int:
    """The most requests that name one and the same job, its submission and its file included."""
    counts: dict[str, int] = {}
    for request in requests:
        body = request["body"] if isinstance(request["body"], dict) else {}
        if "uuid" in body:
            counts[body["uuid"]] = counts.get(body["uuid"], 0) + 1
    return max(counts.values(), default=0) + 3  # the submission, the model and its picture name no such id
