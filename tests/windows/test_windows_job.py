"""A background Blender ends with whoever started it, however that ends.

Wine keeps neither the limit of memory nor that of processes, so those are seen on a real machine only.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from neural4d_blender.engine.blenders.confinement.windows_job import hold

ROOT = Path(__file__).resolve().parents[2]
SLEEPS = "import time; print('here', flush=True); time.sleep(600)"
HOLDS = f"""
import subprocess, sys
from neural4d_blender.engine.blenders.confinement.windows_job import hold
process = subprocess.Popen([sys.executable, "-c", {SLEEPS!r}])
job = hold(process, 2**32)
assert job
print("held", flush=True)
process.wait()
"""


def test_it_ends_with_its_job() -> None:
    process = subprocess.Popen([sys.executable, "-c", SLEEPS])
    job = hold(process, 2**32)
    assert job
    job.close()
    process.wait(60)


def test_it_ends_when_the_engine_is_killed() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout
    assert {holder.stdout.readline().strip(), holder.stdout.readline().strip()} == {b"held", b"here"}
    holder.kill()
    assert holder.stdout.read() == b""  # whoever still lived would keep the pipe open
    holder.wait()
