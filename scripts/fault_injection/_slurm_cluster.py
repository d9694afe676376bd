"""A Slurm of three nodes on this machine: Debian's slurmctld, slurmd and munge, all of their files in one folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

NODES = ("node1", "node2", "node3")
_PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
_CONFIGURATION = """\
ClusterName=torture
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SchedulerParameters=batch_sched_delay=1,sched_interval=2
SlurmdTimeout=10
ReturnToService=2
KillWait=5
JobRequeue=1
MpiDefault=none
{nodes}
PartitionName=main Nodes=ALL Default=YES State=UP
"""


class Cluster:
    """A running Slurm; nothing of it outlives the ``with`` block.

    Args:
        folder: for all that it writes. variables: the environment of jobs.

    Raises:
        RuntimeError: Slurm is not there, and cannot be installed.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.variables = {**variables, "SLURM_CONF": str(folder / "slurm.conf")}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Cluster:
        _install()
        for name in ("munge", "state", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(mode=0o755)
        controller, *ports = _free_ports(1 + len(NODES))
        nodes = (
            f"NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=8000"
            for node, port in zip(NODES, ports, strict=True)
        )
        told = _CONFIGURATION.format(folder=self.folder, controller=controller, nodes="\n".join(nodes))
        (self.folder / "slurm.conf").write_text(told, encoding="ascii")
        munge = self.folder / "munge"
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o400)
        files = [f"--{name}-file={munge / name}" for name in ("key", "pid", "seed", "log")]
        self._start("munged", "munged", "--foreground", "--force", f"--socket={munge / 'socket'}", *files)
        self._start("slurmctld", "slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))
        for node in NODES:
            self.start(node)
        self.wait(lambda: self.run("sinfo", "-h", "-o", "%T", "-N").split() == ["idle"] * len(NODES), 120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for node in NODES:
            self.kill(node)
        for process in self._processes.values():
            process.kill()
            process.wait()

    def start(self, node: str) -> None:
        """Switch that node on."""
        self._start(node, "slurmd", "-D", "-N", node, "-f", str(self.folder / "slurm.conf"))

    def kill(self, node: str) -> None:
        """Pull its plug: the node, and all that runs on it."""
        if process := self._processes.pop(node, None):
            process.kill()
            process.wait()
        running = _on(node)
        # The one that watches over a job first, else it tells the controller how that has ended.
        doomed = [parent for pid in running if (parent := _parent(pid)) and _name(parent).startswith("slurmstepd")]
        for pid in (*doomed, *running):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def run(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        done = subprocess.run(
            command, env=self.variables, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")
        return done.stdout

    def wait(self, due: Callable[[], bool], seconds: float) -> None:
        """Until it is due; RuntimeError when the time is up."""
        ends = time.monotonic() + seconds
        while not due():
            if time.monotonic() > ends:
                log = (self.folder / "controller.log").read_text(errors="replace")[-1500:]
                raise RuntimeError(f"The cluster did not come to it within {seconds:g} s: {self.run('squeue')}\n{log}")
            time.sleep(0.3)

    def _start(self, name: str, *command: str) -> None:
        program = shutil.which(command[0]) or f"/usr/sbin/{command[0]}"
        with (self.folder / f"{name}.out").open("ab") as said:
            self._processes[name] = subprocess.Popen(
                [program, *command[1:]], env=self.variables, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )


def _install() -> None:
    if all(Path(f"/usr/sbin/{program}").exists() for program in ("slurmctld", "slurmd", "munged")):
        return
    if os.geteuid():
        raise RuntimeError(f"Install {', '.join(_PACKAGES)} first, and run this part as root.")
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *_PACKAGES]
    if subprocess.run(install, capture_output=True, check=False).returncode:
        subprocess.run(["apt-get", "update", "--quiet"], capture_output=True, check=True)
        subprocess.run(install, capture_output=True, check=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _on(node: str) -> list[int]:
    """Processes of jobs on that node, by what Slurm has put into their environment."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"SLURMD_NODENAME={node}".encode() in file.read_bytes().split(b"\0"):
                found.append(int(file.parent.name))
    return found


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return 0


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(errors="replace")
    return ""
