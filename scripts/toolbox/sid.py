"""Debian in a folder: sid for the newest Blender with a window, where there is none; trixie for an older one, and Wine.

Linux and root only. Programs in it are entered through small wrappers that bind the machine's own
folders into it, so that paths are the same inside and outside, in a mount namespace of their own:
nothing stays mounted when the program ends, and it keeps the wrapper's process id, so signals and
the exit code pass as they are. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from scripts.toolbox.console import ToolError, run, say

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neural4d"
PACKAGES = (
    "blender",
    "xvfb",
    "xauth",
    "libgl1-mesa-dri",
    "libegl1",
    "imagemagick",
    "python3-requests",
    "python3-numpy",
    "python3-cattr",
)


class Kind(NamedTuple):
    """A folder to make: its name, Debian's release, packages, and the programs that get a wrapper."""

    name: str
    release: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]


BLENDER = Kind("blender-sid", "sid", PACKAGES, ("blender", "Xvfb", "import"))
#: The oldest with a window that Debian has: 4.3.
OLDER = Kind("blender-trixie", "trixie", PACKAGES, ("blender",))
STAMP = ".neural4d-complete"

# The folder that holds the root is bound first and alone: bound later, or with what is mounted
# beneath it, it would bring the binds made so far along.
WRAPPER = """\
#!/bin/sh
# Runs {program} of the Debian folder below with this machine's own folders bound into it.
exec unshare --mount --propagation private -- /bin/sh -euc '
root=$1; program=$2; here=$PWD; shift 2
for turn in holder other; do
    for folder in /* /var/tmp; do
        case "$folder" in /bin|/boot|/etc|/lib*|/lost+found|/run|/sbin|/usr|/var) continue ;; esac
        if [ ! -d "$folder" ] || [ -L "$folder" ]; then continue; fi
        case "$root" in "$folder"/*) kind=holder how=--bind ;; *) kind=other how=--rbind ;; esac
        if [ "$kind" != "$turn" ]; then continue; fi
        mkdir -p "$root$folder"
        mount "$how" "$folder" "$root$folder"
    done
done
unset LD_LIBRARY_PATH LD_PRELOAD PYTHONHOME
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
exec chroot "$root" env -C "$here" "$program" "$@"
' sh '{root}' '{program}' "$@"
"""


def refusal() -> str:
    """Why such a folder cannot be made or entered here, as a sentence; empty where it can."""
    if not sys.platform.startswith("linux"):
        return "only Linux can run it from a Debian folder"
    if os.geteuid() != 0:
        return "making a Debian folder for it needs root"
    if not shutil.which("unshare") or not shutil.which("chroot"):
        return "the programs unshare and chroot are missing"
    if not shutil.which("debootstrap") and not shutil.which("apt-get"):
        return "debootstrap is missing and there is no apt-get to install it with"
    return ""


def ensure(cache: Path = CACHE, kind: Kind = BLENDER) -> Path:
    """Make the folder and its wrappers where they are missing; returns the folder of the wrappers.

    Raises:
        ToolError: it cannot be made here.
    """
    reason = refusal()
    if reason:
        raise ToolError(reason)
    import fcntl  # not on Windows, where this is not reached

    cache.mkdir(parents=True, exist_ok=True)
    root = cache / kind.name
    with (cache / ".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _complete(root, kind):
            _make(root, kind)
        return _wrappers(root, cache / "bin", kind)


def _complete(root: Path, kind: Kind) -> bool:
    stamp = root / STAMP
    if stamp.exists():
        return stamp.read_text(encoding="utf-8").split() == list(kind.packages)
    if not (root / "usr/bin/dpkg-query").exists():
        return False
    # Made by hand, or by a run that was ended between the installation and the stamp.
    command = ["chroot", str(root), "dpkg-query", "--show", "--showformat=${Status}\\n", *kind.packages]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    installed = done.stdout.split("\n").count("install ok installed") == len(kind.packages)
    if installed:
        stamp.write_text(" ".join(kind.packages), encoding="utf-8")
    return installed


def _make(root: Path, kind: Kind) -> None:
    say(f"[{kind.name}] making a Debian {kind.release} in {root} (1 to 2 GB, a few minutes)")
    if not shutil.which("debootstrap"):
        run(["apt-get", "update"], why="the list of Debian's packages could not be fetched")
        run(
            ["apt-get", "install", "-y", "--no-install-recommends", "debootstrap", "debian-archive-keyring"],
            why="debootstrap could not be installed",
        )
    fresh = root.with_name(root.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    run(["debootstrap", "--variant=minbase", kind.release, fresh], why=f"Debian {kind.release} could not be unpacked")
    say(f"[{kind.name}] installing {kind.packages[0]} in it")
    script = (
        'set -eu; root=$1; shift; mount --bind /proc "$root/proc"; mount --rbind /dev "$root/dev"; '
        'chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin '
        'apt-get install -y --no-install-recommends "$@"; chroot "$root" /usr/bin/apt-get clean'
    )
    command = ["unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-c", script, "sh", fresh]
    run([*command, *kind.packages], why=f"{kind.packages[0]} could not be installed in Debian {kind.release}")
    (fresh / STAMP).write_text(" ".join(kind.packages), encoding="utf-8")
    if root.exists():
        shutil.rmtree(root)
    fresh.rename(root)


def _wrappers(root: Path, folder: Path, kind: Kind) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    mounts = root / "etc/mtab"
    if not mounts.is_symlink():
        mounts.symlink_to("/proc/self/mounts")  # a minimal Debian has none, and Blender looks there
    for program in kind.programs:
        text = WRAPPER.format(root=root, program=program)
        path = folder / program
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            fresh = folder / f".{program}.new"
            fresh.write_text(text, encoding="utf-8")
            fresh.chmod(0o755)
            fresh.replace(path)
    return folder
