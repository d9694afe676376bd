"""What a model reaches that has taken over the background Blender: nothing but itself and its own folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.blenders.blender_pool import JobFile, Preparers
from neural4d_blender.engine.blenders.confinement import confined_folder, landlock
from neural4d_blender.engine.errors import NotConfined, PreparerFailed
from neural4d_blender.engine.system import SYSTEM

EXPLOITED = Path(__file__).resolve().parents[2] / "support" / "exploited.py"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux' cage")
OWN = ["its own download", "its own folder"]
#: What Landlock keeps, which some kernels do not have.
FILES = {"home", "key", "key by a link", "temporary files", "another job", "another job's end", "another job's name"}
FILES |= {"the download, changed", "a password file", "the list of processes", "key by a hard link", "the terminal"}
FILES |= {"another process's environment", "another process's memory"}


def test_what_an_exploited_importer_reaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, job = tmp_path / "home", tmp_path / "data" / "jobs" / "one"
    for folder in (home, job, tmp_path / "data" / "jobs" / "two"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    (home / "key").write_text("made-up key")
    other = tmp_path / "data" / "jobs" / "two" / "v0.glb"
    other.write_bytes(b"another's model")
    (job / "v0.glb").write_bytes(b"glTF")
    unix = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(home)  # a socket's name is short
    unix.bind("s")
    unix.listen()
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0neural4d-{os.getpid()}")
    abstract.listen()
    preparers = Preparers(folder=tmp_path / "data" / "preparing")
    preparers.argv = [sys.executable, str(EXPLOITED)]
    with socket.create_server(("127.0.0.1", 0)) as server, unix, abstract:
        aims = {"home": str(home), "key": str(home / "key"), "other": str(other), "pid": os.getpid()}
        aims |= {"tcp": server.getsockname()[1], "unix": str(home / "s"), "abstract": f"neural4d-{os.getpid()}"}
        values: dict[str, Any] = {"source": str(job / "v0.glb"), "output": str(job / "v0.blend"), "try": aims}
        values["facts"] = str(job / "v0.facts.json")
        assert preparers.run(JobFile(job / "job", values), job / "v0.log", 60, lambda: False) == 0
    reached = json.loads((job / "v0.facts.json").read_text())["reached"]
    allowed = set(OWN) | (set() if landlock.version() else FILES)
    assert set(OWN) <= set(reached)
    assert set(reached) <= allowed, sorted(set(reached) - allowed)
    assert other.read_bytes() == b"another's model"
    assert (job / "v0.glb").read_bytes() == b"glTF"
    assert (job / "v0.blend").read_bytes() == b"made"
    assert not any((tmp_path / "data" / "preparing").iterdir())


def test_what_it_leaves_in_place_of_a_file_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "v0.glb").write_bytes(b"glTF")
    values = {"source": str(tmp_path / "v0.glb"), "output": str(tmp_path / "o.blend"), "facts": str(tmp_path / "f")}
    made = confined_folder.ConfinedFolder(tmp_path / "cages", SYSTEM)
    made.take_in(values)
    (made.made / "o.blend").symlink_to("/etc/passwd")
    with pytest.raises(PreparerFailed, match="no file"):
        made.give_out()
    assert not (tmp_path / "o.blend").exists()
    made.close()


def test_what_was_unpacked_goes_in_whole(tmp_path: Path) -> None:
    for name in ("v0/source/model.obj", "v0/textures/a.png", "v1.glb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "v0" / "link").symlink_to(tmp_path / "v1.glb")
    values = {"source": str(tmp_path / "v0" / "source" / "model.obj"), "download": str(tmp_path / "v0")}
    values |= {"output": str(tmp_path / "v0.blend"), "facts": str(tmp_path / "v0.facts.json")}
    made = confined_folder.ConfinedFolder(tmp_path / "cages", SYSTEM)
    job = json.loads(made.take_in(values).read_text())
    assert Path(job["source"]).read_text() == "v0/source/model.obj"
    assert (Path(job["download"]) / "textures" / "a.png").read_text() == "v0/textures/a.png"
    files = {path.name for path in made.taken.rglob("*") if not path.is_dir()}
    assert files == {"model.obj", "a.png", ".job.json"}
    made.close()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    sleeps = "import time; print('on', flush=True); time.sleep(600)"
    sleeper = confined_folder.confined([sys.executable, "-c", sleeps], 2**30, [], [])
    starter = f"""if True:
        import json, os, subprocess
        command = {sleeper!r}
        command[3] = json.dumps(json.loads(command[3]) | {{"parent": os.getpid()}})
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        process.stdout.readline()
        print(process.pid, flush=True)
        os._exit(0)
    """
    done = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    state = Path(f"/proc/{pid}/stat")
    for _ in range(1000):
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        subprocess.run(["sleep", "0.01"], check=True)
    pytest.fail("it goes on")


@pytest.mark.parametrize("strict", [True, False])
def test_without_a_sandbox_it_starts_only_where_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strict: bool
) -> None:
    """Without Landlock, which is as if the kernel had none: its file is made to say so."""
    folder = tmp_path / "without"
    folder.mkdir()
    for name in ("sandbox.py", "seccomp.py"):
        (folder / name).write_bytes((Path(confined_folder.__file__).parent / name).read_bytes())
    (folder / "landlock.py").write_text("def restrict(read, write):\n    return False\n")
    monkeypatch.setattr(confined_folder, "_SANDBOX", folder / "sandbox.py")
    preparers = Preparers(folder=tmp_path / "preparing")
    preparers.argv, preparers.strict = [sys.executable, str(EXPLOITED)], strict
    (tmp_path / "v0.glb").write_bytes(b"glTF")
    values: dict[str, Any] = {"source": str(tmp_path / "v0.glb"), "output": str(tmp_path / "o.blend"), "try": {}}
    job = JobFile(tmp_path / "job", values | {"facts": str(tmp_path / "f")})
    if strict:
        with pytest.raises(NotConfined, match="files"):
            preparers.run(job, tmp_path / "log", 60, lambda: False)
    else:
        preparers.argv = [sys.executable, "-c", "print('neural4d: ready')"]
        assert preparers.run(job, tmp_path / "log", 60, lambda: False) == 0


def test_what_holds_is_tried_out() -> None:
    """As the program itself would find it: the kernel's word, not the documents'."""
    held = confined_folder.holds(SYSTEM)
    assert set(held) == {"files", "network", "processes", "limits"}
    assert held["limits"]
    reached = subprocess.run(
        confined_folder.confined([sys.executable, "-c", "import socket; socket.socket()"], 2**30, [], []), check=False
    )
    assert held["network"] == (reached.returncode != 0)
