"""What is set outside of Blender: the environment, and under it a file that a studio can hand out (TOML).

    data_dir = "/work/neural4d"      # NEURAL4D_DATA_DIR; relative paths are relative to the file
    log_file = "neural4d.log"        # NEURAL4D_LOG_FILE
    python = "/opt/python/bin/python3"   # NEURAL4D_PYTHON
    keyring = true                   # NEURAL4D_KEYRING

    [services.neural4d]
    url = "https://..."              # NEURAL4D_API_URL
    key_file = "/run/secrets/neural4d"   # NEURAL4D_API_TOKEN_FILE; or key = "...", NEURAL4D_API_TOKEN

Standard library and the engine's ``protocol`` only.
"""

from __future__ import annotations

import functools
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from ..engine.protocol import InvalidInput, declarations
from .paths import expanded

#: Names the file, instead of the user's own.
CONFIG_ENV = "NEURAL4D_CONFIG"
#: "1" has keys looked for in the system's keyring, by ``python -m keyring``.
KEYRING_ENV = "NEURAL4D_KEYRING"
#: Behind a key's variable: a file that has the key.
FILE = "_FILE"
_NAME = "neural4d.toml"
#: What the file may say, with the variable of the same meaning.
_SETTINGS = {
    "data_dir": "NEURAL4D_DATA_DIR",
    "log_file": "NEURAL4D_LOG_FILE",
    "python": "NEURAL4D_PYTHON",
    "keyring": KEYRING_ENV,
}
#: Those that are paths.
_PATHS = {"data_dir", "log_file", "python", "key_file"}


def from_environment(variable: str) -> str:
    """The variable's text, empty where it is not set."""
    return os.environ.get(variable, "").strip()


def setting(variable: str) -> str:
    """The variable's text, or what the file says in its place; empty where neither does. InvalidInput: see `values`."""
    return from_environment(variable) or values().get(variable, "")


def path() -> Path:
    """Where the config file is, or would be."""
    if chosen := from_environment(CONFIG_ENV):
        return expanded(chosen)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", home / "AppData" / "Roaming")) / "neural4d" / _NAME
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "neural4d" / _NAME
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "neural4d" / _NAME


def values() -> dict[str, str]:
    """What the file says, by the variables of the same meaning; nothing where there is none.

    Raises:
        InvalidInput: it was named and is not there, cannot be read, or says what nobody knows.
    """
    file = path()
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError as error:
        if from_environment(CONFIG_ENV):
            raise InvalidInput(f"There is no config file {file}.", f"{CONFIG_ENV} or --config names it.") from error
        return {}
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"The config file {file} cannot be read: {why}.") from error


@functools.lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> dict[str, str]:
    told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    services = told.pop("services", {})
    found = _named(told, _SETTINGS, "", file)
    if not isinstance(services, dict):
        raise ValueError("services are tables of their own, as in [services.neural4d]")
    known = {service.id: service for service in declarations()}
    for name, values in services.items():
        if name not in known or not isinstance(values, dict):
            raise ValueError(f"there is no service {name}; there are: {', '.join(known)}")
        one = known[name]
        names = {"url": one.url_env, "key": one.key_env, "key_file": one.key_env + FILE}
        found |= _named(values, names, f"services.{name}.", file)
    return found


def _named(told: dict[str, Any], names: dict[str, str], place: str, file: Path) -> dict[str, str]:
    """The settings by their variables; ValueError where one is not known, or of another kind."""
    found = {}
    for name, value in told.items():
        if name not in names:
            raise ValueError(f"there is no setting {place}{name}; there are: {', '.join(names)}")
        if name == "keyring" and isinstance(value, bool):
            value = str(int(value))
        if not isinstance(value, str):
            raise ValueError(f"{place}{name} takes {'true or false' if name == 'keyring' else 'a text'}, not {value!r}")
        found[names[name]] = str(file.parent / expanded(value)) if name in _PATHS and value else value
    return found
