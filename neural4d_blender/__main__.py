"""``neural4d ...``, or ``python -m neural4d_blender ...``: the command line of ``blender --command neural4d``.

With bpy as a module it does the same; a Python without bpy has it too, for files as the service made them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


def _run(prog: str) -> int:
    if sys.argv[1:2] == ["mcp"]:
        from .agents.main import main as serve

        return serve(sys.argv[2:], prog)
    if importlib.util.find_spec("bpy") is None:
        from .cli.main import without_blender

        return without_blender(sys.argv[1:], prog)
    with _standard_output_kept_clean():
        from .cli.blender_session import as_a_module

    return as_a_module(sys.argv[1:], prog)


@contextmanager
def _standard_output_kept_clean() -> Iterator[None]:
    """Blender's C code may say on standard output how it starts, where a program expects JSON."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def main(prog: str = "neural4d") -> NoReturn:
    """Run the command of the process's arguments, and end with its exit code.

    Args:
        prog: what starts it, for the help.
    """
    code = _run(prog)
    sys.stdout.flush()
    sys.stderr.flush()
    # Some Blenders crash while the interpreter ends, after all the work is done.
    os._exit(code)


if __name__ == "__main__":
    main("python -m neural4d_blender")
