"""Modules that are loaded when they are first used.

Enabling the extension is a part of Blender's start, and most of what a job takes is not needed for that.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


class _Late:
    """Stands for a module until one of its names is looked up, and has the same names from then on. Set none before.

    Not importlib's LazyLoader, whose modules stand in sys.modules: Blender looks at all of those when it ends, and
    would so load them.
    """

    __slots__ = ("__dict__", "_full")

    def __init__(self, full: str) -> None:
        self._full = full

    def __getattr__(self, name: str) -> Any:
        module = importlib.import_module(self._full)
        self.__dict__ = module.__dict__
        return getattr(module, name)


def open_late(package: str, *names: str) -> None:
    """Have ``from package import module`` load nothing yet; ``from package.module import name`` loads as ever.

    Args:
        package: the ``__name__`` of the package that is being imported. names: of its modules.
    """
    for name in names:
        setattr(sys.modules[package], name, _Late(f"{package}.{name}"))
