"""An engine that kills itself at one edge of its work, or whose disk fills up there: for scripts/torture.py.

python dying_engine.py [--die-at N] [--full-at N --room-after N] [--edges FILE] --data-dir FOLDER

An edge is a moment before or after a commit, a request to a service, or a rename; they are counted from 1 in the order
in which they come. `--edges` has one line a piece, for whoever wants to know which there are.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import requests

from neural4d_blender.engine.process import main_loop
from neural4d_blender.engine.system import System


class Edges:
    """Counts them, and lets happen what is to happen there."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.passed = 0
        self.counting = threading.Lock()

    def __call__(self, what: str) -> None:
        with self.counting:
            self.passed += 1
            if self.options.edges:
                with self.options.edges.open("a", encoding="utf-8") as file:
                    file.write(f"{what}\n")
            if self.passed == self.options.die_at:
                os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    @property
    def full(self) -> bool:
        """There is no room on the disk now."""
        options = self.options
        return bool(options.full_at) and options.full_at <= self.passed < options.full_at + options.room_after


def main() -> int:
    """The engine's own entry point, with the edges in its ways to the disk and to the network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--die-at", type=int, default=0)
    parser.add_argument("--full-at", type=int, default=0)
    parser.add_argument("--room-after", type=int, default=0)
    parser.add_argument("--edges", type=Path)
    options, rest = parser.parse_known_args()
    edge = Edges(options)
    _in_commits(edge)
    _in_renames(edge)
    _in_requests(edge)
    sys.argv[1:] = rest
    return main_loop.main()


def _in_commits(edge: Edges) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if edge.full and statement.split()[0] in ("INSERT", "UPDATE", "COMMIT"):
                edge("a full disk")
                raise sqlite3.OperationalError("database or disk is full")
            if statement != "COMMIT":
                return super().execute(statement, *values)
            edge("before a commit")
            done = super().execute(statement, *values)
            edge("after a commit")
            return done

    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    sqlite3.connect = lambda *given, **named: connect(*given, **named, factory=Connection)  # type: ignore[assignment]


def _in_renames(edge: Edges) -> None:
    replace = System.replace

    def replacing(self: System, source: Path, target: Path) -> None:
        edge(f"before a rename to *{target.suffix}")
        if edge.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        replace(self, source, target)
        edge(f"after a rename to *{target.suffix}")

    System.replace = replacing  # type: ignore[assignment, method-assign]


def _in_requests(edge: Edges) -> None:
    send = requests.Session.send

    def sending(self: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        edge(f"before {request.method}")
        answer = send(self, request, **how)
        edge(f"after {request.method}")
        return answer

    requests.Session.send = sending  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
