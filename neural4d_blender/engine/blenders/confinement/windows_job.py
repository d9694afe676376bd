"""What a background Blender may on Windows: a job object. Standard library only.

The memory that it and whatever it starts may have together, how many processes that may be, no dialog when it crashes,
and its end when whoever started it ends, however that comes. Files and the network are not held by it.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from contextlib import suppress
from typing import Any

#: An interpreter of a virtual environment starts the real one; nothing of it starts more.
PROCESSES = 4
_EXTENDED_LIMITS = 9
_ACTIVE_PROCESSES, _MEMORY, _NO_DIALOG, _END_WITH_IT = 0x8, 0x200, 0x400, 0x2000


class _Basic(ctypes.Structure):
    _fields_ = [
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    ]


class _Extended(ctypes.Structure):
    _fields_ = [
        ("basic", _Basic),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    ]


class Job:
    """Holds a process that was just started, and all that it starts; its end is theirs.

    Args:
        handle: Windows' handle of the process. memory: bytes of all of them together.

    Raises:
        OSError: Windows refuses it.
    """

    def __init__(self, handle: int, memory: int) -> None:
        if sys.platform != "win32":
            raise OSError("only Windows has job objects")
        windows: Any = ctypes.WinDLL("kernel32", use_last_error=True)
        windows.CreateJobObjectW.restype = ctypes.c_void_p
        self._close: Any = windows.CloseHandle
        self._job: Any = ctypes.c_void_p(windows.CreateJobObjectW(None, None))
        limits = _Extended(job_memory=memory)
        limits.basic.flags = _ACTIVE_PROCESSES | _MEMORY | _NO_DIALOG | _END_WITH_IT
        limits.basic.active_processes = PROCESSES
        size = ctypes.sizeof(limits)
        done = windows.SetInformationJobObject(self._job, _EXTENDED_LIMITS, ctypes.byref(limits), size)
        if not done or not windows.AssignProcessToJobObject(self._job, ctypes.c_void_p(handle)):
            error = ctypes.WinError(ctypes.get_last_error())
            self.close()
            raise error

    def close(self) -> None:
        """End all that is in it."""
        self._close(self._job)
        self._job = ctypes.c_void_p()


def hold(process: subprocess.Popen[bytes], memory: int) -> Job | None:
    """The job of a process that was just started; None elsewhere, and where another job object does not let it be."""
    if sys.platform != "win32":
        return None
    with suppress(OSError):
        return Job(int(process._handle), memory)  # type: ignore[attr-defined,unused-ignore]
    return None
