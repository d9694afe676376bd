"""Engines for tests that need no start of their own: copies of a process that has loaded all that an engine loads.

Starting Python and loading the engine is nearly all of the processor time that most tests of an engine take, and they
start more than a thousand. On Linux a template is started once for each process of tests; each engine is a fork of it.
Run as a script it is that template: it takes requests from the socket that it is given, until that is closed.
Standard library only.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

ENGINE = Path(__file__).resolve().parents[2] / "neural4d_blender" / "engine" / "__main__.py"
#: The sockets of templates by how they were started.
_templates: dict[tuple[str | None, ...], socket.socket] = {}
_lock = threading.Lock()


class Forked:
    """An engine that is a fork of the template, with what the tests use of `subprocess.Popen`."""

    def __init__(self, python: list[str], folder: Path) -> None:
        taken, stdin = os.pipe()
        stdout, given = os.pipe()
        self._status, telling = os.pipe()
        with (folder / "engine.log").open("ab") as log:
            asked = {"argv": [str(ENGINE), "--data-dir", str(folder)], "env": dict(os.environ), "cwd": os.getcwd()}
            with _lock:
                socket.send_fds(_template(python), [json.dumps(asked).encode()], [taken, given, log.fileno(), telling])
        for end in (taken, given, telling):
            os.close(end)
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb")
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb")
        self.returncode: int | None = None
        self.pid = int(self._line())

    def poll(self) -> int | None:
        """The exit code as Popen tells it, None while it runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self.returncode = os.waitstatus_to_exitcode(int(self._line()))
            os.close(self._status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended; subprocess.TimeoutExpired where it has not within so many seconds."""
        if self.returncode is None and not select.select([self._status], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(str(ENGINE), timeout or 0.0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _line(self) -> bytes:
        told = b""
        while not told.endswith(b"\n"):
            if not (byte := os.read(self._status, 1)):
                raise ChildProcessError("the process that keeps this engine, or the template, has ended")
            told += byte
        return told


def _template(python: list[str]) -> socket.socket:
    kind = (*python, os.environ.get("NEURAL4D_TEST_LINES"))  # where record_lines.py writes
    if kind not in _templates:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*python, __file__, str(theirs.fileno())]
            subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _templates[kind] = ours
    return _templates[kind]


def _load() -> Callable[[], int]:
    """Load whatever an engine may load, and return what runs one."""
    runpy.run_path(str(ENGINE), run_name="engine_template")["_load"]()
    engine = sys.modules["neural4d_engine"]
    for module in pkgutil.walk_packages(engine.__path__, "neural4d_engine."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    gc.freeze()  # nothing of it is looked at again, so the copies share its memory
    main: Callable[[], int] = importlib.import_module("neural4d_engine.process.main_loop").main
    return main


def _serve(listening: socket.socket, main: Callable[[], int]) -> None:
    """Fork an engine for each request, and with it a keeper that tells its process id and how it ended."""
    import posix  # not on Windows, where this is not reached

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a keeper
    while True:
        message, fds, _, _ = socket.recv_fds(listening, 2**20, 4)
        if not message:
            return
        if not os.fork():
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            telling = fds.pop()
            if not (pid := os.fork()):
                os.close(telling)
                _be_engine(json.loads(message), fds, main)
            for fd in fds:
                os.close(fd)
            os.write(telling, b"%d\n" % pid)
            os.write(telling, b"%d\n" % os.waitpid(pid, 0)[1])
            posix._exit(0)  # os._exit is another one where lines are recorded
        for fd in fds:
            os.close(fd)


def _be_engine(asked: dict[str, Any], fds: list[int], main: Callable[[], int]) -> NoReturn:
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.argv = asked["argv"]
    code = 1
    try:
        code = main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), _load())
