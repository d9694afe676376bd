"""Starts the engine process: ``python -I engine/__main__.py --data-dir FOLDER``.

Run by its path, because the name under which the extension is installed is not known to a plain
Python; so the package is loaded under a name of its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

_NAME = "neural4d_engine"


def _load() -> None:
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(_NAME, here / "__init__.py", submodule_search_locations=[str(here)])
    if spec is None or spec.loader is None:
        raise ImportError(f"the engine cannot be loaded from {here}")
    sys.modules[_NAME] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _load()
    sys.exit(importlib.import_module(f"{_NAME}.process.main_loop").main())
