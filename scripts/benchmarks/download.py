"""How fast a result is fetched, beside curl, and what a hundred downloads at once take of memory."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.toolbox.console import ROOT

EXPLAINED = {
    "megabytes": "size of the file",
    "curl_mb_s": "curl to a file, which is then synced to disk: median",
    "curl_unsynced_mb_s": "curl alone: median",
    "ours_mb_s": "the engine's download to a file, checked and synced to disk: median",
    "of_curl": "ours by curl's, both synced: median of the pairs (0.9 is the aim)",
    "of_curl_unsynced": "ours, synced, by curl's, which is not",
    "memory_small_mb": "peak memory of a process that fetches a tenth of the file",
    "memory_large_mb": "the same with the whole file (constant is the aim)",
    "downloads": "downloads that were running at once in one engine",
    "engine_mb": "the engine's memory (RSS) meanwhile (80 is the most)",
    "engine_idle_mb": "the same before them",
}
#: Serves as many bytes as are asked for, at that rate: ?bytes=N&rate=BYTES_A_SECOND (0: as fast as it goes).
_SERVER = """
import http.server, time, urllib.parse
BLOCK = bytes(1 << 20)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *arguments): pass
    def do_GET(self):
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        left, rate = int(asked["bytes"]), int(asked.get("rate", 0))
        self.send_response(200)
        self.send_header("Content-Length", str(left))
        self.end_headers()
        try:
            while left:
                part = BLOCK[: min(left, rate // 5 if rate else len(BLOCK))]
                self.wfile.write(part)
                left -= len(part)
                if rate: time.sleep(0.2)
        except OSError:
            self.close_connection = True
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 200
    daemon_threads = True
server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
_FETCH = """
import resource, sys, time
from pathlib import Path
from neural4d_blender.engine.files.download import download
begun = time.perf_counter()
download(sys.argv[1], Path(sys.argv[2]))
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--megabytes", type=int, default=512, help="size of the file (default 512)")
    parser.add_argument("--rounds", type=int, default=5, help="fetches of each kind, in turns (default 5)")
    parser.add_argument("--downloads", type=int, default=100, help="at once (default 100)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Megabytes and megabytes a second; needs curl."""
    curl = shutil.which("curl")
    if curl is None:
        raise RuntimeError("curl is not on PATH")
    with _server() as url, tempfile.TemporaryDirectory(prefix="neural4d-download-") as folder:
        return {
            "megabytes": options.megabytes,
            **_throughput(url, curl, Path(folder) / "file", options.megabytes, options.rounds),
            **_many(url, Path(folder), options.downloads),
        }


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """Address of a server of bytes, in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None  # noqa: S101
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/file"
    finally:
        process.kill()
        process.wait()


def _throughput(url: str, curl: str, file: Path, megabytes: int, rounds: int) -> dict[str, Any]:
    size = megabytes << 20
    theirs, unsynced, ours, peaks = [], [], [], []
    _, small = _fetch(f"{url}?bytes={size // 10}", file)
    for _ in range(rounds):
        begun = time.perf_counter()
        subprocess.run([curl, "--silent", "--noproxy", "*", "-o", str(file), f"{url}?bytes={size}"], check=True)
        unsynced.append(megabytes / (time.perf_counter() - begun))
        with file.open("rb+") as written:
            os.fsync(written.fileno())
        theirs.append(megabytes / (time.perf_counter() - begun))
        file.unlink()
        took, peak = _fetch(f"{url}?bytes={size}", file)
        ours.append(megabytes / took)
        peaks.append(peak)
    return {
        "curl_mb_s": round(statistics.median(theirs), 1),
        "curl_unsynced_mb_s": round(statistics.median(unsynced), 1),
        "ours_mb_s": round(statistics.median(ours), 1),
        "of_curl": round(statistics.median(one / other for one, other in zip(ours, theirs, strict=True)), 3),
        "of_curl_unsynced": round(statistics.median(one / other for one, other in zip(ours, unsynced, strict=True)), 3),
        "memory_small_mb": round(small, 1),
        "memory_large_mb": round(max(peaks), 1),
    }


def _fetch(url: str, file: Path) -> tuple[float, float]:
    """Seconds and peak memory of the engine's own download, in a process that does nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", _FETCH, url, str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=True,
    )
    file.unlink()
    took, peak = done.stdout.split()
    return float(took), float(peak)


def _many(url: str, folder: Path, count: int) -> dict[str, Any]:
    """The memory of one engine while so many of its jobs download a file of gigabytes."""
    from scripts.simulator.launcher import Simulator
    from tests.support.engine_process import STARTED, EngineProcess

    with Simulator(job_seconds=0.0, balance=100 * count) as sim:
        slow = f"{url}?bytes={1 << 30}&rate={200_000}"
        sim.set_fault("retrieveModel", "set_field", times=None, field="modelUrl", value=slow)
        with EngineProcess(folder, sim.api_url, sim.token, command=STARTED) as engine:
            engine.ask("list")
            idle = _resident(engine.process.pid)
            jobs = [
                {"job": str(uuid.uuid4()), "provider": "neural4d", "request": {"prompt": "a bird"}, "item": item}
                for item in range(count)
            ]
            answer = engine.ask("submit_many", batch={"id": "b", "concurrency": count}, jobs=jobs)
            if answer["error"]:
                raise RuntimeError(json.dumps(answer["error"]))
            for job in jobs:
                engine.wait(str(job["job"]), "downloading", seconds=120)
            peak = 0.0
            for _ in range(50):
                peak = max(peak, _resident(engine.process.pid))
                time.sleep(0.1)
            running = sum(job["state"] == "downloading" for job in engine.jobs.values())
            engine.kill()
    return {"downloads": running, "engine_mb": round(peak, 1), "engine_idle_mb": round(idle, 1)}


def _resident(pid: int) -> float:
    """Megabytes of memory that a process has now; Linux only."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
