"""The services, one file each. A new file with a Provider in it is found by itself."""

from __future__ import annotations

import importlib
import os

from .base import Provider


def _find() -> dict[str, type[Provider]]:
    for file in os.listdir(os.path.dirname(__file__)):  # pathlib takes as long for it as two of the services to load
        if file.endswith(".py") and not file.startswith("_"):
            importlib.import_module(f".{file.removesuffix('.py')}", __name__)
    found = {kind.declaration.id: kind for kind in Provider.__subclasses__()}
    # Neural4D is the service the extension is named after; the others follow by name.
    return dict(sorted(found.items(), key=lambda item: (item[0] != "neural4d", item[0])))


PROVIDERS: dict[str, type[Provider]] = _find()
