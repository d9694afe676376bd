"""Entry of the preparer: a script that runs where the extension is not importable as a package.

    blender --background --factory-startup --offline-mode --python-exit-code 3 --python __main__.py -- JOB.json
    python -I __main__.py FOLDER... JOB.json    (where bpy is a module; folders that have it, where Python's own do not)

With "-" in place of the job it gets ready and waits for the job's path, a line of standard input; it ends when
that ends. Standard library only; everything else is in main.py.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import types
from pathlib import Path

#: The name the extension's folder gets in this process, whatever it is called where it is installed.
PRIVATE_PACKAGE = "neural4d_preparer"


def main() -> int:
    # A stand-in for the extension's own package: its __init__ registers a user interface, so it must not run here.
    package = types.ModuleType(PRIVATE_PACKAGE)
    package.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules[PRIVATE_PACKAGE] = package
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    sys.path += arguments[:-1]
    job = importlib.import_module(f"{PRIVATE_PACKAGE}.prepare.main")
    return int(job.main(arguments[-1:]))


def leave(code: int) -> None:
    """End the process at once: some Blenders crash while cleaning up, after all the work is done."""
    import bpy

    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        os.rmdir(bpy.app.tempdir)  # Blender's own, which its clean-up would have removed; it is empty
    os._exit(code)


if __name__ == "__main__":
    leave(main())
