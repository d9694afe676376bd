"""Whether a process still is, on every system."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import _winapi

    _WAIT_FOR_IT = 0x00100000  # SYNCHRONIZE

    def alive(pid: int) -> bool:
        """It has not ended. (``os.kill(pid, 0)`` sends Ctrl+C there.)"""
        try:
            handle = _winapi.OpenProcess(_WAIT_FOR_IT, False, pid)
        except OSError:
            return False
        try:
            return _winapi.WaitForSingleObject(handle, 0) == _winapi.WAIT_TIMEOUT
        finally:
            _winapi.CloseHandle(handle)
else:

    def alive(pid: int) -> bool:
        """It has not ended, or was not collected yet."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
