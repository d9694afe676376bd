"""Arguments of the commands that only show something. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

from typing import Any

from ..engine.protocol import State
from .argument_types import add_service, command_of


def jobs(commands: Any, prog: str) -> None:
    """Those of the command ``jobs``."""
    examples = (
        f"{prog} jobs",
        f"{prog} jobs --state failed --since 2031-05-24",
        f"{prog} jobs --totals",
        f"{prog} jobs chair --limit 5 --json",
    )
    command = command_of(commands, "jobs", "list the jobs of this computer, newest first", examples, online=False)
    command.add_argument("text", nargs="?", default="", metavar="TEXT", help="whose prompt or name has this in it")
    command.add_argument("--state", choices=[state.value for state in State], metavar="STATE", help="%(choices)s")
    add_service(command)
    command.add_argument("--since", default="", metavar="DATE", help="made on that day, as in 2031-05-24, or later")
    command.add_argument("--until", default="", metavar="DATE", help="made on that day or earlier")
    command.add_argument("--limit", type=int, default=50, metavar="N", help="default: %(default)s")
    command.add_argument("--totals", action="store_true", help="instead: jobs, points and disk space by month")


def report(commands: Any, prog: str) -> None:
    """Those of the command ``report``."""
    examples = (f"{prog} report 3f2a9c1e", f"{prog} report 3f2a9c1e --json")
    command = command_of(commands, "report", "show what the checks found in models", examples, online=False)
    command.add_argument("job", nargs="+", metavar="JOB", help="of these jobs; the beginning of an id will do")


def balance(commands: Any, prog: str) -> None:
    """Those of the command ``balance``."""
    examples = (f"{prog} balance", f"{prog} balance --provider neural4d --json")
    command = command_of(commands, "balance", "ask for the points that are left", examples)
    add_service(command)


def audit(commands: Any, prog: str) -> None:
    """Those of the command ``audit``."""
    examples = (f"{prog} audit", f"{prog} audit --verify", f"{prog} audit --totals --json")
    purpose = "show the studio's audit: what was paid, refused, approved of and kept"
    command = command_of(commands, "audit", purpose, examples, online=False)
    command.add_argument("--limit", type=int, default=50, metavar="N", help="the last N lines; default: %(default)s")
    command.add_argument("--totals", action="store_true", help="the sums by user, project and agent alone")
    command.add_argument("--verify", action="store_true", help="fail where a line is missing or was changed")


def services(commands: Any, prog: str) -> None:
    """Those of the command ``services``."""
    command_of(commands, "services", "show what each service can do", (f"{prog} services",), online=False)
