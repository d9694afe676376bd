"""``neural4d-policy.toml``: where it is, and whether all that it says is something that can be kept to.

What is not understood is an error and never passed over: a limit with a slip of the pen in it would be none.
"""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .. import services
from ..errors import PolicyUnusable
from ..model.request import Request

NAME, VARIABLE = "neural4d-policy.toml", "NEURAL4D_POLICY"
#: What agents may be allowed.
MAY = ("generate", "bring_in", "fit", "dress")
#: In a table: any name, where it stands alone.
_ANY = "*"


def find(data_dir: Path) -> Path | None:
    """``NEURAL4D_POLICY``, which has to be there, else the file beside the data folder where there is one."""
    named = os.environ.get(VARIABLE, "").strip()
    beside = data_dir.with_name(NAME)
    return Path(named).expanduser() if named else beside if beside.exists() else None


def read(path: Path) -> Mapping[str, Any]:
    """What the file says, checked; read anew where it was changed.

    Raises:
        PolicyUnusable: it cannot be read, or says something that is not understood.
    """
    try:
        there = path.stat()
        return _read(path, there.st_mtime_ns, there.st_size)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


@functools.lru_cache(4)
def _read(path: Path, _changed: int, _size: int) -> Mapping[str, Any]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        _check(found, _SHAPE, "")
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError too
        raise _unusable(path, str(error)) from error
    return found


def _unusable(path: Path, why: str) -> PolicyUnusable:
    return PolicyUnusable(f"The policy {path} cannot be used: {why.rstrip('.')}. So nothing is sent.")


def _check(found: object, shape: Any, where: str) -> None:
    if callable(shape):
        if not shape(found):
            raise ValueError(f"{where} takes {shape.__doc__}, not {found!r}")
        return
    if not isinstance(found, dict):
        raise ValueError(f"{where} is a table, not {found!r}")
    for key, value in found.items():
        if key not in shape and _ANY not in shape:
            raise ValueError(f"{where or 'it'} knows no {key!r}; there are: {', '.join(shape)}")
        _check(value, shape.get(key, shape.get(_ANY)), f"{where}.{key}".strip("."))


def _text(value: object) -> bool:
    """a text"""
    return isinstance(value, str)


def _flag(value: object) -> bool:
    """true or false"""
    return isinstance(value, bool)


def _points(value: object) -> bool:
    """a whole number of points, 0 or more"""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _value(value: object) -> bool:
    """a text, a number, true or false"""
    return isinstance(value, str | int | float)


def _list_of(what: str, fits: Callable[[Any], bool]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        return isinstance(value, list) and all(isinstance(one, str) and fits(one) for one in value)

    check.__doc__ = f"a list of {what}"
    return check


def _is_folder(value: object) -> bool:
    """an absolute path"""
    return isinstance(value, str) and Path(value).expanduser().is_absolute()


def _placing(value: object) -> bool:
    """\"ask\" or \"always\""""
    return value in ("ask", "always")


#: What can be fixed and forbidden beside a service's own options.
_OF_REQUEST = {name: _value for name in Request.__dataclass_fields__ if name not in ("key", "agent", "bring_in")}
_OWN = {option.key for service in services.DECLARATIONS.values() for option in service.options}
_SERVICES = [service.id for service in services.DECLARATIONS.values() if not service.built_in]
_addresses = _list_of("addresses that begin with https:// or http://", lambda one: one.startswith(("https:", "http:")))
_folders = _list_of("absolute paths (on Windows with the drive or the server)", _is_folder)
_LIMITS = dict.fromkeys(("job", "day", "month"), _points)
_OF_NAMES = {_ANY: _LIMITS}
_SHAPE: dict[str, Any] = {
    "services": {
        "allowed": _list_of(f"services: {', '.join(_SERVICES)}", _SERVICES.__contains__),
        "addresses": dict.fromkeys(_SERVICES, _addresses),
    },
    "points": {
        **_LIMITS,
        "user": _OF_NAMES,
        "project": _OF_NAMES,
        "agent": _OF_NAMES,
        "service": dict.fromkeys(_SERVICES, _LIMITS),
    },
    "options": {
        "fixed": {"prompt_suffix": _text, **_OF_REQUEST, **dict.fromkeys(_OWN, _value)},
        "forbidden": {"image_urls": _flag, **dict.fromkeys((*_OF_REQUEST, *_OWN), _flag)},
    },
    "folders": {"files": _folders, "assets": _folders, "audit": _is_folder},
    "agents": {
        "allowed": _flag,
        "may": _list_of(", ".join(MAY), MAY.__contains__),
        "folders": _folders,
        "place": _placing,
        "approve_above": _points,
    },
    "texts": {"panel": _text, "forbidden": _text},
}
