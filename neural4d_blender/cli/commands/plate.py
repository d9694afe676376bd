"""The command plate: figures side by side on a printer's plate, as one file.

Standard library, client and the engine's ``protocol`` only; what needs Blender is the session's.
"""

from __future__ import annotations

import argparse

from ...client.paths import check_writable, expanded
from ..console import Console
from ..exit_codes import Exit
from ..session import Session


def plate(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Lay files out and write as many plates as it takes; what is to be said of each figure goes first."""
    output = expanded(asked.output).resolve()
    check_writable(output)
    files = [expanded(name).resolve() for name in asked.file]
    told, written = session.plate(files, output, asked.plate, asked.gap)
    for sentence in told:
        console.note(sentence)
    names = [str(path) for path in written]
    console.result("\n".join(names), "plates", files=names, figures=told)
    return Exit.DONE
