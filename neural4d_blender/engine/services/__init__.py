"""The services, a package or a file each. A new one with a Provider in it is found by itself.

A service knows its own documents, and nothing of jobs, money or the other services. A package has its declaration in
``options_and_limits``, all that Blender's start reads of it, and its Provider in ``provider``.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from ..lazy_imports import open_late

if TYPE_CHECKING:
    from ..model.declaration import Declaration
    from .base import Provider

    #: The services by id; they are loaded with the first look at it.
    PROVIDERS: dict[str, type[Provider]]

# What a declaration can be read without.
open_late(__name__, "base", "results")


def __getattr__(name: str) -> Any:
    if name != "PROVIDERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = {id: _provider(module) for id, (_, module) in _FOUND.items()}
    return found


def _provider(module: str) -> type[Provider]:
    """The class that the module defines."""
    names = vars(importlib.import_module(module, __name__))
    own = (kind for kind in names.values() if getattr(kind, "__module__", "") == names["__name__"])
    found: type[Provider] = next(kind for kind in own if hasattr(kind, "declaration"))
    return found


def _find() -> dict[str, tuple[Declaration, str]]:
    """Each service's declaration, and the module of its Provider."""
    found = {}
    names = os.listdir(os.path.dirname(__file__))  # pathlib takes as long for it as two of the services to load
    for name in sorted(names):
        if name.startswith("_") or name in ("base.py", "results.py"):
            continue
        if name.endswith(".py"):
            module = f".{name.removesuffix('.py')}"
            declaration = _provider(module).declaration
        else:
            module = f".{name}.provider"
            declaration = importlib.import_module(f".{name}.options_and_limits", __name__).DECLARATION
        found[declaration.id] = declaration, module
    # Neural4D is the service the extension is named after; the others follow by name.
    return dict(sorted(found.items(), key=lambda item: (item[0] != "neural4d", item[0])))


_FOUND = _find()
#: What each service can do, by id.
DECLARATIONS: dict[str, Declaration] = {id: declaration for id, (declaration, _) in _FOUND.items()}
