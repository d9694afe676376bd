"""The services' keys outside of Blender: of the environment, of files that are named, of the system's keyring.

Standard library and the engine's ``protocol`` only.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ..engine.protocol import Declaration, KeyMissing
from .config_file import FILE, KEYRING_ENV, setting, values
from .paths import expanded

#: Seconds that the keyring may take: it may ask for a password where nobody sits.
_PATIENCE = 10.0


def key(service: Declaration, *, config: bool = True) -> str:
    """The service's key: of the environment or a file that it names, of the config file likewise, of the keyring.

    Empty where there is none. Never show or store what this returns.

    Args:
        config: False: of the environment alone.

    Raises:
        KeyMissing: the file that is to have it cannot be read. InvalidInput: see :func:`values`.
    """
    variable = service.key_env
    for source in (os.environ, values()) if config else (os.environ,):
        if found := source.get(variable, "").strip():
            return found
        if path := source.get(variable + FILE, "").strip():
            return _of_file(expanded(path), service)
    return _of_keyring(variable) if config and setting(KEYRING_ENV) == "1" else ""


def _of_file(file: Path, service: Declaration) -> str:
    try:
        return file.read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise KeyMissing(
            f"The key of {service.name} cannot be read from {file}: {why}.",
            f"Have the file there and readable, or set {service.key_env}.",
        ) from error


@functools.cache
def _of_keyring(variable: str) -> str:
    """What ``keyring set neural4d VARIABLE`` has stored, once a process; empty where nothing is, or nobody answers."""
    command = [setting("NEURAL4D_PYTHON") or sys.executable, "-m", "keyring", "get", "neural4d", variable]
    path = {"PYTHONPATH": os.pathsep.join(one for one in sys.path if isinstance(one, str) and one)}
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            command,
            env={**os.environ, **path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return done.stdout.strip() if not done.returncode else ""
    return ""
