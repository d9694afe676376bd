"""Files that are there before a command has written any: never replaced unasked. Standard library and client only."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ...engine.protocol import InvalidInput, sidecar_of
from ..console import Console
from ..exit_codes import Exit


def is_there(outputs: Sequence[str], asked: argparse.Namespace) -> bool:
    """All of the files are there, and the command is to do nothing then; a file beside one is as good as that one.

    Raises:
        InvalidInput: one is there, and nobody has said what is to become of it.
    """
    there = [path for path in outputs if Path(path).exists()]
    taken = there or [str(note) for path in outputs if (note := sidecar_of(Path(path))).exists()]
    if not taken or asked.overwrite:
        return False
    if not (asked.if_missing and there):
        raise InvalidInput(
            f"{taken[0]} is there already.", "Add --overwrite to replace it, --if-missing to leave it, or name another."
        )
    if len(there) < len(outputs):
        missing = next(path for path in outputs if path not in there)
        raise InvalidInput(f"{there[0]} is there already, and {missing} is not.", "Add --overwrite, or remove it.")
    return True


def told_there(outputs: Sequence[str], console: Console) -> int:
    """Say so; nothing was sent."""
    console.result("\n".join(f"{path} is there already." for path in outputs), "there", files=list(outputs))
    return Exit.DONE
