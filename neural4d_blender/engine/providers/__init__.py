"""The services, one file each. A new file with a Provider in it is found by itself."""

from __future__ import annotations

import importlib
from pathlib import Path

from .base import Provider


def _find() -> dict[str, type[Provider]]:
    for file in Path(__file__).parent.glob("[!_]*.py"):
        importlib.import_module(f".{file.stem}", __name__)
    found = {kind.declaration.id: kind for kind in Provider.__subclasses__()}
    # Neural4D is the service the extension is named after; the others follow by name.
    return dict(sorted(found.items(), key=lambda item: (item[0] != "neural4d", item[0])))


PROVIDERS: dict[str, type[Provider]] = _find()
