"""Runs one command and turns whatever becomes of it into an exit code.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from ..client import config_file
from ..client.config_file import CONFIG_ENV
from ..client.environment_variables import DATA_DIR_ENV
from ..client.paths import expanded, quoted
from ..engine.protocol import InvalidInput, Neural4DError
from . import arguments
from .argument_types import WrongUsage
from .commands import audit, batch, bring_in, dress, generate, plate, report, resume, show
from .console import Console
from .exit_codes import Exit, code_of
from .log import close_log, open_log
from .output.wait_and_write import told, unfinished
from .session import Session

#: As a shell has it for a program that is ended by SIGPIPE.
_NOBODY_LISTENS = 141
_COMMANDS: dict[str, Callable[[Session, argparse.Namespace, Console], int]] = {
    "generate": generate.generate,
    "bring-in": bring_in.bring_in,
    "batch": batch.batch,
    "dress": dress.dress,
    "plate": plate.plate,
    "merge": batch.merge,
    "resume": resume.resume,
    "jobs": show.jobs,
    "report": report.report,
    "balance": show.balance,
    "audit": audit.audit,
    "services": show.services,
}


class Ended(KeyboardInterrupt):
    """Ctrl+C, or SIGTERM, as a batch system sends it when a job's time is up."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


def main(argv: Sequence[str], prog: str, make_session: Callable[[], Session]) -> int:
    """Run the command; returns its exit code, see exit_codes.py. Nothing is raised.

    Args:
        argv: without the program's name. prog: what starts this, for the help.
    """
    try:
        chosen = arguments.parser(prog).parse_args(argv)
    except SystemExit as ended:  # argparse's way to say that it has printed help
        return int(ended.code or 0)
    except WrongUsage as error:
        return _wrong_usage(error, as_json="--json" in argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a prompt may have what the terminal's encoding lacks
    console = Console(as_json=chosen.json, quiet=chosen.quiet)
    if chosen.config:
        os.environ[CONFIG_ENV] = str(expanded(chosen.config).resolve())
    try:
        config_file.values()
        log = open_log(chosen.verbose, chosen.log_file)
    except Neural4DError as error:
        console.error(told(error), Exit.USAGE)
        return Exit.USAGE
    try:
        return _run(chosen, prog, console, make_session)
    finally:
        close_log(log)


def _run(chosen: argparse.Namespace, prog: str, console: Console, make_session: Callable[[], Session]) -> int:
    go_on = f"Go on with: {prog} resume"
    if chosen.data_dir:
        os.environ[DATA_DIR_ENV] = str(expanded(chosen.data_dir).resolve())
        go_on += f" --data-dir {quoted(chosen.data_dir)}"
    session = make_session()
    session.bridge.notices.tell = console.notice
    if getattr(chosen, "online_mode", False):
        session.allow_network()
    try:
        with _signals():
            try:
                return int(_COMMANDS[chosen.command](session, chosen, console))
            finally:
                session.bridge.stop()
    except Neural4DError as error:
        code = int(code_of(error))
        console.error(told(error), code)
        return code
    except TimeoutError as error:
        console.error({"code": "TimeUp", "what": str(error), "remedy": go_on}, Exit.TIME_UP)
        return Exit.TIME_UP
    except KeyboardInterrupt as interrupt:
        code = interrupt.code if isinstance(interrupt, Ended) else int(Exit.INTERRUPTED)
        going = sum(unfinished(job) for job in session.bridge.jobs.values())
        what = f"Interrupted; {going or 'no'} job{'s' * (going != 1)} unfinished." + " Nothing is lost." * bool(going)
        console.error({"code": "Interrupted", "what": what, "remedy": go_on if going else ""}, code)
        return code
    except OSError as error:  # whoever read the output has seen enough: `... | head`
        if not isinstance(error, BrokenPipeError) and (sys.platform != "win32" or error.errno != errno.EINVAL):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _NOBODY_LISTENS


def _wrong_usage(error: WrongUsage, *, as_json: bool) -> int:
    if not as_json:
        sys.stderr.write(error.usage)
    Console(as_json=as_json).error({**error.to_dict(), "code": InvalidInput.__name__}, Exit.USAGE)
    return Exit.USAGE


@contextmanager
def _signals() -> Iterator[None]:
    """Ctrl+C and SIGTERM raise :class:`Ended`; Blender's own handlers would end the process at the second one."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise Ended(number)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # Blender's own, which Python can not put back
                signal.signal(number, handler)


def without_blender(argv: Sequence[str], prog: str) -> int:
    """Run a command in a Python that has no bpy."""
    return main(argv, prog, Session)
