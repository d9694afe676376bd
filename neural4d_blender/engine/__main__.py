"""Starts the engine process: ``python -I engine/__main__.py --data-dir FOLDER``.

Run by its path, because the name under which the extension is installed is not known to a plain
Python; so the package is loaded under a name of its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import traceback
from pathlib import Path

_NAME = "neural4d_engine"


def _load() -> None:
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(_NAME, here / "__init__.py", submodule_search_locations=[str(here)])
    if spec is None or spec.loader is None:
        raise ImportError(f"the engine cannot be loaded from {here}")
    sys.modules[_NAME] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)


def _tell(error: Exception) -> None:
    """Say why the engine cannot start, where nothing of it may be there to say so."""
    told = {"code": "EngineUnusable", "kept": "All jobs stand in the history as they were.", "cost": ""}
    name = getattr(error, "name", None) or ""
    if isinstance(error, ModuleNotFoundError) and not name.startswith(_NAME):
        told["what"] = f"{sys.executable} lacks the Python package {name}, which the engine needs."
        if name.partition(".")[0] in sys.stdlib_module_names:
            remedy = "It is a part of Python that this one was built without: set NEURAL4D_PYTHON to another one."
        elif sys.flags.isolated:  # Blender's own
            remedy = f"Install {name} for it, or use the Blender of blender.org, which brings it along."
        else:
            install = f"Install it there ({sys.executable} -m pip install {name})"
            remedy = f"{install}, have its folder on PYTHONPATH, or set NEURAL4D_PYTHON to another one."
        told["remedy"] = remedy
    else:
        told["what"] = f"A file of the extension is missing or damaged ({type(error).__name__}: {error})."
        told["remedy"] = "Install the extension again, and have the virus scanner leave its folder alone."
    print(json.dumps({"event": "ended", "error": told}), flush=True)


if __name__ == "__main__":
    try:
        _load()
        main = importlib.import_module(f"{_NAME}.process.main_loop").main
    except Exception as error:
        traceback.print_exc()  # for engine.log
        _tell(error)
        sys.exit(1)
    sys.exit(main())
