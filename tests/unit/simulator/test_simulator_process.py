"""The command itself: what it prints, how it ends, where it listens."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
import requests

from scripts.simulator.launcher import ROOT, Simulator, SimulatorError
from tests.support.other_services import Others
from tests.support.simulator_client import Caller


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.simulator", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with command("--port", "0", "--json") as process:
        addresses = json.loads(line(process.stdout))
        assert requests.get(addresses["admin_url"] + "/ledger", timeout=30).json() == {"rows": [], "balance": 1000}
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert [process.returncode, errors] == [0, ""]


def test_ends_with_a_hanging_request() -> None:
    with command("--port", "0", "--json") as process:
        addresses = json.loads(line(process.stdout))
        fault = {"endpoint": "queryPointsInfo", "fault": "hang"}
        requests.post(addresses["admin_url"] + "/faults", json=fault, timeout=30)
        with pytest.raises(requests.ReadTimeout):
            requests.post(addresses["api_url"] + "/api/queryPointsInfo", timeout=0.3)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert [process.returncode, errors] == [0, ""]


def test_ends_with_its_parent() -> None:
    with command("--port", "0", "--json", "--exit-with-parent") as process:
        line(process.stdout)
        assert process.poll() is None
        _, errors = process.communicate(timeout=60)
        assert [process.returncode, errors] == [0, ""]


def test_prints_what_a_user_pastes() -> None:
    with command(
        "--port", "0", "--token", "mine", "--balance", "77", "--set", "job_seconds=0", "--set", "shape=tree"
    ) as process:
        said = [line(process.stdout) for _ in range(5)]
        url = re.fullmatch(r"export NEURAL4D_API_URL=(http://127\.0\.0\.1:\d+)\n", said[3])
        assert url is not None
        assert said[4] == "export NEURAL4D_API_TOKEN=mine\n"
        answer = requests.post(url[1] + "/api/queryPointsInfo", headers={"Authorization": "Bearer mine"}, timeout=30)
        assert answer.json()["data"]["total_points"] == 77


def test_listens_on_loopback_only() -> None:
    with Simulator(generation="2024") as simulator:
        for url in (simulator.api_url, simulator.files_url, simulator.admin_url):
            port = int(url.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=10):
                pass
            # Were it bound to every address, the rest of 127/8 would reach it as well.
            with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=10):
                pass


def test_says_which_setting_is_wrong() -> None:
    with command("--port", "0", "--set", "nonsense=1") as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "nonsense" in errors
        assert "Traceback" not in errors


def test_says_that_a_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, command("--port", str(taken.getsockname()[1])) as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "--port" in errors
        assert "Traceback" not in errors


def test_help_names_every_setting() -> None:
    with command("--help") as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        for word in (
            "--port",
            "--files-port",
            "--admin-port",
            "--token",
            "--balance",
            "--blender",
            "conversion_seconds",
        ):
            assert word in said


def test_a_handle_that_cannot_start() -> None:
    with pytest.raises(SimulatorError, match="did not start"):
        Simulator(generation="2024", python=sys.executable + "-that-is-not-there").start()
    with pytest.raises(SimulatorError, match="nonsense"):
        Simulator(generation="2024", nonsense=1).start()


def _running(pid: int) -> bool:
    """Whether the process still does anything; one that was ended and is not yet collected does not."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except ProcessLookupError:
            return False
        except FileNotFoundError:  # No /proc on this system, or gone just now: the next round tells.
            state = ""
        if state in ("Z", "X"):
            return False
        time.sleep(0.05)
    return True


def test_ending_takes_a_running_conversion_along(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    blender = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    # A script that starts Blender, as on machines where it lives in a folder of its own.
    around = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {blender!r}])"
    with Simulator(generation="2024", job_seconds=0.0, blender=shlex.join([sys.executable, "-c", around])) as simulator:
        caller = Caller(simulator)
        assert caller.call("convertToFormat", {"uuid": caller.generate()[0]})["statusType"] == 1
        for _ in range(600):
            if note.exists() and note.read_text():
                break
            time.sleep(0.05)
        pid = int(note.read_text())
        os.kill(pid, 0)
    assert not _running(pid)


def test_ending_takes_a_conversion_along_that_a_download_waits_for(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    blender = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with Simulator(
        generation="2024", job_seconds=0.0, matting_seconds=0.0, blender=shlex.join([sys.executable, "-c", blender])
    ) as sim:
        csm = Others(sim)
        url = csm.refined(csm.session())["mesh_url_obj"]
        with pytest.raises(requests.ReadTimeout):
            requests.get(url, timeout=0.5)
        for _ in range(600):
            if note.exists() and note.read_text():
                break
            time.sleep(0.05)
        pid = int(note.read_text())
        process = sim._process
    assert not _running(pid)
    assert process is not None
    assert process.returncode == 0


def test_a_handle_leaves_nothing_behind() -> None:
    simulator = Simulator(generation="2024").start()
    process = simulator._process
    assert process is not None
    simulator.close()
    assert process.returncode == 0
    simulator.close()
