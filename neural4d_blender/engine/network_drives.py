"""Whether a folder is on another computer's disk, as far as the operating system tells. Standard library only."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path

#: File systems whose files are elsewhere, as Linux names them; those of FUSE, but for whole disks, are taken for such.
_REMOTE = re.compile(
    r"(nfs|cifs|smb|afs|ceph|lustre|beegfs|gpfs|panfs|pvfs|orangefs|wekafs|quobyte|ncp|coda|gfs2|ocfs2|9p|virtiofs"
    r"|vboxsf|prl_fs|drvfs|davfs|fuse)(?!blk)"
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_remote(folder: Path) -> bool:
    """The folder, or where it is going to be made, is on a network drive; False where nobody can tell."""
    there = os.path.realpath(folder)
    try:
        if sys.platform == "win32":
            # A share that cannot be reached now has no type.
            return re.match(r"\\\\[^?.]", there) is not None or _drive_type(there) == 4  # DRIVE_REMOTE
        if sys.platform == "darwin":
            return not _flags(there) & 0x1000  # MNT_LOCAL
        return _REMOTE.match(file_system(there, _MOUNTS.read_text(errors="surrogateescape"))) is not None
    except (OSError, AttributeError):
        return False


def file_system(path: str, mounts: str) -> str:
    """The kind of file system that an absolute path is on, by Linux' table of mounts (see proc_pid_mountinfo(5))."""
    longest, kind = -1, ""
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields.split(" ")[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:  # the last of several at one place is the one that is seen
            longest, kind = len(point), rest.split(" ")[0]
    return kind


if sys.platform == "win32":

    def _drive_type(path: str) -> int:
        root, _ = os.path.splitdrive(path)
        return int(ctypes.windll.kernel32.GetDriveTypeW(root + "\\"))

elif sys.platform == "darwin":

    def _flags(path: str) -> int:
        """``f_flags`` of macOS' 64-bit ``struct statfs``, for the nearest folder that is there."""
        system = ctypes.CDLL(None, use_errno=True)
        statfs = getattr(system, "statfs$INODE64", None) or system.statfs
        place, told = Path(path), ctypes.create_string_buffer(4096)
        while statfs(os.fsencode(place), told):
            if place == place.parent:
                raise OSError(ctypes.get_errno(), "statfs")
            place = place.parent
        return int.from_bytes(told[64:68], sys.byteorder)
