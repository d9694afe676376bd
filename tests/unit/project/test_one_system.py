"""Holds that the engine takes time, chance, threads, processes, and how files are renamed and removed, from system.py.

Read from the source with ast. A name counts by what it was imported as, so an alias does not hide it, and every use
counts, not only a call: ``default_factory=time.time`` is one. Annotations use nothing.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[3] / "neural4d_blender" / "engine"
#: The seam itself, a program of its own, which becomes the background Blender, and what waits for nobody.
_SEAM = ("system.py", "clock.py", "file_replacement.py")
OTHERS = {ENGINE / name for name in (*_SEAM, "blenders/sandbox.py", "store/lock_file.py")}
SOURCES = sorted(path for path in ENGINE.rglob("*.py") if path not in OTHERS)
#: What of these may be used: what asks nothing of the computer, and locks.
ALLOWED: dict[str, set[str]] = {
    "time": set(),
    "datetime": {"UTC", "datetime", "timedelta", "timezone"},
    "datetime.datetime": {"fromisoformat", "fromtimestamp"},
    "uuid": {"UUID", "uuid5"},
    "random": set(),
    "secrets": set(),
    "threading": {"Condition", "Event", "Lock", "RLock", "local"},
    "concurrent": {"futures"},
    "concurrent.futures": {"Future"},
    "multiprocessing": set(),
    "asyncio": set(),
    "sched": set(),
    "subprocess": {"TimeoutExpired"},
}
#: Allowed with so many arguments; with fewer they mean the present.
ARGUMENTS = {"time.localtime": 1, "time.strftime": 2}
FORBIDDEN = {"shutil.move", "os.urandom", "os.system", "os.popen", "os.fork", "os.rename", "os.renames", "os.replace"}
FORBIDDEN |= {"shutil.rmtree", "os.remove", "os.unlink"}
FORBIDDEN |= {f"os.{kind}" for kind in ("spawnl", "spawnv", "spawnve", "posix_spawn", "execv", "execve", "startfile")}
MODULES = {*ALLOWED, "os", "shutil"}


class Uses(ast.NodeVisitor):
    """Collects what a module uses of the computer by itself."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.means: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.split(".")[0]
            self.means[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*" and node.module in MODULES:
                self.found.append(f"{node.module}.*")
            # Another module of the engine hands on what it has imported, by the name that it has there.
            self.means[alias.asname or alias.name] = f"{ENGINE.name if node.level else node.module}.{alias.name}"

    def visit_arg(self, node: ast.arg) -> None:
        """Only an annotation."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        node.returns = None
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        name = self._full(function)
        if len(node.args) == ARGUMENTS.get(name):
            for argument in node.args:
                self.visit(argument)
            return
        if isinstance(function, ast.Attribute):
            # A path's: a text's replace() takes two arguments, dataclasses.replace() is none with one.
            renames = function.attr == "rename" or (function.attr == "replace" and len(node.args) == 1)
            removes = function.attr == "unlink" and not node.args
            if (renames and not node.keywords) or removes:
                self.found.append(ast.unparse(function))
        if getattr(function, "id", "") == "hasattr":
            return
        first = node.args[0] if node.args else None
        loads = name.endswith("import_module") or getattr(function, "id", "") == "__import__"
        if loads and isinstance(first, ast.Constant) and str(first.value) in MODULES:
            self.found.append(ast.unparse(node))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if name := self._full(node):
            self._look_at(name)
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if name := self._full(node):
            self._look_at(name)

    def _full(self, node: ast.AST) -> str:
        """By its full name what stands there; empty for what was not imported."""
        if isinstance(node, ast.Name):
            return self.means.get(node.id, "")
        if isinstance(node, ast.Attribute) and (base := self._full(node.value)):
            return f"{base}.{node.attr}"
        return ""

    def _look_at(self, name: str) -> None:
        parts = name.split(".")
        if parts[0] == ENGINE.name:
            parts = parts[next((at for at, part in enumerate(parts) if part in MODULES), 0) :]
        # The longest of the modules that it starts with, and what is used of that: nothing where it is handed on.
        owner = next((".".join(parts[:end]) for end in (2, 1) if ".".join(parts[:end]) in MODULES), "")
        used = "".join(parts[owner.count(".") + 1 :][:1])
        allowed = used in ALLOWED[owner] if owner in ALLOWED else bool(used) and f"{owner}.{used}" not in FORBIDDEN
        if owner and not allowed:
            self.found.append(name)


def uses(source: str) -> list[str]:
    """What the source uses of the computer by itself."""
    tree, imports, user = ast.parse(source), Uses(), Uses()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.visit(node)
    user.means = imports.means  # wherever a name is imported, it may be used before that in the text
    user.visit(tree)
    return user.found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_only_the_system_uses_the_computer(path: Path) -> None:
    assert uses(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as clock\nclock.monotonic()",
        "from time import time as now\nnow()",
        "from time import *",
        "import time\nt = time\nt.time()",
        "import time\ngetattr(time, 'time')()",
        "import time\ntime.localtime()",
        "import time\ntime.strftime('%Y')",
        "import time\ntime.strftime('%Y', time.localtime())",
        "def f():\n    now()\nfrom time import time as now",
        "from dataclasses import dataclass, field\nimport time\nx: float = field(default_factory=time.time)",
        "def f(now=__import__('time').time): ...",
        "import importlib\nimportlib.import_module('time').time()",
        "from importlib import import_module as load\nload('random').random()",
        "from ..http.transport import time as t\nt.time()",
        "from .. import system as s\ns.time.time()",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "from datetime import datetime as moment\nmoment.now()",
        "from datetime import date\ndate.today()",
        "import uuid as u\nu.uuid4()",
        "from uuid import uuid1 as new\nnew()",
        "import random\nrandom.Random(1)",
        "import threading\nthreading.Thread(target=print)",
        "from threading import Timer as After\nAfter(1, print)",
        "import concurrent.futures\nconcurrent.futures.ThreadPoolExecutor()",
        "from concurrent import futures\nfutures.ThreadPoolExecutor()",
        "import concurrent.futures as f\nf.ProcessPoolExecutor()",
        "import subprocess\nsubprocess.run([])",
        "import os as o\no.replace('a', 'b')",
        "from os import replace as put\nput('a', 'b')",
        "import shutil\nshutil.move('a', 'b')",
        "path.replace(other)",
        "path.rename(other)",
        "import shutil\nshutil.rmtree('a')",
        "path.unlink(missing_ok=True)",
    ],
)
def test_no_alias_passes(source: str) -> None:
    assert uses(source)


@pytest.mark.parametrize(
    "source",
    [
        "import random\nimport subprocess\ndef f(chance: random.Random) -> subprocess.Popen[bytes]: ...",
        "import time\ntime.strftime('%Y', time.localtime(job.created))",
        "import threading\nlock = threading.Lock()\nstopped = threading.Event()",
        "import uuid\nuuid.UUID(text)",
        "import os\nos.fsync(1)",
        "import shutil\nshutil.copyfile('a', 'b')",
        "from datetime import UTC, datetime\ndatetime.fromisoformat(x).astimezone(UTC)",
        "variant.uuid, job.time, text.replace('a', 'b'), system.replace(a, b), clock.monotonic()",
        "from dataclasses import replace\nreplace(poll, points=0)",
    ],
)
def test_what_asks_nothing_of_the_computer_may_be_used(source: str) -> None:
    assert uses(source) == []
