"""The services, one file each. A new file with a Provider in it is found by itself."""

from __future__ import annotations

import importlib
import os

from ..late import open_late
from .base import Provider


def _find() -> dict[str, type[Provider]]:
    files = os.listdir(os.path.dirname(__file__))  # pathlib takes as long for it as two of the services to load
    names = [file.removesuffix(".py") for file in files if file.endswith(".py") and not file.startswith("__")]
    # The parts of a service that a declaration can be read without.
    open_late(__name__, *(name for name in names if name.startswith("_") and not name.endswith("_declared")))
    for name in names:
        if not name.startswith("_"):
            importlib.import_module(f".{name}", __name__)
    found = {kind.declaration.id: kind for kind in Provider.__subclasses__()}
    # Neural4D is the service the extension is named after; the others follow by name.
    return dict(sorted(found.items(), key=lambda item: (item[0] != "neural4d", item[0])))


PROVIDERS: dict[str, type[Provider]] = _find()
