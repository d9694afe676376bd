"""The services, a package or a file each. A new one with a Provider in it is found by itself.

A service knows its own documents, and nothing of jobs, money or the other services.
"""

from __future__ import annotations

import importlib
import os

from ..lazy_imports import open_late
from .base import Provider

# What a declaration can be read without.
open_late(__name__, "answers")


def _find() -> dict[str, type[Provider]]:
    names = os.listdir(os.path.dirname(__file__))  # pathlib takes as long for it as two of the services to load
    for name in sorted(names):
        if not name.startswith("_") and name not in ("base.py", "answers.py"):
            importlib.import_module(f".{name.removesuffix('.py')}", __name__)
    found = {kind.declaration.id: kind for kind in Provider.__subclasses__()}
    # Neural4D is the service the extension is named after; the others follow by name.
    return dict(sorted(found.items(), key=lambda item: (item[0] != "neural4d", item[0])))


PROVIDERS: dict[str, type[Provider]] = _find()
