"""Loads the engine with the simulation's threads in it, and puts the simulation where the engine meets the world.

Has to come before anything else of the engine is loaded in the process. What is replaced: `threading` as the engine's
modules see it, the adapter of its sessions, the opening of its database, the lock of its journal's owner, and for the
client the engine's process and the time.
"""

from __future__ import annotations

import abc
import functools
import importlib
import logging
import os
import pkgutil
import sys
import threading
import time
import types
import warnings
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import concurrent.futures.thread  # noqa: F401 isort: skip (what the engine loads must see the real threads)
import email.utils  # noqa: F401 isort: skip
import queue  # noqa: F401 isort: skip
import sqlite3  # isort: skip
import subprocess  # noqa: F401 isort: skip
import tempfile  # noqa: F401 isort: skip
import zipfile  # noqa: F401 isort: skip

import requests  # isort: skip
import urllib3  # noqa: F401 isort: skip

from .machine import threads
from .machine.scheduler import current

PACKAGE = "neural4d_blender"
_TAKEN = ("Condition", "Event", "Lock", "RLock", "local")


def _of_the_simulation(real: types.ModuleType, **own: Any) -> types.ModuleType:
    """That module with some names of our own."""
    module = types.ModuleType(real.__name__)
    module.__dict__.update({name: value for name, value in vars(real).items() if not name.startswith("__")})
    module.__dict__.update(own)
    return module


@functools.cache
def load() -> None:
    """Do it, the first time that it is called in a process."""
    if f"{PACKAGE}.engine.process.main_loop" in sys.modules:
        raise RuntimeError("the engine is loaded already")
    for name in os.environ.keys() - {"PATH", "HOME", "PYTHONHASHSEED", "SYSTEMROOT"}:
        del os.environ[name]  # no proxies; and requests goes through all of it for each request
    os.environ["TZ"] = "UTC"
    time.tzset()
    warnings.filterwarnings("error", category=RuntimeWarning, module=r"neural4d_blender\..*")
    logging.disable()
    sys.modules.setdefault("trimesh", types.ModuleType("trimesh"))  # slow to load, and no mesh is made here
    own = {name: getattr(threads, name) for name in _TAKEN}
    sys.modules["threading"] = _of_the_simulation(threading, **own)
    try:
        engine = importlib.import_module(f"{PACKAGE}.engine")
        for found in pkgutil.walk_packages(engine.__path__, f"{engine.__name__}."):
            if not found.name.endswith(("__main__", "sandbox")):
                importlib.import_module(found.name)
    finally:
        sys.modules["threading"] = threading
    _connect()


class _Readable(abc.ABC):  # noqa: B024 (nobody makes one)
    """What requests asks with a protocol, which looks through all attributes each time."""

    @classmethod
    def __subclasshook__(cls, other: type) -> bool:
        return hasattr(other, "read")


def _connect() -> None:
    from .machine import disk, pipes, wire

    def module(name: str) -> Any:
        return importlib.import_module(f"{PACKAGE}.{name}")

    module("engine.http.connection").Adapter = wire.Wire
    requests.models._SupportsRead = _Readable  # type: ignore[attr-defined]
    module("engine.store.database").sqlite3 = _of_the_simulation(sqlite3, connect=disk.connect)
    lock_file = module("engine.store.lock_file")
    really_hold = lock_file.hold

    def hold(path: Path) -> IO[bytes]:
        handle: IO[bytes] = really_hold(path)
        current().process.on_death.append(handle.close)
        return handle

    lock_file.hold = hold
    clock = _of_the_simulation(
        time,
        time=lambda: pipes.world().wall(),
        monotonic=lambda: current().now,
        perf_counter=lambda: current().now,
        sleep=lambda seconds: current().block(None, seconds),
    )
    ids = types.SimpleNamespace(uuid4=lambda: UUID(int=pipes.world().chance.getrandbits(128), version=4))
    client = module("client.engine_client")
    client.time, client.uuid, client.EngineProcess = clock, ids, pipes.EngineProcess
    module(
        "engine.http.interruptible"
    )._LOOK = 1.0  # whoever waits for an answer looks less often, or half of all is that
    pool = module("engine.blenders.blender_pool")
    pool.environment = dict  # of no process that there is
    pool.confined_folder.holds = lambda _system: {}
