"""What a background Blender may know of the environment. Standard library only."""

from __future__ import annotations

import os

#: All that the process gets to know of the environment, by name and by how a name begins; nothing that looks secret.
_KNOWN = {
    "APPDATA", "COMSPEC", "HOME", "LANG", "LOCALAPPDATA", "NUMBER_OF_PROCESSORS", "OCIO", "PATH", "PATHEXT",
    "PROCESSOR_ARCHITECTURE", "PROGRAMDATA", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE",
    "WINDIR",
}  # fmt: skip
_KNOWN_BEGINNINGS = ("APP", "BLENDER_", "DYLD_", "FLATPAK_", "LC_", "LD_", "OMP_", "SNAP", "XDG_")
_SECRET_MARKS = ("AUTH", "CREDENTIAL", "KEY", "PASS", "SECRET", "TOKEN")
#: A proxy that nobody listens on, for whatever does not heed --offline-mode.
_NOWHERE = "http://127.0.0.1:9"


def environment() -> dict[str, str]:
    """What a background Blender may know of the environment: enough to start, no secret, no way out."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name.upper() in _KNOWN or name.upper().startswith(_KNOWN_BEGINNINGS))
        and not any(mark in name.upper() for mark in _SECRET_MARKS)
    }
    return kept | dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOWHERE)
