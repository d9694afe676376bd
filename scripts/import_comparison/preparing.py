"""Has a model prepared in processes of its own, and sees which files and addresses outside its folder they open."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.toolbox.console import ROOT

_LIMIT = 300.0
_CALLS = "open,openat,openat2,connect,execve"
#: What strace writes of a call that was let through: a path or an address, and what came of it.
_OPENED = re.compile(r'\b(?:open|openat|openat2|execve)\([^"]*"((?:[^"\\]|\\.)*)".*= (-?\d+)(?: (E\w+))?')
_CONNECTED = re.compile(r"\bconnect\(\d+, (\{.*?\}), .*= (-?\d+)(?: (E\w+))?")
#: Names that Blender and Python give to their own temporary files.
_SCRATCH = re.compile(r"(?<=/tmp)/(?:blender_\w+|tmp\w{8}|[a-z0-9_]{8})(?=/|$)")
_DENIED = ("EACCES", "EPERM")


@dataclass
class Prepared:
    """What came of a model.

    Attributes:
        ok: it was prepared. blend: the file. code, what: the refusal's kind and words.
        processor: seconds. memory: bytes. seconds: of the clock.
        reached: paths and addresses outside its folder that the sandbox did not deny; None where nobody could watch.
    """

    ok: bool = False
    blend: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    what: str = ""
    processor: float = 0.0
    memory: int = 0
    seconds: float = 0.0
    reached: set[str] | None = None


def watched() -> bool:
    """There is something that shows which files a process opens: strace, on Linux."""
    return shutil.which("strace") is not None


def prepare(source: Path, model_format: str, folder: Path, *, watch: bool = False) -> Prepared:
    """Have it done in an empty folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "scripts.import_comparison._prepare_one", str(source), model_format, str(folder)]
    log = folder / "calls.txt"
    if watch:
        command = ["strace", "-f", "-qq", "-s", "4096", "-e", f"trace={_CALLS}", "-o", str(log), *command]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LIMIT, check=False)
        found = Prepared(**json.loads(done.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        found = Prepared(code="no end", what=f"Nothing came of it in {_LIMIT:g} s.")
    except (ValueError, IndexError):
        found = Prepared(code="no answer", what=done.stderr[-500:])
    if watch:
        found.reached = _reached(log, folder, source)
    return found


def _reached(log: Path, folder: Path, source: Path) -> set[str]:
    """What lies neither in the folder nor where programs are, as strace saw it."""
    programs = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1], ROOT]
    own = [folder, folder.resolve(), source, *programs, *map(Path, ("/usr", "/lib", "/lib64", "/dev/null"))]
    found = set()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := _OPENED.search(line):
            path, denied = match[1], match[3] in _DENIED
            if not denied and path.startswith(("/", "\\", "..")) and not any(Path(path).is_relative_to(p) for p in own):
                found.add(re.sub(r"/proc/\d+", "/proc/self", _SCRATCH.sub("/*", path)))
        elif (match := _CONNECTED.search(line)) and match[3] not in _DENIED:
            found.add(match[1])
    return found
