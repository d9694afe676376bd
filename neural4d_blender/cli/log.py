"""Where a command's log goes: the logger ``neural4d``, on standard error, in a file. Standard library and client only.

It has what happens and to which job, and no key, prompt or answer.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from ..client.config_file import setting
from ..client.paths import expanded
from ..engine.protocol import InvalidInput

LOG_FILE_ENV = "NEURAL4D_LOG_FILE"
LOG = logging.getLogger("neural4d")
_LINE = "%(asctime)sZ %(levelname)s %(process)d %(message)s"


def open_log(verbose: int, file: str) -> list[logging.Handler]:
    """Have what is logged written; returns what `close_log` takes back.

    Args:
        verbose: 1 shows on standard error what happens, 2 everything. file: gets everything, behind what is there.

    Raises:
        InvalidInput: the file cannot be written.
    """
    handlers: list[logging.Handler] = []
    if verbose:
        shown = logging.StreamHandler()
        shown.setLevel(logging.INFO if verbose == 1 else logging.DEBUG)
        shown.setFormatter(logging.Formatter("neural4d: %(message)s"))
        handlers.append(shown)
    if name := file or setting(LOG_FILE_ENV):
        path = expanded(name)
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            written = logging.FileHandler(path, encoding="utf-8")
        except OSError as error:
            raise InvalidInput(f"The log {path} cannot be written: {error.strerror or error}.") from error
        formatter = logging.Formatter(_LINE, "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        written.setFormatter(formatter)
        handlers.append(written)
    for handler in handlers:
        LOG.addHandler(handler)
    if handlers:
        LOG.setLevel(logging.DEBUG)
    return handlers


def close_log(handlers: list[logging.Handler]) -> None:
    """Take back what :func:`open_log` has made."""
    for handler in handlers:
        LOG.removeHandler(handler)
        handler.close()
