"""What the commands' arguments have in common. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from ..engine.protocol import declarations
from .codes import MEANINGS


def command_of(
    commands: Any, name: str, purpose: str, examples: Iterable[str], *, online: bool = True, more: str = ""
) -> argparse.ArgumentParser:
    """A subcommand with its examples, and the options that every one has."""
    parts = ["examples:\n" + "\n".join(f"  {example}" for example in examples), more, exit_codes()]
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=purpose,
        description=purpose[0].upper() + purpose[1:] + ".",
        epilog="\n\n".join(part for part in parts if part),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    command.add_argument("--data-dir", metavar="FOLDER", help="for journal and downloads, instead of the usual one")
    if online:
        command.add_argument(
            "--online-mode",
            action="store_true",
            help="allow network access for this command where Blender's preferences do not",
        )
    return command


def exit_codes() -> str:
    """The exit codes, for the end of a help text."""
    return "exit codes:\n" + "\n".join(f"  {code:3d}  {meaning}" for code, meaning in MEANINGS.items())


def add_service(command: argparse.ArgumentParser, default: str | None = None) -> None:
    """The option that names a service; without a default it narrows down."""
    command.add_argument(
        "--provider",
        "--service",
        choices=[service.id for service in declarations()],
        default=default,
        help="the service; default: %(default)s" if default else "this service only",
    )


def add_timeout(command: argparse.ArgumentParser) -> None:
    """The option that limits the waiting."""
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="wait no longer; the jobs go on with resume")
