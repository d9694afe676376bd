"""A published repository on loopback: Blender installs from it, and takes an update while a job is under way."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import bpy
import pytest

from scripts.simulator.launcher import Simulator

#: Blender's part in it changed from the oldest release to the newest, and little between them.
pytestmark = pytest.mark.skipif((4, 3) <= bpy.app.version < (5, 1), reason="the oldest and the newest one are enough")
SCRIPT = Path(__file__).with_name("updating.py")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that is served, and its address."""
    folder = tmp_path / "repository"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/index.json"
        server.shutdown()


def publish(built: Path, folder: Path, version: str) -> None:
    """Put a zip there as that version, and list the folder as scripts/release.py does: with Blender's own tool."""
    for old in folder.glob("*.zip"):
        old.unlink()
    with zipfile.ZipFile(built) as source, zipfile.ZipFile(folder / f"neural4d-{version}.zip", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "blender_manifest.toml":
                lines = [f'version = "{version}"' if line.startswith(b"version = ") else line.decode()
                         for line in content.splitlines()]  # fmt: skip
                content = "\n".join(lines).encode()
            target.writestr(name, content)
    tool = Path(bpy.utils.system_resource("SCRIPTS"), "addons_core", "bl_pkg", "cli", "blender_ext.py")
    command = [sys.executable, str(tool), "server-generate", "--repo-dir", str(folder), "--html"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def test_it_is_installed_and_updated_from_a_repository(
    served: tuple[Path, str], simulator: Simulator, tmp_path: Path
) -> None:
    (folder, address), built = served, Path(os.environ["NEURAL4D_TEST_ZIP"])
    simulator.configure(job_seconds=5.0)  # so that it is under way while the update is installed
    publish(built, folder, "0.1.0")
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "neural4d-0.1.0.zip?repository=.%2Findex.json" in page
    command = [sys.executable, "-I", str(SCRIPT)]
    if bpy.app.binary_path:
        command = [bpy.app.binary_path, "--background", "--factory-startup", "--python-exit-code", "1"]
        command += ["--python", str(SCRIPT), "--"]
    environment = {"BLENDER_USER_RESOURCES": str(tmp_path / "blender"), "NEURAL4D_DATA_DIR": str(tmp_path / "data")}
    process = subprocess.Popen(
        [*command, address],
        env={**os.environ, **environment, "HTTPS_PROXY": "http://127.0.0.1:9"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    for line in process.stdout or ():
        said += line
        if line.startswith("PUBLISH"):
            publish(built, folder, "0.1.1")
            print("go on", file=process.stdin, flush=True)
    assert process.wait(120) == 0, said
    assert "VERSIONS=0.1.0 0.1.1" in said, said
    assert "JOB=placed" in said, said
    assert len(simulator.ledger()) == 1
