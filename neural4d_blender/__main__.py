"""``python -m neural4d_blender ...``: the command line of ``blender --command neural4d`` with bpy as a module.

A Python without bpy has it too, for files as the service made them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_PROG = "python -m neural4d_blender"


def _main() -> int:
    if importlib.util.find_spec("bpy") is None:
        from .cli.main import without_blender

        return without_blender(sys.argv[1:], _PROG)
    with _standard_output_kept_clean():
        from .cli.blender_session import as_a_module

    return as_a_module(sys.argv[1:], _PROG)


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


if __name__ == "__main__":
    code = _main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Some Blenders crash while the interpreter ends, after all the work is done.
    os._exit(code)
